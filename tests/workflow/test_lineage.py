"""What a stolen key made before anybody saw it is cut too, by the generation after the first."""

import json
from datetime import timedelta

from responder.domain.order import ReceiptStatus
from responder_cli.drill import world
from tests.workflow.nights import Night, a_night

HELPER = "night-helper"
AT_ONCE = json.dumps({"rules": [{"types": ["*"], "then": "automatic"}]})
FINDING = "GuardDuty Finding"
ANYTHING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
)


def _makes_a_user_with_a_key(night: Night) -> None:
    """The thief's way back in, made with the stolen key."""
    operator = night.cloud.client("iam", account=world.SHOP)
    operator.put_user_policy(UserName=world.USER, PolicyName="too-much", PolicyDocument=ANYTHING)
    iam = night.cloud.keys(
        "iam", region=world.REGION, access_key_id=night.shop.key_id, secret=night.shop.secret
    )
    iam.create_user(UserName=HELPER)
    iam.put_user_policy(UserName=HELPER, PolicyName="all", PolicyDocument=ANYTHING)
    iam.create_access_key(UserName=HELPER)


def test_a_user_that_the_stolen_key_made_is_denied_and_its_key_is_off() -> None:
    with a_night(Policy=AT_ONCE) as night:
        _makes_a_user_with_a_key(night)
        night.cloud.advance(timedelta(minutes=10))  # event history is minutes behind
        night.send(FINDING)
        night.ends()
        operator = night.cloud.client("iam", account=world.SHOP)
        attached = operator.list_attached_user_policies(UserName=HELPER)["AttachedPolicies"]
        assert "AWSDenyAll" in {one["PolicyName"] for one in attached}
        [key] = operator.list_access_keys(UserName=HELPER)["AccessKeyMetadata"]
        assert key["Status"] == "Inactive"
        cut = [r for r in night.receipts() if r.order.resource.endswith(f"/{HELPER}")]
        assert {r.status for r in cut} == {ReceiptStatus.CONTAINED}
        assert {r.order.action_id for r in cut} == {"iam.deny_user", "iam.deactivate_key"}
        assert all("CloudTrail event" in r.order.reason for r in cut)
        unread = [text for text in night.told() if "Nobody looked at the logs whole" in text]
        assert len(unread) == 1  # whatever generations there are: no trail's bucket is known
        generation = max(incident.generation for incident in night.watch.incidents())
        night.ends()
        assert max(one.generation for one in night.watch.incidents()) == generation
