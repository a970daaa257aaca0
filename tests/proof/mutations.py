"""Whether the proof bites: what holds our promises is taken away, and is that noticed?

Each mutation is made in a copy of the shipped files, which is deployed like those.
"""

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from responder_cli.drill import world
from tests.proof.crashes import Fault, Undisturbed, disturbed, prepared, undisturbed
from tests.proof.differences import Excuse, differing
from tests.proof.faults import Kind
from tests.proof.scenarios import SCENARIOS

_SHIPPED = ("events", "functions", "layers", "stacks", "statemachines")
_PACKAGE = "layers/responder/responder"


@dataclass(frozen=True)
class Mutation:
    """One thing that is taken away, and where its absence is to be seen."""

    name: str
    file: str
    old: str
    new: str
    scenario: str
    kind: Kind | None = None  # None: it is to be seen without any fault
    at: str = ""  # a pattern of the calls at which that fault is tried
    most: int = 12  # of those


@dataclass(frozen=True)
class Caught:
    """How a mutation was noticed; `by` is None if it was not."""

    by: str | None
    why: str
    tried: int


MUTATIONS = (
    Mutation(
        name="a finding is written though another run has written it",
        file=f"{_PACKAGE}/aws/ledger.py",
        old='put["ConditionExpression"] = "attribute_not_exists(pk)"',
        new='put["ConditionExpression"] = "attribute_not_exists(nothing)"',
        scenario="stolen-key",
        kind=Kind.TWIN,
        at="^Intake dynamodb:TransactWriteItems",
    ),
    Mutation(
        name="an execution has another name each time it is started",
        file=f"{_PACKAGE}/aws/machine.py",
        old="name=name,",
        new="name=f\"{name[:40]}-{__import__('uuid').uuid4().hex}\",",
        scenario="stolen-key",
        kind=Kind.LOST,
        at="stepfunctions:StartExecution",
    ),
    Mutation(
        name="a question to the approvers has another token each time it is asked",
        file=f"{_PACKAGE}/aws/automations.py",
        old="ClientToken=str(uuid.uuid5(_TOKENS, seed)),",
        new="ClientToken=str(uuid.uuid4()),",
        scenario="denied",
        kind=Kind.LOST,
        at="ssm:StartAutomationExecution",
    ),
    Mutation(
        name="a page does not look whether it was sent",
        file=f"{_PACKAGE}/aws/pager.py",
        old="if page.sent_at is not None:",
        new="if False and page.sent_at is not None:",
        scenario="stolen-key",
        kind=Kind.DEATH,
        at="^Tick dynamodb",
    ),
    Mutation(
        name="a cut is verified without looking",
        file=f"{_PACKAGE}/actions/iam_deny_user.py",
        old="def verify(receipt: Receipt, clients: Clients) -> bool:",
        new="def verify(receipt: Receipt, clients: Clients) -> bool:\n    return True\n\n\n"
        "def _verify(receipt: Receipt, clients: Clients) -> bool:",
        scenario="touch",
    ),
    Mutation(
        name="a state whose process died is not tried again",
        file="statemachines/incident-response.asl.yaml",
        old=", Runtime.ExitError",
        new="",
        scenario="stolen-key",
        kind=Kind.DEATH,
        at="^Contain ",
    ),
    Mutation(
        name="a collector that fails is not caught",
        file="statemachines/incident-response.asl.yaml",
        old="Catch: [{ErrorEquals: [States.ALL], ResultPath: $.failure, Next: NotCollected}]",
        new="Catch: [{ErrorEquals: [Nothing], ResultPath: $.failure, Next: NotCollected}]",
        scenario="stolen-key",
        kind=Kind.DENIED,
        at="^Collect dynamodb:",
        most=4,
    ),
    Mutation(
        name="an order that fails is not caught",
        file="statemachines/incident-response.asl.yaml",
        old="Catch: [{ErrorEquals: [States.ALL], ResultPath: $.failure, Next: Leave}]",
        new="Catch: [{ErrorEquals: [Nothing], ResultPath: $.failure, Next: Leave}]",
        scenario="stolen-key",
        kind=Kind.DENIED,
        at="^Contain iam:",
        most=4,
    ),
    Mutation(
        name="evidence is put though it is there",
        file=f"{_PACKAGE}/aws/vault.py",
        old='IfNoneMatch="*",',
        new="",
        scenario="stolen-key",
        kind=Kind.LOST,
        at="s3:PutObject",
    ),
    Mutation(
        name="what stood before is written down after the cut",
        file=f"{_PACKAGE}/steps/contain.py",
        old="    filed = _on_record(order, filed, before, receipts, now)\n"
        "    _cut(filed, action, clients, receipts)\n",
        new="    first = Receipt(order=order, status=ReceiptStatus.OBSERVED, before=before)\n"
        "    action.apply(first, clients)\n"
        "    filed = _on_record(order, filed, before, receipts, now)\n",
        scenario="stolen-key",
        kind=Kind.DEATH,
        at="^Contain iam:",
    ),
)


def caught(mutation: Mutation, expected: Undisturbed) -> Caught:
    """Deploy it, run its scenario, and say what differs from `expected` first."""
    with _mutated(mutation) as root, prepared(SCENARIOS[mutation.scenario], root) as night:
        scenario = SCENARIOS[mutation.scenario]
        found = undisturbed(scenario, night)
        if why := differing(expected.end, found.end, Excuse()):
            return Caught("no fault at all", why[0], 0)
        faults = [one for one in expected.faults() if _is_tried(one, mutation)][: mutation.most]
        for tried, (_, violation) in enumerate(disturbed(scenario, night, found, faults), start=1):
            if violation is not None:
                by = f"{violation.fault.kind.value} at {violation.fault.call}"
                return Caught(by, violation.why[0], tried)
    return Caught(None, "", len(faults))


def expectations(mutations: Sequence[Mutation]) -> dict[str, Undisturbed]:
    """How the scenarios of these end as shipped."""
    found = dict[str, Undisturbed]()
    for name in dict.fromkeys(one.scenario for one in mutations):
        with prepared(SCENARIOS[name]) as night:
            found[name] = undisturbed(SCENARIOS[name], night)
    return found


def _is_tried(fault: Fault, mutation: Mutation) -> bool:
    return fault.kind is mutation.kind and re.search(mutation.at, fault.call) is not None


@contextmanager
def _mutated(mutation: Mutation) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copy(world.ROOT / "template.yaml", root)
        for name in _SHIPPED:
            shutil.copytree(world.ROOT / name, root / name)
        path = root / mutation.file
        text = path.read_text(encoding="utf-8")
        if mutation.old not in text:
            raise RuntimeError(f"{mutation.name}: {mutation.file} does not say {mutation.old!r}")
        path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
        yield root
