"""Tell which collectors the findings of an incident call for, in order of volatility."""

from collections.abc import Sequence

from pydantic import AwareDatetime

from responder.aws import ledger
from responder.aws.incidents import Incidents
from responder.collectors.collector import Collector, called_for, part_of
from responder.domain.identifiers import IncidentId
from responder.domain.manifest import Part
from responder.domain.model import Model

PERMISSIONS = ledger.LISTING


class SurveyRequest(Model):
    """What the machine sends before anything is collected."""

    incident_id: IncidentId
    now: AwareDatetime


class PartToCollect(Model):
    """The collectors whose evidence is sealed together."""

    part: Part
    collectors: list[str]


class SurveyAnswer(Model):
    """Each part that there is anything to collect for."""

    parts: list[PartToCollect]


def survey(
    request: SurveyRequest, *, collectors: Sequence[Collector], incidents: Incidents
) -> SurveyAnswer:
    """Look at the findings that have joined so far. Changes nothing."""
    wanted = called_for(collectors, incidents.findings(request.incident_id))
    parts = [
        PartToCollect(part=part, collectors=[one.ID for one in wanted if part_of(one) is part])
        for part in Part
    ]
    return SurveyAnswer(parts=[one for one in parts if one.collectors])
