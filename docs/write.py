"""Write docs/catalog/ and docs/functions.md from the code: `make docs`. A test holds them to it."""

import inspect
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from cfnlint.decode import cfn_yaml

from responder import actions, channels, collectors, regimes
from responder.domain.milestone import URGENT, Milestone
from responder.regimes.regime import Regime
from responder.regimes.words import sentence

ROOT = Path(__file__).resolve().parents[1]
WRITTEN = "<!-- Written by `make docs` from the code. Change the code, not this page. -->"
# Who calls a function that neither a state machine nor an event source calls.
CALLERS = {
    "approve": "the approval document in Systems Manager, as its last step; and EventBridge, where "
    "an automation of it ended otherwise",
    "hear": "EventBridge, when an OpsItem of ours or an Incident Manager record is changed",
    "record": "a person: counsel, or whoever learned a fact",
    "tally": "a person who wants to know what is noise: `responder noise`",
    "silence": "a person who wants quiet: `responder snooze`, `responder known`",
    "hold": "counsel: `responder hold`",
    "rehash": "a person who wants one incident hashed now, or answers for what is wrong",
    "disclose": "an investigator: `responder evidence`",
    "cut": "a person who wants more cut than findings ask for",
    "board": "the widgets of the dashboard, with the rights of whoever looks",
    "register": "a person who wants every breach on record: `responder register`",
    "report": "a person who wants the dossier as it is now: `responder report`",
    "release": "a person who undoes an order",
    "close": "whoever ends an incident: `responder close`, or its document in the console",
    "acknowledge": "whoever was paged: `responder acknowledge`, or its document in the console",
}
SOURCES = {
    "SQS": "the intake queue",
    "DynamoDB": "the table's stream, for each new timeline event",
    "ScheduleV2": "a schedule, {ScheduleExpression}",
}


def documents() -> dict[str, str]:
    """Path to text, for every page that is written from the code."""
    return {
        "docs/catalog/actions.md": _page(_actions()),
        "docs/catalog/channels.md": _page(_channels()),
        "docs/catalog/collectors.md": _page(_collectors()),
        "docs/catalog/regimes.md": _page(_regimes()),
        "docs/functions.md": _page(_functions()),
    }


def _page(lines: Iterable[str]) -> str:
    return "\n".join([WRITTEN, "", *lines]).rstrip() + "\n"


def _actions() -> Iterator[str]:
    yield "# Actions: what may be cut"
    yield ""
    yield "Only in `respond` mode, only through the member role that may cut, and only when a plan"
    yield "names it. What stood before is recorded first, and each is undone from its receipt."
    for action in actions.ACTIONS:
        yield from _entry(action, "In the member account it calls")


def _collectors() -> Iterator[str]:
    yield "# Collectors: what is kept as evidence"
    yield ""
    yield "In the order they run, the most volatile first. What one could not read stands in the"
    yield "manifest as a gap; what none of its runs can show is its limits."
    yield ""
    yield "| collector | rights to read | to copy | to take over | what it never shows |"
    yield "|---|---|---|---|---|"
    for collector in collectors.COLLECTORS:
        rights = (collector.PERMISSIONS, collector.COPIES, collector.KEEPS)
        read, copy, keep = (
            ", ".join(f"`{name}`" for name in sorted(names)) or "none" for names in rights
        )
        limits = "<br>".join(limit.replace("|", "/") for limit in collector.LIMITS)
        yield f"| `{collector.ID}` | {read} | {copy} | {keep} | {limits} |"
    for collector in collectors.COLLECTORS:
        yield from _about(collector)


def _channels() -> Iterator[str]:
    yield "# Channels: where people find an incident"
    yield ""
    yield "The first that works is used; Incident Manager only if the stack has a response plan."
    for channel in channels.CHANNELS:
        yield from _entry(channel, "With the role of the function it calls")
        asked = ", ".join(f"`{name}`" for name in sorted(channel.READING))
        yield f"To learn who took an incident over: {asked or 'nothing, it cannot know'}."
        ends = ", ".join(f"`{name}`" for name in sorted(channel.RESOLVING))
        yield f"To resolve it, once it is closed here: {ends or 'nothing, there is nothing to'}."
    yield ""
    yield "Beside it, and in no page's place:"
    for beside in channels.BESIDE:
        yield from _entry(beside, "With the role of the function it calls")


def _entry(module: Any, calls: str) -> Iterator[str]:
    yield from _about(module)
    yield ""
    asked = ", ".join(f"`{name}`" for name in sorted(module.PERMISSIONS))
    yield f"{calls}: {asked or 'nothing'}."


def _about(module: Any) -> Iterator[str]:
    yield ""
    yield f"## {module.TITLE}"
    yield ""
    yield f"`{module.ID}`, [{Path(_path(module)).name}](../../{_path(module)})"
    yield ""
    yield inspect.getdoc(module) or ""


def _regimes() -> Iterator[str]:
    yield "# Regimes: whose deadlines are counted"
    yield ""
    yield "Research, not legal advice: counsel decides, and reads the official text first. A place"
    yield "for which no entry stands is not ignored: counsel is told to find out, against a short"
    yield "target of our own. Contracts of your own go beside them:"
    yield "[own](../../layers/responder/responder/regimes/own/README.md)."
    yield ""
    rules = [rule for regime in regimes.REGIMES for rule in regime.rules]
    unread = [regime for regime in regimes.REGIMES if regime.verified_on is None]
    low = [regime for regime in regimes.REGIMES if regime.confidence == "low"]
    yield f"{len(regimes.REGIMES)} regimes, {len(rules)} rules. Of {len(unread)} no source was read"
    yield f"yet, and in {len(low)} our confidence is low; their clocks say so."
    for regime in regimes.REGIMES:
        yield from _regime(regime)
    yield ""
    yield "## Reminders"
    yield ""
    everybody = ", ".join(f"`{one}`" for one in Milestone if one in URGENT)
    yield f"The pager is told at each milestone: {', '.join(f'`{one}`' for one in Milestone)}."
    yield f"The escalation topic as well at {everybody}."


