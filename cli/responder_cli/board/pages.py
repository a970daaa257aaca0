"""The pages around the board: the whole of it at once, one part, a question to the approvers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from responder.report.board import View
from responder.report.board_page import TITLES
from responder.report.visible_text import visible
from responder_cli.board import console
from responder_cli.board.stage import Stage

ALL = "index.html"
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
# As the dashboard of the template has them.
_COLUMNS = (
    (View.INCIDENTS, View.DEADLINES, View.CONTAINMENT, View.EVIDENCE),
    (View.WAITING, View.READINESS, View.QUEUES),
)
PARTS = tuple(view for view in View if view is not View.INCIDENT)
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=lambda value: visible(value) if type(value) is str else value,
    trim_blocks=True,
    lstrip_blocks=True,
)
# Of the document's parameters, what people read, in the order of its message.
_QUESTION = {
    "Cut": ("Cut", "Cut2", "Cut3", "Cut4"),
    "Why": ("Why",),
    "People": ("People",),
    "Uses": ("Uses",),
    "Not known": ("NotKnown",),
    "Silence": ("Silence",),
    "Undo": ("Undo",),
}


@dataclass(frozen=True)
class Pages:
    """Makes each page anew, as it stands now. `nonce` is None where nobody can answer: in files."""

    stage: Stage

    def page(self, name: str, *, nonce: str | None = None) -> str | None:
        """A page by its name; None where there is none."""
        if name in ("", ALL):
            columns = [[self._part(view) for view in column] for column in _COLUMNS]
            return self._filled("dashboard.html.jinja", "Incident board", nonce, columns=columns)
        if name == console.ELSEWHERE:
            return self._filled("elsewhere.html.jinja", "In the AWS console", nonce)
        for view in PARTS:
            if name == console.named(view):
                return self._filled("part.html.jinja", TITLES[view], nonce, part=self._part(view))
        for incident_id in self.stage.incidents():
            if name == console.address({"view": View.INCIDENT, "incident_id": incident_id}):
                part = self._part(View.INCIDENT, incident_id)
                return self._filled("part.html.jinja", incident_id, nonce, part=part)
        return self._question(name, nonce)

    def names(self) -> list[str]:
        """Every page there is now."""
        return [
            ALL,
            console.ELSEWHERE,
            *map(console.named, PARTS),
            *(
                console.address({"view": View.INCIDENT, "incident_id": one})
                for one in self.stage.incidents()
            ),
            *map(console.question, self.stage.questions()),
        ]

    def _question(self, name: str, nonce: str | None) -> str | None:
        for automation_id in self.stage.asked():
            if name == console.question(automation_id):
                asked = self.stage.question(automation_id)
                shown = {
                    heading: " ".join(asked.shown[one] for one in names if one in asked.shown)
                    for heading, names in _QUESTION.items()
                }
                return self._filled(
                    "question.html.jinja", "A question to the approvers", nonce,
                    asked=asked, shown=shown,
                )  # fmt: skip
        return None

    def _part(self, view: View, incident_id: str | None = None) -> Markup:
        answer = self.stage.part(view, incident_id)
        return Markup(console.as_a_page(answer))  # noqa: S704 - escaped by whoever made it

    def _filled(self, template: str, title: str, nonce: str | None, **values: Any) -> str:
        at = self.stage.cloud.now()
        return _TEMPLATES.get_template(template).render(
            title=title,
            policy=POLICY,
            views=[(console.named(view), TITLES[view]) for view in PARTS],
            all=ALL,
            nonce=nonce,
            now=f"{at:%Y-%m-%d %H:%M:%S} UTC",
            **values,
        )
