"""Models whose checks are made when they are first used are right all the same."""

import importlib
import pkgutil
import sys

from pydantic import BaseModel

import responder
from responder.domain.model import Model


def _models() -> set[type[BaseModel]]:
    """Every model of the package, once all of it is imported."""
    for module in pkgutil.walk_packages(responder.__path__, "responder."):
        importlib.import_module(module.name)
    found: set[type[BaseModel]] = set()
    waiting: list[type[BaseModel]] = [BaseModel]
    while waiting:
        below = set(waiting.pop().__subclasses__()) - found
        found |= below
        waiting.extend(below)
    # Functions of a pretend cloud import the package anew, and classes of theirs may be left.
    return {
        one
        for one in found
        if one.__module__.startswith("responder.")
        and vars(sys.modules[one.__module__]).get(one.__name__) is one
    }


def test_every_model_can_be_checked_with() -> None:
    models = _models()
    assert len(models) > 100
    for model in models:
        model.model_rebuild(raise_errors=True)
        assert model.__pydantic_complete__, model


def test_no_model_makes_its_checks_when_it_is_imported() -> None:
    # By name: whichever of the package's imports this class came from.
    ours = (Model.__module__, Model.__name__)
    hasty = {
        one.__name__
        for one in _models()
        if ours not in [(base.__module__, base.__name__) for base in one.__mro__]
    }
    assert not hasty
    assert all(one.model_config.get("defer_build") for one in _models())
