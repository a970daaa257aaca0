"""Each function as it is built and deployed, run by Lambda's own runtime: nothing is missing in it.

The packages are built for this machine. The built template is deployed into a pretend AWS that
listens on loopback, so a function gets the environment its template gives it, and what it calls is
there. What a step does is tested elsewhere; here it must only get as far as its own words.
"""

import compileall
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

import pytest
from moto import mock_aws

from localcloud.deploy import Accounts, deploy
from localcloud.stack import Function, Registry, Stack
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.domain.order import OrderMode, Plan
from tests.builders import (
    HOME,
    INCIDENT_ID,
    NOON,
    REGION,
    SHOP,
    a_finding,
    a_user,
    an_incident,
    an_order,
)
from tests.packaging.emulator import (
    Reply,
    emulator_binary,
    import_paths,
    interpreter,
    invoke,
    running,
    runtime_folder,
)
from tests.packaging.pretend_aws import listening
from tests.packaging.sizes import LAYERS, LIMIT_BYTES, lines, sizes
from tests.template.templates import ROOT, functions

BUILD = ROOT / "build" / "packages"
EXTERNAL_ID = "an-external-id-of-tests"
# A cold start grows with what is imported, and a number of modules is the same on every machine.
# Raise it knowingly: the functions answer an attack.
MOST_MODULES = 610
# The report comes when all is done, and knows every collector, and the law's own words.
# The board waits for nobody's attack: a person looks at it, and it names every action.
MORE_MODULES = {"board": 690, "report": 700}
MOST_OF_OURS = 95  # of the function that cuts: every action, and the stores that it asks
VERBS = list(functions())
FIRST = ("intake", "plan", "contain", "open", *MORE_MODULES)  # what people wait for, or is large
# What a step needs done before it, by the function that does it.
AFTER = {"verify": "contain", "release": "contain", "seal": "collect", "disclose": "seal"}
# These steps cannot come to their end here: two ask for an API that moto lacks, two are given an
# approval or a question that nobody asked for. That they say so is all this test wants of them.
ENDS = {
    "ask": ("Broken", "AWS answered UnknownOperationException"),
    "approve": ("Refused", "approval"),
    "close": ("Refused", "stays open, and nothing was changed"),  # its orders wait for a yes
    "trace": ("Broken", "no event history could be read"),
    "scan": ("Broken", "there is no question"),  # nobody asked it anything
    "silence": ("Refused", "it would have ended already"),  # its sample is of 2026
}


@dataclass(frozen=True)
class World:
    """The packages, deployed, and what is needed to run one."""

    registry: Registry
    environment: dict[str, str]
    binary: Path
    runtime: Path
    logs: Path

    def function(self, verb: str) -> Function:
        return next(f for f in self.registry.functions if f.logical_id == logical_id(verb))

    def run(self, verb: str, event: object) -> Reply:
        function = self.function(verb)
        log = self.logs / f"{verb}.log"
        environment = self.environment | function.env
        with running(function, self.binary, self.runtime, environment, log) as address:
            return invoke(address, event, log)


def logical_id(verb: str) -> str:
    return f"{verb.capitalize()}Function"


def event_of(verb: str) -> Any:
    return json.loads((ROOT / f"events/steps/{verb}.json").read_text())


