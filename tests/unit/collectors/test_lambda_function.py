"""A function is kept with its code, which is what Lambda says it is, and no link to it."""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from responder.collectors import lambda_function
from responder.collectors.collector import Collected
from responder.domain.errors import Broken, Unavailable
from responder.domain.finding import Finding, Resource
from tests.builders import NOON, REGION, SHOP, a_finding
from tests.collecting import Reading, a_scene, at_once, in_rounds, refused_in_turn, state_of
from tests.unit.actions.test_lambda_stop_function import TRUST
from tests.unit.localcloud.judging import World, a_world

NAME = "orders-export"
ARN = f"arn:aws:lambda:{REGION}:{SHOP}:function:{NAME}"


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


def zipped(text: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(zipfile.ZipInfo("app.py"), text)
    return archive.getvalue()


OLD, NEW, LAYER = zipped("old = 1"), zipped("new = 1"), zipped("layer = 1")


def a_function(world: World, name: str = NAME) -> Any:
    """A function with a version behind an alias, and another code since."""
    client = world.operator("lambda", SHOP)
    role = world.operator("iam", SHOP).create_role(
        RoleName=f"role-of-{name}", AssumeRolePolicyDocument=json.dumps(TRUST)
    )["Role"]["Arn"]
    layer = client.publish_layer_version(LayerName=f"of-{name}", Content={"ZipFile": LAYER})
    client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": OLD},
        Layers=[layer["LayerVersionArn"]],
        Environment={"Variables": {"TOKEN": "a-secret"}},
    )
    client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    client.update_function_code(FunctionName=name, ZipFile=NEW)
    client.create_function_url_config(FunctionName=name, AuthType="NONE")
    client.add_permission(
        FunctionName=name, StatementId="all", Action="lambda:InvokeFunction", Principal="*"
    )
    return client


def about(*ids: str, name: str | None = None) -> Finding:
    return a_finding(resources=tuple(Resource(kind="Lambda", id=one, name=name) for one in ids))


def test_a_function_is_kept_with_its_code_its_layers_and_who_may_invoke_it(world: World) -> None:
    a_function(world)
    *zips, item = at_once(lambda_function, a_scene(Reading(world), about(ARN, name=NAME)))
    assert [one.content.body for one in zips] == [NEW, OLD, LAYER]
    assert all(hashlib.sha256(one.content.body).hexdigest() in one.name for one in zips)
    assert all(one.gaps == () for one in zips)
    reads = state_of(item)
    told = reads["function $LATEST"]["value"]["Configuration"]
    assert told["CodeSha256"] == base64.b64encode(hashlib.sha256(NEW).digest()).decode()
    assert told["Environment"]["Variables"] == {"TOKEN": "a-secret"}
    assert "may hold secrets" in item.covers
    assert reads["aliases"]["value"][0]["FunctionVersion"] == "1"
    assert [one["Version"] for one in reads["versions"]["value"]] == ["$LATEST", "1"]
    assert json.loads(reads["policy"]["value"]["Policy"])["Statement"][0]["Sid"] == "all"
    assert reads["policy of live"]["parameters"]["Qualifier"] == "live"
    assert reads["URLs"]["value"][0]["AuthType"] == "NONE"
    assert item.gaps == ()


def test_the_link_to_the_code_is_nowhere_in_what_is_kept(world: World) -> None:
    client = a_function(world)
    link = client.get_function(FunctionName=NAME)["Code"]["Location"]
    *_, item = at_once(lambda_function, a_scene(Reading(world), about(ARN)))
    assert link.encode() not in item.content.body
    assert b"s3." not in item.content.body
    assert b"Location" not in item.content.body


def test_twice_is_the_same_names_and_the_same_code(world: World) -> None:
    a_function(world)
    one, again = (
        at_once(lambda_function, a_scene(Reading(world), *findings))
        for findings in ((about(ARN),), (about(ARN), about(f"{ARN}:live", NAME)))
    )
    assert [item.name for item in one] == [item.name for item in again]
    assert [item.content for item in one[:-1]] == [item.content for item in again[:-1]]


def test_each_read_that_is_refused_is_a_gap(world: World) -> None:
    a_function(world)
    calls = {one.partition(":")[2] for one in lambda_function.PERMISSIONS}
    calls = (calls - {"GetLayerVersion"}) | {"GetLayerVersionByArn"}
    refused_in_turn(lambda_function, world, (about(ARN),), *sorted(calls))


