"""Calls of IAM on the event bus: `AWS API Call via CloudTrail`.

EventBridge has them only where a trail logs management events, and those of IAM only in us-east-1.
AWS: CloudTrail User Guide, "CloudTrail record contents"; EventBridge User Guide, "AWS service
events delivered via CloudTrail".
"""

import json
import re
from typing import Annotated

from pydantic import Field

from responder.domain.errors import Broken
from responder.domain.escaping import one_line
from responder.domain.identifiers import AccountId
from responder.domain.instants import Instant
from responder.domain.touch import CALLS, Touch
from responder.sources.envelope import Camel, Envelope, Name, parsed

DETAIL_TYPE = "AWS API Call via CloudTrail"
_SOURCE = "aws.iam"
_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)  # IAM quotas, "IAM name requirements"
_PARTITION = re.compile(r"arn:(aws|aws-cn|aws-us-gov):")


class _Identity(Camel):
    arn: Name | None = None
    type: Name | None = None
    user_name: Name | None = None


class _Asked(Camel):
    user_name: Name | None = None
    role_name: Name | None = None


class _Record(Camel):
    event_id: Annotated[str, Field(alias="eventID", pattern=r"^[0-9A-Za-z-]{8,64}$")]
    event_name: Name
    event_time: Instant
    recipient_account_id: AccountId
    user_identity: _Identity
    request_parameters: _Asked | None = None
    error_code: Name | None = None


def read_text(text: str | bytes) -> Touch | None:
    """The touch that an EventBridge event tells of; None for a call that touches nobody.

    Raises `Broken`, naming the field and none of its content.
    """
    try:
        event = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Broken(f"not JSON that can be read: {type(error).__name__}") from None
    envelope = parsed(Envelope, event)
    if (envelope.source, envelope.detail_type) != (_SOURCE, DETAIL_TYPE):
        raise Broken("field detail-type: not a call of IAM")
    record = parsed(_Record, envelope.detail, "detail")
    if record.event_name not in CALLS:
        return None
    asked, caller = record.request_parameters or _Asked(), record.user_identity
    user = asked.user_name
    if user is None and asked.role_name is None and caller.type == "IAMUser":
        user = caller.user_name  # IAM takes the caller for the user when none is named
    partition = _PARTITION.match(caller.arn or "")
    touch = Touch(
        event_id=record.event_id,
        name=record.event_name,
        account=record.recipient_account_id,
        at=record.event_time,
        by=one_line(caller.arn or caller.type or "nobody that is named", 300),
        partition="aws" if partition is None else partition[1],
        user=_name(user),
        role=_name(asked.role_name),
        refused=record.error_code is not None,
    )
    return touch if touch.principals else None


def _name(given: str | None) -> str | None:
    return given if given is not None and _NAME.fullmatch(given) else None
