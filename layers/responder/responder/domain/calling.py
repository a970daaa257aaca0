"""Whom a rota calls at an instant, as a page and the timeline say it."""

from dataclasses import dataclass
from datetime import datetime

from responder.domain.cover import at_instant
from responder.domain.identifiers import IncidentId
from responder.domain.rota import Rota


@dataclass(frozen=True)
class Called:
    """Who is on call, in words."""

    text: str  # for a page: one line for each level, with how to reach them
    names: str  # for the timeline, on one line


def called(rota: Rota, at: datetime) -> Called:
    """Who has each level, in the order they are called."""
    lines, names = ["On call, in this order:"], list[str]()
    for number, level in enumerate(rota.levels, start=1):
        shift = at_instant(rota, level, at)
        person = None if shift is None else rota.people[shift]
        if person is None:
            lines.append(f"{number}. {level.name}: NOBODY is on call now")
            names.append(f"nobody ({level.name})")
            continue
        reach = ", ".join(way for way in (person.phone, person.email) if way)
        lines.append(
            f"{number}. {level.name}: {person.name}, {reach};"
            f" no answer in {level.answer_within_minutes} minutes: the next"
        )
        names.append(f"{person.name} ({level.name})")
    lines[-1] = lines[-1].partition("; no answer")[0]  # nobody comes after the last
    return Called("\n".join(lines), ", ".join(names))


def how_to_answer(incident_id: IncidentId) -> str:
    """What a person does so that nobody else is called, for the end of a sentence."""
    return (
        f"run `responder acknowledge {incident_id}`, take it over in the console (an OpsItem: set "
        "it to In progress), or decide what waits for approval."
    )
