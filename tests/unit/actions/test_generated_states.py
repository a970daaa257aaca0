"""Release gives an account back byte for byte, whatever stood in it: over generated states.

Each seed makes one account, takes down as text all that the service shows of it, and holds the
action to what every action promises. A failure names its seed, which makes the same account again.
"""

import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Any

import moto.ec2.models.amis
import pytest
from moto import mock_aws
from moto.core.utils import method_names_from_class

from responder.actions import ACTIONS, BY_ID
from responder.actions.action import IN_FORCE, Action
from responder.domain.errors import Refused
from responder.domain.order import Receipt, ReceiptStatus
from tests.builders import SHOP
from tests.containing import a_small_member_account
from tests.instances import Wire
from tests.shown import LEFT_OUT
from tests.unit.actions import states_of_identities as identities
from tests.unit.actions import states_of_instances as instances
from tests.unit.actions import states_of_organizations as organizations
from tests.unit.actions import states_of_tasks as tasks
from tests.unit.actions import states_of_things as things
from tests.unit.actions.states import State
from tests.vaults import DiedHereError, Life

type Make = Callable[[Wire, Random, str], State]
GENERATORS: dict[str, Make] = {
    "iam.tag_quarantined": identities.tagged,
    "iam.deny_user": identities.user,
    "iam.cut_user_sessions": identities.user,
    "iam.deactivate_key": identities.user_with_key,
    "iam.cut_console_sign_in": identities.user,
    "iam.deny_role_session": identities.role,
    "iam.cut_role_sessions": identities.role,
    "iam.close_role_trust": identities.trusted,
    "iam.deny_role": identities.role,
    "ec2.protect_instance": instances.instance,
    "ec2.leave_service": instances.serving,
    "ec2.quarantine_instance": instances.quarantined,
    "ec2.close_subnet": instances.in_subnets,
    "ec2.cut_metadata": instances.instance,
    "ec2.detach_profile": instances.instance,
    "ec2.unshare_snapshot": instances.shared_snapshot,
    "ec2.unshare_image": instances.shared_image,
    "s3.close_bucket": things.closed_bucket,
    "s3.hold_deletes": things.held_bucket,
    "lambda.stop_function": things.function,
    "rds.quarantine_instance": things.database,
    "kms.keep_key": things.kept_key,
    "kms.revoke_grants": things.granted_key,
}
# A world of its own, where moto has no such thing.
WORLDS: dict[str, Any] = {
    "iam.deactivate_credentials": identities.credentials,
    "organizations.deny_account": organizations.account,
    "ecs.protect_task": tasks.protected,
    "ecs.leave_targets": tasks.serving,
    "ecs.close_subnet": tasks.in_subnet,
    "ecs.stop_task": tasks.running,
}
# How many accounts, if not twelve: servers and databases take longest to make and to show.
OF_SERVICE = {"iam": 10, "ec2": 5, "rds": 8}
SEEDS = {action.ID: OF_SERVICE.get(action.ID.partition(".")[0], 12) for action in ACTIONS}
FEW = 2
CASES = [
    pytest.param(
        action, seed, id=f"{action.ID}-{seed}", marks=[pytest.mark.prove] if seed >= FEW else []
    )
    for action in ACTIONS
    for seed in range(SEEDS[action.ID])
]


@pytest.fixture(scope="module")
def account() -> Iterator[Wire]:
    with pytest.MonkeyPatch.context() as patch:
        a_small_member_account(patch)
        # Hundreds of images, which are read anew with every account.
        patch.setattr(moto.ec2.models.amis, "AMIS", moto.ec2.models.amis.AMIS[:1])
        patch.setenv("MOTO_AMIS_PATH", "")
        # The pretend AWS lists the methods of a service anew for every call of it.
        patch.setattr("moto.core.responses.method_names_from_class", cache(method_names_from_class))
        yield Wire()


@pytest.fixture
def stage(
    account: Wire, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Action, int], tuple[State, Random]]]:
    """Makes the account of a seed. Clients outlive it, so the shop's account is everybody's."""
    a_small_member_account(monkeypatch)
    with ExitStack() as stack:

        def make(action: Action, seed: int) -> tuple[State, Random]:
            stack.close()
            rng = Random(zlib.crc32(f"{action.ID} {seed}".encode()))
            if action.ID in WORLDS:
                return stack.enter_context(WORLDS[action.ID](rng)), rng
            monkeypatch.setenv("MOTO_ACCOUNT_ID", SHOP)
            stack.enter_context(mock_aws(config={"iam": {"load_aws_managed_policies": True}}))
            return GENERATORS[action.ID](account, rng, action.ID), rng

        yield make


