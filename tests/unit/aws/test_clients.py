"""How long a call may take, and how often the member role is assumed."""

from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from responder.aws.clients import Clients, MemberRole
from tests.builders import REGION, SHOP
from tests.template.templates import functions, template

ROLE = MemberRole("breach-responder-contain", "an-external-id-of-ours")
# The longest that botocore's standard mode waits before a second and a third attempt.
BACKOFF_SECONDS = 1 + 2
# People wait to be asked: a look that hangs is cut off, and the machine goes on without it.
GIVEN_UP = ("weigh",)


def test_a_call_that_hangs_is_an_error_before_any_function_times_out(aws: None) -> None:
    config: Any = Clients(REGION, ROLE).home("dynamodb").meta.config
    assert config.retries["mode"] == "standard"
    attempts = config.retries["total_max_attempts"]
    longest = attempts * (config.connect_timeout + config.read_timeout) + BACKOFF_SECONDS
    usual = template()["Globals"]["Function"]["Timeout"]
    shortest = min(
        function.get("Timeout", usual)
        for verb, function in functions().items()
        if verb not in GIVEN_UP
    )
    assert longest < shortest


def test_a_call_that_fails_to_connect_is_tried_three_times(aws: None) -> None:
    client = Clients(REGION, ROLE).home("dynamodb")
    tries: list[str] = []

    def hangs(**given: object) -> None:
        tries.append("tried")
        raise ConnectTimeoutError(endpoint_url="https://dynamodb.us-west-2.amazonaws.com")

    client.meta.events.register_first("before-send.dynamodb.ListTables", hangs)
    with pytest.raises(ConnectTimeoutError):
        client.list_tables()
    assert len(tries) == 3


def test_the_member_role_is_assumed_once_for_many_calls(aws: None) -> None:
    """Credentials that end within botocore's 15 minutes would be renewed at every call."""
    clients = Clients(REGION, ROLE)
    assumed: list[str] = []
    clients._session.get_component("event_emitter").register(
        "before-parameter-build.sts.AssumeRole",
        lambda params, **_: assumed.append(params["RoleArn"]),
    )
    for _ in range(3):
        clients.iam(SHOP).list_users()
        clients.cloudtrail(SHOP, REGION).describe_trails()
    assert assumed == [ROLE.arn(SHOP)]
