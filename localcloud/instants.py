"""Instants as callers send them and moto keeps them: some aware, some not, some as text."""

from datetime import UTC, datetime
from typing import Any


def aware(at: Any) -> datetime:
    """The instant with its zone. One that names none is in UTC, as everything in AWS is."""
    found = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
