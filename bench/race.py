"""Race a containment against the attacker it is to stop, many times, in virtual time.

The attacker holds a key of a user with administrator rights, and makes a move every 0.2 to 1.0
seconds with whatever credential still works: takes the deny, the boundary and the tag away,
switches keys on and makes new ones, makes a user of its own, opens a role's trust and takes the
role. The responder cuts at 0 with its own actions and its own member role, looks every 15 seconds,
cuts again what was undone, and says "contained" after two clean reads of every order. IAM takes
`--spread` seconds to make a change felt. Each seed is run without and with the guard policy. After
"contained" the attacker goes on for half a minute, which nobody watches any more.

    python bench/race.py --runs 25

lost       a credential of the contained user works when the responder says contained
reopened   one works at some time in the half minute after
never      not contained within two minutes, or left to a person
cut again  how often an order was found undone, in all runs
clean      seconds from the first cut until the last time that a credential of the user worked
strangers  runs in which the attacker ends with another identity that works: what lineage is for
"""

import argparse
import random
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from localcloud.cloud import Cloud
from responder.actions import iam_deactivate_key, iam_deny_user, iam_tag_quarantined
from responder.actions.action import Action
from responder.aws.clients import Clients
from responder.domain.errors import Refused, Unavailable
from responder.domain.order import Order, OrderMode, Receipt, ReceiptStatus
from responder.domain.principal import Principal, PrincipalKind
from responder.steps.verify import APART, CLEAN_READS

STACKS = Path(__file__).parents[1] / "stacks"
STARTS_AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MANAGER, HOME, SHOP, REGION = "222233334444", "444455556666", "111122223333", "us-west-2"
USER, ROLE, STRANGER = "orders-export", "operations", "svc-backup"
DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
ANYBODY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
    f'"Principal":{{"AWS":"arn:aws:iam::{SHOP}:root"}}}}]}}'
)
PATIENCE, AFTERWARDS = timedelta(minutes=2), timedelta(seconds=30)
ENOUGH = 3  # strangers in the hand: a fourth makes the race longer, and no different
# The tag first: with the guard policy, it protects the others.
ACTIONS: tuple[Action, ...] = (iam_tag_quarantined, iam_deny_user, iam_deactivate_key)


@dataclass(frozen=True)
class Outcome:
    """How one race ended."""

    lost: bool
    reopened: bool
    contained: bool
    cut_again: int
    clean_after: timedelta
    has_stranger: bool


class Through(Clients):
    """The responder's clients, with a session of the member role that it really has."""

    def __init__(self, iam: Any) -> None:
        super().__init__(REGION)
        self._iam = iam

    def iam(self, account: str) -> Any:
        """IAM of the one account there is."""
        if account != SHOP:
            raise LookupError(f"nothing is contained in {account}")
        return self._iam


@dataclass
class Credential:
    """A key or a session in the attacker's hand."""

    of_the_user: bool
    client: Callable[[str], Any]

    def works(self) -> bool:
        """Whether it can still do harm."""
        return _answered(self.client("s3").list_buckets) is not None


