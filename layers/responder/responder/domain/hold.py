"""A legal hold: counsel says that nothing of an incident may go, whatever its lock or age."""

from enum import StrEnum

from pydantic import AwareDatetime, ConfigDict

from responder.domain.identifiers import IncidentId
from responder.domain.model import Model


class Word(StrEnum):
    """What was said."""

    HOLD = "hold"
    LIFT = "lift"


class Said(Model):
    """Who said that the incident is to be held, or not any more, why, and when."""

    model_config = ConfigDict(frozen=True)

    word: Word
    by: str
    reason: str
    at: AwareDatetime


class Hold(Model):
    """The hold on one incident, with all that was ever said about it. Nothing of it is removed."""

    model_config = ConfigDict(frozen=True)

    incident_id: IncidentId
    said: tuple[Said, ...]  # in the order in which it was recorded
    round: int = 1  # each time somebody asks for the hold, every object is held anew

    @property
    def grounds(self) -> tuple[Said, ...]:
        """What was said for it since it was last lifted. Lifting it ends every ground."""
        words = [one.word for one in self.said]
        last = len(words) - words[::-1].index(Word.LIFT) if Word.LIFT in words else 0
        return self.said[last:]

    @property
    def in_force(self) -> bool:
        """Whether it stands."""
        return bool(self.grounds)

    def asked_for(self, said: Said) -> "Hold":
        """The hold in a new round, with one more ground; the same ground counts once."""
        known = [(one.by, one.reason) for one in self.grounds]
        more = () if (said.by, said.reason) in known else (said,)
        return self.model_copy(update={"said": self.said + more, "round": self.round + 1})

    def lifted(self, said: Said) -> "Hold":
        """The hold, not in force any more."""
        return self.model_copy(update={"said": (*self.said, said)})
