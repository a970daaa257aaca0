"""A rota goes into a deployed responder: nothing is changed by looking, and twice is once."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner, Result

from responder.sources.rotas import read_rota
from responder_cli.app import app
from tests.builders import REGION
from tests.unit.responder_cli.test_on_call import AT, ROTA

STACK = {
    "Resources": {
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Rota": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": "rota", "Type": "String", "Value": "none"},
        },
    },
    "Outputs": {
        "PagerTopicArn": {"Value": {"Ref": "Topic"}},
        "RotaParameterName": {"Value": {"Ref": "Rota"}},
    },
}
ANA = ("email", "ana@example.com", {"people": [{"exists": False}, "ana"]})
BEN = ("sms", "+14155550101", {"people": [{"exists": False}, "ben"]})
DEE = ("email", "dee@example.com", {"people": ["dee"]})


class Deployed:
    """A stack with the two outputs that the command asks for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        formation = boto3.client("cloudformation", region_name=REGION)
        formation.create_stack(StackName="breach-responder", TemplateBody=json.dumps(STACK))
        told = formation.describe_stacks(StackName="breach-responder")["Stacks"][0]["Outputs"]
        outputs = {one["OutputKey"]: one["OutputValue"] for one in told}
        self.topic, self.name = outputs["PagerTopicArn"], outputs["RotaParameterName"]
        self.sns = boto3.client("sns", region_name=REGION)

    def run(self, *words: str, rota: str = ROTA) -> Result:
        path = self.folder / "on-call.yaml"
        path.write_text(rota, encoding="utf-8")
        return CliRunner().invoke(app, ["on-call", str(path), *AT, *words, "--region", REGION])

    def parameter(self) -> str:
        ssm = boto3.client("ssm", region_name=REGION)
        return str(ssm.get_parameter(Name=self.name)["Parameter"]["Value"])

    def subscriptions(self) -> list[tuple[str, str, Any]]:
        found = self.sns.list_subscriptions_by_topic(TopicArn=self.topic)["Subscriptions"]
        return sorted(
            (one["Protocol"], one["Endpoint"], self._filter(one["SubscriptionArn"]))
            for one in found
        )

    def _filter(self, arn: str) -> Any:
        told = self.sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
        return json.loads(told.get("FilterPolicy", "null"))


@pytest.fixture
def deployed(aws: None, tmp_path: Path) -> Deployed:
    return Deployed(tmp_path)


def test_looking_tells_what_would_be_done_and_does_nothing(deployed: Deployed) -> None:
    result = deployed.run("--compare")
    assert result.exit_code == 0, result.output
    assert "Would be done: subscribe, ana: ana@example.com" in result.output
    assert "Would be done: write the rota" in result.output
    assert (deployed.subscriptions(), deployed.parameter()) == ([], "none")


def test_each_person_gets_their_own_pages_and_the_first_level_what_is_for_everybody(
    deployed: Deployed,
) -> None:
    assert deployed.run("--write").exit_code == 0
    assert deployed.subscriptions() == [ANA, DEE, BEN]
    assert read_rota(deployed.parameter()) == read_rota(ROTA)


def test_written_twice_is_written_once(deployed: Deployed) -> None:
    deployed.run("--write")
    again = deployed.run("--write")
    assert "has this rota already" in again.output
    assert deployed.subscriptions() == [ANA, DEE, BEN]


def test_whoever_left_is_unsubscribed_and_what_no_rota_made_stays(deployed: Deployed) -> None:
    deployed.sns.subscribe(TopicArn=deployed.topic, Protocol="email", Endpoint="pager@example.com")
    deployed.run("--write")
    without = ROTA.replace("dee@example.com", "dee.marsh@example.com")
    result = deployed.run("--write", rota=without)
    assert "Done: unsubscribe, dee: dee@example.com" in result.output
    moved = ("email", "dee.marsh@example.com", {"people": ["dee"]})
    assert deployed.subscriptions() == [
        ANA,
        moved,
        ("email", "pager@example.com", None),
        BEN,
    ]


def test_somebody_who_joins_the_first_level_gets_what_is_for_everybody(
    deployed: Deployed,
) -> None:
    deployed.run("--write")
    result = deployed.run("--write", rota=ROTA.replace("[ana, ben]", "[ana, ben, dee]"))
    assert result.exit_code == 1  # dee then has two levels at once, now and then
    assert "Would be done: change the filter, dee: dee@example.com" in result.output
    joined = ROTA.replace("[ana, ben]", "[ana, ben, dee]")
    deployed.run("--write", "--despite-what-is-wrong", rota=joined)
    assert ("email", "dee@example.com", {"people": [{"exists": False}, "dee"]}) in (
        deployed.subscriptions()
    )


def test_a_rota_with_a_gap_is_not_written(deployed: Deployed) -> None:
    gap = ROTA.replace(
        "time_zone: America/Los_Angeles\n  - name",
        'time_zone: America/Los_Angeles\n        hours: {from: "09:00", to: "21:00"}\n  - name',
    )
    assert gap != ROTA
    result = deployed.run("--write", rota=gap)
    assert result.exit_code == 1
    assert (deployed.subscriptions(), deployed.parameter()) == ([], "none")


def test_a_rota_that_no_parameter_holds_is_refused_and_nothing_is_changed(
    deployed: Deployed,
) -> None:
    absences = "\n".join(
        f"  - {{person: ana, first_day: 20{year}-01-01, last_day: 20{year}-01-02}}"
        for year in list(range(30, 99)) * 3
    )
    result = deployed.run("--write", rota=f"{ROTA}\nabsences:\n{absences}\n")
    assert result.exit_code == 2
    assert "a parameter holds 8192" in result.output
    assert (deployed.subscriptions(), deployed.parameter()) == ([], "none")


def test_a_stack_that_is_no_responder_is_told(deployed: Deployed) -> None:
    result = deployed.run("--compare", "--stack", "another")
    assert result.exit_code == 2
    assert "another" in result.output
