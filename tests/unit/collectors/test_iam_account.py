"""An account's identities are kept whole, with policies as IAM wrote them, page after page."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from localcloud.fault import Fault
from localcloud.switchboard import Asked
from responder.collectors import iam_account
from responder.collectors.collector import Collected, Later, Scene
from responder.domain.errors import Broken, Unavailable
from tests.builders import NOON, SHOP, a_finding
from tests.collecting import Reading, a_scene, at_once, in_rounds, refused_in_turn, state_of
from tests.unit.localcloud.judging import World, a_world, allow, policy

WRITTEN = policy(allow("s3:GetObject", "arn:aws:s3:::shop/*")).replace('",', '" ,  ')


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        iam = world.operator("iam", SHOP)
        for name in ("one", "two", "three"):
            iam.create_user(UserName=name)
        iam.put_user_policy(UserName="one", PolicyName="p", PolicyDocument=WRITTEN)
        yield world


def content(item: Collected) -> str:
    return gzip.decompress(item.content.body).decode("ascii")


def lines(*items: Collected) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for item in items
        if "/details-" in item.name
        for line in content(item).splitlines()
    ]


def named(*items: Collected) -> list[str]:
    return [one["detail"]["Arn"] for one in lines(*items) if "detail" in one]


def test_every_identity_is_kept_with_the_text_of_its_policies(world: World) -> None:
    state, details, report = at_once(iam_account, a_scene(Reading(world)))
    [one] = [x for x in lines(details) if x.get("detail", {}).get("UserName") == "one"]
    as_given = one["detail"]["UserPolicyList"][0]["PolicyDocument"]
    assert as_given == quote(WRITTEN)
    assert one["documents"] == [WRITTEN]
    assert lines(details)[0]["request_id"]
    assert {"one", "two", "three"} <= {arn.rpartition("/")[2] for arn in named(details)}
    assert state_of(state)["summary"]["value"]["Users"] == 3
    assert state_of(state)["password policy"]["answered"] == "NoSuchEntity"
    told = json.loads(content(report))["credential report"]["value"]
    assert told["Content"].startswith("user,arn,")
    assert told["GeneratedTime"]
    assert [item.gaps for item in (state, details, report)] == [(), (), ()]


def test_others_still_read_policies_as_the_sdk_gives_them(world: World) -> None:
    clients = Reading(world)
    at_once(iam_account, a_scene(clients))
    role = clients.iam(SHOP).get_role(RoleName="breach-responder-collect")["Role"]
    assert isinstance(role["AssumeRolePolicyDocument"], dict)


def a_hurried_scene(world: World, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr(iam_account, "PAGE", 2)
    monkeypatch.setattr(iam_account, "PAGES_EACH", 1)
    return a_scene(Reading(world), ends_at=NOON + timedelta(seconds=30))


def test_what_does_not_fit_in_one_run_is_kept_by_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = at_once(iam_account, a_scene(Reading(world)))
    rounds = in_rounds(iam_account, a_hurried_scene(world, monkeypatch))
    found = [item for each in rounds for item in each]
    assert len(rounds) > 1
    assert named(*found) == named(*whole)
    assert len({item.name for item in found}) == len(found)


def test_a_run_that_died_begins_again_where_the_last_one_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = a_hurried_scene(world, monkeypatch)
    *_, later = iam_account.collect(scene)
    assert isinstance(later, Later)
    scene = replace(scene, bookmark=later.bookmark)
    first = next(iam_account.collect(scene))
    again = next(iam_account.collect(scene))
    assert isinstance(first, Collected)
    assert isinstance(again, Collected)
    assert (first.name, named(first)) == (again.name, named(again))


def test_a_report_that_is_not_ready_is_waited_for(world: World) -> None:
    looks = []

    def not_yet(asked: Asked) -> None:
        looks.append(asked.operation)
        raise Fault("ReportInProgress", "being made")

    scene = a_scene(Reading(world))
    world.switchboard.serve("iam", "GetCredentialReport", not_yet)
    *_, later = iam_account.collect(scene)
    assert isinstance(later, Later)
    assert later.wait == timedelta(seconds=10)
    rounds = in_rounds(iam_account, scene)
    assert rounds[-1][-1].gaps == ("the credential report was not ready in time",)
    assert len(looks) == 1 + 31
    world.switchboard.serve("iam", "GetCredentialReport", lambda asked: None)
    [report] = at_once(iam_account, replace(scene, bookmark=later.bookmark))
    assert report.name == rounds[-1][-1].name
    assert report.gaps == ()


def test_a_bound_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = replace(a_hurried_scene(world, monkeypatch), ends_at=NOON + timedelta(hours=1))
    monkeypatch.setattr(iam_account, "MOST_ITEMS", 1)
    [_, details, _] = at_once(iam_account, scene)
    assert details.gaps == ("cut after 2 identities and policies",)


def test_each_read_that_is_refused_is_a_gap(world: World) -> None:
    calls = sorted(one.partition(":")[2] for one in iam_account.PERMISSIONS)
    refused_in_turn(iam_account, world, (a_finding(),), *calls)


@pytest.mark.parametrize(
    ("code", "error"), [("AccessDenied", Broken), ("ServiceFailure", Unavailable)]
)
def test_when_nothing_can_be_read_the_collector_fails(
    world: World, code: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        list(iam_account.collect(a_scene(Reading(world, every=code))))
