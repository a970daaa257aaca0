"""Contacts of Incident Manager: who is called, over which channel, and who answered.

Only what calls a person at once: a plan of channels, and the first stage of an escalation. A
channel calls nobody before it is activated. Every code fits.
AWS: Incident Manager API Reference, "CreateContact", "AcceptPage"; User Guide, "Contacts".
"""

import itertools
from typing import Any, Final

from localcloud.fault import Fault
from localcloud.stack import Registry
from localcloud.switchboard import Asked, Fake

_CLOSED: Final = "Incident Manager is not open to new customers, and this account never used it."


class Contacts:
    """The contacts, engagements and pages of the accounts that have the service."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._contacts: dict[str, dict[str, Any]] = {}
        self._channels: dict[str, bool] = {}  # ARN to whether it is activated
        self._engagements: dict[str, dict[str, Any]] = {}
        self._pages: dict[str, dict[str, Any]] = {}
        self._number = itertools.count(1)

    def operations(self) -> dict[str, Fake]:
        """What this serves; in an account that never had it, all of it is refused."""
        served: dict[str, Fake] = {
            "CreateContact": self._create,
            "CreateContactChannel": self._add_channel,
            "ActivateContactChannel": self._activate,
            "UpdateContact": self._update,
            "ListEngagements": self._list_engagements,
            "ListPagesByEngagement": self._list_pages,
            "AcceptPage": self._accept,
        }
        return {name: self._if_open(fake) for name, fake in served.items()}

    def engage(self, contact: str, incident: str, asked: Asked) -> None:
        """Call a contact about an incident, as Incident Manager does it."""
        arn = f"{contact.replace(':contact/', ':engagement/')}/{next(self._number):036d}"
        self._engagements[arn] = {
            "EngagementArn": arn,
            "ContactArn": contact,
            "Sender": asked.caller.arn,
            "IncidentId": incident,
            "StartTime": asked.at,
        }
        for person, channel in self._reached(contact):
            page = f"{channel.replace(':contact-channel/', ':page/')}/{next(self._number):036d}"
            self._pages[page] = {
                "PageArn": page,
                "EngagementArn": arn,
                "ContactArn": person,
                "Sender": asked.caller.arn,
                "IncidentId": incident,
                "SentTime": asked.at,
            }

    def _reached(self, contact: str) -> list[tuple[str, str]]:
        stages = self._contacts.get(contact, {}).get("Plan", {}).get("Stages", [])[:1]
        found = list[tuple[str, str]]()
        for target in (one for stage in stages for one in stage["Targets"]):
            if (info := target.get("ContactTargetInfo")) is not None:
                found += self._reached(info["ContactId"])
            else:
                channel = target["ChannelTargetInfo"]["ContactChannelId"]
                found += [(contact, channel)] if self._channels[channel] else []
        return found

    def _if_open(self, fake: Fake) -> Fake:
        def served(asked: Asked) -> dict[str, Any] | None:
            if asked.account not in self._registry.old_accounts:
                raise Fault("AccessDeniedException", _CLOSED, status=403)
            return fake(asked)

        return served

    def _create(self, asked: Asked) -> dict[str, Any]:
        alias = asked.params["Alias"]
        arn = f"arn:aws:ssm-contacts:{asked.region}:{asked.account}:contact/{alias}"
        if arn in self._contacts:
            raise Fault("ConflictException", f"There is a contact {alias}")
        self._contacts[arn] = dict(asked.params)
        return {"ContactArn": arn}

    def _update(self, asked: Asked) -> dict[str, Any]:
        self._contacts[asked.params["ContactId"]].update(asked.params)
        return {}

    def _add_channel(self, asked: Asked) -> dict[str, Any]:
        contact = asked.params["ContactId"].replace(":contact/", ":contact-channel/")
        arn = f"{contact}/{next(self._number):036d}"
        self._channels[arn] = False
        return {"ContactChannelArn": arn}

    def _activate(self, asked: Asked) -> dict[str, Any]:
        self._channels[asked.params["ContactChannelId"]] = True
        return {}

    def _list_engagements(self, asked: Asked) -> dict[str, Any]:
        wanted = asked.params.get("IncidentId")
        found = self._engagements.values()
        return {"Engagements": [one for one in found if wanted in (None, one["IncidentId"])]}

    def _list_pages(self, asked: Asked) -> dict[str, Any]:
        wanted = asked.params["EngagementId"]
        return {"Pages": [one for one in self._pages.values() if one["EngagementArn"] == wanted]}

    def _accept(self, asked: Asked) -> dict[str, Any]:
        page = self._pages.get(asked.params["PageId"])
        if page is None:
            raise Fault("ResourceNotFoundException", "There is no such page")
        page["ReadTime" if asked.params["AcceptType"] == "READ" else "DeliveryTime"] = asked.at
        return {}
