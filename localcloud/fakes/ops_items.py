"""OpsCenter: OpsItems, one for each deduplication string while it is open.

What is made or changed is told to the default bus. AWS: Systems Manager API Reference,
"CreateOpsItem"; User Guide, "Reducing duplicate OpsItems", "Amazon EventBridge event examples".
"""

import json
import uuid
from datetime import datetime
from typing import Any, Final

from localcloud.fault import Fault
from localcloud.switchboard import Asked, Fake, Switchboard

_DEDUPLICATES: Final = "/aws/dedup"
_RESOURCES: Final = "/aws/resources"
_OWN: Final = frozenset({_DEDUPLICATES, _RESOURCES, "/aws/automations"})
_RESERVED: Final = ("amazon", "aws", "amzn", "ssm")
_VALUE_BYTES: Final = 20 * 1024
_PAGE: Final = 50
_OPEN: Final = frozenset({"Open", "InProgress"})


class OpsItems:
    """The items of every account and region."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._items: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}

    def operations(self) -> dict[str, Fake]:
        """What this serves."""
        return {
            "CreateOpsItem": self._create,
            "UpdateOpsItem": self._update,
            "GetOpsItem": self._get,
            "DescribeOpsItems": self._describe,
        }

    def _here(self, asked: Asked) -> dict[str, dict[str, Any]]:
        return self._items.setdefault((asked.account, asked.region), {})

    def _create(self, asked: Asked) -> dict[str, Any]:
        given = asked.params
        if any(word in given["Source"].lower() for word in ("aws", "amazon", "amzn")):
            raise _invalid("Source", "A source cannot contain aws, amazon or amzn")
        data = given.get("OperationalData", {})
        _check_data(data)
        key = _same(data)
        for item in self._here(asked).values():
            if key is not None and item["_same"] == key and item["Status"] in _OPEN:
                reference = item["OpsItemId"]
                raise Fault(
                    "OpsItemAlreadyExistsException",
                    f"OpsItem already exists: {reference}",
                    OpsItemId=reference,
                )
        reference = f"oi-{uuid.uuid4().hex[:12]}"
        by = asked.caller.arn
        self._here(asked)[reference] = {
            **{name: given[name] for name in _KEPT if name in given},
            "OpsItemId": reference,
            "OpsItemArn": f"arn:aws:ssm:{asked.region}:{asked.account}:opsitem/{reference}",
            "OpsItemType": given.get("OpsItemType", "/aws/issue"),
            "OperationalData": dict(data),
            "Status": "Open",
            "CreatedBy": by,
            "CreatedTime": asked.at,
            "LastModifiedBy": by,
            "LastModifiedTime": asked.at,
            "Version": "1",
            "_same": key,
        }
        item = self._here(asked)[reference]
        self._announce("OpsItem Create", item, asked)
        return {"OpsItemId": reference, "OpsItemArn": item["OpsItemArn"]}

    def _update(self, asked: Asked) -> dict[str, Any]:
        item, given = self._find(asked), asked.params
        data = given.get("OperationalData", {})
        _check_data(data)
        if _DEDUPLICATES in data and data[_DEDUPLICATES] != item["OperationalData"].get(
            _DEDUPLICATES
        ):
            raise _invalid("OperationalData", "A deduplication string cannot be edited")
        item["OperationalData"].update(data)
        for key in given.get("OperationalDataToDelete", []):
            item["OperationalData"].pop(key, None)
        item |= {name: given[name] for name in (*_KEPT, "Status") if name in given}
        item |= {
            "LastModifiedBy": asked.caller.arn,
            "LastModifiedTime": asked.at,
            "Version": str(int(item["Version"]) + 1),
        }
        self._announce("OpsItem Update", item, asked)
        return {}

    def _announce(self, what: str, item: dict[str, Any], asked: Asked) -> None:
        if self._switchboard.announce is None:
            return
        detail = {word: item[name] for word, name in _TOLD.items() if name in item}
        if what == "OpsItem Update":
            detail |= {word: item[name] for word, name in _TOLD_OF_A_CHANGE.items()}
        told = {
            name: str(value.isoformat()) if isinstance(value, datetime) else value
            for name, value in detail.items()
        }
        event = {
            "source": "aws.ssm",
            "detail-type": what,
            "resources": [item["OpsItemArn"]],
            "detail": told,
        }
        self._switchboard.announce(event, asked.account, asked.region)

    def _get(self, asked: Asked) -> dict[str, Any]:
        item = self._find(asked)
        return {"OpsItem": {name: one for name, one in item.items() if name != "_same"}}

    def _describe(self, asked: Asked) -> dict[str, Any]:
        found = [item for item in self._here(asked).values() if _fits(item, asked)]
        start = int(asked.params.get("NextToken") or 0)
        end = start + int(asked.params.get("MaxResults") or _PAGE)
        answer: dict[str, Any] = {"OpsItemSummaries": [_summary(one) for one in found[start:end]]}
        if end < len(found):
            answer["NextToken"] = str(end)
        return answer

    def _find(self, asked: Asked) -> dict[str, Any]:
        reference = asked.params["OpsItemId"]
        item = self._here(asked).get(reference)
        if item is None:
            raise Fault("OpsItemNotFoundException", f"OpsItem ID {reference} does not exist")
        return item


_KEPT: Final = (
    "Title",
    "Description",
    "Source",
    "Priority",
    "Severity",
    "Category",
    "Notifications",
    "RelatedOpsItems",
    "ActualStartTime",
    "ActualEndTime",
    "PlannedStartTime",
    "PlannedEndTime",
)
_TOLD: Final = {
    "created-by": "CreatedBy",
    "created-time": "CreatedTime",
    "source": "Source",
    "status": "Status",
    "ops-item-id": "OpsItemId",
    "title": "Title",
    "ops-item-type": "OpsItemType",
    "description": "Description",
}
_TOLD_OF_A_CHANGE: Final = {"modified-by": "LastModifiedBy", "modified-time": "LastModifiedTime"}
_SUMMARY: Final = (
    "CreatedBy",
    "CreatedTime",
    "LastModifiedBy",
    "LastModifiedTime",
    "Priority",
    "Source",
    "Status",
    "OpsItemId",
    "Title",
    "OperationalData",
    "Category",
    "Severity",
    "OpsItemType",
)


def _summary(item: dict[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in _SUMMARY if name in item}


def _check_data(data: dict[str, Any]) -> None:
    for key, entry in data.items():
        if key not in _OWN and key.lower().startswith((*_RESERVED, "/aws", "/amazon")):
            raise _invalid("OperationalData", f"The key {key} begins with a reserved word")
        if len(entry.get("Value", "").encode()) > _VALUE_BYTES:
            raise _invalid("OperationalData", f"The value of {key} exceeds 20 KB")


def _same(data: dict[str, Any]) -> str | None:
    """What makes two items the same: the string and the resources."""
    if _DEDUPLICATES not in data:
        return None
    try:
        text = json.loads(data[_DEDUPLICATES]["Value"])["dedupString"]
    except (ValueError, KeyError, TypeError) as error:
        raise _invalid("OperationalData", f"{_DEDUPLICATES} has no dedupString") from error
    return json.dumps([text, data.get(_RESOURCES, {}).get("Value", "")])


def _fits(item: dict[str, Any], asked: Asked) -> bool:
    return all(
        _one_fits(item, one["Key"], one["Values"], one["Operator"])
        for one in asked.params.get("OpsItemFilters", [])
    )


def _one_fits(item: dict[str, Any], key: str, values: list[str], operator: str) -> bool:
    if key not in _FILTERS or operator not in ("Equal", "Contains"):
        raise _invalid("OpsItemFilters", f"the filter {key} {operator} is not served here")
    found = str(item.get(_FILTERS[key], ""))
    if operator == "Contains":
        return any(value in found for value in values)
    return found in values


_FILTERS: Final = {
    "Status": "Status",
    "Source": "Source",
    "Title": "Title",
    "OpsItemId": "OpsItemId",
    "Category": "Category",
    "Severity": "Severity",
    "Priority": "Priority",
    "OpsItemType": "OpsItemType",
}


def _invalid(name: str, text: str) -> Fault:
    return Fault("OpsItemInvalidParameterException", text, ParameterNames=[name])
