"""`responder scope --start`: have the deployed responder read a trail's logs whole."""

import json
from dataclasses import dataclass

import boto3
from pydantic import TypeAdapter, ValidationError

from responder.domain.errors import Refused
from responder.domain.identifiers import IncidentId
from responder_cli.deployed import output, stopping

_MACHINE = "BreachAnalysisArn"


@dataclass(frozen=True)
class Started:
    """One execution."""

    name: str
    arn: str


def start(incident: str, *, stack: str, region: str | None, profile: str | None) -> Started:
    """Start it for an incident, of whatever size its logs are: a person says so.

    While it runs, asking again tells of it; once it has ended, another is started.
    """
    try:
        TypeAdapter(IncidentId).validate_python(incident)
    except ValidationError:
        raise Refused(
            f"{incident[:60]!r} is no incident, such as inc-20261123-0a1b2c3d4e"
        ) from None
    machine = output(_MACHINE, stack=stack, region=region, profile=profile)
    with stopping():
        states = boto3.Session(profile_name=profile, region_name=region).client("stepfunctions")
        for number in range(1, 100):
            name = f"{incident}-whole-{number}"
            given = {"incident_id": incident, "generation": 1, "whole": True}
            try:
                started = states.start_execution(
                    stateMachineArn=machine, name=name, input=json.dumps(given)
                )
            except states.exceptions.ExecutionAlreadyExists:
                continue
            return Started(name, started["executionArn"])
    raise Refused(f"the logs of {incident} were read 99 times by hand; nothing was started")
