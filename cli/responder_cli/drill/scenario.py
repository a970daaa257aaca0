"""A stolen key exfiltrates customer exports: from the theft to the last deadline, in one process.

The templates and machines are the shipped ones. What happens is told as it happens, and each rule
that the responder promises is checked against what stands in the pretend accounts afterwards.
"""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from localcloud.cloud import Cloud
from localcloud.stack import Stack
from responder.collectors import by_volatility
from responder.domain.approval import ApprovalStatus
from responder.domain.order import Receipt, ReceiptStatus
from responder.report import commands
from responder.report.model import Here
from responder.report.wording import counted, span
from responder_cli.drill import effects, sinks, standing, world
from responder_cli.drill.accounts import Account
from responder_cli.drill.approver import NAME as ALICE
from responder_cli.drill.approver import Approver
from responder_cli.drill.attack import (
    Thief,
    become_responder,
    by_a_stranger,
    delete_evidence,
    honest_read,
)
from responder_cli.drill.counsel import Counsel
from responder_cli.drill.deadlines import Deadlines
from responder_cli.drill.events import deliveries, told_of
from responder_cli.drill.evidence import custody_holds, save_report
from responder_cli.drill.result import DrillResult
from responder_cli.drill.screen import Screen
from responder_cli.drill.stage import Stage
from responder_cli.drill.watch import Watch

_ACTS = (
    "Deploy the shipped stacks",
    "A key is stolen",
    "GuardDuty reports it, and the responder answers",
    "A person approves what the thief became",
    "What the thief can still do",
    "Evidence",
    "The legal clocks",
)
_TWO_WAITS = timedelta(seconds=30)  # of the machine, 15 seconds each
_START_TAKES = timedelta(milliseconds=100)


def run_drill(
    out: Path,
    screen: Screen,
    *,
    duplicate: bool = False,
    shuffle: int | None = None,
    starts_at: datetime | None = None,
    account: Account = Account.NEW,
) -> DrillResult:
    """Run it. The report goes to `out`; the virtual clock begins at `starts_at`, or now."""
    began = time.perf_counter()
    starts_at = (starts_at or datetime.now(UTC)).replace(microsecond=0)
    with (
        Cloud(
            region=world.REGION,
            starts_at=starts_at,
            start_takes=_START_TAKES,
            stateless=world.STATELESS,
        ) as cloud,
        screen.acts(len(_ACTS)),
    ):
        drill = _Drill(cloud, screen, out, account)
        drill.theft()
        drill.answer(duplicate=duplicate, shuffle=shuffle)
        drill.approve()
        drill.try_again()
        drill.keep()
        drill.count()
        return drill.result(timedelta(seconds=time.perf_counter() - began))


