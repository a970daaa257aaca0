"""OpsCenter, Incident Manager and a pager topic, as far as opening an incident needs them.

Input is held to the SDK's own service models: what AWS would refuse for its shape is refused here.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import botocore.session
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.validate import ParamValidator

from responder.aws.clients import Clients
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.notices import Notices
from responder.aws.pager import Pager
from responder.aws.silences import Silences
from responder.aws.snoozable import Snoozable
from tests.builders import HOME, NOON, REGION

PLAN_ARN = f"arn:aws:ssm-incidents::{HOME}:response-plan/breach"
TOPIC_ARN = f"arn:aws:sns:{REGION}:{HOME}:pager"
QUIET_ARN = f"arn:aws:sns:{REGION}:{HOME}:quiet"
OURS = f"arn:aws:sts::{HOME}:assumed-role/responder-MirrorFunctionRole-1/responder-Mirror"
PERSON = f"arn:aws:sts::{HOME}:assumed-role/OnCall/ana@example.com"
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
        self.updates: list[dict[str, Any]] = []
        self.lists_nothing = False

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
        self.items[reference] = {
            **given,
            "Status": "Open",
            "LastModifiedBy": OURS,
            "LastModifiedTime": NOON,
        }
        return {"OpsItemId": reference}

    def update_ops_item(self, **given: Any) -> dict[str, Any]:
        fits("ssm", "UpdateOpsItem", given)
        data = given.get("OperationalData", {})
        assert all(len(key) <= 128 and len(entry["Value"]) <= 20_000 for key, entry in data.items())
        if self.lists_nothing and "/aws/resources" in data:
            refusing("OpsItemInvalidParameterException")()
        self.updates.append(given)
        item = self.items[given["OpsItemId"]]
        item["OperationalData"].update(data)
        item |= {"LastModifiedBy": OURS, "Status": given.get("Status", item["Status"])}
        return {}

    def get_ops_item(self, **given: Any) -> dict[str, Any]:
        fits("ssm", "GetOpsItem", given)
        return {"OpsItem": self.items[given["OpsItemId"]]}

    def set_by_a_person(self, reference: str, status: str, at: datetime, by: str = PERSON) -> None:
        """What somebody does in the console."""
        self.items[reference] |= {
            "Status": status,
            "LastModifiedBy": by,
            "LastModifiedTime": at,
        }

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
        self.resolved: dict[str, datetime] = {}
        self.related: dict[str, dict[str, Any]] = {}

    def start_incident(self, **given: Any) -> dict[str, Any]:
        fits("ssm-incidents", "StartIncident", given)
        arn = f"arn:aws:ssm-incidents::{HOME}:incident-record/breach/{given['clientToken']}"
        self.records.setdefault(arn, given)
        return {"incidentRecordArn": arn}

    def update_incident_record(self, **given: Any) -> dict[str, Any]:
        fits("ssm-incidents", "UpdateIncidentRecord", given)
        self.records[given["arn"]] |= {k: given[k] for k in ("summary", "status") if k in given}
        return {}

    def get_incident_record(self, **given: Any) -> dict[str, Any]:
        fits("ssm-incidents", "GetIncidentRecord", given)
        assert given["arn"] in self.records
        at = self.resolved.get(given["arn"])
        record = {"arn": given["arn"], "lastModifiedBy": PERSON if at else OURS}
        record["status"] = "RESOLVED" if at else "OPEN"
        return {"incidentRecord": {**record, **({"resolvedTime": at} if at else {})}}

    def update_related_items(self, **given: Any) -> dict[str, Any]:
        fits("ssm-incidents", "UpdateRelatedItems", given)
        assert given["incidentRecordArn"] in self.records
        item = given["relatedItemsUpdate"]["itemToAdd"]
        self.related.setdefault(given["clientToken"], item)
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


class Contacts:
    """Engagements of an incident, each with its pages; one of either in an answer."""

    def __init__(self) -> None:
        self.pages: dict[str, list[dict[str, Any]]] = {}

    def called(self, contact: str, read_at: datetime | None) -> None:
        """One contact was paged, and acknowledged it or not."""
        arn = f"arn:aws:ssm-contacts:{REGION}:{HOME}:engagement/{contact}/{len(self.pages)}"
        page = {"ContactArn": f"arn:aws:ssm-contacts:{REGION}:{HOME}:contact/{contact}"}
        self.pages[arn] = [{**page, **({"ReadTime": read_at} if read_at else {})}]

    def list_engagements(self, **given: Any) -> dict[str, Any]:
        fits("ssm-contacts", "ListEngagements", given)
        place, arns = int(given.get("NextToken", "0")), list(self.pages)
        more = {"NextToken": str(place + 1)} if place + 1 < len(arns) else {}
        return {"Engagements": [{"EngagementArn": a} for a in arns[place : place + 1]], **more}

    def list_pages_by_engagement(self, **given: Any) -> dict[str, Any]:
        fits("ssm-contacts", "ListPagesByEngagement", given)
        return {"Pages": self.pages[given["EngagementId"]]}


class CaseDesk:
    """Cases by token, each with what it was asked for and its comments."""

    def __init__(self) -> None:
        self.cases: dict[str, dict[str, Any]] = {}
        self.comments: dict[str, str] = {}
        self.closed: list[str] = []

    def create_case(self, **given: Any) -> dict[str, Any]:
        fits("security-ir", "CreateCase", given)
        known = self.cases.setdefault(given["clientToken"], given)
        assert known == given, "the same token with another request"
        return {"caseId": "0000000001"}

    def create_case_comment(self, **given: Any) -> dict[str, Any]:
        fits("security-ir", "CreateCaseComment", given)
        self.comments.setdefault(given["clientToken"], given["body"])
        return {"commentId": "000001"}

    def close_case(self, **given: Any) -> dict[str, Any]:
        fits("security-ir", "CloseCase", given)
        if given["caseId"] in self.closed:
            refusing("ConflictException")()
        self.closed.append(given["caseId"])
        return {"caseStatus": "Closed"}

    def get_case(self, **given: Any) -> dict[str, Any]:
        fits("security-ir", "GetCase", given)
        return {"caseStatus": "Closed" if given["caseId"] in self.closed else "Submitted"}


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


def a_snoozable(ledger: Ledger, topic: Any, quietly: Any) -> Snoozable:
    """Both topics over one table."""
    return Snoozable(
        Pager(ledger, topic, TOPIC_ARN),
        Pager(ledger, quietly, QUIET_ARN),
        Silences(ledger),
        Notices(ledger),
        Incidents(ledger),
    )
