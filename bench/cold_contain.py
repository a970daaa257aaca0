"""How long the function that cuts takes to start, beside what others would start with.

    python bench/cold_contain.py .aws-sam/bench --rounds 11

Each start is a fresh process of the interpreter alone, which finds what the build made where Lambda
lays it out: the function, then its layers, bytecode with them. What is measured is what the process
computed from its first import until everything that the first order needs stands: the handler's
module, the order, read, the stores, and the clients of the table, of parameters and of IAM in a
member account. Nothing is called. Starts are interleaved.

boto3 iam   `boto3.client("iam")` and nothing else
usual       three clients of boto3, Powertools with logs, metrics and idempotency, and a model
"""

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.peer import ROOT
from bench.racing import Promise, verdict

_BEGIN = "import time; began = time.process_time()\n"
_END = "\nprint(time.process_time() - began)"
_ACCOUNT = "111122223333"
_ORDER = (ROOT / "events/steps/contain.json").read_text()
STACKS = {
    "boto3 iam": 'import boto3; boto3.client("iam")',
    "usual": """
import boto3
clients = [boto3.client(name) for name in ("iam", "sts", "dynamodb")]
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer
from aws_lambda_powertools.utilities.parser import BaseModel, event_parser
class Order(BaseModel):
    incident_id: str
    actions: list[str]
told = Logger(service="contain"), Metrics(namespace="responder")
""",
    "contain": f"""
import app
import json
from responder import wiring
app.ContainRequest.model_validate(json.loads({_ORDER!r}))
wiring.incidents(), wiring.approvals(), wiring.receipts(), wiring.timeline()
wiring.rule_store()
clients = wiring.contain_clients()
clients.home("dynamodb"), clients.home("ssm"), clients.iam("{_ACCOUNT}")
""",
    "contain, module": "import app",
}


def main(words: Sequence[str]) -> int:
    """Always 0: what takes too long is printed as missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("build", type=Path, help="made by `sam build` for this machine")
    parser.add_argument("--rounds", type=int, default=11)
    asked = parser.parse_args(words)
    environment = _environment(asked.build.resolve())
    took: dict[str, list[float]] = {name: [] for name in STACKS}
    bar = Console(stderr=True)
    for _ in track(range(asked.rounds), "Starting", console=bar, transient=True):
        for name, code in STACKS.items():
            took[name].append(_started(code, environment))
    middle = {name: statistics.median(seconds) for name, seconds in took.items()}
    title = f"cold start, medians of {asked.rounds}, time computed"
    table = Table("stack", "ms", "x boto3 iam", "x usual", title=title)
    for name, seconds in middle.items():
        times = (f"{seconds / middle[one]:.2f}" for one in ("boto3 iam", "usual"))
        table.add_row(name, f"{seconds * 1000:.0f}", *times)
    Console().print(table)
    own = middle["contain"]
    verdict(
        "",
        Promise("contain against boto3 iam", own / middle["boto3 iam"], 0.85, most=True),
        Promise("contain against what is usual", own / middle["usual"], 0.55, most=True),
    )
    return 0


def _environment(build: Path) -> dict[str, str]:
    parts = ("ContainFunction", "ResponderLayer/python", "DependenciesLayer/python")
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(str(build / part) for part in parts),
        "PYTHONDONTWRITEBYTECODE": "1",  # what the build did not compile stays so
        "AWS_REGION": "us-west-2",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_EC2_METADATA_DISABLED": "true",
        "TABLE_NAME": "incidents",
        "STACK_NAME": "responder",
        "MEMBER_CONTAIN_ROLE": "responder-contain",
        "STOP_PARAMETER": "/responder/stop",
        "PROTECT_PARAMETER": "/responder/protect",
    }


def _started(code: str, environment: dict[str, str]) -> float:
    ran = subprocess.run(  # noqa: S603 - our own words
        [_interpreter(), "-S", "-c", _BEGIN + code + _END],
        check=True,
        capture_output=True,
        text=True,
        cwd="/",
        env=environment,
    )
    return float(ran.stdout)


def _interpreter() -> Path:
    """The one that the virtual environment was made from, which has none of our packages."""
    return Path(sys.base_prefix) / "bin" / "python3.13"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
