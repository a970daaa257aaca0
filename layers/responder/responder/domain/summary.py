"""What people are told first about an incident, before they look at anything else."""

from collections.abc import Sequence

from pydantic import ConfigDict

from responder.domain.escaping import ascii_line, markdown, one_line
from responder.domain.finding import Finding
from responder.domain.incident import Incident
from responder.domain.model import Model

_SHOWN = 5  # of findings, and of principals


class Summary(Model):
    """The same facts for each channel: plain for a pager, Markdown for a console."""

    model_config = ConfigDict(frozen=True)

    title: str  # one line of plain text, at most 200 characters
    lines: tuple[tuple[str, str], ...]  # label (ours), value (possibly an attacker's)

    @property
    def subject(self) -> str:
        """For a page: ASCII on one line, under 100 characters (SNS API Reference, "Publish")."""
        return ascii_line(self.title, 99)

    @property
    def text(self) -> str:
        """Plain text, one fact to a line."""
        return "\n".join([self.title, "", *(f"{name}: {value}" for name, value in self.lines)])

    def as_markdown(self, most: int) -> str:
        """A list of facts, at most `most` characters, cut between facts and never inside one."""
        shown = ""
        for name, value in self.lines:
            line = f"- **{name}:** {markdown(value, 300)}\n"
            if len(shown) + len(line) > most:
                break
            shown += line
        return shown or markdown(self.title, most)


def summarise(incident: Incident, findings: Sequence[Finding], *, mode: str) -> Summary:
    """What happened, to whom, and what the responder will do about it."""
    drill = "DRILL: " if incident.drill else ""
    level = incident.severity.value.upper()
    lines = [
        ("Incident", incident.id),
        ("Severity", incident.severity.value),
        ("Account", f"{incident.account}, {incident.region}"),
        ("First seen", incident.first_seen_at.isoformat(timespec="seconds")),
    ]
    if incident.follows:
        lines.append(("Follows", ", ".join(incident.follows)))
    if incident.drill:
        lines.insert(0, ("Drill", "this is practice"))
    lines += [
        ("Finding", one_line(f"{finding.type}: {finding.title}", 280))
        for finding in findings[:_SHOWN]
    ]
    named = dict.fromkeys(p.arn or p.name or p.kind for f in findings for p in f.principals)
    lines += [("Principal", one_line(name, 280)) for name in list(named)[:_SHOWN]]
    if len(named) > _SHOWN:
        lines.append(("Principals", f"{len(named) - _SHOWN} more"))
    lines.append(("Mode", _MODES[mode]))
    title = one_line(f"{drill}[{level}] {incident.title} in {incident.account}", 200)
    return Summary(title=title, lines=tuple(lines))


_MODES = {
    "monitor": "monitor: everything is planned, preserved and clocked; nothing is cut",
    "respond": "respond: orders are carried out as the policy says",
}
