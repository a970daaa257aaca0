"""Instants that others wrote: aware, in UTC, and of our times."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime


def _plausible(value: datetime) -> datetime:
    # Beyond these, counting on from an instant would leave what a calendar can hold.
    if not 2000 <= value.year < 2200:
        raise ValueError("not an instant of our times")
    return value.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_plausible)]