type Stage = Callable[[Action, int], tuple[State, Random]]


def test_every_action_has_a_generator() -> None:
    made = GENERATORS.keys() | WORLDS.keys()
    assert [action.ID for action in ACTIONS if action.ID not in made] == []
    assert made <= BY_ID.keys()
    assert LEFT_OUT.keys() <= made


@pytest.mark.parametrize(("action", "seed"), CASES)
def test_release_gives_the_account_back(stage: Stage, action: Action, seed: int) -> None:
    state, rng = stage(action, seed)
    left_out = LEFT_OUT.get(action.ID, {})
    untouched = state.text(left_out)
    if state.refuses == "observe":
        with pytest.raises(Refused):
            action.observe(state.order, state.clients)
        assert state.text(left_out) == untouched
        return
    receipt = _observed(action, state)
    assert state.text(left_out) == untouched
    if state.refuses == "apply":
        with pytest.raises(Refused):
            action.apply(receipt, state.clients)
        assert state.text(left_out) == untouched
        assert not action.release(receipt, state.clients)
        assert state.text(left_out) == untouched
        return
    _cut_and_released(action, state, receipt, untouched, rng)


@pytest.mark.parametrize("action_id", LEFT_OUT)
def test_nothing_is_left_out_that_is_not_shown(stage: Stage, action_id: str) -> None:
    """Each name of the table is found in some account, or it says too much."""
    action, unseen = BY_ID[action_id], set(LEFT_OUT[action_id])
    for seed in range(SEEDS[action.ID]):
        state, _ = stage(action, seed)
        if state.refuses is None:
            unseen -= _seen(state, unseen)
            action.apply(_observed(action, state), state.clients)
            unseen -= _seen(state, unseen)
        if not unseen:
            return
    pytest.fail(f"{action_id} leaves out what no account shows: {', '.join(sorted(unseen))}")


def _seen(state: State, names: set[str]) -> set[str]:
    whole = state.text()
    return {name for name in names if state.text([name]) != whole}


def _observed(action: Action, state: State) -> Receipt:
    """As it is read back from the table, with nothing lost on the way there."""
    before = action.observe(state.order, state.clients)
    assert json.loads(json.dumps(before.state)) == before.state
    now = datetime.now(UTC)
    whole = Receipt(
        order=state.order,
        status=ReceiptStatus.APPLIED,
        before=before,
        observed_at=now,
        applied_at=now,
    )
    filed = whole.model_dump_json()
    read = Receipt.model_validate_json(filed)
    assert read == whole
    assert read.model_dump_json() == filed
    return read


def _cut_and_released(
    action: Action, state: State, receipt: Receipt, untouched: str, rng: Random
) -> None:
    """Once, twice, and killed before one call of `apply`, and before one of `release`."""
    clients, before, left_out = state.clients, receipt.before, LEFT_OUT.get(action.ID, {})
    assert before is not None
    released = receipt.model_copy(update={"status": ReceiptStatus.RELEASED})
    if not before.state[IN_FORCE]:
        assert not action.verify(released, clients)
    applying, releasing = Life(), Life()
    action.apply(receipt, clients.living(applying))
    cut = state.text(left_out)
    assert action.verify(receipt, clients)
    action.apply(receipt, clients)
    assert state.text(left_out) == cut
    action.release(receipt, clients.living(releasing))
    assert state.text(left_out) == untouched
    assert not action.release(released, clients)
    if not before.state[IN_FORCE]:
        assert not action.verify(released, clients)
    _die(action.apply, receipt, state, rng.randint(0, applying.calls))
    action.apply(receipt, clients)
    assert state.text(left_out) == cut
    assert action.verify(receipt, clients)
    _die(action.release, receipt, state, rng.randint(0, releasing.calls))
    action.release(receipt, clients)
    assert state.text(left_out) == untouched
    _die(action.apply, receipt, state, rng.randint(0, applying.calls))
    action.release(receipt, clients)
    assert state.text(left_out) == untouched


def _die(step: Callable[..., Any], receipt: Receipt, state: State, ends_at: int) -> None:
    """Before that call; after the last one, where what was made before leaves fewer to make."""
    life = Life(ends_at)
    with suppress(DiedHereError):
        step(receipt, state.clients.living(life))
    assert life.calls <= ends_at
