"""`responder on-call-stack`: a rota as contacts, rotations and a response plan of Incident Manager.

For accounts that had Incident Manager before AWS closed it to new ones. What a rota says and
Incident Manager cannot is refused, or told with what a person does instead; nothing is left out
silently. The replication set is never made: it is one for the whole account.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from responder.domain.cover import cover, problems
from responder.domain.errors import Broken, Refused
from responder.domain.escaping import ascii_line, one_line
from responder.domain.rota import Level, Person, Rota, Turn
from responder.sources.rotas import read_rota
from responder_cli.files import text_of

_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_LONGEST_WAIT, _MOST_PERIODS, _MOST_IN_TURN = 30, 100, 30  # Incident Manager API Reference
_CHANNELS = {"email": ("EMAIL",), "phone": ("SMS", "VOICE")}
_RETRY_MINUTES = 5
_YEAR = timedelta(days=366)
_HEAD = """\
# Written by `responder on-call-stack`. Change the rota, and write it again.
#
# Only for an account that had Incident Manager before 2025-11-07, with a replication set that has
# this region. Each person activates their channels with a code before anything reaches them
# (Incident Manager User Guide, "Contact activation"). The output ResponsePlanArn is the parameter
# of the same name of the responder.
"""


@dataclass
class Written:
    """The template, and what of the rota it does not say."""

    resources: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def add(self, name: str, kind: str, properties: dict[str, Any]) -> dict[str, Any]:
        """A resource under a name of its own; the reference to its ARN."""
        logical, number = name, 2
        while logical in self.resources:
            logical, number = f"{name}{number}", number + 1
        self.resources[logical] = {"Type": f"AWS::{kind}", "Properties": properties}
        return {"Fn::GetAtt": [logical, "Arn"]}


def on_call_stack(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The rota, as JSON or YAML.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write it, and not to the screen.")
    ] = None,
) -> None:
    """Write a rota as a CloudFormation template for Incident Manager, where an account has it.

    What Incident Manager cannot do is told, with what to do instead. Exits with 2 if the file
    cannot be read, or if the rota says what would be lost. Changes nothing in AWS.
    """
    try:
        rota = read_rota(text_of(file), str(file))
        text, told = stack_of(rota)
    except (Broken, Refused) as error:
        typer.echo(f"error: {one_line(str(error), 500)}", err=True)
        raise typer.Exit(2) from None
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
    for line in told:
        typer.echo(f"not in it: {line}", err=True)


def stack_of(rota: Rota) -> tuple[str, list[str]]:
    """The template as text, and what it does not say. Raises `Refused` for what would be lost."""
    made = Written()
    contacts = {name: _contact(made, name, person) for name, person in rota.people.items()}
    stages = []
    for level in rota.levels:
        _refuse(rota, level)
        schedule = _schedule(made, level, contacts)
        target = {"ContactTargetInfo": {"ContactId": schedule, "IsEssential": True}}
        stages.append({"DurationInMinutes": level.answer_within_minutes, "Targets": [target]})
    plan = made.add(
        "Escalation",
        "SSMContacts::Contact",
        {
            "Alias": "breach-responder",
            "DisplayName": "Breach Responder",
            "Type": "ESCALATION",
            "Plan": stages,
        },
    )
    response = made.add(
        "ResponsePlan",
        "SSMIncidents::ResponsePlan",
        {
            "Name": "breach-responder",
            # The responder gives each incident its own title and impact when it starts it. No
            # DedupeString: it would fold all open incidents into one.
            "IncidentTemplate": {"Title": "Breach Responder", "Impact": 1},
            "Engagements": [plan],
        },
    )
    made.outputs["ResponsePlanArn"] = {
        "Description": "The parameter ResponsePlanArn of the responder.",
        "Value": response,
    }
    made.told += _exceptions(rota)
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Breach Responder's on-call in Incident Manager, from a rota.",
        "Resources": made.resources,
        "Outputs": made.outputs,
    }
    told = "".join(f"# Not in it: {line}\n" for line in made.told)
    body = yaml.dump(template, Dumper=_Plain, sort_keys=False, width=1000, allow_unicode=False)
    return f"{_HEAD}{told}\n{body}", made.told


class _Plain(yaml.SafeDumper):
    """Without anchors: CloudFormation reads none that are aliases of functions."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _refuse(rota: Rota, level: Level) -> None:
    """What no rotation can be, and what would call other people than the rota does."""
    wait = level.answer_within_minutes
    if wait > _LONGEST_WAIT:
        raise Refused(f"{level.name}: Incident Manager waits {_LONGEST_WAIT} minutes, not {wait}")
    since = datetime.combine(min(turn.first_day for turn in level.turns), time(), UTC)
    for line in problems(rota, since, since + _YEAR):
        if line.startswith(f"{level.name}: two turns"):
            raise Refused(f"{line}: Incident Manager calls both, and the rota the first")
    for turn in level.turns:
        if len(turn.people) > _MOST_IN_TURN:
            raise Refused(f"{level.name}: a rotation has {_MOST_IN_TURN} people at most")
        if len(set(turn.people)) < len(turn.people):
            raise Refused(f"{level.name}: somebody is twice in a turn, and once in a rotation")
        _recurrence(level, turn)


