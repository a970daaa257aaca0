"""By when a person's request about their own data must be confirmed and answered. Pure.

The day on which it was received is day 0, whatever the way; that the person must still be verified
stops nothing.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import yaml
from dateutil.relativedelta import relativedelta
from pydantic import Field, StringConstraints

from responder.domain.statement import Jurisdiction
from responder.regimes.counting import last_business_day, limit, trigger_day
from responder.regimes.rule import Citation, Span, Strict


class Right(Strict):
    """One thing that a person may ask for."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z]+(-[a-z]+)*$")]
    name: Annotated[str, StringConstraints(min_length=3, max_length=80)]
    confirm: Span | None = None  # that it was received
    confirm_citation: Citation | None = None
    respond: Span
    respond_citation: Citation
    extension: Span | None = None  # once, if the person is told why within the first span


class Rights(Strict):
    """What people may ask of a business under one law."""

    jurisdiction: Jurisdiction
    name: Annotated[str, StringConstraints(min_length=3, max_length=80)]
    time_zone: str
    holidays: str | None
    citation: Citation
    effective_from: date
    verified_on: date
    keep_months: int = Field(ge=1)
    keep_citation: Citation
    rights: tuple[Right, ...] = Field(min_length=1)

    def right(self, name: str) -> Right:
        """One of them. Raises `KeyError` naming those there are."""
        for one in self.rights:
            if one.id == name:
                return one
        raise KeyError(f"{name}: there are {', '.join(one.id for one in self.rights)}")


@dataclass(frozen=True)
class Dates:
    """The last day for each, there; `act_by` is the last business day on or before the answer's."""

    confirm_by: date | None
    respond_by: date
    act_by: date
    extension_told_by: date | None  # None: no more time may be taken
    keep_until: date


def dates(right: Right, law: Rights, *, received_at: datetime, extended: bool = False) -> Dates:
    """The dates of one request. Raises `ValueError` if more time is claimed than the law has."""
    zone = ZoneInfo(law.time_zone)
    received = trigger_day(received_at, zone)

    def last(span: Span) -> date:
        return limit(span, received_at, zone, law.holidays).astimezone(zone).date()

    respond = told = last(right.respond)
    if extended:
        if right.extension is None:
            raise ValueError(f"{right.name}: {right.respond_citation} gives no more time")
        whole = right.respond.within + right.extension.within
        respond = last(Span(within=whole, unit=right.extension.unit))
    return Dates(
        confirm_by=None if right.confirm is None else last(right.confirm),
        respond_by=respond,
        act_by=last_business_day(respond, law.holidays),
        extension_told_by=None if right.extension is None else told,
        keep_until=received + relativedelta(months=law.keep_months),
    )


@cache
def rights(name: str) -> Rights:
    """The entry of one law, by the name of its file without the ending."""
    entry = resources.files("responder.regimes").joinpath("rights", f"{name}.yaml")
    data: Any = yaml.load(entry.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return Rights.model_validate(data)