class _Drill:
    """The acts, one after the other. Making it is the first: the stacks, the people, the shop."""

    def __init__(self, cloud: Cloud, screen: Screen, out: Path, account: Account) -> None:
        self.cloud, self.screen, self.out, self.account = cloud, screen, out, account
        self.stage = Stage(cloud, screen, _ACTS)
        self.stage.act()
        vault = self._stands(world.deploy_vault(cloud))
        copies = self._stands(world.deploy_copies(cloud, vault))
        responder = self._stands(
            world.deploy_responder(cloud, vault, copies, sinks.prepare(cloud, account))
        )
        member = self._stands(world.deploy_member(cloud, copies))
        forwarder = self._stands(world.deploy_forwarder(cloud))
        world.hire(cloud)
        self.stacks = world.Stacks(vault, responder, member, forwarder)
        self.shop = world.open_shop(cloud)
        self.thief, self.approver = Thief(cloud, self.shop), Approver(cloud)
        self.watch = Watch(cloud, self.stacks)
        self.watch.tells(screen)
        self.bucket = responder.parameters["EvidenceBucket"]
        self.theft_at = self.found_at = cloud.now()
        self.report: Path | None = None

    def theft(self) -> None:
        """What the key was granted works, and what it was not is refused: access is enforced."""
        self.stage.act()
        self.theft_at = self.cloud.now()
        tried = self.thief.steal()
        for one in tried:
            self.stage.tell("attacker", one.says, "attacker")
        works = [one for one in tried if one.refused is None]
        beyond = self.thief.beyond()
        self.stage.check(
            "The stolen key works before anything is cut",
            works == tried,
            f"{len(works)} of {counted(len(tried), 'call')} worked",
        )
        self.stage.refused("A right that was never granted is refused", "attacker", [beyond])

    def answer(self, *, duplicate: bool, shuffle: int | None) -> None:
        """Each event at its time, through the deployed rules."""
        self.stage.act()
        events = told_of(self.theft_at, self.shop, self.thief.session_key_id)
        sent = deliveries(events, duplicate=duplicate, shuffle=shuffle)
        self.found_at = max(sent[0][0], self.cloud.now())
        self.screen.count_from(self.found_at)
        for at, event in sent:
            self.watch.advance(max(at - self.cloud.now(), timedelta()))
            self.stage.tell(event["source"], f"sends a {event['detail-type']}", "GuardDuty")
            self.cloud.deliver(event, account=world.HOME)
        self.watch.until(lambda: bool(self.approver.waiting()), at_most=timedelta(minutes=10))
        # Long enough for what is automatic, and less than an approval may take.
        self.watch.advance(timedelta(minutes=2))
        found = [one.id for one in self.watch.incidents()]
        self.stage.check(
            "One incident, however often and by whatever feed it is reported",
            len(found) == 1,
            ", ".join(found) or "none",
        )
        self.stage.refused(
            "The stolen key is cut without waiting for anybody",
            "attacker",
            self.thief.read_with_key(),
        )
        session, waiting = self.thief.read_with_session(), self.approver.waiting()
        self.stage.tell("attacker", session.says, "attacker")
        self.stage.check(
            "What the policy asks a person about is not cut before the answer",
            session.refused is None and len(waiting) == 1,
            f"{session.says}; {counted(len(waiting), 'order waits', 'orders wait')} for approval",
        )

    def approve(self) -> None:
        """As the buttons of the Systems Manager console do it."""
        self.stage.act()
        asked = self.approver.waiting()
        for waiting in asked:
            stranger = by_a_stranger(self.cloud, waiting)
            self.stage.tell("mallory", stranger.says, "attacker")
            self.stage.check(
                "Who is no approver cannot answer, administrator or not",
                stranger.refused is not None and self.approver.waiting() == asked,
                stranger.says,
            )
            self.approver.answer(
                waiting, "Approve", "The web tier makes new sessions by itself. Cut it."
            )
            self.stage.tell(
                ALICE, f"approves the waiting order in the console: {waiting}", "person"
            )
        self.watch.until(lambda: not self.watch.running(), at_most=timedelta(minutes=30))
        receipts = self._receipts()
        self.stage.check(
            "Every order is contained",
            bool(receipts) and all(r.status is ReceiptStatus.CONTAINED for r in receipts),
            ", ".join(f"{r.order.action_id} {r.status.value}" for r in receipts) or "no order",
        )
        waits = [r.contained_at - r.applied_at for r in receipts if r.contained_at and r.applied_at]
        self.stage.check(
            "Two clean reads, each after a wait, before anything is called contained",
            bool(waits) and min(waits) >= _TWO_WAITS and all(r.clean_reads == 2 for r in receipts),
            ", ".join(span(wait) for wait in waits) or "nothing was contained",
        )
        standing.cuts(self.stage, self.cloud, self.shop)
        answers = [a for one in self.watch.incidents() for a in self.watch.approvals.all(one.id)]
        self.stage.check(
            "One request for approval, answered once, by a named person with a reason",
            [a.status for a in answers] == [ApprovalStatus.APPROVED]
            and all(ALICE in (a.decided_by or "") and a.comment for a in answers),
            ", ".join(f"{a.status.value} by {a.decided_by}" for a in answers) or "no request",
        )

    def try_again(self) -> None:
        """The thief has a key, a session, and a way to a new session; none of them works."""
        self.stage.act()
        self.watch.advance(timedelta(minutes=1))
        self.stage.refused(
            "Nothing the thief holds works any more",
            "attacker",
            [
                *self.thief.read_with_key(),
                self.thief.read_with_session(),
                self.thief.become_role(),
            ],
        )
        self.stage.refused(
            "Only the responder's own functions become the role that cuts",
            "insider",
            become_responder(
                self.cloud, self.stacks.member.outputs["ContainRoleArn"], world.EXTERNAL_ID
            ),
        )
        honest = honest_read(self.cloud, self.shop)
        self.stage.tell("web tier", honest.says)
        self.stage.check(
            "The role keeps serving: the shop's own workload works with a new session",
            honest.refused is None,
            honest.says,
        )

    def keep(self) -> None:
        """Nobody deletes it, and anybody can check it without us."""
        self.stage.act()
        for incident in self.watch.incidents():
            standing.evidence(self.stage, self.cloud, self.watch, self.bucket, incident)
            tried = [
                delete_evidence(
                    self.cloud, self.bucket, item.key, item.version_id, role_arn=role, session=name
                )
                for item in self.watch.evidence.items(incident.id)[:1]
                for role, name in ((world.ADMINISTRATOR, "mallory"), (world.CUSTODIAN, "carol"))
            ]
            self.stage.refused(
                "Locked evidence outlives every role, the most powerful too", "insider", tried
            )
            holds, seen = custody_holds(self.cloud, self.bucket, incident.id)
            self.stage.check("Custody verifies offline, by a script of its own", holds, seen)

    def count(self) -> None:
        """Five weeks of reminders, on the virtual clock."""
        self.stage.act()
        for incident in self.watch.incidents():
            counsel = Counsel(self.cloud, self.stacks, incident.id)
            Deadlines(self.cloud, self.watch, self.stage, counsel, self.found_at).pass_by()
            sinks.check(self.stage, self.cloud, self.watch, incident, self.account)
            where = counsel.report(incident.generation, self.cloud.faked)
            self.report = save_report(self.cloud, self.out, where, incident.id)

    def result(self, took: timedelta) -> DrillResult:
        """What stands at the end."""
        standing.nothing_lost(self.stage, self.cloud, self.stacks, self.watch.failed())
        incidents = self.watch.incidents()
        here = Here(
            region=world.REGION,
            release_function=self.stacks.responder.resources["ReleaseFunction"],
        )
        receipts = self._receipts()
        contained = [r.contained_at for r in receipts if r.contained_at is not None]
        return DrillResult(
            checks=tuple(self.stage.checks),
            incident_ids=tuple(one.id for one in incidents),
            found_at=self.found_at,
            contained_at=tuple(sorted(contained)) if len(contained) == len(receipts) else (),
            evidence=tuple(
                item
                for one in incidents
                for item in by_volatility(self.watch.evidence.items(one.id))
            ),
            manifest_sha256=effects.manifests(self.watch),
            clocks=tuple(c for one in incidents for c in self.watch.clocks.all(one.id)),
            undo={
                f"{r.order.action_id} on {r.order.resource}": commands.release(here, r.order).text
                for r in receipts
            },
            report=self.report,
            faked=self.cloud.faked,
            set_aside=Counter(self.cloud.set_aside.values()),
            effects=effects.read(self.cloud, self.watch, self.shop),
            now=self.cloud.now(),
            took=took,
        )

    def _stands(self, stack: Stack) -> Stack:
        where = stack.template.relative_to(world.ROOT)
        self.stage.tell(
            "the drill",
            f"deploys {where} into {stack.account}: {counted(len(stack.resources), 'resource')}",
            "the drill",
        )
        return stack

    def _receipts(self) -> list[Receipt]:
        return [r for one in self.watch.incidents() for r in self.watch.receipts.all(one.id)]
