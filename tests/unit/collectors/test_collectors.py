"""The list of collectors is the folder, in order of volatility."""

import json
from dataclasses import replace
from pathlib import Path

from responder import collectors
from responder.collectors import guardduty_finding
from tests.builders import a_finding
from tests.collecting import at_once
from tests.unit.collectors.test_cloudtrail_events import History, a_scene


def test_every_module_of_the_folder_is_on_the_list_under_its_name() -> None:
    folder = Path(collectors.__file__).parent
    modules = {path.stem for path in folder.glob("*.py") if "\nID = " in path.read_text()}
    assert {collector.ID.replace(".", "_", 1) for collector in collectors.COLLECTORS} == modules


def test_findings_are_kept_in_one_order_and_their_absence_is_a_gap() -> None:
    one, two = a_finding(), a_finding(key="arn:aws:guardduty:x", title="<b>\u2028</b>")
    [item] = at_once(guardduty_finding, a_scene(History(), one, two))
    [again] = at_once(guardduty_finding, a_scene(History(), two, one))
    assert item.content == again.content
    kept = json.loads(item.content.body)["findings"]
    assert {finding["title"] for finding in kept} == {one.title, two.title}
    assert item.gaps == ()
    [none] = at_once(guardduty_finding, replace(a_scene(History(), one), findings=()))
    assert none.gaps == ("the incident has no finding on record",)
