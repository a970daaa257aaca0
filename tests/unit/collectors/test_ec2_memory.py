"""A tool of the shop takes the memory once, and what it said is kept as what it said."""

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcloud.fakes import run_command
from responder.collectors import ec2_memory
from responder.collectors.collector import Collected, Later
from responder.domain.collecting import Options
from responder.domain.errors import Unavailable
from tests.builders import INCIDENT_ID, SHOP
from tests.collecting import document_of
from tests.copying import DiedError, Shop, a_shop
from tests.template.roles import MEMORY_DOCUMENT

DOCUMENT = Path(__file__).parents[3] / "docs/memory-document.yaml"
CONFIGURED = Options(memory_document=MEMORY_DOCUMENT)
SHA256 = hashlib.sha256(b"memory").hexdigest()
SAID = {"bucket": "shop-forensics", "key": "memory/x.lime", "sha256": SHA256, "size": 4096}
READS = {
    "DescribeDocument": "document",
    "GetCommandInvocation": "output of memory",
    "GetDocument": "content of the document",
    "ListCommandInvocations": "invocation",
    "ListCommands": "command",
}


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with a_shop(monkeypatch) as shop:
        shop.is_managed()
        shop.world.operator("ssm", SHOP).create_document(
            Content=DOCUMENT.read_text(),
            Name=MEMORY_DOCUMENT,
            DocumentType="Command",
            DocumentFormat="YAML",
        )
        yield shop


def acts(shop: Shop, **tags: str) -> None:
    """What the tool does on the web server."""
    names = {"says": run_command.SAYS, "status": run_command.STATUS, "minutes": run_command.MINUTES}
    given = [{"Key": names[key], "Value": text} for key, text in tags.items()]
    shop.fleet.ec2.create_tags(Resources=[shop.instance], Tags=given)


def commands(shop: Shop) -> list[Any]:
    found: list[Any] = shop.world.operator("ssm", SHOP).list_commands()["Commands"]
    return found


def kept(shop: Shop, options: Options = CONFIGURED, **given: Any) -> Collected:
    [(name, item)] = shop.collected(ec2_memory, options=options, **given).items()
    assert name == f"{shop.instance}/command"
    return item


def test_what_ran_and_what_it_said_is_kept(shop: Shop) -> None:
    acts(shop, says=json.dumps(SAID))
    began_at = shop.world.clock.now()
    item = kept(shop)
    assert item.gaps == (ec2_memory._AS_SAID,)
    found, [command] = document_of(item), commands(shop)
    assert found["output_as_the_tool_said"] == SAID
    assert found["sent"]["command_id"] == command["CommandId"]
    assert found["sent"]["sent_at"] == began_at.isoformat()
    [in_item] = found["reads"]["command"]["value"]
    assert in_item["Parameters"] == {
        "IncidentId": [INCIDENT_ID],
        "Generation": ["0001"],
        "Destination": [f"memory/{INCIDENT_ID}/0001/{shop.instance}/"],
    }
    reads = found["reads"]
    stands = shop.world.operator("ssm", SHOP).describe_document(Name=MEMORY_DOCUMENT)["Document"]
    assert reads["document"]["value"]["Hash"] == stands["Hash"]
    assert "avml" in reads["content of the document"]["value"]["Content"]
    assert reads["output of memory"]["value"]["StandardOutputContent"] == json.dumps(SAID)
    assert shop.world.clock.now() - began_at == 2 * ec2_memory.ASK_AGAIN


def test_without_a_document_nothing_is_run_and_it_is_said_what_to_do(shop: Shop) -> None:
    item = kept(shop, Options())
    assert "MemoryDocument" in item.gaps[0]
    assert shop.calls == []
    assert document_of(item)["sent"] is None


def test_an_instance_that_is_not_reached_is_left_and_said_to_be(shop: Shop) -> None:
    shop.fleet.ec2.stop_instances(InstanceIds=[shop.instance])
    assert "by hand" in kept(shop).gaps[0]
    assert commands(shop) == []


def test_it_is_sent_once_whenever_a_run_dies(shop: Shop) -> None:
    acts(shop, says=json.dumps(SAID), minutes="0")
    first = ec2_memory.collect(shop.scene(options=CONFIGURED))
    whole = [one for one in first if isinstance(one, Collected)]
    assert len(commands(shop)) == 1
    deaths = 0
    for at in range(len(shop.calls)):
        shop.calls.clear()
        shop.dies_at = at
        try:
            list(ec2_memory.collect(shop.scene(options=CONFIGURED, generation=2)))
        except DiedError:
            deaths += 1
    shop.dies_at = None
    assert deaths > 4  # also after it was sent
    assert len(kept(shop, generation=2).gaps) == len(whole[0].gaps) == 1
    assert [one["Comment"][-4:] for one in commands(shop)] == ["0002", "0001"]


