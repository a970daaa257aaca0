"""Findings of one campaign share a key, and only what is new to act on is a new generation."""

from datetime import timedelta

import pytest

from responder.domain.correlation import (
    MOST_KEYS,
    grown,
    keys_of,
    new_incident_id,
    supersedes,
)
from responder.domain.finding import Resource, Severity, Source
from responder.domain.incident import Incident
from responder.domain.principal import Principal, PrincipalKind
from tests.builders import NOON, SHOP, a_finding, a_session, a_user, an_incident

BUCKET = Resource(kind="S3Bucket", id="arn:aws:s3:::customer-exports")
POD_USER = Principal(kind=PrincipalKind.KUBERNETES_USER, account=SHOP, name="system:anonymous")


def test_two_findings_about_one_user_share_a_key_whatever_else_they_are_about() -> None:
    one = a_finding(resources=(BUCKET,), principals=(a_user(access_key_id="AKIA1AAAAAAAAAAA"),))
    two = a_finding(type="Recon:IAMUser/TorIPCaller", principals=(a_user(),))
    assert set(keys_of(one)) & set(keys_of(two))


def test_a_bucket_is_no_key_where_a_principal_is_told() -> None:
    thief, admin = (a_finding(principals=(a_user(n),), resources=(BUCKET,)) for n in ("t", "a"))
    shared = {key for key in keys_of(thief) if key in keys_of(admin)}
    assert not any("customer-exports" in key for key in shared)


def test_without_a_principal_that_can_be_told_apart_things_are_the_keys() -> None:
    [key] = keys_of(a_finding(principals=(POD_USER,), resources=(BUCKET,)))
    assert key == f"RESOURCE#{SHOP}#arn:aws:s3:::customer-exports"


def test_the_same_name_in_another_account_is_another_key() -> None:
    one, two = a_finding(), a_finding(account="999900001111")
    assert not set(keys_of(one)) & set(keys_of(two))


def test_the_attack_sequence_comes_first_and_keys_are_bounded() -> None:
    many = tuple(a_user(f"u{n}", f"AKIA{n:016d}") for n in range(100))
    keys = keys_of(a_finding(sequence_key="arn:seq", principals=many))
    assert keys[0] == "SEQUENCE#arn:seq"
    assert len(keys) == MOST_KEYS


def test_a_copy_by_a_lesser_feed_never_replaces_a_better_one() -> None:
    later = NOON + timedelta(hours=1)
    best = a_finding()
    copy = a_finding(source=Source.SECURITY_HUB, updated_at=later)
    assert not supersedes(copy, best)
    assert supersedes(best, copy)
    assert supersedes(a_finding(updated_at=later), best)
    assert not supersedes(best, a_finding(updated_at=later))
    assert not supersedes(best, best)


def generation(*added: Principal) -> int:
    before = [a_finding(principals=(a_user(), a_session()))]
    after = [*before, a_finding(key="other", principals=added)]
    return grown(an_incident(), before, after, lambda _: True, lambda _: {}).generation


def test_a_new_principal_is_a_new_generation_and_a_known_one_is_not() -> None:
    assert generation(a_user()) == 1
    assert generation(a_user("bob")) == 2


def test_a_users_second_key_is_new_and_so_is_a_roles_second_session() -> None:
    assert generation(a_user(access_key_id="AKIAEXAMPLEEXAMPLE99")) == 2
    assert generation(a_session()) == 1
    assert generation(a_session(session="another")) == 2


@pytest.mark.parametrize(
    ("before", "after", "generation"),
    [
        ({}, {"deny": 1}, 2),  # a cut that nobody asked for yet
        ({"deny": 1}, {"deny": 2}, 2),  # the same one, and now at once
        ({"deny": 2}, {"deny": 2}, 1),
        ({"deny": 2}, {"deny": 1}, 1),
        ({"deny": 2}, {}, 1),
    ],
)
def test_more_to_be_done_about_a_known_principal_is_a_new_generation(
    before: dict[str, int], after: dict[str, int], generation: int
) -> None:
    known, worse = [a_finding()], [a_finding(), a_finding(key="worse")]
    wants = lambda findings: before if findings == known else after  # noqa: E731
    assert grown(an_incident(), known, worse, lambda _: True, wants).generation == generation


def test_what_is_to_be_done_again_counts_as_if_nobody_had_asked_for_it() -> None:
    wants = lambda _: {"deny": 2}  # noqa: E731
    known, again = [a_finding()], [a_finding(), a_finding(key="again")]
    larger = grown(an_incident(), known, again, lambda _: True, wants, {"deny"})
    assert larger.generation == 2
    assert grown(an_incident(), known, again, lambda _: True, wants, {"key"}).generation == 1


def test_what_is_only_recorded_adds_no_generation() -> None:
    before = [a_finding()]
    after = [*before, a_finding(key="other", principals=(a_user("bob"),), severity=Severity.LOW)]
    acts = lambda finding: finding.severity is not Severity.LOW  # noqa: E731
    assert grown(an_incident(), before, after, acts, lambda _: {}).generation == 1


def test_an_incident_takes_the_worst_severity_and_the_earliest_instant() -> None:
    early = NOON - timedelta(days=2)
    worse = a_finding(severity=Severity.CRITICAL, first_seen_at=early)
    larger: Incident = grown(an_incident(), [], [a_finding(), worse], lambda _: False, lambda _: {})
    assert (larger.severity, larger.first_seen_at) == (Severity.CRITICAL, early)


def test_an_incident_id_has_its_form_and_no_twin() -> None:
    first = new_incident_id("key", NOON)
    assert Incident.model_validate(an_incident().model_dump() | {"id": first}).id == first
    assert first != new_incident_id("key", NOON + timedelta(days=1)) != new_incident_id("k", NOON)
