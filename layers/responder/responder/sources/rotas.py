"""Reads who is on call, as a shop writes it: JSON or YAML."""

from responder.domain.errors import Broken
from responder.domain.rota import Rota
from responder.sources.documents import document, validated


def read_rota(text: str, name: str = "the rota") -> Rota:
    """The rota. Raises `Broken` with the line and the field of what is wrong first."""
    node, data = document(text, name)
    if not isinstance(data, dict):
        raise Broken(f"{name}, line 1: not an object with the fields people and levels")
    return validated(Rota, data, node, name)
