"""Builds the adapters from the environment, on first use. Importing this opens nothing."""

import os
from functools import cache

from pydantic import BaseModel, ConfigDict, Field, field_validator

from responder.aws.clients import Clients, MemberRole
from responder.aws.ledger import Ledger
from responder.aws.timeline import Timeline
from responder.domain.errors import Broken


class Settings(BaseModel):
    """What the template tells every function. Names are those of the environment, lower case."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    aws_region: str
    table_name: str
    stack_name: str
    mode: str = Field(default="monitor", pattern="^(monitor|respond)$")
    partition: str = "aws"
    member_contain_role: str = ""
    member_collect_role: str = ""
    external_id: str = ""
    incident_machine_arn: str = ""
    policy_parameter: str = ""
    protect_parameter: str = ""
    evidence_bucket: str = ""
    evidence_account: str = ""
    evidence_key_arn: str = ""
    signing_key_arn: str = ""
    pager_topic_arn: str = ""
    escalation_topic_arn: str = ""
    response_plan_arn: str = ""
    approval_document: str = ""
    approval_topic_arn: str = ""
    approvers: tuple[str, ...] = ()  # ARNs of principals who may approve
    jurisdictions: tuple[str, ...] = ()  # where customers live, for example US-CA
    release_function: str = ""  # name of the function that undoes an order, for the report

    @field_validator("approvers", "jurisdictions", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value


@cache
def settings() -> Settings:
    """The environment, checked once."""
    known = {
        name: os.environ[name.upper()]
        for name in Settings.model_fields
        if name.upper() in os.environ
    }
    return Settings.model_validate(known)


@cache
def ledger() -> Ledger:
    """The table."""
    return Ledger(settings().table_name, home_clients().home("dynamodb"))


@cache
def timeline() -> Timeline:
    """The timeline of incidents."""
    return Timeline(ledger())


@cache
def home_clients() -> Clients:
    """Clients of our own account."""
    return Clients(settings().aws_region)


@cache
def contain_clients() -> Clients:
    """Clients that act in member accounts."""
    return _member_clients(settings().member_contain_role)


@cache
def collect_clients() -> Clients:
    """Clients that read in member accounts."""
    return _member_clients(settings().member_collect_role)


def _member_clients(role: str) -> Clients:
    if not role:
        raise Broken("this function was not told which member role to assume")
    there = MemberRole(role, settings().external_id, settings().partition)
    return Clients(settings().aws_region, there)
