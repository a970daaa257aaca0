"""Questions about several orders. The task tokens stay with the requests of the single orders.

A question is kept with its incident, by its group; under its own id, which nobody can guess, is
where to find it.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict

from responder.aws import ledger as table
from responder.aws.ledger import Item, Ledger, Write, incident_pk
from responder.domain.errors import Broken, Unavailable
from responder.domain.identifiers import IncidentId
from responder.domain.model import Model
from responder.domain.question import Question

PERMISSIONS = table.PERMISSIONS
PREFIX = "QUESTION#"
_WHERE = "WHERE"


class _Where(Model):
    """Which question an id is."""

    model_config = ConfigDict(frozen=True)

    incident_id: IncidentId
    group: str


@dataclass(frozen=True)
class Questions:
    """Typed access to the items of questions. There is one for each group of a plan."""

    ledger: Ledger

    def begin(self, question: Question) -> Question:
        """Record a question. The first for a group stays; the answer is that one."""
        where = _Where(incident_id=question.incident_id, group=question.group)
        made = self.ledger.together(
            [
                Write(incident_pk(question.incident_id), PREFIX + question.group, question),
                Write(PREFIX + question.question_id, _WHERE, where),
            ]
        )
        if made:
            return question
        first = self.get(question.incident_id, question.group)
        if first is None:
            raise Unavailable(f"the question {question.group} is being written by another")
        return first

    def get(self, incident_id: str, group: str) -> Question | None:
        """The question about one group, as it stands now."""
        found = self._item(incident_id, group)
        return None if found is None else Question.model_validate_json(found.body)

    def find(self, question_id: str) -> Question | None:
        """The question with this id, as it stands now. None for an id that we never gave out."""
        found = self.ledger.get(PREFIX + question_id, _WHERE)
        if found is None:
            return None
        where = _Where.model_validate_json(found.body)
        question = self.get(where.incident_id, where.group)
        if question is None or question.question_id != question_id:
            raise Broken(f"{question_id} leads to {where.group}, which has another question")
        return question

    def all(self, incident_id: str) -> list[Question]:
        """Every question of an incident about several orders."""
        found = self.ledger.items(incident_pk(incident_id), PREFIX)
        return [Question.model_validate_json(item.body) for item in found]

    def replace(self, seen: Question, **changed: Any) -> Question:
        """Write a question anew. Raises `Unavailable` if it is no longer as it was `seen`."""
        item = self._item(seen.incident_id, seen.group)
        if item is None:
            raise Broken(f"there is no question {seen.group}")
        if Question.model_validate_json(item.body) != seen:
            raise Unavailable(f"the question {seen.group} was changed; read it again")
        new = Question.model_validate(seen.model_dump() | changed)
        self.ledger.replace(item, new)
        return new

    def _item(self, incident_id: str, group: str) -> Item | None:
        return self.ledger.get(incident_pk(incident_id), PREFIX + group)
