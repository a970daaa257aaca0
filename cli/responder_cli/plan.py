"""`responder plan`: what the responder would do about saved events. Touches nothing."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from responder.domain.decision import Decision, decide
from responder.domain.errors import Broken
from responder.domain.escaping import one_line
from responder.domain.finding import Finding
from responder.domain.policy import DEFAULT_POLICY, Policy
from responder.domain.protection import ProtectList, own_roles
from responder.sources import feeds
from responder.sources.rulebook import read_policy, read_protect_list
from responder_cli.files import text_of

_MOST_BYTES = 8 * 1024 * 1024  # of findings; far more than EventBridge carries
_COLOURS = {"contain": "red", "escalate": "yellow", "record": "dim"}


class ModeChoice(StrEnum):
    """The modes of the stack."""

    MONITOR = "monitor"
    RESPOND = "respond"


def plan(
    events: Annotated[
        list[Path], typer.Argument(metavar="EVENT.json...", help="Saved EventBridge events.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="JSON for programs.")] = False,
    mode: Annotated[
        ModeChoice, typer.Option(help="monitor holds every order; respond carries them out.")
    ] = ModeChoice.MONITOR,
    protect: Annotated[
        Path | None, typer.Option(help="A list of ARN patterns never contained, JSON or YAML.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(help="The shop's rules, JSON or YAML; read before ours.")
    ] = None,
    drill: Annotated[bool, typer.Option("--drill", help="Plan for samples as in a drill.")] = False,
) -> None:
    """Show what the responder would do about saved events. Needs no AWS, and touches nothing.

    Exits with 2 if an event could not be read, after planning the others.
    """
    rules, protected = _rulebook(policy, protect)
    entries = list[dict[str, Any]]()
    for path in events:
        entries += _entries(path, rules, protected, mode, drill=drill)
    if as_json:
        typer.echo(json.dumps(entries, indent=2, ensure_ascii=True))
    else:
        Console().print(_shown(entries, mode))
    if any("error" in entry for entry in entries):
        raise typer.Exit(2)


def _rulebook(policy: Path | None, protect: Path | None) -> tuple[Policy, ProtectList]:
    try:
        rules = read_policy(text_of(policy), str(policy)) if policy else DEFAULT_POLICY
        patterns = read_protect_list(text_of(protect), str(protect)) if protect else ()
    except Broken as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from None
    return rules, ProtectList(patterns=patterns, own=own_roles())


def _entries(
    path: Path, policy: Policy, protect: ProtectList, mode: ModeChoice, *, drill: bool
) -> list[dict[str, Any]]:
    """One entry for each finding in a file; one with the error if it cannot be read."""
    told = {"event": str(path), "mode": mode.value}
    try:
        findings = feeds.read_text(text_of(path, _MOST_BYTES))
    except Broken as error:
        return [told | {"error": f"{path}: {error}"}]
    return [
        told | _entry(finding, decide(finding, policy, protect, mode.value, drill=drill))
        for finding in findings
    ]


def _entry(finding: Finding, decision: Decision) -> dict[str, Any]:
    return {
        "finding": {
            "key": finding.key,
            "type": finding.type,
            "severity": finding.severity.value,
            "account": finding.account,
            "region": finding.region,
            "sample": finding.sample,
            "source": finding.source.value,
        },
        "disposition": decision.disposition.value,
        "reason": decision.reason,
        "principals": [
            {
                "kind": principal.kind.value,
                "arn": principal.arn,
                "name": principal.name,
                "access_key_id": principal.access_key_id,
                "session_name": principal.session_name,
            }
            for principal in decision.principals
        ],
        "orders": [
            {
                "action": proposal.action_id,
                "resource": proposal.resource,
                "mode": proposal.mode.value,
                "people_needed": proposal.people_needed,
                "reason": proposal.reason,
            }
            for proposal in decision.proposals
        ],
        "refusals": [refusal.model_dump(mode="json") for refusal in decision.refusals],
    }


def _shown(entries: list[dict[str, Any]], mode: ModeChoice) -> Group:
    table = Table(title=f"What the responder would do ({mode.value} mode)", show_lines=True)
    for name in ("Event", "Finding", "Disposition", "Principals", "Orders", "Left to a person"):
        table.add_column(name, overflow="fold")
    whole = len(entries) == 1
    planned = [entry for entry in entries if "error" not in entry]
    for entry in planned:
        table.add_row(_cell(Path(entry["event"]).name), *_cells(entry, whole=whole))
    unread = [entry["error"] for entry in entries if "error" in entry]
    notes = [Text(f"{len(unread)} could not be read:", style="bold red")] if unread else []
    notes += [Text(f"  {_plain(error)}", style="red") for error in unread]
    if mode is ModeChoice.MONITOR:
        notes.append(Text("Monitor mode: every order is held, and none is carried out."))
    if not whole:
        notes.append(Text("One event alone, or --json, also shows reasons and next steps."))
    return Group(*([table] if planned else []), *notes)


def _cells(entry: dict[str, Any], *, whole: bool) -> list[Text]:
    finding = entry["finding"]
    disposition = entry["disposition"]
    return [
        _cell(f"{finding['type']} ({finding['severity']})"),
        Text(disposition, style=_COLOURS[disposition]),
        _lines(f"{p['kind']} {p['name'] or p['access_key_id'] or ''}" for p in entry["principals"]),
        _lines(
            f"{o['action']}: {o['mode']}"
            + (f" by {o['people_needed']} people" if o["people_needed"] > 1 else "")
            + (f". {o['reason']}" if whole else "")
            for o in entry["orders"]
        ),
        _lines(
            r["resource"] + (f": {r['reason']} {r['next_step']}" if whole else "")
            for r in entry["refusals"]
        ),
    ]


def _lines(texts: Any) -> Text:
    return Text("\n").join(_cell(text) for text in texts)


def _cell(text: str) -> Text:
    """A text of strangers: no markup, no control characters."""
    return Text(_plain(text))


def _plain(text: str) -> str:
    return one_line(text, 1200)