@pytest.fixture(scope="module")
def packages(request: pytest.FixtureRequest) -> Path:
    """Every function and layer, built by SAM for this machine. What did not change is kept.

    Once for all workers of a test run: a second build would empty the folder that the first uses.
    """
    if platform.system() != "Linux":
        pytest.skip("Lambda's runtime emulator and its wheels are for Linux")
    architecture = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    BUILD.parent.mkdir(exist_ok=True)
    with (BUILD.parent / "packages.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        built_by = BUILD.parent / "packages.built"
        of_run = str(getattr(request.config, "workerinput", {}).get("testrunuid", os.getpid()))
        if built_by.exists() and built_by.read_text() == of_run:
            return BUILD
        done = subprocess.run(
            [
                Path(sys.executable).parent / "sam",
                "build",
                "--build-dir", BUILD,
                "--cache-dir", BUILD.parent / "packages-cache",
                "--parameter-overrides", f"Architecture={architecture}",
            ],
            cwd=ROOT,
            env=os.environ
            | {
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                "SAM_CLI_TELEMETRY": "0",
            },
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-4000:]
        # As `make build` does it: without them each start would read documentation, too.
        lightened: list[str | Path] = [sys.executable, ROOT / "layers/lighten.py", BUILD]
        subprocess.run(lightened, check=True)
        # As `make build` does it, or each start of a function would compile all that it imports.
        assert compileall.compile_dir(
            BUILD, quiet=1, force=True, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH
        )
        built_by.write_text(of_run)
    return BUILD


@pytest.fixture(scope="module")
def world(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The three stacks deployed from the built template, and an incident to work on."""
    folder = tmp_path_factory.mktemp("packages")
    with (
        pytest.MonkeyPatch.context() as patch,
        mock_aws(config={"iam": {"load_aws_managed_policies": True}}),
    ):
        patch.delenv("MOTO_ACCOUNT_ID", raising=False)
        accounts, registry = Accounts(), Registry()
        stack = _deployed(packages, accounts, registry)
        _an_incident_to_work_on(stack, accounts)
        keys = accounts.session(HOME, REGION).get_credentials()
        assert keys is not None
        with listening() as address:
            yield World(
                registry=registry,
                environment={
                    "AWS_ACCESS_KEY_ID": str(keys.access_key),
                    "AWS_SECRET_ACCESS_KEY": str(keys.secret_key),
                    "AWS_SESSION_TOKEN": str(keys.token),
                    "AWS_REGION": REGION,
                    "AWS_DEFAULT_REGION": REGION,
                    "AWS_ENDPOINT_URL": address,
                    "AWS_EC2_METADATA_DISABLED": "true",
                },
                binary=emulator_binary(folder),
                runtime=runtime_folder(folder / "runtime"),
                logs=folder,
            )


def _deployed(packages: Path, accounts: Accounts, registry: Registry) -> Stack:
    def stack(path: Path, name: str, account: str, parameters: dict[str, str]) -> Stack:
        return deploy(
            path,
            stack_name=name,
            parameters=parameters,
            account=account,
            region=REGION,
            registry=registry,
            clients=accounts,
        )

    vault = stack(
        ROOT / "stacks/evidence-vault.yaml",
        "evidence-vault",
        HOME,
        {"ResponderAccount": HOME, "CustodianRoleArn": f"arn:aws:iam::{HOME}:role/custodian"},
    )
    told = {"ResponderAccount": HOME, "ExternalId": EXTERNAL_ID}
    stack(ROOT / "stacks/member-role.yaml", "breach-responder-member", SHOP, told)
    return stack(
        packages / "template.yaml",
        "breach-responder",
        HOME,
        {
            "Mode": "respond",
            "ExternalId": EXTERNAL_ID,
            "EvidenceBucket": vault.outputs["EvidenceBucketName"],
            "EvidenceAccount": vault.outputs["EvidenceAccount"],
            "EvidenceKeyArn": vault.outputs["EvidenceKeyArn"],
            "SigningKeyArn": vault.outputs["SigningKeyArn"],
            "Approvers": f"arn:aws:iam::{HOME}:role/lead",
        },
    )


def _an_incident_to_work_on(stack: Stack, accounts: Accounts) -> None:
    principal = a_user()
    iam = accounts.client("iam", account=SHOP, region=REGION)
    iam.create_user(UserName=principal.name)
    # Moto reads a bucket's policy without its conditions, and would let nobody put anything.
    s3 = accounts.client("s3", account=HOME, region=REGION)
    for bucket in (stack.parameters["EvidenceBucket"], stack.resources["ResultsBucket"]):
        s3.delete_bucket_policy(Bucket=bucket)
    table = accounts.client("dynamodb", account=HOME, region=REGION)
    incidents = Incidents(Ledger(stack.resources["Table"], table))
    assert incidents.create(an_incident(), a_finding())
    asked = an_order(
        "iam.deactivate_key", order_id=event_of("ask")["order_id"], mode=OrderMode.APPROVAL
    )
    orders = (an_order(principal=principal), asked)
    plan = Plan(incident_id=INCIDENT_ID, generation=1, planned_at=NOON, orders=orders)
    assert incidents.save_plan(plan)


@pytest.mark.parametrize("verb", VERBS)
def test_a_built_function_runs_with_nothing_but_its_package(verb: str, world: World) -> None:
    if before := AFTER.get(verb):
        world.run(before, event_of(before))
    reply = world.run(verb, event_of(verb))
    error, words = ENDS.get(verb, (None, ""))
    assert reply.error == error, f"{reply.payload}\n{reply.log[-3000:]}"
    assert words in str(reply.payload)
    if verb in ("intake", "mirror"):
        # The one finding of the example that nobody can read; a whole batch would hide a bug.
        failed = [one["itemIdentifier"] for one in reply.payload["batchItemFailures"]]
        assert failed == [r["messageId"] for r in event_of(verb)["Records"][1:]]


def test_every_function_and_layer_was_built(packages: Path) -> None:
    assert set(sizes(packages)) == {logical_id(verb) for verb in VERBS} | set(LAYERS)


def test_a_function_with_its_layers_stays_far_below_what_lambda_allows(packages: Path) -> None:
    found = sizes(packages)
    layers = sum(found[name] for name in LAYERS)
    assert 0 < layers < LIMIT_BYTES / 2, "\n".join(lines(found))
    for verb in VERBS:
        # A function is one file: what it shares is in the package.
        assert found[logical_id(verb)] < 20_000, verb
        names = {path.name for path in (packages / logical_id(verb)).iterdir()}
        assert names - {"__pycache__"} == {"app.py"}, verb


def test_the_package_in_the_layer_is_whole(packages: Path) -> None:
    """Also what is not Python: the law, the report's page."""

    def holds(package: Path) -> set[Path]:
        files = (path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc")
        return {path.relative_to(package) for path in files}

    built = packages / "ResponderLayer/python/responder"
    assert holds(built) == holds(ROOT / "layers/responder/responder")
    assert {path.suffix for path in holds(built)} >= {".py", ".yaml", ".jinja", ".css"}


@pytest.mark.parametrize(
    "verb", [v if v in FIRST else pytest.param(v, marks=pytest.mark.prove) for v in VERBS]
)
def test_a_function_imports_no_more_than_a_cold_start_can_bear(verb: str, world: World) -> None:
    imported = _imported(world.function(verb))
    assert len(imported) < MORE_MODULES.get(verb, MOST_MODULES)
    assert "boto3" not in imported  # what it adds to botocore, nothing of ours uses


def test_the_function_that_cuts_imports_what_it_cuts_with(world: World) -> None:
    """Of ours no adapter, and no words of the law, that only another function needs."""
    imported = _imported(world.function("contain"))
    ours = {name for name in imported if name.startswith("responder.")}
    assert len(ours) < MOST_OF_OURS
    for folder in ("channels", "collectors", "regimes", "report", "scan"):
        assert f"responder.{folder}" not in imported


def _imported(function: Function) -> list[str]:
    found = subprocess.run(
        [interpreter(), "-S", "-c", "import sys, app; print(*sys.modules)"],
        cwd=function.code_dir,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(
                str(path) for path in (function.code_dir, *import_paths(function))
            ),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.split()
