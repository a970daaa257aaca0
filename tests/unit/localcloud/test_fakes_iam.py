"""Keys of single services, which moto lacks: told once, listed, switched, and tied to a user."""

from collections.abc import Iterator

import pytest

from tests.unit.localcloud.judging import World, a_world, allow, code

CODECOMMIT, BEDROCK = "codecommit.amazonaws.com", "bedrock.amazonaws.com"


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


def test_the_secret_is_told_once(world: World) -> None:
    iam = world.operator("iam")
    iam.create_user(UserName="export")
    for service, secret in (
        (CODECOMMIT, "ServicePassword"),
        (BEDROCK, "ServiceCredentialSecret"),
    ):
        made = iam.create_service_specific_credential(UserName="export", ServiceName=service)
        assert made["ServiceSpecificCredential"][secret]
        listed = iam.list_service_specific_credentials(UserName="export", ServiceName=service)
        [held] = listed["ServiceSpecificCredentials"]
        assert secret not in held
        assert held.items() <= made["ServiceSpecificCredential"].items()
    listed = iam.list_service_specific_credentials(AllUsers=True)
    assert len(listed["ServiceSpecificCredentials"]) == 2


def test_a_credential_is_switched_and_follows_its_user(world: World) -> None:
    iam = world.operator("iam")
    iam.create_user(UserName="export")
    made = iam.create_service_specific_credential(UserName="export", ServiceName=CODECOMMIT)
    named = made["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]
    iam.update_service_specific_credential(
        UserName="export", ServiceSpecificCredentialId=named, Status="Inactive"
    )
    iam.update_user(UserName="export", NewUserName="exporter")
    [held] = iam.list_service_specific_credentials(UserName="exporter")[
        "ServiceSpecificCredentials"
    ]
    assert (held["UserName"], held["Status"]) == ("exporter", "Inactive")
    switch = iam.update_service_specific_credential
    unknown = {"ServiceSpecificCredentialId": "ACCA0000000000000000", "Status": "Active"}
    assert code(switch, UserName="exporter", **unknown) == "NoSuchEntity"
    assert code(switch, UserName="export", **unknown) == "NoSuchEntity"


def test_a_third_one_of_a_service_and_an_unknown_service_are_refused(world: World) -> None:
    iam = world.operator("iam")
    iam.create_user(UserName="export")
    create = iam.create_service_specific_credential
    given = {"UserName": "export", "ServiceName": CODECOMMIT}
    assert [code(create, **given) for _ in range(3)] == [None, None, "LimitExceeded"]
    assert code(create, **given | {"ServiceName": "s3.amazonaws.com"}) == "NotSupportedService"


def test_who_names_no_user_asks_about_itself(world: World) -> None:
    own = world.user("export", allow("iam:*"))("iam")
    own.create_service_specific_credential(UserName="export", ServiceName=CODECOMMIT)
    assert len(own.list_service_specific_credentials()["ServiceSpecificCredentials"]) == 1
    listing = world.operator("iam").list_service_specific_credentials
    assert code(listing) == "ValidationError"
