"""What a silence covers, and above all what it does not."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from responder.domain.errors import Refused
from responder.domain.finding import Finding, Severity
from responder.domain.incident import Incident
from responder.domain.principal import Principal, PrincipalKind
from responder.domain.silence import (
    MOST,
    MOST_TOLD,
    Ended,
    Pattern,
    Silence,
    SilenceKind,
    silence_of,
    silencing,
)
from responder.sources.envelope import MOST as MOST_KEPT
from tests.builders import NOON, SHOP, a_finding, a_session, a_user, an_incident

HOUR = timedelta(hours=1)
ANA = "arn:aws:sts::444455556666:assumed-role/on-call/ana"
TEST = f"arn:aws:iam::{SHOP}:user/pentest-*"
OURS = a_user("pentest-1")
NETWORK = "192.0.2.0/24"


def a_pattern(**given: Any) -> Pattern:
    return Pattern.model_validate({"accounts": [SHOP], "networks": [NETWORK], **given})


def a_silence(pattern: Pattern | None = None, incident: Incident | None = None) -> Silence:
    kind = SilenceKind.SNOOZE if pattern is None else SilenceKind.KNOWN
    return silence_of(
        kind,
        incident=incident,
        pattern=pattern,
        by=ANA,
        reason="ours",
        now=NOON,
        until=NOON + 4 * HOUR,
    )


def ours(**given: Any) -> Finding:
    return a_finding(**{"principals": (OURS,), "addresses": ("192.0.2.7",), **given})


BOTH = a_pattern(principals=[TEST])


def test_what_fits_whole_is_covered() -> None:
    assert a_silence(BOTH).covers(an_incident(), [ours(), ours()])


@pytest.mark.parametrize(
    "finding",
    [
        pytest.param(ours(account="999988887777"), id="another account"),
        pytest.param(ours(addresses=("203.0.113.7",)), id="another address"),
        pytest.param(ours(addresses=("192.0.2.7", "203.0.113.7")), id="one more address"),
        pytest.param(ours(addresses=()), id="no address"),
        pytest.param(ours(addresses=("192.0.2.7",) * MOST_TOLD), id="as many as are kept"),
        pytest.param(ours(principals=(OURS, a_user())), id="one more principal"),
        pytest.param(ours(principals=()), id="no principal"),
        pytest.param(ours(principals=(a_user("x/pentest-1"),)), id="named in a path"),
        pytest.param(ours(principals=(a_session(session="pentest-1"),)), id="named by itself"),
        pytest.param(
            ours(
                principals=(Principal(kind=PrincipalKind.IAM_USER, account=SHOP, name="pentest-1"),)
            ),
            id="without an ARN",
        ),
        pytest.param(
            ours(known_type=False, type="Collection:Drone/Swarm"), id="a type nobody knows"
        ),
        pytest.param(
            ours(principals=(a_user(),), title=TEST, description=f"from {NETWORK}"),
            id="said in its title",
        ),
    ],
)
def test_what_an_attacker_may_choose_makes_nothing_known(finding: Finding) -> None:
    silence = a_silence(BOTH)
    assert not silence.covers(an_incident(), [finding])
    assert not silence.covers(an_incident(), [ours(), finding])


def test_without_a_finding_nothing_is_known() -> None:
    assert not a_silence(BOTH).covers(an_incident(), [])


def test_a_type_is_one_of_those_stated() -> None:
    pattern = Pattern.model_validate({"accounts": [SHOP], "types": ["Recon:*"]})
    assert pattern.fits(a_finding(type="Recon:IAMUser/TorIPCaller"))
    assert not pattern.fits(a_finding(type="Exfiltration:S3/AnomalousBehavior"))


def test_sources_keep_as_many_as_count_for_a_cut_list() -> None:
    assert MOST_TOLD == MOST_KEPT


@pytest.mark.parametrize(
    "given",
    [
        {"accounts": [SHOP]},
        {"networks": [NETWORK]},
        {"accounts": [SHOP], "networks": ["0.0.0.0/0"]},
        {"accounts": [SHOP], "networks": ["192.0.2.7/24"]},
        {"accounts": [SHOP], "types": ["*"]},
        {"accounts": [SHOP], "principals": ["*"]},
        {"accounts": [SHOP], "principals": [f"arn:aws:iam::{SHOP}:user/*"]},
        {"accounts": [SHOP], "principals": ["arn:aws:iam::*:user/pentest-*"]},
        {"accounts": [SHOP], "principals": [f"arn:aws:iam::{SHOP}:root"]},
        {"accounts": [SHOP], "tags": ["pentest"], "types": ["Recon:*"]},
    ],
)
def test_what_is_too_wide_or_not_known_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Pattern.model_validate(given)


def test_an_incident_that_got_worse_is_not_snoozed_any_more() -> None:
    incident = an_incident(severity=Severity.MEDIUM)
    silence = a_silence(incident=incident)
    assert silence.covers(incident, [a_finding()])
    worse = incident.model_copy(update={"severity": Severity.HIGH})
    assert not silence.covers(worse, [a_finding()])
    assert not silence.covers(an_incident(id="inc-20261123-ffffffffff"), [a_finding()])


def test_one_that_is_over_does_nothing() -> None:
    incident, silence = an_incident(), a_silence(incident=an_incident())
    ended = silence.model_copy(update={"ended": Ended(by=ANA, at=NOON + HOUR, reason="done")})
    for one, at, covers in (
        (silence, NOON - HOUR, False),
        (silence, NOON, True),
        (silence, NOON + 4 * HOUR - timedelta(seconds=1), True),
        (silence, NOON + 4 * HOUR, False),
        (ended, NOON + HOUR - timedelta(seconds=1), True),
        (ended, NOON + HOUR, False),
    ):
        assert (silencing([one], incident, [a_finding()], at) is not None) is covers


@pytest.mark.parametrize(
    ("kind", "span"),
    [
        (SilenceKind.SNOOZE, MOST[SilenceKind.SNOOZE] + timedelta(minutes=1)),
        (SilenceKind.KNOWN, MOST[SilenceKind.KNOWN] + timedelta(minutes=1)),
        (SilenceKind.SNOOZE, timedelta(0)),
        (SilenceKind.SNOOZE, -HOUR),
    ],
)
def test_nobody_asks_for_more_quiet_than_there_is(kind: SilenceKind, span: timedelta) -> None:
    with pytest.raises(Refused):
        silence_of(
            kind, incident=None, pattern=BOTH, by=ANA, reason="x", now=NOON, until=NOON + span
        )


def test_known_activity_is_never_one_incident() -> None:
    with pytest.raises(Refused, match="a pattern"):
        silence_of(
            SilenceKind.KNOWN,
            incident=an_incident(),
            pattern=None,
            by=ANA,
            reason="x",
            now=NOON,
            until=NOON + HOUR,
        )