@dataclass
class Attacker:
    """Undoes what it can, with what works."""

    cloud: Cloud
    chance: random.Random
    hand: list[Credential]
    key_id: str
    made: int = 0
    moves: list[Callable[[Callable[[str], Any]], None]] = field(init=False)

    def __post_init__(self) -> None:
        self.moves = [
            self._detach,
            self._delete_inline,
            self._delete_boundary,
            self._widen_boundary,
            self._switch_on,
            self._mint_key,
            self._mint_user,
            self._open_trust,
            self._untag,
            self._assume,
        ]

    def move(self) -> None:
        """One move, with a credential that works. Without one it is out."""
        for one in self.chance.sample(self.hand, len(self.hand)):
            if one.works():
                self.chance.choice(self.moves)(one.client)
                return

    def holds_the_user(self) -> bool:
        """Whether a credential of the contained user works."""
        return any(one.of_the_user and one.works() for one in self.hand)

    def holds_a_stranger(self) -> bool:
        """Whether a credential of anybody else works."""
        return any(not one.of_the_user and one.works() for one in self.hand)

    def _detach(self, client: Callable[[str], Any]) -> None:
        _answered(client("iam").detach_user_policy, UserName=USER, PolicyArn=DENY_ALL)

    def _delete_inline(self, client: Callable[[str], Any]) -> None:
        iam = client("iam")
        listed = _answered(iam.list_user_policies, UserName=USER) or {"PolicyNames": []}
        for name in listed["PolicyNames"]:
            _answered(iam.delete_user_policy, UserName=USER, PolicyName=name)

    def _delete_boundary(self, client: Callable[[str], Any]) -> None:
        _answered(client("iam").delete_user_permissions_boundary, UserName=USER)

    def _widen_boundary(self, client: Callable[[str], Any]) -> None:
        put = client("iam").put_user_permissions_boundary
        _answered(put, UserName=USER, PermissionsBoundary=ADMIN)

    def _switch_on(self, client: Callable[[str], Any]) -> None:
        switch = client("iam").update_access_key
        _answered(switch, UserName=USER, AccessKeyId=self.key_id, Status="Active")

    def _mint_key(self, client: Callable[[str], Any]) -> None:
        self._keep_key(client, USER, of_the_user=True)

    def _mint_user(self, client: Callable[[str], Any]) -> None:
        if self._has_enough():
            return
        iam, name = client("iam"), f"{STRANGER}-{self.made}"
        self.made += 1
        if _answered(iam.create_user, UserName=name) is not None:
            _answered(iam.attach_user_policy, UserName=name, PolicyArn=ADMIN)
            self._keep_key(client, name, of_the_user=False)

    def _open_trust(self, client: Callable[[str], Any]) -> None:
        update = client("iam").update_assume_role_policy
        _answered(update, RoleName=ROLE, PolicyDocument=ANYBODY)

    def _untag(self, client: Callable[[str], Any]) -> None:
        key = iam_tag_quarantined.KEY
        _answered(client("iam").untag_user, UserName=USER, TagKeys=[key])

    def _assume(self, client: Callable[[str], Any]) -> None:
        if self._has_enough():
            return
        arn = f"arn:aws:iam::{SHOP}:role/{ROLE}"
        made = _answered(client("sts").assume_role, RoleArn=arn, RoleSessionName="ops")
        if made is not None:
            self._keep(made["Credentials"], of_the_user=False)

    def _has_enough(self) -> bool:
        return sum(not one.of_the_user for one in self.hand) >= ENOUGH

    def _keep_key(self, client: Callable[[str], Any], user: str, *, of_the_user: bool) -> None:
        made = _answered(client("iam").create_access_key, UserName=user)
        if made is not None:
            self._keep(made["AccessKey"], of_the_user=of_the_user)

    def _keep(self, keys: dict[str, Any], *, of_the_user: bool) -> None:
        self.hand.append(Credential(of_the_user, opening(self.cloud, keys)))


class Responder:
    """Carries its orders out as the state machine does, each at its own pace."""

    def __init__(self, cloud: Cloud, receipts: list[Receipt], clients: Clients) -> None:
        self._cloud, self._clients = cloud, clients
        self.receipts, self.gave_up = receipts, False
        self.undone = 0

    def is_done(self) -> bool:
        """Whether every order has been read clean twice."""
        return all(one.status is ReceiptStatus.CONTAINED for one in self.receipts)

    def cut(self) -> None:
        """Carry out whatever is not cut."""
        for at, receipt in enumerate(self.receipts):
            if receipt.status is ReceiptStatus.OBSERVED and self._tried("apply", receipt):
                self.receipts[at] = receipt.model_copy(
                    update={"status": ReceiptStatus.APPLIED, "applied_at": self._cloud.now()}
                )

    def look(self) -> None:
        """Read each order once, and cut again what somebody undid."""
        for at, receipt in enumerate(self.receipts):
            if receipt.status is ReceiptStatus.APPLIED:
                self.receipts[at] = self._read(receipt)
        self.cut()

    def _read(self, receipt: Receipt) -> Receipt:
        if not self._tried("verify", receipt):
            self.undone += 1
            found = {"status": ReceiptStatus.OBSERVED, "clean_reads": 0}
            return receipt.model_copy(update=found | {"undone": receipt.undone + 1})
        clean = receipt.clean_reads + 1
        status = ReceiptStatus.CONTAINED if clean >= CLEAN_READS else receipt.status
        return receipt.model_copy(update={"clean_reads": clean, "status": status})

    def _tried(self, step: str, receipt: Receipt) -> bool:
        action = next(one for one in ACTIONS if receipt.order.action_id == one.ID)
        try:
            return getattr(action, step)(receipt, self._clients) is not False
        except Unavailable:
            return False
        except Refused:
            self.gave_up = True
            return False


def race(seed: int, *, guarded: bool, spread: timedelta) -> Outcome:
    """One race, from the first cut until half a minute after "contained"."""
    with Cloud(region=REGION, starts_at=STARTS_AT) as cloud:
        attacker, responder = _assembled(cloud, random.Random(seed), guarded=guarded)  # noqa: S311 - repeatable
        cloud.spread_iam_over(spread)
        chance = random.Random(-seed - 1)  # noqa: S311 - repeatable
        began = last_held = cloud.now()
        responder.cut()
        next_look, next_move = began + APART, began
        contained_at: datetime | None = None
        lost = reopened = False
        end = began + PATIENCE
        while not responder.gave_up and cloud.now() < end:
            next_move += timedelta(seconds=chance.uniform(0.2, 1.0))
            if contained_at is None and next_look <= next_move:
                cloud.advance(next_look - cloud.now())
                responder.look()
                next_look += APART
                if responder.is_done():
                    contained_at, end = cloud.now(), cloud.now() + AFTERWARDS
                    lost = attacker.holds_the_user()
            cloud.advance(next_move - cloud.now())
            attacker.move()
            if attacker.holds_the_user():
                last_held = cloud.now()
                reopened = reopened or contained_at is not None
        return Outcome(
            lost=lost,
            reopened=reopened,
            contained=contained_at is not None,
            cut_again=responder.undone,
            clean_after=last_held - began,
            has_stranger=attacker.holds_a_stranger(),
        )