def test_a_command_of_somebody_else_with_our_comment_does_not_deceive(shop: Shop) -> None:
    acts(shop, says=json.dumps(SAID), minutes="0")
    shop.world.operator("ssm", SHOP).send_command(
        InstanceIds=[shop.instance],
        DocumentName=MEMORY_DOCUMENT,
        Comment=f"breach-responder {INCIDENT_ID} 0001",
        Parameters={"IncidentId": [INCIDENT_ID], "Destination": ["memory/elsewhere/"]},
    )
    item = kept(shop)
    [ours, theirs] = commands(shop)
    assert document_of(item)["sent"]["command_id"] == ours["CommandId"]
    assert theirs["Parameters"]["Destination"] == ["memory/elsewhere/"]


def test_a_tool_that_takes_too_long_is_left_to_run(shop: Shop) -> None:
    acts(shop, minutes="6000")
    item = kept(shop)
    assert any("InProgress after 4:00:00; it was left to run" in gap for gap in item.gaps)


@pytest.mark.parametrize("status", ["Failed", "TimedOut", "Cancelled"])
def test_a_tool_that_fails_is_said_to_have_failed(shop: Shop, status: str) -> None:
    acts(shop, status=status)
    assert f"the command that takes the memory is {status}" in kept(shop).gaps


@pytest.mark.parametrize(
    "said",
    [
        "done",
        "null",
        "[]",
        '{"bucket": "b"}',
        json.dumps(SAID | {"sha256": SHA256.upper()}),
        json.dumps(SAID | {"size": "4096"}),
        json.dumps(SAID | {"size": -1}),
        json.dumps(SAID | {"bucket": "../x"}),
        json.dumps(SAID | {"href": "javascript:1"}),
        "[" * 250,
    ],
)
def test_a_last_line_that_does_not_fit_is_a_gap(shop: Shop, said: str) -> None:
    acts(shop, says=said, minutes="0")
    item = kept(shop)
    assert item.gaps == (ec2_memory._NOT_SAID,)
    assert document_of(item)["output_as_the_tool_said"] is None


@pytest.mark.parametrize(("operation", "read"), READS.items())
def test_a_read_that_is_refused_is_a_gap_that_names_it(
    shop: Shop, operation: str, read: str
) -> None:
    acts(shop, says=json.dumps(SAID), minutes="10")
    [later] = list(ec2_memory.collect(shop.scene(options=CONFIGURED)))
    assert isinstance(later, Later)
    shop.world.clock.advance(timedelta(minutes=10))
    shop.refused = {operation}
    scene = shop.scene(options=CONFIGURED, bookmark=later.bookmark)
    [item] = [one for one in ec2_memory.collect(scene) if isinstance(one, Collected)]
    assert any(gap.startswith(f"{read} could not be read: ") for gap in item.gaps)


@pytest.mark.parametrize("operation", ["SendCommand", "DescribeDocument", "ListCommands"])
def test_what_keeps_it_from_being_sent_is_a_gap(shop: Shop, operation: str) -> None:
    shop.refused = {operation}
    [gap] = kept(shop).gaps
    assert gap.startswith("no memory was taken: ")
    assert "AccessDenied" in gap
    assert commands(shop) == []


def test_the_role_runs_no_other_document(shop: Shop) -> None:
    shop.world.operator("ssm", SHOP).create_document(
        Content=DOCUMENT.read_text(), Name="another", DocumentType="Command", DocumentFormat="YAML"
    )
    [gap] = kept(shop, Options(memory_document="another")).gaps
    assert "AccessDenied" in gap


def test_what_is_not_available_is_tried_again(shop: Shop) -> None:
    shop.refused, shop.code = {"SendCommand"}, "ThrottlingException"
    with pytest.raises(Unavailable):
        kept(shop)


def test_the_example_takes_what_it_is_given() -> None:
    declared = yaml.safe_load(DOCUMENT.read_text())["parameters"]
    assert {"IncidentId", "Generation", "Destination"} <= set(declared)
    assert all(
        "default" in one for name, one in declared.items() if name in ("Bucket", "AvmlSha256")
    )
