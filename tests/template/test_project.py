"""The files around the code: pinned, portable, and with no rule switched off."""

import re
import tomllib
from typing import Any

import pytest

from tests.template.templates import ROOT, TEMPLATES, template

LOCKS = sorted(
    str(path.relative_to(ROOT))
    for folder in ("requirements", "layers/dependencies", "layers/scan")
    for path in (ROOT / folder).glob("*.txt")
)


def test_cfn_lint_sees_every_template_and_no_rule_of_it_is_switched_off() -> None:
    """`make check` runs it."""
    assert "cfn-lint template.yaml stacks/*.yaml\n" in (ROOT / "Makefile").read_text()
    linted = {"template.yaml", *(f"stacks/{one.name}" for one in (ROOT / "stacks").glob("*.yaml"))}
    assert set(TEMPLATES) <= linted
    assert not (ROOT / ".cfnlintrc").exists()
    assert not (ROOT / ".cfnlintrc.yaml").exists()
    for path in TEMPLATES:
        assert "cfn-lint" not in (ROOT / path).read_text()
    assert not re.search(r"cfn-lint .*(-i|--ignore)", (ROOT / "Makefile").read_text())


@pytest.mark.parametrize("path", LOCKS)
def test_each_package_is_pinned_with_hashes_and_names_no_host(path: str) -> None:
    text = (ROOT / path).read_text()
    assert "://" not in text
    assert "index-url" not in text
    requirements = re.split(r"\n(?=\S)", text.replace("\\\n", " ").strip())
    assert len(requirements) >= 4
    for requirement in requirements:
        assert re.match(r"[a-z0-9._-]+(\[[a-z0-9,._-]+\])?==\S+", requirement), requirement
        assert "--hash=sha256:" in requirement, requirement


def test_tests_run_the_very_packages_that_the_layer_ships() -> None:
    def pins(path: str) -> dict[str, str]:
        return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", (ROOT / path).read_text(), re.M))

    for layer in ("dependencies", "scan"):
        shipped = pins(f"layers/{layer}/requirements.txt")
        assert shipped
        assert shipped.items() <= pins("requirements/dev.txt").items()


def test_no_lock_file_of_a_tool_stands_beside_the_pins() -> None:
    for name in ("uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", "pip.conf", "uv.toml"):
        assert not (ROOT / name).exists(), name


def test_python_is_named_once_and_the_same_everywhere() -> None:
    assert (ROOT / ".python-version").read_text() == "3.13\n"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["requires-python"].startswith(">=3.13")
    assert project["tool"]["mypy"]["python_version"] == "3.13"
    assert "PYTHON ?= python3.13\n" in (ROOT / "Makefile").read_text()
    assert "Runtime: python3.13\n" in (ROOT / "template.yaml").read_text()


def test_deploying_asks_before_it_changes_anything_and_begins_in_monitor_mode() -> None:
    config: dict[str, Any] = tomllib.loads((ROOT / "samconfig.toml").read_text())
    for name in ("default", "prod"):
        deploying = config[name]["deploy"]["parameters"]
        assert deploying["confirm_changeset"] is True
        assert (
            deploying["capabilities"] == "CAPABILITY_IAM"
        )  # no role of the stack has a fixed name
        assert "Mode=monitor" in deploying["parameter_overrides"]
        assert "profile" not in deploying
        assert "region" not in deploying
    assert config["default"]["validate"]["parameters"]["lint"] is True


def test_every_command_of_the_makefile_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(r"`make ([a-z]+)`|^make ([a-z]+)", path.read_text(), re.M):
            assert (target[0] or target[1]) in targets, f"{path.name}: make {target}"


def test_an_output_that_a_command_asks_for_is_one() -> None:
    """In a command, `<SomeName>` is an output of the responder's stack."""
    outputs = set(template()["Outputs"])
    text = (ROOT / "docs/operating.md").read_text()
    asked = set(re.findall(r"<([A-Z][A-Za-z]+)>", text))
    assert asked
    assert asked <= outputs


def test_a_document_links_only_to_files_that_are_there() -> None:
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for link in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
            assert (path.parent / link).exists(), f"{path.name}: {link}"