def _regime(regime: Regime) -> Iterator[str]:
    name = f"{regime.jurisdiction.lower()}.yaml"
    file = f"../../layers/responder/responder/regimes/data/{name}"
    read = f"Read on {regime.verified_on}" if regime.verified_on else "Not read yet"
    yield ""
    yield f"## {regime.name}"
    yield ""
    yield f"`{regime.jurisdiction}`: {regime.citation}."
    yield f"{read}, with {regime.confidence} confidence."
    yield f"Days end in {regime.time_zone}. [{name}]({file})"
    if not regime.in_force:
        yield "Not in force, and so not counted."
    if regime.conditions:
        yield f"Counted if it is recorded: {', '.join(f'`{one}`' for one in regime.conditions)}."
    yield ""
    yield "| clock | what is asked | citation |"
    yield "|---|---|---|"
    for rule in regime.rules:
        cells = [f"`{rule.id}`", sentence(rule), rule.citation]
        yield f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
    for rule in regime.rules:
        if rule.extensions:
            yield ""
            claimed = ", ".join(one.reason.replace("_", " ") for one in rule.extensions)
            yield f"To go later, a person may claim for {rule.recipient_name}: {claimed}."


def _functions() -> Iterator[str]:
    template: Any = cfn_yaml.load(str(ROOT / "template.yaml"))
    yield "# Functions"
    yield ""
    yield from _RUNNING.splitlines()
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            yield from _function(logical_id, resource["Properties"])


_RUNNING = """\
Every function is one file under `functions/`, and does one step. To run one by itself in Lambda's
container image you need a container engine (Docker or Finch), a build for your machine, and
credentials in your shell: the function calls whatever account they are for.

```
make setup
.venv/bin/sam build --parameter-overrides Architecture=$(uname -m | sed s/aarch64/arm64/)
.venv/bin/sam local invoke PlanFunction --event events/steps/plan.json --env-vars env.json
```

`env.json` names the resources of a stack that you have deployed. Without it a function gets the
names of the template in place of a table or a topic, and says that AWS does not know them.

```
{"PlanFunction": {"TABLE_NAME": "<TableName of the stack>", "POLICY_PARAMETER": "<its name>"}}
```

Several at once, as a program calls them: `.venv/bin/sam local start-lambda`, and then
`aws lambda invoke --endpoint-url http://127.0.0.1:3001 --function-name PlanFunction out.json
--cli-binary-format raw-in-base64-out --payload file://events/steps/plan.json`.

Without a container engine: `make test` builds each function for your machine and runs it, with the
event below, in Lambda's runtime interface emulator against a pretend AWS. One alone:
`.venv/bin/pytest tests/packaging -k plan`.
"""


def _function(logical_id: str, properties: Any) -> Iterator[str]:
    verb = Path(properties["CodeUri"]).name
    step = import_module(f"responder.steps.{verb}")
    told = sorted(properties.get("Environment", {}).get("Variables", {}))
    event = f"events/steps/{verb}.json"
    yield ""
    yield f"## {logical_id}"
    yield ""
    yield properties["Description"]
    yield ""
    callers = list(_callers(logical_id, verb, properties))
    assert callers, f"nobody calls {logical_id}; if people do, say so in CALLERS"
    yield f"- Called by {'; '.join(callers)}."
    step_file = f"layers/responder/responder/steps/{verb}.py"
    yield f"- Code: [handler](../functions/{verb}/app.py), [step](../{step_file})."
    yield f"- Event: [{event}](../{event})."
    if told:
        yield f"- Told, beside what every function is: {', '.join(f'`{name}`' for name in told)}."
    asked = ", ".join(f"`{name}`" for name in sorted(step.PERMISSIONS))
    yield f"- Its role allows: {asked}."
    yield ""
    yield "```"
    yield f".venv/bin/sam local invoke {logical_id} --event {event} --env-vars env.json"
    yield "```"


def _callers(logical_id: str, verb: str, properties: Any) -> Iterator[str]:
    state = logical_id.removesuffix("Function")
    for path in sorted((ROOT / "statemachines").glob("*.asl.yaml")):
        if f"${{{logical_id}Arn}}" in path.read_text(encoding="utf-8"):
            definition = yaml.safe_load(path.read_text(encoding="utf-8"))
            name = path.name.removesuffix(".asl.yaml")
            assert _has(definition, state), f"{name} has no state {state}"
            yield f"the state `{state}` of `{name}`"
    for event in properties.get("Events", {}).values():
        yield SOURCES[event["Type"]].format(**event["Properties"])
    if verb in CALLERS:
        yield CALLERS[verb]


def _has(definition: Any, state: str) -> bool:
    for name, one in definition["States"].items():
        inner = [*one.get("Branches", []), one.get("ItemProcessor")]
        if name == state or any(_has(part, state) for part in inner if part):
            return True
    return False


def _path(module: Any) -> str:
    return str(Path(inspect.getfile(module)).resolve().relative_to(ROOT))


if __name__ == "__main__":
    for page, content in documents().items():
        (ROOT / page).write_text(content, encoding="utf-8")
