"""Who takes turns on call: people, levels of escalation, time zones, overrides and absences."""

from datetime import date, datetime, time
from functools import cache
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from responder.domain.escaping import one_line
from responder.domain.model import Model

_STRICT = ConfigDict(frozen=True, extra="forbid")
_NO_PLACE = frozenset({"Factory", "localtime"})  # of the machine that reads it
_FIRST_YEAR, _LAST_YEAR = 1970, 2199


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    """Whether a clock on the wall goes by it: a time zone of the IANA database."""
    return name in _zones() and name not in _NO_PLACE


def _zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError("is no time zone of the IANA database, such as America/Los_Angeles")
    return name


def _plain_minute(at: time) -> time:
    if at.tzinfo is not None or at.second or at.microsecond:
        raise ValueError("give hours and minutes, without a zone: the turn has one")
    return at


def is_in_reach(year: int) -> bool:
    """Whether a rota can be about it: a turn is counted from there, and looked at beyond it."""
    return _FIRST_YEAR <= year <= _LAST_YEAR


def _in_reach[Day: date](at: Day) -> Day:
    if not is_in_reach(at.year):
        raise ValueError(f"give a day of the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return at


def _wall(at: datetime) -> datetime:
    if at.tzinfo is not None:
        raise ValueError("give local time, without a zone: the override has one")
    return _in_reach(at)


def _seen_as_it_is(text: str) -> str:
    if one_line(text, len(text)) != text:
        raise ValueError("has characters that are not seen, or spaces at its ends")
    return text


def _written_out(at: object) -> object:
    if isinstance(at, int | float):  # YAML 1.1 takes 10:30 without quotes for a number
        raise ValueError('put a time into quotes, such as "10:30"')
    return at


type PersonId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
type ZoneName = Annotated[str, AfterValidator(_zone)]
type Minute = Annotated[time, BeforeValidator(_written_out), AfterValidator(_plain_minute)]
type Day = Annotated[date, AfterValidator(_in_reach)]
type Wall = Annotated[datetime, AfterValidator(_wall)]
type Text = Annotated[
    str, StringConstraints(min_length=1, max_length=100), AfterValidator(_seen_as_it_is)
]


class Person(Model):
    """Somebody who is called. At least one way to reach them."""

    model_config = _STRICT

    name: Text
    email: Annotated[str, StringConstraints(pattern=r"^[!-?A-~]{1,64}@[a-zA-Z0-9.-]{1,190}$")] = ""
    phone: Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")] = ""  # ITU-T E.164

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if not (self.email or self.phone):
            raise ValueError("has neither email nor phone")
        return self


class Hours(Model):
    """The part of each day that a turn covers, on the clock of its time zone.

    `to` not after `from`: until that time of the next day.
    """

    model_config = _STRICT

    begins: Annotated[Minute, Field(alias="from")]
    ends: Annotated[Minute, Field(alias="to")]


class Turn(Model):
    """People who follow each other, and hand over every so many days at a time of day."""

    model_config = _STRICT

    people: Annotated[tuple[PersonId, ...], Field(min_length=1, max_length=50)]
    first_day: Day  # on which the first of them takes over
    hand_over: Minute = time(9)
    days: Annotated[int, Field(ge=1, le=366)] = 7
    time_zone: ZoneName
    hours: Hours | None = None  # the whole day, without

    @property
    def zone(self) -> ZoneInfo:
        """Where its clock is."""
        return ZoneInfo(self.time_zone)


class Level(Model):
    """Who is called at one step of the escalation, and how long they have to answer.

    Of several turns whose hours hold an instant, the first counts.
    """

    model_config = _STRICT

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9 -]{0,31}$")]
    answer_within_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    turns: Annotated[tuple[Turn, ...], Field(min_length=1, max_length=10)]


class Override(Model):
    """Somebody takes a level over for a while, whoever has the turn. The last one counts."""

    model_config = _STRICT

    level: str
    person: PersonId
    begins: Annotated[Wall, Field(alias="from")]
    ends: Annotated[Wall, Field(alias="to")]
    time_zone: ZoneName
    because: Text

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.ends <= self.begins:
            raise ValueError("ends before it begins")
        return self


class Absence(Model):
    """Somebody cannot be called from the beginning of one day to the end of another.

    On the clock of each turn they have. The next of the turn who is not absent takes it.
    """

    model_config = _STRICT

    person: PersonId
    first_day: Day
    last_day: Day

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.last_day < self.first_day:
            raise ValueError("last_day is before first_day")
        return self


class Rota(Model):
    """The whole plan. `levels` are called one after the other, until somebody answers."""

    model_config = _STRICT

    format: Literal["breach-responder-rota/1"] = "breach-responder-rota/1"
    people: Annotated[dict[PersonId, Person], Field(min_length=1, max_length=200)]
    levels: Annotated[tuple[Level, ...], Field(min_length=1, max_length=5)]
    overrides: Annotated[tuple[Override, ...], Field(max_length=500)] = ()
    absences: Annotated[tuple[Absence, ...], Field(max_length=500)] = ()

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Self:
        names = [level.name for level in self.levels]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two levels are called {twice[0]}")
        for override in self.overrides:
            if override.level not in names:
                raise ValueError(
                    f"an override is of the level {override.level}, which there is not"
                )
        said = {person for level in self.levels for turn in level.turns for person in turn.people}
        said |= {one.person for one in self.overrides} | {one.person for one in self.absences}
        if strange := sorted(said - self.people.keys()):
            raise ValueError(f"{strange[0]} is not among the people")
        return self

    def level(self, name: str) -> Level:
        """The level of this name. A `KeyError`, where there is none."""
        return {level.name: level for level in self.levels}[name]
