"""Only what findings name is looked for, and what takes hours is sealed by itself."""

from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.domain.finding import Resource
from responder.domain.manifest import Part
from responder.steps.survey import SurveyRequest, survey
from tests.builders import INCIDENT_ID, NOON, SHOP, a_finding, an_incident
from tests.preserving import Pictures


class OfDisks(Pictures):
    ID = "ec2.snapshots"
    KINDS = ("Instance",)
    COPIES = frozenset({"ec2:CreateSnapshots"})


class TakenOver(OfDisks):
    ID = "ec2.snapshot_copies"
    KEEPS = frozenset({"ec2:CopySnapshot"})


class OfInstances(Pictures):
    ID = "ec2.instance"
    KINDS = ("Instance",)


CATALOG = (OfDisks(), TakenOver(), OfInstances(), Pictures())


def asked(ledger: Ledger) -> dict[Part, list[str]]:
    answer = survey(
        SurveyRequest(incident_id=INCIDENT_ID, now=NOON),
        collectors=CATALOG,
        incidents=Incidents(ledger),
    )
    return {one.part: one.collectors for one in answer.parts}


def test_what_no_finding_names_is_not_looked_for(ledger: Ledger) -> None:
    Incidents(ledger).create(an_incident(), a_finding())
    assert asked(ledger) == {Part.READS: ["iam.principal"]}


def test_a_finding_about_an_instance_calls_for_its_state_and_its_disks(ledger: Ledger) -> None:
    instance = Resource(kind="Instance", id="i-0abc1234def567890", account=SHOP)
    Incidents(ledger).create(an_incident(), a_finding(resources=(instance,)))
    assert asked(ledger) == {
        Part.READS: ["ec2.instance", "iam.principal"],
        Part.COPIES: ["ec2.snapshots"],
        Part.KEPT: ["ec2.snapshot_copies"],
    }