@pytest.mark.parametrize(
    ("code", "error"), [("AccessDeniedException", Broken), ("ServiceException", Unavailable)]
)
def test_when_nothing_can_be_read_the_collector_fails(
    world: World, code: str, error: type[Exception]
) -> None:
    a_function(world)
    with pytest.raises(error):
        list(lambda_function.collect(a_scene(Reading(world, every=code), about(ARN))))


def test_a_function_that_is_gone_is_kept_as_that(world: World) -> None:
    [item] = at_once(lambda_function, a_scene(Reading(world), about(ARN)))
    assert item.gaps == (f"{NAME}: nothing of it is there (any more), as every read answered",)


def test_what_is_no_name_of_a_function_is_asked_of_nobody(world: World) -> None:
    hostile = "../../<script>\u2028"
    [item] = at_once(lambda_function, a_scene(Reading(world), about(hostile)))
    assert "is no name that can be asked about" in item.gaps[0]
    assert state_of(item) == {}
    assert item.content.body.isascii()


class Elsewhere(Reading):
    """Where links give something else, or nothing."""

    def __init__(self, world: World, gives: bytes | Exception) -> None:
        super().__init__(world)

        def download(link: str, what: str, *, most_bytes: int) -> bytes:
            if isinstance(gives, Exception):
                raise gives
            return gives

        self.download = download


def test_code_that_is_not_what_lambda_says_is_kept_with_both_hashes(world: World) -> None:
    a_function(world)
    first, *_, item = at_once(lambda_function, a_scene(Elsewhere(world, b"other"), about(ARN)))
    assert first.content.body == b"other"
    assert base64.b64encode(hashlib.sha256(b"other").digest()).decode() in first.gaps[0]
    assert base64.b64encode(hashlib.sha256(NEW).digest()).decode() in first.gaps[0]
    assert first.gaps[0] in item.gaps


def test_code_that_cannot_be_fetched_is_a_gap_with_its_hash(world: World) -> None:
    a_function(world)
    lost = Elsewhere(world, Unavailable("code x: its link answered 503"))
    [item] = at_once(lambda_function, a_scene(lost, about(ARN)))
    assert sum("its link answered 503" in gap for gap in item.gaps) == 3


def test_large_code_is_not_fetched_and_its_hash_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_function(world)
    monkeypatch.setattr(lambda_function, "MOST_CODE_BYTES", len(NEW) - 1)
    *zips, item = at_once(lambda_function, a_scene(Reading(world), about(ARN)))
    assert [one.content.body for one in zips] == [LAYER]
    sha256 = base64.b64encode(hashlib.sha256(NEW).digest()).decode()
    assert any(sha256 in gap and "more than" in gap for gap in item.gaps)


def test_older_versions_are_counted_not_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = a_function(world)
    client.publish_version(FunctionName=NAME)
    monkeypatch.setattr(lambda_function, "MOST_VERSIONS", 1)
    *_, item = at_once(lambda_function, a_scene(Reading(world), about(ARN)))
    assert "policies and event sources of 1 older versions were not read" in item.gaps
    assert "policy of 2" in state_of(item)
    assert "policy of 1" not in state_of(item)


def test_one_that_comes_too_late_for_this_run_is_left_to_the_next(world: World) -> None:
    names = [f"{NAME}-{number}" for number in range(3)]
    for name in names:
        a_function(world, name)
    arns = (f"arn:aws:lambda:{REGION}:{SHOP}:function:{name}" for name in names)
    scene = a_scene(Reading(world), about(*arns))
    whole = at_once(lambda_function, scene)
    rounds = in_rounds(lambda_function, replace(scene, ends_at=NOON + timedelta(seconds=100)))
    assert len(rounds) == 3
    assert [one.name for each in rounds for one in each] == [one.name for one in whole]


@pytest.mark.parametrize(
    ("code", "error"), [("AccessDeniedException", Broken), ("ServiceException", Unavailable)]
)
def test_one_that_cannot_be_read_is_told_once_the_others_are_kept(
    world: World, code: str, error: type[Exception]
) -> None:
    a_function(world)

    class Half(Reading):
        def _in_member(self, service: str, account: str, region: str) -> Any:
            if region == REGION:
                return super()._in_member(service, account, region)
            return Reading(world, every=code)._in_member(service, account, region)

    far = Resource(kind="Lambda", id="far", region="eu-west-1")
    finding = a_finding(resources=(far, Resource(kind="Lambda", id=ARN)))
    running = lambda_function.collect(a_scene(Half(world), finding))
    *zips, item = (next(running) for _ in range(4))
    assert isinstance(item, Collected)
    assert item.name.endswith("/state")
    assert len(zips) == 3
    with pytest.raises(error):
        next(running)
