"""Each action on EC2: twice is once, an undone cut is seen, and a release leaves what was.

The pretend EC2 keeps one port for each target, knows no branch interface and no draining, and puts
an instance on standby at once.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from responder.actions import (
    ec2_close_subnet,
    ec2_cut_metadata,
    ec2_detach_profile,
    ec2_leave_service,
    ec2_protect_instance,
    ec2_quarantine_instance,
    ec2_unshare_image,
    ec2_unshare_snapshot,
)
from responder.actions.action import Action
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.order import Order, Receipt, ReceiptStatus
from tests.builders import NOON, REGION, SHOP, an_order
from tests.instances import PROFILE, STRANGER, UNIT, Fleet, Service, Shared, Wire

ACTIONS: tuple[Action, ...] = (
    ec2_close_subnet,
    ec2_cut_metadata,
    ec2_detach_profile,
    ec2_leave_service,
    ec2_protect_instance,
    ec2_quarantine_instance,
    ec2_unshare_image,
    ec2_unshare_snapshot,
)


@dataclass
class Stage:
    """One action on one thing: what stands there, and what an attacker does about the cut."""

    fleet: Fleet
    action: Action
    resource: str
    standing: Callable[[], dict[str, Any]]
    undo: Callable[[], object]

    def wire(self, before_call: Callable[[str], None] | None = None) -> Wire:
        return self.fleet.wire.hearing(before_call)

    @property
    def order(self) -> Order:
        return an_order(self.action.ID, resource=self.resource)

    def receipt(self) -> Receipt:
        """With what stands now, as it is read back from the table."""
        before = self.action.observe(self.order, self.wire())
        whole = Receipt(
            order=self.order, status=ReceiptStatus.APPLIED, before=before, applied_at=NOON
        )
        return Receipt.model_validate_json(whole.model_dump_json())

    def steps(self, receipt: Receipt) -> dict[str, Callable[[Wire], object]]:
        return {
            "observe": lambda wire: self.action.observe(self.order, wire),
            "apply": lambda wire: self.action.apply(receipt, wire),
            "verify": lambda wire: self.action.verify(receipt, wire),
            "release": lambda wire: self.action.release(receipt, wire),
        }


def protection(fleet: Fleet) -> Stage:
    def undo() -> None:
        fleet.set(DisableApiStop={"Value": False})

    return Stage(fleet, ec2_protect_instance, fleet.arn, fleet.standing, undo)


def quarantine(fleet: Fleet) -> Stage:
    def undo() -> None:
        fleet.give(fleet.second, fleet.ops)

    return Stage(fleet, ec2_quarantine_instance, fleet.arn, fleet.standing, undo)


def subnets(fleet: Fleet) -> Stage:
    """Two of them, on two ACLs."""
    own = fleet.ec2.create_network_acl(VpcId=fleet.vpc)["NetworkAcl"]["NetworkAclId"]
    second = fleet.subnet_beside()
    fleet.put_on(second, own)

    def standing() -> dict[str, Any]:
        return fleet.standing() | {"acls": fleet.acls()}

    def undo() -> None:
        fleet.put_on(second, own)

    return Stage(fleet, ec2_close_subnet, fleet.arn, standing, undo)


def metadata(fleet: Fleet) -> Stage:
    def undo() -> None:
        fleet.ec2.modify_instance_metadata_options(
            InstanceId=fleet.instance, HttpEndpoint="enabled"
        )

    return Stage(fleet, ec2_cut_metadata, fleet.arn, fleet.standing, undo)


def profile(fleet: Fleet) -> Stage:
    def undo() -> None:
        fleet.ec2.associate_iam_instance_profile(
            InstanceId=fleet.instance, IamInstanceProfile={"Name": PROFILE}
        )

    return Stage(fleet, ec2_detach_profile, fleet.arn, fleet.standing, undo)


def service(fleet: Fleet) -> Stage:
    world = Service(fleet)

    def undo() -> None:
        world.register_classic()

    return Stage(fleet, ec2_leave_service, fleet.arn, world.standing, undo)


def snapshot(fleet: Fleet) -> Stage:
    shared = Shared(fleet)
    arn = f"arn:aws:ec2:{REGION}::snapshot/{shared.snapshot}"

    def undo() -> None:
        shared.share_snapshot(STRANGER, groups=("all",))

    return Stage(fleet, ec2_unshare_snapshot, arn, shared.standing, undo)


def image(fleet: Fleet) -> Stage:
    shared = Shared(fleet)
    arn = f"arn:aws:ec2:{REGION}:{SHOP}:image/{shared.image}"
    grants = ({"Group": "all"}, {"OrganizationalUnitArn": UNIT})
    return Stage(
        fleet, ec2_unshare_image, arn, shared.standing, lambda: shared.share_image(*grants)
    )


@pytest.fixture
def fleet(aws: None, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    return Fleet(monkeypatch)


STAGES = (protection, quarantine, subnets, metadata, profile, service, snapshot, image)
# At each call of those that make most, an account is made anew: that takes longest.
AT_EACH_CALL = [
    pytest.param(one, marks=pytest.mark.prove) if one in (quarantine, service) else one
    for one in STAGES
]


@pytest.fixture(params=STAGES)
def stage(fleet: Fleet, request: pytest.FixtureRequest) -> Stage:
    made: Stage = request.param(fleet)
    return made


def test_twice_is_the_same_as_once(stage: Stage) -> None:
    receipt = stage.receipt()
    assert receipt.before is not None
    assert receipt.before.state["in_force"] is False
    assert not stage.action.verify(receipt, stage.wire())
    stage.action.apply(receipt, stage.wire())
    once = stage.standing()
    stage.action.apply(receipt, stage.wire())
    assert stage.standing() == once
    assert stage.action.verify(receipt, stage.wire())


def test_release_leaves_what_was_there(stage: Stage) -> None:
    untouched, receipt = stage.standing(), stage.receipt()
    assert stage.standing() == untouched
    stage.action.apply(receipt, stage.wire())
    assert stage.standing() != untouched
    for is_first in (True, False):
        assert stage.action.release(receipt, stage.wire()) is is_first
        assert stage.standing() == untouched
    assert not stage.action.verify(receipt, stage.wire())
    assert stage.receipt().before == receipt.before


def test_what_an_attacker_undoes_is_seen_and_cut_again(stage: Stage) -> None:
    receipt = stage.receipt()
    stage.action.apply(receipt, stage.wire())
    cut = stage.standing()
    stage.undo()
    assert stage.standing() != cut
    assert not stage.action.verify(receipt, stage.wire())
    stage.action.apply(receipt, stage.wire())
    assert stage.action.verify(receipt, stage.wire())
    assert stage.standing() == cut


def test_what_was_cut_before_us_stays_cut(stage: Stage) -> None:
    first = stage.receipt()
    stage.action.apply(first, stage.wire())
    cut = stage.standing()
    second = stage.receipt()
    assert second.before is not None
    assert second.before.state["in_force"] is True
    stage.action.apply(second, stage.wire())
    assert stage.action.verify(second, stage.wire())
    assert stage.action.release(second, stage.wire()) is False
    assert stage.standing() == cut


class DiedHereError(BaseException):
    """A function that was killed: nothing catches it."""


class Calls:
    """Counts calls, and does something before one of them."""

    def __init__(self, at: int | None = None, error: BaseException | None = None) -> None:
        self.made: list[str] = []
        self._at, self._error = at, error

    def __call__(self, name: str) -> None:
        if len(self.made) == self._at and self._error is not None:
            raise self._error
        self.made.append(name)


@pytest.mark.parametrize("stage", AT_EACH_CALL, indirect=True)
def test_a_crash_before_any_call_ends_in_the_same(stage: Stage) -> None:
    """Of the cut and of the release: who comes after finds the way on."""
    untouched, receipt, whole = stage.standing(), stage.receipt(), Calls()
    stage.action.apply(receipt, stage.wire(whole))
    cut = stage.standing()
    back = Calls()
    stage.action.release(receipt, stage.wire(back))
    assert stage.standing() == untouched
    for at in range(len(whole.made)):
        with pytest.raises(DiedHereError):
            stage.action.apply(receipt, stage.wire(Calls(at, DiedHereError())))
        stage.action.apply(receipt, stage.wire())
        assert stage.standing() == cut, whole.made[at]
        assert stage.action.verify(receipt, stage.wire())
        stage.action.release(receipt, stage.wire())
        assert stage.standing() == untouched, whole.made[at]
    for at in range(len(back.made)):
        stage.action.apply(receipt, stage.wire())
        with pytest.raises(DiedHereError):
            stage.action.release(receipt, stage.wire(Calls(at, DiedHereError())))
        stage.action.release(receipt, stage.wire())
        assert stage.standing() == untouched, back.made[at]


def test_a_cut_that_ended_half_way_can_be_released(stage: Stage) -> None:
    untouched, receipt, whole = stage.standing(), stage.receipt(), Calls()
    stage.action.apply(receipt, stage.wire(whole))
    stage.action.release(receipt, stage.wire())
    for at in range(len(whole.made)):
        with pytest.raises(DiedHereError):
            stage.action.apply(receipt, stage.wire(Calls(at, DiedHereError())))
        stage.action.release(receipt, stage.wire())
        assert stage.standing() == untouched, whole.made[at]


def answering(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": "no"},
            "ResponseMetadata": {"HTTPStatusCode": status},  # type: ignore[typeddict-item]
        },
        "Operation",
    )


KINDS: list[tuple[BaseException, type[Exception]]] = [
    (answering("RequestLimitExceeded"), Unavailable),
    (answering("Throttling"), Unavailable),
    (answering("Whatever", 503), Unavailable),
    (ReadTimeoutError(endpoint_url="https://ec2.example.com"), Unavailable),
    (answering("IncorrectInstanceState"), Unavailable),
    (answering("UnauthorizedOperation"), Broken),
    (answering("AccessDenied"), Broken),
    (answering("InvalidParameterValue"), Broken),
    (answering("UnsupportedOperation"), Refused),
]


@pytest.mark.parametrize("stage", AT_EACH_CALL, indirect=True)
def test_every_error_of_every_call_is_sorted(stage: Stage) -> None:
    receipt = stage.receipt()
    for name in ("observe", "apply", "verify", "release"):
        step = stage.steps(receipt)[name]
        if name != "observe":
            # As they are found when each has all its work to do.
            stage.action.release(receipt, stage.wire())
        if name == "release":
            stage.action.apply(receipt, stage.wire())
        counted = Calls()
        step(stage.wire(counted))
        assert counted.made
        for error, kind in KINDS:
            with pytest.raises(kind):
                step(stage.wire(Calls(0, error)))
        for at in range(len(counted.made)):
            stage.action.release(receipt, stage.wire())
            if name == "release":
                stage.action.apply(receipt, stage.wire())
            with pytest.raises(Unavailable):
                step(stage.wire(Calls(at, answering("RequestLimitExceeded"))))
            with pytest.raises((Broken, Refused)):
                step(stage.wire(Calls(0, answering("UnauthorizedOperation"))))


def test_only_what_is_called_is_permitted(stage: Stage) -> None:
    """What the role needs is what the calls are named, and nothing that was not called for."""
    made, receipt = Calls(), stage.receipt()
    for name in ("observe", "apply", "verify", "release"):
        stage.steps(receipt)[name](stage.wire(made))
    permitted = {one.partition(":")[2] for one in stage.action.PERMISSIONS}
    assert set(made.made) <= permitted
    # EC2 asks for the first two beside a call of another name. The third is called where a VPC has
    # no IPv6, the last where somebody opened what was closed; all have tests of their own.
    never_called = {"PassRole", "CreateTags", "AuthorizeSecurityGroupEgress"}
    opened = {"RevokeSecurityGroupIngress", "DeleteNetworkAclEntry"}
    assert permitted - set(made.made) <= never_called | opened


def test_nothing_that_was_never_carried_out_is_touched(stage: Stage) -> None:
    untouched = stage.standing()
    receipt = Receipt(order=stage.order, status=ReceiptStatus.LEFT)
    for step in ("apply", "verify", "release"):
        with pytest.raises(Refused, match="never carried out"):
            stage.steps(receipt)[step](stage.wire())
        assert stage.standing() == untouched


ELSEWHERE = (
    f"arn:aws:ec2:{REGION}:{SHOP}:%s,i-1",
    f"arn:aws:ec2:{REGION}:{SHOP}:%s\n",
    f"arn:aws:ec2:{REGION}:444455556666:%s",
    f"arn:aws:ec2:eu-central-1:{SHOP}:%s",
    f"arn:aws:ec2:{REGION}:{SHOP}:volume/vol-0abc1234def567890",
    f"arn:aws:iam::{SHOP}:user/orders-export",
    "%s",
)
NAMED = {
    "ec2.unshare_image": "image/ami-0abc1234def567890",
    "ec2.unshare_snapshot": "snapshot/snap-0abc1234def567890",
}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: str(action.ID))
def test_an_order_that_names_nothing_of_its_account_is_broken(aws: None, action: Action) -> None:
    one, made = NAMED.get(action.ID, "instance/i-0abc1234def567890"), Calls()
    wire = Wire().hearing(made)
    for resource in ELSEWHERE:
        order = an_order(action.ID, resource=resource.replace("%s", one))
        with pytest.raises(Broken):
            action.observe(order, wire)
    assert made.made == []


def test_what_is_gone_is_refused_and_no_proof(stage: Stage, fleet: Fleet) -> None:
    receipt = stage.receipt()
    kind, _, its_id = stage.resource.rpartition(":")[2].partition("/")
    if kind == "instance":
        fleet.ec2.terminate_instances(InstanceIds=[its_id])
    elif kind == "snapshot":
        fleet.ec2.delete_snapshot(SnapshotId=its_id)
    else:
        fleet.ec2.deregister_image(ImageId=its_id)
    for step in (stage.steps(receipt)["observe"], stage.steps(receipt)["apply"]):
        with pytest.raises(Refused, match="does not exist any more"):
            step(stage.wire())
    assert not stage.action.verify(receipt, stage.wire())


def test_what_stood_before_can_be_written_down(stage: Stage) -> None:
    receipt = stage.receipt()
    assert receipt.before is not None
    state = receipt.before.state
    assert json.loads(json.dumps(state)) == state
    assert state["arn"].split(":")[4] == SHOP
    assert state["arn"].rpartition(":")[2] == stage.resource.rpartition(":")[2]
