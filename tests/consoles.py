"""OpsCenter, Incident Manager and a pager topic, as far as opening an incident needs them.

Input is held to the SDK's own service models: what AWS would refuse for its shape is refused here.
"""

import json
from collections.abc import Callable
from typing import Any

import botocore.session
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.validate import ParamValidator

from responder.aws.clients import Clients
from tests.builders import HOME, REGION

PLAN_ARN = f"arn:aws:ssm-incidents::{HOME}:response-plan/breach"
TOPIC_ARN = f"arn:aws:sns:{REGION}:{HOME}:pager"
_session = botocore.session.get_session()


def fits(service: str, operation: str, given: dict[str, Any]) -> None:
    """Fails the test when the SDK's model would refuse this input."""
    shape = _session.get_service_model(service).operation_model(operation).input_shape
    assert shape is not None
    report = ParamValidator().validate(given, shape)
    assert not report.has_errors(), report.generate_report()
    for name, value in given.items():
        most = shape.members[name].metadata.get("max")
        assert most is None or len(str(value)) <= most or not isinstance(value, str), name


def refusing(code: str) -> Callable[..., Any]:
    """A call that AWS answers with one error code."""

    def answer(**given: Any) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "Operation")

    return answer


def no_endpoint(**given: Any) -> Any:
    """A call in a region that does not have the service."""
    raise EndpointConnectionError(endpoint_url="https://ssm-incidents.example.com")


class OpsCenter:
    """OpsItems by id. A twin of an open one is refused and named."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}

    def create_ops_item(self, **given: Any) -> dict[str, Any]:
        fits("ssm", "CreateOpsItem", given)
        assert not any(word in given["Source"] for word in ("aws", "amazon", "amzn"))
        same = given["OperationalData"]["/aws/dedup"]["Value"]
        assert list(json.loads(same)) == ["dedupString"]
        for reference, item in self.items.items():
            if item["OperationalData"]["/aws/dedup"]["Value"] == same:
                error = {"Code": "OpsItemAlreadyExistsException", "Message": "twin"}
                response: Any = {"Error": error, "OpsItemId": reference}
                raise ClientError(response, "CreateOpsItem")
        reference = f"oi-{len(self.items):012x}"
        self.items[reference] = given
        return {"OpsItemId": reference}

    def update_ops_item(self, **given: Any) -> dict[str, Any]:
        fits("ssm", "UpdateOpsItem", given)
        data = given["OperationalData"]
        assert all(len(key) <= 128 and len(entry["Value"]) <= 20_000 for key, entry in data.items())
        self.items[given["OpsItemId"]]["OperationalData"].update(data)
        return {}

    def notes(self, reference: str) -> list[str]:
        """What `note` left, in the order of the entries' names."""
        data = self.items[reference]["OperationalData"]
        return [data[key]["Value"] for key in sorted(data) if key[0].isdigit()]


class IncidentManager:
    """Incident records by ARN; the same token is the same record, or the same event."""

    def __init__(self, engagements: tuple[str, ...] = ()) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self.events: dict[str, dict[str, Any]] = {}
        self.engagements = list(engagements)

    def start_incident(self, **given: Any) -> dict[str, Any]:
        fits("ssm-incidents", "StartIncident", given)
        arn = f"arn:aws:ssm-incidents::{HOME}:incident-record/breach/{given['clientToken']}"
        self.records.setdefault(arn, given)
        return {"incidentRecordArn": arn}

    def update_incident_record(self, **given: Any) -> dict[str, Any]:
        fits("ssm-incidents", "UpdateIncidentRecord", given)
        self.records[given["arn"]] |= {"summary": given["summary"]}
        return {}

    def create_timeline_event(self, **given: Any) -> dict[str, Any]:
        fits("ssm-incidents", "CreateTimelineEvent", given)
        assert given["incidentRecordArn"] in self.records
        json.loads(given["eventData"])
        self.events.setdefault(given["clientToken"], given)
        return {}

    def get_response_plan(self, **given: Any) -> dict[str, Any]:
        fits("ssm-incidents", "GetResponsePlan", given)
        return {"arn": given["arn"], "engagements": self.engagements}


class Topic:
    """An SNS topic that keeps what it was sent."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def publish(self, **given: Any) -> dict[str, Any]:
        fits("sns", "Publish", given)
        # SNS API Reference, Publish: ASCII, begins with a letter, number or mark, under 100.
        subject = given["Subject"]
        assert subject.isascii()
        assert subject.isprintable()
        assert 0 < len(subject) < 100
        self.messages.append(given)
        return {"MessageId": f"message-{len(self.messages)}"}


class TheseClients(Clients):
    """Our own clients, with some services replaced."""

    def __init__(self, **services: Any) -> None:
        super().__init__(REGION)
        for name, client in services.items():
            self._home[name.replace("_", "-"), REGION] = client
