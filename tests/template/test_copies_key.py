"""The key of copied snapshots: who may use it, and that nobody but the custodian can end it.

Here everybody has what an administrator has: what refuses is the key's own policy alone.
"""

import pytest

from tests.builders import HOME, SHOP
from tests.template.roles import KEEPING, VAULT, Thing, may, one_of, written
from tests.template.test_vault_attacks import PEOPLE, VAULTS, anybody, who

VIA = {"kms:viaservice": "ec2.us-west-2.amazonaws.com"}
FOR_AWS = VIA | {"kms:grantisforawsresource": "true"}


def the_key(vault: str, told: dict[str, str] | None = None) -> Thing:
    document = written(KEEPING, vault, vault)["CopiesKey"]["KeyPolicy"]
    arn = f"arn:aws:kms:us-west-2:{vault}:key/CopiesKey"
    return Thing(arn, vault, document, True, told or {})


@pytest.mark.parametrize("vault", VAULTS)
@pytest.mark.parametrize(
    "action",
    [
        "kms:CreateAlias",
        "kms:DeleteAlias",
        "kms:DeleteImportedKeyMaterial",
        "kms:DisableKey",
        "kms:DisableKeyRotation",
        "kms:ImportKeyMaterial",
        "kms:PutKeyPolicy",
        "kms:ReplicateKey",
        "kms:RotateKeyOnDemand",
        "kms:ScheduleKeyDeletion",
        "kms:UpdateAlias",
        "kms:UpdateKeyDescription",
        "kms:UpdatePrimaryRegion",
    ],
)
def test_the_custodian_alone_changes_or_ends_it(action: str, vault: str) -> None:
    assert who(action, the_key(vault), vault) == {"custodian"}


@pytest.mark.parametrize("vault", VAULTS)
def test_nobody_makes_or_ends_a_grant_that_is_not_for_ebs(vault: str) -> None:
    told = VIA | {"kms:grantisforawsresource": "false"}
    assert who("kms:CreateGrant", the_key(vault, told), vault) == {"custodian"}
    by_hand = {"aws:viaawsservice": "false", "aws:principalisawsservice": "false"}
    for action in ("kms:RevokeGrant", "kms:RetireGrant"):
        assert who(action, the_key(vault, by_hand), vault) == {"custodian"}


USES = (
    ("kms:Decrypt", VIA),
    ("kms:GenerateDataKeyWithoutPlaintext", VIA),
    ("kms:ReEncryptTo", VIA),
    ("kms:CreateGrant", FOR_AWS),
)


@pytest.mark.parametrize(("action", "told"), USES)
def test_of_the_members_only_the_role_that_copies_encrypts_and_by_ec2_alone(
    action: str, told: dict[str, str]
) -> None:
    of_others = {name for name, one in anybody(VAULT).items() if one.account != VAULT}
    members = {"PreserveRole of the shop", "PreserveRole of the home"}
    assert who(action, the_key(VAULT, told), VAULT) & of_others == members
    elsewhere = {**told, "kms:viaservice": "s3.us-west-2.amazonaws.com"}
    assert who(action, the_key(VAULT, elsewhere), VAULT) & of_others == set()
    direct = {key: value for key, value in told.items() if key != "kms:viaservice"}
    assert who(action, the_key(VAULT, direct), VAULT) & of_others == set()


@pytest.mark.parametrize(("action", "told"), USES)
def test_no_stranger_and_nobody_of_the_shop_uses_it(action: str, told: dict[str, str]) -> None:
    for account in (SHOP, HOME, "999988887777"):
        for name in PEOPLE:
            assert not may(one_of(account, name), action, the_key(VAULT, told))
    stranger = one_of("999988887777", "breach-responder-preserve")
    assert not may(stranger, action, the_key(VAULT, told))