def opening(cloud: Cloud, keys: dict[str, Any]) -> Callable[[str], Any]:
    """Clients with these keys, each opened once."""
    opened: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in opened:
            opened[service] = cloud.keys(
                service,
                access_key_id=keys["AccessKeyId"],
                secret=keys["SecretAccessKey"],
                token=keys.get("SessionToken"),
            )
        return opened[service]

    return client


def _assembled(cloud: Cloud, chance: random.Random, *, guarded: bool) -> tuple[Attacker, Responder]:
    root = cloud.organize(management=MANAGER, members=[SHOP, HOME])
    member = cloud.deploy(
        STACKS / "member-role.yaml",
        stack_name="member-role",
        parameters={"ResponderAccount": HOME, "ExternalId": "an-external-id-of-a-race"},
        account=SHOP,
    )
    if guarded:
        cloud.deploy(
            STACKS / "guard-policy.yaml",
            stack_name="guard-policy",
            parameters={"TargetIds": root, "ResponderAccount": HOME},
            account=MANAGER,
        )
    iam = cloud.client("iam", account=SHOP)
    user = iam.create_user(UserName=USER)["User"]
    iam.attach_user_policy(UserName=USER, PolicyArn=ADMIN)
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=ANYBODY)
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=ADMIN)
    key = iam.create_access_key(UserName=USER)["AccessKey"]
    stolen = Credential(of_the_user=True, client=opening(cloud, key))
    clients = Through(
        cloud.role("iam", role_arn=member.outputs["ContainRoleArn"], session_name="responder")
    )
    principal = Principal(
        kind=PrincipalKind.IAM_USER,
        account=SHOP,
        arn=user["Arn"],
        name=USER,
        access_key_id=key["AccessKeyId"],
        principal_id=user["UserId"],
    )
    receipts = [_observed(action, principal, clients) for action in ACTIONS]
    return (
        Attacker(cloud, chance, [stolen], key["AccessKeyId"]),
        Responder(cloud, receipts, clients),
    )


def _observed(action: Action, principal: Principal, clients: Clients) -> Receipt:
    arn, incident_id = str(principal.arn), "inc-20261123-0a1b2c3d4e"
    order = Order(
        order_id=Order.make_id(incident_id, action.ID, arn, principal.access_key_id),
        incident_id=incident_id,
        action_id=action.ID,
        resource=arn,
        account=SHOP,
        region=REGION,
        principal=principal,
        mode=OrderMode.AUTOMATIC,
        held=False,
        reason="A race.",
        act_at=STARTS_AT,
    )
    before = action.observe(order, clients)
    return Receipt(order=order, status=ReceiptStatus.OBSERVED, before=before)


def _answered(call: Callable[..., Any], **given: Any) -> Any:
    """What AWS answers, or None for a refusal: an attacker tries on."""
    try:
        return call(**given)
    except ClientError:
        return None


def table(rows: dict[str, list[Outcome]]) -> str:
    """Outcomes of each way, in one line each."""
    head = (
        "",
        "runs",
        "lost",
        "reopened",
        "never",
        "cut again",
        "clean (median, worst)",
        "strangers",
    )
    lines = [head]
    for name, found in rows.items():
        clean = [one.clean_after.total_seconds() for one in found]
        lines.append(
            (
                name,
                str(len(found)),
                str(sum(one.lost for one in found)),
                str(sum(one.reopened for one in found)),
                str(sum(not one.contained for one in found)),
                str(sum(one.cut_again for one in found)),
                f"{statistics.median(clean):.1f} s, {max(clean):.1f} s",
                str(sum(one.has_stranger for one in found)),
            )
        )
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def main() -> None:
    """Run the races and print them."""
    ask = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    ask.add_argument("--runs", type=int, default=25, help="races for each way (25)")
    ask.add_argument("--seed", type=int, default=0, help="the first seed (0)")
    ask.add_argument("--spread", type=float, default=4.0, help="seconds that IAM takes (4)")
    given = ask.parse_args()
    spread = timedelta(seconds=given.spread)
    rows: dict[str, list[Outcome]] = {"without the guard policy": [], "with it": []}
    for seed in range(given.seed, given.seed + given.runs):
        for (name, outcomes), guarded in zip(rows.items(), (False, True), strict=True):
            print(f"\rrace {seed}, {name:<26}", end="", file=sys.stderr, flush=True)
            outcomes.append(race(seed, guarded=guarded, spread=spread))
    print("\r", end="", file=sys.stderr)
    print(table(rows))


if __name__ == "__main__":
    main()
