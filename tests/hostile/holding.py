"""What holds of whatever was read, and of the error where nothing could be."""

import ipaddress
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import Any

from responder.domain.decision import Decision, decide
from responder.domain.errors import Broken
from responder.domain.finding import Finding
from responder.domain.lineage import Lineage, seed_of
from responder.domain.lineage_growth import grow
from responder.domain.policy import Policy, Rule, Then
from responder.domain.principal import Principal, PrincipalKind
from responder.domain.protection import ProtectList, own_roles
from responder.domain.trail_event import TrailEvent, read_event
from responder.sources import feeds, touches
from tests.builders import HOME, NOON, a_finding
from tests.hostile.saved import RECORDS
from tests.trails import START

EAGER = Policy(rules=(Rule(then=Then.AUTOMATIC, things=Then.AUTOMATIC),))
OWN = ProtectList(own=own_roles(account=HOME))
NAME = r"[A-Za-z0-9_+=,.@-]{1,64}"
PARTITION = r"arn:(aws|aws-cn|aws-us-gov)"
CUT = (PrincipalKind.IAM_USER, PrincipalKind.ASSUMED_ROLE, PrincipalKind.ROLE)
MOST_BYTES = 4 << 20  # far more than a message of SQS holds
MOST_SECONDS = 5  # of the processor, for one event; most take milliseconds


@contextmanager
def in_time() -> Iterator[None]:
    begun = time.process_time()
    yield
    assert time.process_time() - begun < MOST_SECONDS


def told_plainly(error: Exception) -> None:
    """One bounded line, that names a place and holds nothing of what was there."""
    assert str(error).isprintable()
    assert 0 < len(str(error)) <= 700
    assert "evil.example.com" not in str(error)
    assert "owned" not in str(error)


def holds(finding: Finding) -> None:
    assert Finding.model_validate_json(finding.model_dump_json()) == finding
    assert len(finding.model_dump_json().encode()) < 400_000
    assert re.fullmatch(r"[!-~]{1,512}", finding.key)
    assert len(finding.region) <= 32
    for at in (finding.created_at, finding.updated_at, finding.first_seen_at, finding.last_seen_at):
        assert at.tzinfo is UTC
        assert 1999 <= at.year <= 2200
    assert [str(ipaddress.ip_address(one)) for one in finding.addresses] == list(finding.addresses)
    assert all("%" not in one for one in finding.addresses)
    assert max(len(finding.principals), len(finding.resources), len(finding.addresses)) <= 100
    texts = [finding.title, finding.type, finding.requested_action or ""]
    for thing in finding.resources:
        texts += [thing.kind, thing.id, thing.name or ""]
    assert max(len(text) for text in texts) <= 700
    for principal in finding.principals:
        is_named_as_aws_does(principal)


def is_named_as_aws_does(principal: Principal) -> None:
    if principal.arn is not None:
        assert re.match(rf"{PARTITION}:(iam|sts)::{principal.account}:", principal.arn)
        assert re.fullmatch(r"[!-~]{1,700}", principal.arn)
    if principal.session_name is not None:
        assert re.fullmatch(NAME, principal.session_name)
    if principal.access_key_id is not None:
        assert re.fullmatch(r"[A-Z0-9]{16,128}", principal.access_key_id)
    if principal.kind in CUT:
        assert re.fullmatch(NAME, principal.name or "")
        assert (principal.arn or "").endswith(f"/{principal.name}")


def is_decided_soundly(finding: Finding, decision: Decision) -> None:
    for proposal in decision.proposals:
        assert re.fullmatch(rf"{PARTITION}:[!-~]{{1,700}}", proposal.resource)
        assert proposal.reason.isprintable()
        if proposal.principal is not None:
            assert proposal.principal in finding.principals
            assert proposal.principal.kind in CUT
            assert OWN.covers(proposal.principal) is None
    for refusal in decision.refusals:
        assert refusal.resource
        assert refusal.text.isprintable()


def is_a_finding_or_broken(event: Any) -> None:
    try:
        text = json.dumps(event)
    except RecursionError:
        return
    if len(text) > MOST_BYTES:
        return
    with in_time():
        try:
            found = feeds.read_text(text)
        except Broken as error:
            told_plainly(error)
            return
        for finding in found:
            holds(finding)
            is_decided_soundly(finding, decide(finding, EAGER, OWN, "respond"))


def is_a_touch_or_broken(event: Any) -> None:
    text = json.dumps(event)
    if len(text) > MOST_BYTES:
        return
    with in_time():
        try:
            touch = touches.read_text(text)
        except Broken as error:
            told_plainly(error)
            return
    if touch is not None:
        assert touch.by.isprintable()
        assert len(touch.by) <= 300
        for principal in touch.principals:
            is_named_as_aws_does(principal)


def leads_to_what_aws_could_name(event: TrailEvent) -> None:
    lineage = _grown(event)
    for node in lineage.nodes:
        for name in (node.name, node.session_name, node.source_identity):
            assert name is None or re.fullmatch(r"[!-~]{1,512}", name)
    assert all(gap.isprintable() for gap in lineage.gaps)


def _grown(event: TrailEvent) -> Lineage:
    seeds = [seed_of(one, "111122223333") for one in a_finding().principals]
    start = Lineage(since=START, until=NOON, nodes=tuple(seed for seed in seeds if seed))
    chosen = read_event(json.dumps(RECORDS["AssumeRole"]))
    return grow(start, [chosen, event])
