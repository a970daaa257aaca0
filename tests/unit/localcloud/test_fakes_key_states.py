"""A key that is off or to be deleted does nothing, and a grant lets in whom it names."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import HOME, SHOP
from tests.unit.localcloud.judging import World, a_world, allow, code

PLAIN = b"of an order"
OFF, PENDING = "DisabledException", "KMSInvalidStateException"


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


@pytest.fixture
def key(world: World) -> str:
    return str(world.operator("kms").create_key()["KeyMetadata"]["KeyId"])


def arn(key: str) -> str:
    return f"arn:aws:kms:us-west-2:{HOME}:key/{key}"


def use(kms: Any, key: str) -> dict[str, str | None]:
    """What each operation of a key is answered with. Those that work change its state."""
    return {
        "encrypt": code(kms.encrypt, KeyId=key, Plaintext=PLAIN),
        "grant": code(
            kms.create_grant,
            KeyId=key,
            GranteePrincipal=f"arn:aws:iam::{HOME}:root",
            Operations=["Decrypt"],
        ),
        "describe": code(kms.describe_key, KeyId=key),
        "grants": code(kms.list_grants, KeyId=key),
    }


def test_a_key_works_by_its_state(world: World, key: str) -> None:
    kms = world.operator("kms")
    ciphertext = kms.encrypt(KeyId=key, Plaintext=PLAIN)["CiphertextBlob"]
    assert code(kms.cancel_key_deletion, KeyId=key) == PENDING
    kms.disable_key(KeyId=key)
    assert use(kms, key) == {"encrypt": OFF, "grant": OFF, "describe": None, "grants": None}
    assert code(kms.decrypt, CiphertextBlob=ciphertext) == OFF
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert code(kms.decrypt, CiphertextBlob=ciphertext) == PENDING
    for refused in (kms.enable_key, kms.disable_key, kms.schedule_key_deletion, kms.encrypt):
        given = {"Plaintext": PLAIN} if refused == kms.encrypt else {}
        assert code(refused, KeyId=key, **given) == PENDING
    kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=ciphertext)["Plaintext"] == PLAIN


def test_a_grant_lets_another_account_in_until_it_is_revoked(world: World, key: str) -> None:
    kms = world.operator("kms")
    ciphertext = kms.encrypt(KeyId=key, Plaintext=PLAIN)["CiphertextBlob"]
    backup = world.session(world.role("backup", allow("kms:*"), account=SHOP))("kms")
    assert code(backup.decrypt, CiphertextBlob=ciphertext) == "AccessDeniedException"
    granted = kms.create_grant(
        KeyId=key,
        GranteePrincipal=f"arn:aws:iam::{SHOP}:role/backup",
        Operations=["Decrypt"],
    )["GrantId"]
    assert backup.decrypt(CiphertextBlob=ciphertext)["Plaintext"] == PLAIN
    encrypting = {"KeyId": arn(key), "Plaintext": PLAIN}
    assert code(backup.encrypt, **encrypting) == "AccessDeniedException"
    kms.revoke_grant(KeyId=key, GrantId=granted)
    assert code(backup.decrypt, CiphertextBlob=ciphertext) == "AccessDeniedException"


def test_of_another_account_the_own_policies_have_to_allow_it_too(world: World, key: str) -> None:
    kms = world.operator("kms")
    bare = world.session(world.role("bare", account=SHOP))("kms")
    ours = world.session(world.role("web"))("kms")
    for account, name in ((SHOP, "bare"), (HOME, "web")):
        role = f"arn:aws:iam::{account}:role/{name}"
        kms.create_grant(KeyId=key, GranteePrincipal=role, Operations=["Encrypt"])
    encrypting = {"KeyId": arn(key), "Plaintext": PLAIN}
    assert code(bare.encrypt, **encrypting) == "AccessDeniedException"
    assert code(ours.encrypt, **encrypting) is None


@pytest.mark.parametrize(
    ("constraint", "works"),
    [
        ("EncryptionContextSubset", [{"shop": "a"}, {"shop": "a", "table": "b"}]),
        ("EncryptionContextEquals", [{"shop": "a"}]),
    ],
)
def test_a_grant_holds_for_the_context_that_it_names(
    world: World, key: str, constraint: str, works: list[dict[str, str]]
) -> None:
    role = world.role("web")
    world.operator("kms").create_grant(
        KeyId=key,
        GranteePrincipal=role,
        Operations=["Encrypt"],
        Constraints={constraint: {"shop": "a"}},
    )
    ours = world.session(role)("kms")
    contexts: list[dict[str, str]] = [{}, {"shop": "b"}, {"shop": "a"}, {"shop": "a", "table": "b"}]
    given = {"KeyId": key, "Plaintext": PLAIN}
    assert works == [
        one for one in contexts if code(ours.encrypt, EncryptionContext=one, **given) is None
    ]
