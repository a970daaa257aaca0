"""Incident Manager: closed to an account that never had it, and as it was to one that did.

AWS takes no new customers since 2025-11-07 (Incident Manager User Guide, "Availability change").
Which error a closed account gets is not documented; this answers the likeliest, as it answers
everybody whom it does not serve. The OpsItem that it makes beside a record is not made here.
AWS: Incident Manager API Reference, "StartIncident", "UpdateIncidentRecord", "UpdateRelatedItems".
"""

import uuid
from typing import Any, Final

import botocore.session

from localcloud.fakes.contacts import Contacts
from localcloud.fault import Fault
from localcloud.stack import Registry, Unsupported
from localcloud.switchboard import Asked, Fake

_CLOSED: Final = "Incident Manager is not open to new customers, and this account never used it."


class IncidentManager:
    """The replication sets, plans and records of every account."""

    def __init__(self, registry: Registry, contacts: Contacts) -> None:
        self._registry, self._contacts = registry, contacts
        self._sets: dict[str, str] = {}
        self._plans: dict[str, dict[str, Any]] = {}
        self._records: dict[str, dict[str, Any]] = {}
        self._events: dict[str, list[dict[str, Any]]] = {}
        self._related: dict[str, list[dict[str, Any]]] = {}
        self._tokens: dict[tuple[str, str, str], str] = {}

    def operations(self) -> dict[str, Fake]:
        """Every operation of the service."""
        served: dict[str, Fake] = {
            "CreateReplicationSet": self._open,
            "ListReplicationSets": self._list_sets,
            "CreateResponsePlan": self._plan,
            "GetResponsePlan": self._get_plan,
            "StartIncident": self._start,
            "GetIncidentRecord": self._get,
            "UpdateIncidentRecord": self._update,
            "CreateTimelineEvent": self._note,
            "ListTimelineEvents": self._list_events,
            "UpdateRelatedItems": self._relate,
            "ListRelatedItems": self._list_related,
        }
        model = botocore.session.get_session().get_service_model("ssm-incidents")
        return {name: self._if_open(name, served.get(name)) for name in model.operation_names}

    def _if_open(self, name: str, fake: Fake | None) -> Fake:
        def answered(asked: Asked) -> dict[str, Any] | None:
            if asked.account not in self._registry.old_accounts:
                if name == "ListReplicationSets":
                    return {"replicationSetArns": []}
                raise Fault("AccessDeniedException", _CLOSED, status=403)
            if fake is None:
                raise Unsupported(f"ssm-incidents:{name} in an account that has the service")
            return fake(asked)

        return answered

    def _open(self, asked: Asked) -> dict[str, Any]:
        if asked.account in self._sets:
            raise Fault("ConflictException", "There is a replication set", status=409)
        arn = f"arn:aws:ssm-incidents::{asked.account}:replication-set/{uuid.uuid4()}"
        self._sets[asked.account] = arn
        return {"arn": arn}

    def _list_sets(self, asked: Asked) -> dict[str, Any]:
        return {
            "replicationSetArns": [self._sets[asked.account]] if asked.account in self._sets else []
        }

    def _plan(self, asked: Asked) -> dict[str, Any]:
        if asked.account not in self._sets:
            raise Fault("ResourceNotFoundException", "There is no replication set", status=404)
        given = asked.params
        arn = f"arn:aws:ssm-incidents::{asked.account}:response-plan/{given['name']}"
        kept = ("name", "incidentTemplate", "engagements", "displayName")
        self._plans[arn] = {"arn": arn, **{name: given[name] for name in kept if name in given}}
        return {"arn": arn}

    def _get_plan(self, asked: Asked) -> dict[str, Any]:
        return _found(self._plans, asked.params["arn"])

    def _start(self, asked: Asked) -> dict[str, Any]:
        given = asked.params
        plan = _found(self._plans, given["responsePlanArn"])
        if given.get("triggerDetails", {}).get("source", "").startswith("aws."):
            raise Fault("ValidationException", "A source of your own does not begin with aws.")
        made = (
            f"arn:aws:ssm-incidents::{asked.account}:incident-record/{plan['name']}/{uuid.uuid4()}"
        )
        arn = self._once(asked, made)
        if arn == made:
            template = plan["incidentTemplate"]
            self._records[arn] = {
                "arn": arn,
                "title": given.get("title", template["title"]),
                "impact": given.get("impact", template["impact"]),
                "status": "OPEN",
                "creationTime": asked.at,
                "dedupeString": template.get("dedupeString", arn),
                "incidentRecordSource": {
                    "createdBy": asked.caller.arn,
                    "source": "aws.ssm-incidents.custom",
                },
                **_changed(asked),
            }
            for contact in plan.get("engagements", []):
                self._contacts.engage(contact, arn, asked)
        return {"incidentRecordArn": arn}

    def _get(self, asked: Asked) -> dict[str, Any]:
        return {"incidentRecord": _found(self._records, asked.params["arn"])}

    def _update(self, asked: Asked) -> dict[str, Any]:
        record, given = _found(self._records, asked.params["arn"]), asked.params
        kept = ("title", "summary", "impact", "status")
        record |= {name: given[name] for name in kept if name in given} | _changed(asked)
        if given.get("status") == "RESOLVED":
            record["resolvedTime"] = asked.at
        elif given.get("status") == "OPEN":
            record.pop("resolvedTime", None)
        return {}

    def _note(self, asked: Asked) -> dict[str, Any]:
        arn, made = asked.params["incidentRecordArn"], str(uuid.uuid4())
        _found(self._records, arn)
        if asked.params["eventType"] not in ("Custom Event", "Note"):
            raise Fault("ValidationException", "This type of event cannot be created")
        event_id = self._once(asked, made)
        if event_id == made:
            event = {
                "eventId": made,
                "eventTime": asked.params["eventTime"],
                "eventType": asked.params["eventType"],
                "eventUpdatedTime": asked.at,
                "incidentRecordArn": arn,
            }
            self._events.setdefault(arn, []).append(event)
        return {"eventId": event_id, "incidentRecordArn": arn}

    def _list_events(self, asked: Asked) -> dict[str, Any]:
        return {"eventSummaries": self._events.get(asked.params["incidentRecordArn"], [])}

    def _relate(self, asked: Asked) -> dict[str, Any]:
        arn, change = asked.params["incidentRecordArn"], asked.params["relatedItemsUpdate"]
        _found(self._records, arn)
        if "itemToAdd" not in change:
            raise Unsupported("ssm-incidents:UpdateRelatedItems that takes an item away")
        made = str(uuid.uuid4())
        if self._once(asked, made) == made:
            self._related.setdefault(arn, []).append(change["itemToAdd"])
        return {}

    def _list_related(self, asked: Asked) -> dict[str, Any]:
        return {"relatedItems": self._related.get(asked.params["incidentRecordArn"], [])}

    def _once(self, asked: Asked, made: str) -> str:
        """What the same call with the same token made before, or what this one makes."""
        token = asked.params.get("clientToken", made)
        return self._tokens.setdefault((asked.account, asked.operation, token), made)


def _changed(asked: Asked) -> dict[str, Any]:
    return {"lastModifiedBy": asked.caller.arn, "lastModifiedTime": asked.at}


def _found(kept: dict[str, dict[str, Any]], arn: str) -> dict[str, Any]:
    if arn not in kept:
        raise Fault("ResourceNotFoundException", f"There is no {arn}", status=404)
    return kept[arn]
