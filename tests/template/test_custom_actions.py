"""The custom actions that the stack makes are those that the responder knows."""

from responder.domain.custom_action import BY_ID, request_of
from responder.domain.finding import Request
from tests.builders import HOME, REGION
from tests.template.templates import resources

ACTIONS = resources("AWS::SecurityHub::ActionTarget", "stacks/security-hub-actions.yaml")


def test_each_request_has_its_button_and_each_button_its_request() -> None:
    assert {one["Id"] for one in ACTIONS.values()} == set(BY_ID)
    assert set(BY_ID.values()) == set(Request)


def test_security_hub_takes_the_ids_and_names() -> None:
    """Up to 20 characters each; ids of letters and digits alone."""
    for one in ACTIONS.values():
        assert one["Id"].isalnum()
        assert max(len(one["Id"]), len(one["Name"])) <= 20


def test_a_button_is_known_by_its_arn_alone() -> None:
    for id_, request in BY_ID.items():
        arn = f"arn:aws:securityhub:{REGION}:{HOME}:action/custom/{id_}"
        assert request_of(arn) is request
        for other in (f"{arn}x", f" {arn}", arn.replace("securityhub", "guardduty"), id_):
            assert request_of(other) is None
