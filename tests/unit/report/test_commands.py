"""Commands are run by a real shell, with an `aws` that only tells what it was given."""

import json
import subprocess
from pathlib import Path

import pytest

from responder.report import commands
from responder.report.commands import Command
from responder.report.model import Here
from tests.builders import INCIDENT_ID, REGION, an_order
from tests.unit.report.reports import APPROVER, AUTOMATION, HERE

_AWS = f"""#!/bin/sh
if [ "$1" = sts ]; then echo {APPROVER}; exit; fi
for word in "$@"; do printf '%s\\0' "$word"; done
"""


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    aws = tmp_path / "aws"
    aws.write_text(_AWS)
    aws.chmod(0o755)
    return tmp_path


def run(text: str, bin_folder: Path) -> list[str]:
    done = subprocess.run(
        ["/bin/sh", "-c", text],
        env={"PATH": f"{bin_folder}:/usr/bin:/bin"},
        capture_output=True,
        check=True,
        cwd=bin_folder,
    )
    return done.stdout.decode().split("\0")[:-1]


def words(command: Command, bin_folder: Path) -> list[str]:
    """What `aws` is given; the same on one line, and over lines as the page shows it."""
    one_line = run(command.text, bin_folder)
    assert run(" \\\n  ".join(command.parts), bin_folder) == one_line
    return one_line


def test_releasing_hands_the_function_whose_order_it_is_and_who_asks(bin_folder: Path) -> None:
    order = an_order()
    given = words(commands.release(HERE, order), bin_folder)
    assert given[:2] == ["lambda", "invoke"]
    assert given[given.index("--function-name") + 1] == HERE.release_function
    assert json.loads(given[given.index("--payload") + 1]) == {
        "incident_id": INCIDENT_ID,
        "order_id": order.order_id,
        "by": APPROVER,
        "reason": "say why",
    }


def test_a_key_is_given_back_only_by_somebody_who_says_that_it_never_was_out() -> None:
    command = commands.release(HERE, an_order("iam.deactivate_key"))
    assert "key_was_never_out" in command.text
    assert "only if the key never was in other hands" in command.does


def test_deciding_signals_the_automation_that_waits(bin_folder: Path) -> None:
    approve, deny = (words(each, bin_folder) for each in commands.decide(HERE, AUTOMATION))
    for given, signal in ((approve, "Approve"), (deny, "Reject")):
        assert given[:2] == ["ssm", "send-automation-signal"]
        assert given[given.index("--automation-execution-id") + 1] == AUTOMATION
        assert given[given.index("--signal-type") + 1] == signal
        assert given[given.index("--payload") + 1] == "Comment=say why"


def test_no_name_can_add_a_command(bin_folder: Path) -> None:
    hostile = 'x\'; touch owned; echo "$(touch owned)`touch owned`" #'
    here = Here(region=REGION, release_function=hostile)
    given = words(commands.release(here, an_order()), bin_folder)
    assert given[given.index("--function-name") + 1] == hostile
    for each in commands.decide(here, hostile):
        assert hostile in words(each, bin_folder)
    assert not (bin_folder / "owned").exists()
