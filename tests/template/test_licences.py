"""What is deployed may be deployed: the licences of the packages in the layers."""

import re
from importlib.metadata import metadata

import pytest

from tests.template.templates import ROOT

LAYERS = [path.read_text() for path in sorted((ROOT / "layers").glob("*/requirements.txt"))]
SHIPPED = re.findall(r"^([a-z0-9._-]+)==", "".join(LAYERS), re.M)
# All of them let whoever deploys this use, change and pass it on, and ask for no source in return.
_ONE = (
    r"(MIT|MIT-0|MIT License|MIT No Attribution License \(MIT-0\)"
    r"|Apache-2\.0|Apache License 2\.0|Apache Software License"
    r"|BSD-[23]-Clause|BSD License|PSF-2\.0)"
)
PERMISSIVE = re.compile(rf"{_ONE}( OR {_ONE})*")


def licences(package: str) -> list[str]:
    """As a package states them: an expression, or classifiers, or a text."""
    said = metadata(package)
    if expression := said.get("License-Expression"):
        return [expression]
    classified = [one for one in said.get_all("Classifier", []) if one.startswith("License ::")]
    if classified:
        return [one.rpartition(" :: ")[2] for one in classified]
    return [said["License"]]


@pytest.mark.parametrize("package", SHIPPED)
def test_a_package_that_is_shipped_has_a_permissive_licence(package: str) -> None:
    told = licences(package)
    assert told
    assert [one for one in told if not PERMISSIVE.fullmatch(one)] == []


def test_a_licence_that_asks_for_the_source_is_none_of_them() -> None:
    for one in ("GPL-3.0-or-later", "AGPL-3.0-only", "LGPL-3.0-only", "MIT OR GPL-2.0", "UNKNOWN"):
        assert not PERMISSIVE.fullmatch(one)
