"""A member account that refuses some calls."""

import json
from typing import Any

from botocore.exceptions import ClientError

from responder.aws.clients import Clients, MemberRole
from tests.builders import REGION


class Refusing(Clients):
    """Answers operations with an error code: all, or those whose parameters hold a text:
    {"ListObjectsV2": "AccessDenied", "GetObject a-key": "AccessDenied"}.
    """

    def __init__(self, refusing: dict[str, str] | None = None) -> None:
        super().__init__(REGION, MemberRole("breach-responder-collect", "an-external-id"))
        self.refusing = refusing or {}

    def _in_member(self, service: str, account: str, region: str) -> Any:
        client: Any = super()._in_member(service, account, region)
        client.meta.events.register("before-parameter-build", self._refuse, unique_id="refuse")
        return client

    def _refuse(self, params: dict[str, Any], model: Any, **given: Any) -> None:
        for asked, code in self.refusing.items():
            name, _, about = asked.partition(" ")
            if model.name == name and about in json.dumps(params, default=str):
                raise ClientError({"Error": {"Code": code}}, model.name)