def _contact(made: Written, name: str, person: Person) -> dict[str, Any]:
    shown = re.sub(r"[^a-zA-Z0-9_\s-]", " ", ascii_line(person.name, 255)).strip() or name
    if shown != person.name:
        made.told.append(f"{name} is shown as {shown}, for want of letters")
    logical = "Person" + _camel(name)
    contact = made.add(
        logical, "SSMContacts::Contact", {"Alias": name, "DisplayName": shown, "Type": "PERSONAL"}
    )
    targets = []
    for way, kinds in _CHANNELS.items():
        for kind in kinds if getattr(person, way) else ():
            channel = made.add(
                f"{logical}{kind.capitalize()}",
                "SSMContacts::ContactChannel",
                {
                    "ContactId": contact,
                    "ChannelName": kind.lower(),
                    "ChannelType": kind,
                    "ChannelAddress": getattr(person, way),
                    "DeferActivation": True,
                },
            )
            info = {"ChannelId": channel, "RetryIntervalInMinutes": _RETRY_MINUTES}
            targets.append({"ChannelTargetInfo": info})
    stage = {"DurationInMinutes": _LONGEST_WAIT, "Targets": targets}
    made.add(f"{logical}Plan", "SSMContacts::Plan", {"ContactId": contact, "Stages": [stage]})
    return contact


def _schedule(made: Written, level: Level, contacts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    rotations = []
    for number, turn in enumerate(level.turns, 1):
        at = datetime.combine(turn.first_day, turn.hand_over)
        properties = {
            "Name": f"{re.sub(r'[^a-z0-9]', '_', level.name)}_{number}",
            "ContactIds": [contacts[one] for one in turn.people],
            "StartTime": f"{at:%Y-%m-%dT%H:%M:%S}",
            "TimeZoneId": turn.time_zone,
            "Recurrence": _recurrence(level, turn),
        }
        logical = f"Rotation{_camel(level.name)}{number}"
        rotations.append(made.add(logical, "SSMContacts::Rotation", properties))
        made.outputs[f"{logical}Arn"] = {
            "Description": f"For an override of {level.name}.",
            "Value": rotations[-1],
        }
        made.told.append(f"{level.name}: a rotation calls nobody before {at:%Y-%m-%d %H:%M}")
    alias = "on-call-" + re.sub(r"[^a-z0-9]", "-", level.name)
    properties = {
        "Alias": alias,
        "DisplayName": level.name,
        "Type": "ONCALL_SCHEDULE",
        "Plan": [{"RotationIds": rotations}],
    }
    return made.add(f"Schedule{_camel(level.name)}", "SSMContacts::Contact", properties)


def _recurrence(level: Level, turn: Turn) -> dict[str, Any]:
    """Whole weeks as weeks, and else days: at most 100 of either."""
    at = f"{turn.hand_over:%H:%M}"
    weeks, rest = divmod(turn.days, 7)
    many = turn.days if rest else weeks
    if many > _MOST_PERIODS:
        raise Refused(
            f"{level.name}: a rotation lasts {_MOST_PERIODS} days at most, or whole weeks"
        )
    found: dict[str, Any] = {"NumberOfOnCalls": 1, "RecurrenceMultiplier": many}
    if rest:
        found["DailySettings"] = [at]
    else:
        day = _DAYS[turn.first_day.weekday()]
        found["WeeklySettings"] = [{"DayOfWeek": day, "HandOffTime": at}]
    if (hours := turn.hours) is not None:
        if hours.ends <= hours.begins:
            raise Refused(
                f"{level.name}: no page says how Incident Manager reads hours over midnight"
            )
        covered = [{"StartTime": f"{hours.begins:%H:%M}", "EndTime": f"{hours.ends:%H:%M}"}]
        found["ShiftCoverages"] = [{"DayOfWeek": day, "CoverageTimes": covered} for day in _DAYS]
    return found


def _exceptions(rota: Rota) -> Iterator[str]:
    """Overrides and absences: CloudFormation makes no overrides, so a person does."""
    days = [one.begins.date() for one in rota.overrides]
    days += [one.ends.date() for one in rota.overrides]
    days += [day for one in rota.absences for day in (one.first_day, one.last_day)]
    if not days:
        return
    begins = datetime.combine(min(days) - timedelta(days=2), time(), UTC)
    ends = datetime.combine(max(days) + timedelta(days=3), time(), UTC)
    for level in rota.levels:
        for shift in cover(rota, level, begins, ends):
            if shift.because:
                begins_at, ends_at = (
                    f"{at:%Y-%m-%dT%H:%MZ}" for at in (shift.begins_at, shift.ends_at)
                )
                why = one_line(shift.because, 100)
                yield (
                    f"{level.name}: {shift.person} from {begins_at} to {ends_at} ({why}). "
                    "Make it with aws ssm-contacts create-rotation-override"
                )


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in re.split(r"[^a-z0-9]+", name))
