"""`responder scope --data-map`: from logs to people to deadlines; and the example of the docs."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from responder_cli.app import app
from tests.template.templates import ROOT
from tests.trail_logs import KEY, Logs

_BLOCKS = re.compile(r"```(yaml|csv)\n(.*?)```", re.DOTALL)
SINCE = ("--since", "2026-11-23T00:00:00Z")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with the logs of a theft, and the data map and the list of the docs."""
    Logs().honest(hours=6, each=4).theft().write(tmp_path / "logs")
    found = dict(_BLOCKS.findall((ROOT / "docs/data-map.md").read_text(encoding="utf-8")))
    (tmp_path / "data-map.yaml").write_text(found["yaml"], encoding="utf-8")
    (tmp_path / "exports.csv").write_text(found["csv"], encoding="utf-8")
    return tmp_path


def run(shop: Path, *words: str) -> Result:
    asked = ("--logs", str(shop / "logs"), "--access-key", KEY, "--processes", "1")
    given = ("--data-map", str(shop / "data-map.yaml"), *SINCE, *words)
    return CliRunner().invoke(app, ["scope", *asked, *given])


def told(shop: Path, *words: str) -> dict[str, Any]:
    result = run(shop, "--json", *words)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_the_example_of_the_docs_tells_whose_data_the_theft_touched(shop: Path) -> None:
    found = told(shop)
    stores = {one["store"]: one for one in found["touched"]}
    assert {name: one["had"] for name, one in stores.items()} == {
        "order exports": "read",
        "customers": "may have been read",  # the password of the database was fetched
        "card vault": "not seen, and would have been",
    }
    assert found["residents"] == {
        "US-CA": {"low": 1, "high": 1201},
        "US-TX": {"low": 1, "high": 701},
    }
    assert stores["order exports"]["things_read"] == 1
    assert stores["customers"]["plaintext"] == "unknown"
    [proof] = stores["customers"]["proofs"]
    assert proof["call"] == "GetSecretValue"


def test_a_missing_log_leaves_nothing_unseen(shop: Path) -> None:
    [lost] = (shop / "logs").rglob("*T0305Z*")
    lost.unlink()
    found = told(shop)
    assert [one["had"] for one in found["touched"]] == ["read", *["may have been read"] * 2]
    assert found["residents"]["US-CA"] == {"low": 1, "high": 1202}
    assert any("nobody knows whose data it holds" in gap for gap in found["gaps"])


def test_what_it_writes_is_counted_into_deadlines(shop: Path) -> None:
    page = shop / "page.html"
    result = run(shop, "--facts", str(shop / "facts.json"), "--html", str(page))
    assert result.exit_code == 0, result.output
    assert "order exports" in result.stdout
    assert "order exports" in page.read_text(encoding="utf-8")
    assert "1,201" in result.stdout
    facts = json.loads((shop / "facts.json").read_text())
    assert facts == {
        "residents": {"US-CA": 1201, "US-TX": 701},
        "elements": ["online_credentials", "name", "email", "order_history"],
        "encrypted": False,
    }
    words = ["--facts", str(shop / "facts.json"), "--discovered", "2026-11-23T09:00:00-08:00"]
    clocks = CliRunner().invoke(app, ["deadlines", *words, "--json"])
    assert clocks.exit_code == 0, clocks.output
    named = {one["clock_id"] for one in json.loads(clocks.stdout)}
    assert any(one.startswith("us-ca-") for one in named)


@pytest.mark.parametrize("name", ["exports.csv", "exports.csv.gz"])
def test_a_list_may_be_packed(shop: Path, name: str) -> None:
    text = (shop / "exports.csv").read_bytes()
    (shop / "exports.csv").unlink()
    (shop / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    path = shop / "data-map.yaml"
    path.write_text(path.read_text().replace("exports.csv", name))
    assert told(shop)["residents"]["US-CA"]["low"] == 1


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("2026/orders-0.csv,c-1,US-XX", "line 5: US-XX: no state or territory"),
        ("2026/orders-0.csv,c-1", "line 5: 2 values, and 3 columns"),
        ("2026/orders-0.csv,,US-CA", "line 5: a value is missing"),
        ("2026/orders-0.csv,c-1,<b>", "line 5: <b>: no country has this code"),
        ('2026/orders-0.csv,"c-1,US-CA', "the list of order exports: unexpected end of data"),
        ("2026/orders-0.csv,c-1,\udcff", "not UTF-8 text"),
    ],
)
def test_a_list_with_a_line_that_is_none_ends_the_run(shop: Path, line: str, why: str) -> None:
    path = shop / "exports.csv"
    text = f"{path.read_text(encoding='utf-8').rstrip()}\n{line}\n"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    result = run(shop, "--facts", str(shop / "facts.json"))
    assert result.exit_code == 2
    assert f"exports.csv, {why}" in result.stderr or f"exports.csv: {why}" in result.stderr
    assert not (shop / "facts.json").exists()


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("kind: s3 ", "kind: s4 ", "field stores.0.kind"),
        ("[name, email, order_history]", "[names]", "line 7, field stores.0.elements.0"),
        ("prefix: 2026/", "prefix: 2026/or", "field stores.0.prefix"),
        ("{list: exports.csv}", "{list: ../exports.csv}", "or below it"),
        ("{list: exports.csv}", "{list: exports.csv, counts: {US-CA: 1}}", "either a list, or"),
        ("[1000, 1200]", "[1200, 1000]", "low is 1200, and high is 1000"),
        ("US-TX: 700", "US-ZZ: 700", "store customers, counts, US-ZZ"),
        ("by: application, key: shop/card-key", "by: application", "name its key"),
        ("name: customers", "name: card vault", "two stores are called card vault"),
        ("    opened_by", "    reads_logged_since: 2026-01-01\n    opened_by", "no trail has"),
        ("      as_of: 2026-11-01\n", "", "counts need a source, and as_of"),
        ("format:", "format: a\nformat:", "the key format stands there twice"),
    ],
)
def test_a_slip_in_the_data_map_is_told_before_anything_is_read(
    shop: Path, old: str, new: str, why: str
) -> None:
    path = shop / "data-map.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    for log in (shop / "logs").rglob("*.gz"):
        log.unlink()
    result = run(shop)
    assert result.exit_code == 2
    assert "data-map.yaml" in result.stderr
    assert why in result.stderr


def test_a_list_that_is_not_there_is_named(shop: Path) -> None:
    (shop / "exports.csv").unlink()
    result = run(shop)
    assert result.exit_code == 2
    assert "exports.csv, the list of order exports: No such file" in result.stderr


def test_a_page_that_cannot_be_written_is_named(shop: Path) -> None:
    result = run(shop, "--html", str(shop / "none" / "page.html"))
    assert result.exit_code == 2
    assert "page.html: No such file or directory" in result.stderr


def test_facts_need_a_data_map(shop: Path) -> None:
    words = ["scope", "--logs", str(shop / "logs"), "--access-key", KEY, "--facts", "facts.json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert "--facts needs --data-map" in result.stderr
