"""What the scan of the templates may find, and why that is accepted.

A weakness of every Lambda function is accepted in `.checkov.yaml`, with its defence above it; one
of another resource in the resource's `Metadata`. Both are what checkov itself reads.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from localcloud.sam import translate
from tests.template.templates import ROOT

SETTINGS = ROOT / ".checkov.yaml"
FUNCTION = "AWS::Lambda::Function"
_REGION = "us-west-2"  # translation needs one; nothing of it is in the outcome


@dataclass(frozen=True, order=True)
class Weakness:
    """A check that one resource of a template did not pass."""

    template: str
    resource: str  # logical id
    check: str


@dataclass(frozen=True)
class Scanned:
    """A template as CloudFormation gets it, without what tells checkov to look away."""

    path: str
    template: dict[str, Any]
    accepted: frozenset[Weakness]


@cache
def scanned(path: str) -> Scanned:
    """Translate a template, and take what is accepted of its resources out of it."""
    template = translate(ROOT / path, {}, _REGION).template
    accepted = set[Weakness]()
    for name, resource in template["Resources"].items():
        own = resource.get("Metadata", {}).pop("checkov", {"skip": []})["skip"]
        of_functions = of_every_function() if resource["Type"] == FUNCTION else []
        checks = [*(one["id"] for one in own), *of_functions]
        accepted |= {Weakness(path, name, check) for check in checks}
    return Scanned(path, template, frozenset(accepted))


def of_every_function() -> list[str]:
    """The checks that are accepted to fail for each function."""
    checks: list[str] = yaml.safe_load(SETTINGS.read_text())["skip-check"]
    return checks


def defences() -> Iterator[tuple[str, str]]:
    """Each check that is left out, with the reason that is given for it."""
    text = SETTINGS.read_text()
    for check in of_every_function():
        above = re.search(rf"\n  # (.+)\n  - {check}\n", text)
        yield check, above[1] if above else ""


def differences(found: Iterable[Weakness], accepted: Iterable[Weakness]) -> list[str]:
    """One line for each weakness that nobody accepted, and each accepted one that is not there."""
    found, accepted = set(found), set(accepted)
    return [
        *(f"{one.template}: {one.resource} fails {one.check}" for one in sorted(found - accepted)),
        *(
            f"{one.template}: {one.resource} passes {one.check}, so its exception can go"
            for one in sorted(accepted - found)
        ),
    ]
