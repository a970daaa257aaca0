"""Policy documents, in the form that the pretend IAM takes."""

import json
from typing import Any, Final

VERSION: Final = "2012-10-17"


def text(document: dict[str, Any]) -> str:
    """The document as JSON, with a version.

    SAM's policy templates leave the version out; moto refuses a document without one.
    """
    return json.dumps(versioned(document), default=str)


def versioned(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the current version if it has none."""
    return document if "Version" in document else {"Version": VERSION, **document}


def written(document: Any) -> Any:
    """A document as AWS returned it, whether as text or as a mapping."""
    return json.loads(document) if isinstance(document, str) else document
