"""One record of CloudTrail, read with the distrust that text chosen by attackers needs.

What a call asked for and what it was answered is kept as it came, and is read only through
`word`, which believes nothing that AWS itself would not have taken for a name.
AWS: CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element".
"""

import json
import re
from typing import Any

from pydantic import ConfigDict, Field

from responder.domain.identifiers import AccountId, Region
from responder.domain.instants import Instant
from responder.domain.model import Model

# IAM and STS API references. A name may stand in a command that a person copies, so none of these
# takes a blank, a quote, or anything else that a shell gives a meaning.
IAM_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
KEY_ID = re.compile(r"[A-Z0-9]{16,128}")
UNIQUE_ID = re.compile(r"[A-Z0-9]{4,128}(?::[\w+=,.@-]{2,64})?", re.ASCII)
ADDRESS = re.compile(r"[0-9A-Fa-f.:]{3,45}|[a-z0-9.-]{1,64}\.amazonaws\.com(?:\.cn)?")
AGENT = re.compile(r"\[?([A-Za-z0-9][\w.-]{0,39})", re.ASCII)
THING = re.compile(r"[A-Za-z0-9_./+=,@:$#-]{1,512}")
ARN = re.compile(
    r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(?:[0-9]{12}|aws)?:[\w+=,.@:/$#*-]{1,512}", re.ASCII
)
_VERSIONED = re.compile(r"(?P<name>[A-Za-z]+)\d{8}(?:v\d+)?")
_MOST_DEEP = 12


class Actor(Model):
    """Who called. What does not look like AWS wrote it is None, and so matches nobody."""

    model_config = ConfigDict(frozen=True)

    kind: str = "Unknown"
    account: str | None = None
    arn: str | None = None
    name: str | None = None  # of an IAM user
    access_key_id: str | None = None
    principal_id: str | None = None
    issuer_arn: str | None = None  # the role behind a session
    source_identity: str | None = None  # stays with a session through every role it assumes
    provider: str | None = None  # ARN of the SAML or OIDC provider that vouched


class TrailEvent(Model):
    """One call: who, when, where, what was asked, what was answered."""

    model_config = ConfigDict(frozen=True)

    event_id: str = Field(pattern=r"^[0-9A-Za-z-]{1,64}$")
    source: str = Field(pattern=r"^[a-z0-9.-]{1,64}\.amazonaws\.com$")
    name: str = Field(pattern=r"^[A-Za-z0-9_]{1,128}$")
    at: Instant
    region: Region
    account: AccountId  # whose event history holds it
    error: str | None = None  # a call that failed did nothing
    actor: Actor = Actor()
    address: str | None = None  # where it came from; of a service that called, its name
    agent: str | None = None  # the program that called, by its own word
    request: dict[str, Any] = Field(default_factory=dict)
    response: dict[str, Any] = Field(default_factory=dict)

    @property
    def partition(self) -> str:
        """The partition of the region."""
        return partition_of(self.region)

    @property
    def call(self) -> str:
        """The name without the API version that Lambda's records carry."""
        versioned = _VERSIONED.fullmatch(self.name)
        return versioned["name"] if versioned else self.name

    def word(self, path: str, rule: re.Pattern[str]) -> str | None:
        """The text at `request.a.b` or `response.a.b`, case aside; None where there is none.

        Raises `ValueError` for a text that AWS would not have taken.
        """
        found = self.at_path(path)
        if found is None or found == "":
            return None
        if not isinstance(found, str) or not rule.fullmatch(found):
            raise ValueError(f"{path} is not what AWS would have taken")
        return found

    def at_path(self, path: str) -> Any:
        """Whatever stands at a path."""
        first, *rest = path.split(".")
        found: Any = self.request if first == "request" else self.response
        for part in rest:
            # CloudTrail writes SAMLProviderArn as sAMLProviderArn, and some services do not.
            keys = found if isinstance(found, dict) else {}
            found = next((v for k, v in keys.items() if k.casefold() == part.casefold()), None)
        return found


def read_event(text: str) -> TrailEvent:
    """A record as LookupEvents hands it out. Raises `ValueError` for what is not one."""
    try:
        record = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep to be a record") from error
    if not isinstance(record, dict):
        raise ValueError("not a record of CloudTrail")
    return event_of(record)


def event_of(record: dict[str, Any]) -> TrailEvent:
    """A record that was decoded already. Raises `ValueError` for what is not one."""
    if _depth(record) > _MOST_DEEP * 3:
        raise ValueError("not a record of CloudTrail")
    identity = record.get("userIdentity")
    return TrailEvent(
        event_id=record.get("eventID", ""),
        source=record.get("eventSource", ""),
        name=record.get("eventName", ""),
        at=record.get("eventTime", ""),
        region=record.get("awsRegion", ""),
        account=record.get("recipientAccountId", ""),
        error=record.get("errorCode"),
        actor=_actor(identity if isinstance(identity, dict) else {}),
        address=_fit(record.get("sourceIPAddress"), ADDRESS),
        agent=_program(record.get("userAgent")),
        request=_object(record.get("requestParameters")),
        response=_object(record.get("responseElements")),
    )


def partition_of(region: str) -> str:
    """The partition that a region is in."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _actor(identity: dict[str, Any]) -> Actor:
    context = _object(identity.get("sessionContext"))
    issuer = _object(context.get("sessionIssuer"))
    return Actor(
        kind=_fit(identity.get("type"), IAM_NAME) or "Unknown",
        account=_fit(identity.get("accountId"), re.compile(r"[0-9]{12}")),
        arn=_fit(identity.get("arn"), ARN),
        name=_fit(identity.get("userName"), IAM_NAME),
        access_key_id=_fit(identity.get("accessKeyId"), KEY_ID),
        principal_id=_fit(identity.get("principalId"), UNIQUE_ID),
        issuer_arn=_fit(issuer.get("arn"), ARN),
        source_identity=_fit(context.get("sourceIdentity"), SESSION_NAME),
        provider=_fit(identity.get("identityProvider"), ARN),
    )


def _program(value: object) -> str | None:
    """The first word of what a caller says it is: `aws-cli` of `aws-cli/2.15 Python/3.11`."""
    found = AGENT.match(value) if isinstance(value, str) else None
    return None if found is None else found[1]


def _fit(value: object, rule: re.Pattern[str]) -> str | None:
    return value if isinstance(value, str) and rule.fullmatch(value) else None


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _depth(value: object) -> int:
    """How deep it is nested, without recursion."""
    deepest, left = 0, [(value, 1)]
    while left:
        one, depth = left.pop()
        deepest = max(deepest, depth)
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        left += [(thing, depth + 1) for thing in inner]
    return deepest
