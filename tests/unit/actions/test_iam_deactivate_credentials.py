"""Keys of single services, SSH keys and certificates go off together, and on as they were.

The pretend cloud serves service-specific credentials by a fake of ours; the rest is moto's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from responder.actions import iam_deactivate_credentials as action
from responder.domain.errors import Refused
from responder.domain.order import Order, ReceiptStatus
from tests.builders import REGION, SHOP, a_user, an_order
from tests.containing import USER, Member, a_small_member_account
from tests.unit.actions.proving import (
    SORTED,
    Instead,
    cuts_twice_as_once,
    observed,
    sorts_what_iam_answers,
    survives_a_crash_before_any_call,
)
from tests.unit.localcloud.judging import a_world


@dataclass
class Held:
    """A user with credentials of each kind: two of CodeCommit, of which one is off."""

    iam: Any
    clients: Member
    key_id: str
    git: str
    git_off: str
    bedrock: str
    ssh: str
    signing: str
    name: str = USER

    def standing(self) -> dict[str, str]:
        """The status of each, whatever kind."""
        iam, user = self.iam, self.name
        services = iam.list_service_specific_credentials(UserName=user)
        listed = (
            (services["ServiceSpecificCredentials"], "ServiceSpecificCredentialId"),
            (iam.list_ssh_public_keys(UserName=user)["SSHPublicKeys"], "SSHPublicKeyId"),
            (iam.list_signing_certificates(UserName=user)["Certificates"], "CertificateId"),
        )
        return {one[key]: one["Status"] for found, key in listed for one in found}

    def add(self, service: str) -> str:
        made = self.iam.create_service_specific_credential(UserName=self.name, ServiceName=service)
        named: str = made["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]
        return named

    def switch(self, credential_id: str, status: str) -> None:
        self.iam.update_service_specific_credential(
            UserName=self.name, ServiceSpecificCredentialId=credential_id, Status=status
        )


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    a_small_member_account(monkeypatch)
    with a_world() as world:
        iam = world.operator("iam", SHOP)
        clients = Member()
        clients._member["iam", SHOP, REGION] = iam
        iam.create_user(UserName=USER)
        key = iam.create_access_key(UserName=USER)["AccessKey"]["AccessKeyId"]
        ssh = iam.upload_ssh_public_key(UserName=USER, SSHPublicKeyBody="ssh-rsa AAAA")
        signing = iam.upload_signing_certificate(UserName=USER, CertificateBody=certificate())
        held = Held(
            iam,
            clients,
            key,
            git="",
            git_off="",
            bedrock="",
            ssh=ssh["SSHPublicKey"]["SSHPublicKeyId"],
            signing=signing["Certificate"]["CertificateId"],
        )
        held.git, held.git_off = (held.add("codecommit.amazonaws.com") for _ in range(2))
        held.bedrock = held.add("bedrock.amazonaws.com")
        held.switch(held.git_off, "Inactive")
        yield held


@pytest.fixture
def order(held: Held) -> Order:
    return an_order(action.ID, principal=a_user(USER, held.key_id))


def certificate() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "export")])
    made_at = datetime(2026, 1, 1, tzinfo=UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(made_at)
        .not_valid_after(made_at + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def test_it_switches_off_every_kind_and_nothing_else(held: Held, order: Order) -> None:
    action.apply(observed(action, order, held.clients), held.clients)
    named = (held.git, held.git_off, held.bedrock, held.ssh, held.signing)
    assert held.standing() == dict.fromkeys(named, "Inactive")
    [key] = held.iam.list_access_keys(UserName=USER)["AccessKeyMetadata"]
    assert key["Status"] == "Active"


def test_twice_is_once_and_release_leaves_what_was(held: Held, order: Order) -> None:
    cuts_twice_as_once(action, order, held.standing, held.clients)
    assert held.standing()[held.git_off] == "Inactive"


def test_a_crash_anywhere_ends_the_same(held: Held, order: Order) -> None:
    survives_a_crash_before_any_call(action, order, held.standing, held.clients)


@pytest.mark.parametrize("kind", ["service", "service that was off", "ssh", "signing"])
def test_what_the_attacker_switched_on_is_seen_and_put_back(
    held: Held, order: Order, kind: str
) -> None:
    untouched = held.standing()
    receipt = observed(action, order, held.clients)
    action.apply(receipt, held.clients)
    cut, iam = held.standing(), held.iam
    if kind == "ssh":
        iam.update_ssh_public_key(UserName=USER, SSHPublicKeyId=held.ssh, Status="Active")
    elif kind == "signing":
        given = {"CertificateId": held.signing, "Status": "Active"}
        iam.update_signing_certificate(UserName=USER, **given)
    else:
        held.switch(held.git if kind == "service" else held.git_off, "Active")
    assert not action.verify(receipt, held.clients)
    action.apply(receipt, held.clients)
    assert held.standing() == cut
    assert action.verify(receipt, held.clients)
    assert action.release(receipt, held.clients)
    assert held.standing() == untouched


def test_one_made_since_goes_off_and_stays_off(held: Held, order: Order) -> None:
    receipt, untouched = observed(action, order, held.clients), held.standing()
    action.apply(receipt, held.clients)
    theirs = held.add("bedrock.amazonaws.com")
    assert not action.verify(receipt, held.clients)
    action.apply(receipt, held.clients)
    assert held.standing()[theirs] == "Inactive"
    assert action.verify(receipt, held.clients)
    assert action.release(receipt, held.clients)
    assert held.standing() == untouched | {theirs: "Inactive"}


@pytest.mark.parametrize("status", ["gone", "Expired"])
def test_one_that_cannot_come_back_is_told_after_the_others_came_back(
    held: Held, order: Order, status: str
) -> None:
    receipt, untouched = observed(action, order, held.clients), held.standing()
    action.apply(receipt, held.clients)
    if status == "gone":
        held.iam.delete_ssh_public_key(UserName=USER, SSHPublicKeyId=held.ssh)
        del untouched[held.ssh]
    else:
        held.iam.update_ssh_public_key(UserName=USER, SSHPublicKeyId=held.ssh, Status=status)
        untouched[held.ssh] = status
    assert action.verify(receipt, held.clients)
    with pytest.raises(Refused, match=f"{held.ssh} of .* deleted or have expired"):
        action.release(receipt, held.clients)
    assert held.standing() == untouched
    released = receipt.model_copy(update={"status": ReceiptStatus.RELEASED})
    assert not action.release(released, held.clients)


def test_a_user_that_has_none_is_contained(held: Held) -> None:
    held.iam.create_user(UserName="clerk")
    order = an_order(action.ID, principal=a_user("clerk", "AKIAEXAMPLEEXAMPLE09"))
    receipt = observed(action, order, held.clients)
    assert receipt.before is not None
    assert receipt.before.state["in_force"]
    action.apply(receipt, held.clients)
    assert action.verify(receipt, held.clients)
    assert not action.release(receipt, held.clients)


def test_every_page_is_read(held: Held, order: Order) -> None:
    """The pretend cloud has one page, so this cuts its answer in two."""
    whole = held.iam.list_service_specific_credentials

    def paged(Marker: str = "0", **given: Any) -> Any:  # noqa: N803
        found = whole(**given)["ServiceSpecificCredentials"]
        at = int(Marker)
        page = {
            "ServiceSpecificCredentials": found[at : at + 1],
            "IsTruncated": at + 1 < len(found),
        }
        return page | ({"Marker": str(at + 1)} if page["IsTruncated"] else {})

    clients = Member(lambda client: Instead(client, list_service_specific_credentials=paged))
    clients._member = held.clients._member
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    assert set(held.standing().values()) == {"Inactive"}
    assert action.verify(receipt, clients)
    held.switch(held.bedrock, "Active")
    assert not action.verify(receipt, clients)


def test_a_user_that_was_renamed_is_followed_by_its_key(held: Held, order: Order) -> None:
    receipt, untouched = observed(action, order, held.clients), held.standing()
    held.iam.update_user(UserName=USER, NewUserName="orders-exporter")
    held.name = "orders-exporter"
    follow = {"get_access_key_last_used": lambda **_: {"UserName": held.name}}  # moto forgets
    clients = Member(lambda client: Instead(client, **follow))
    clients._member = held.clients._member
    action.apply(receipt, clients)
    assert set(held.standing().values()) == {"Inactive"}
    assert action.verify(receipt, clients)
    assert action.release(receipt, clients)
    assert held.standing() == untouched


def test_a_user_that_is_not_found_is_refused_and_not_called_cut(held: Held, order: Order) -> None:
    receipt = observed(action, order, held.clients)
    held.iam.delete_access_key(UserName=USER, AccessKeyId=held.key_id)
    held.iam.update_user(UserName=USER, NewUserName="orders-exporter")
    with pytest.raises(Refused, match="does not exist any more"):
        action.apply(receipt, held.clients)
    assert not action.verify(receipt, held.clients)


@pytest.mark.parametrize(("code", "error"), SORTED)
def test_what_iam_answers_is_sorted(
    held: Held, order: Order, code: str, error: type[Exception]
) -> None:
    sorts_what_iam_answers(action, order, code, error, held.clients)
