"""What counsel hands over: who approved, what AWS answered, whom it touched, what nobody saw."""

from responder.domain.order import ReceiptStatus
from responder.report import coverage
from responder.report.coverage import Seen
from tests.builders import an_order
from tests.unit.report.reports import LOOKED, a_call, a_receipt, a_report, a_row
from tests.unit.report.test_page import Page


def test_each_cut_names_the_calls_that_made_it_with_aws_answers() -> None:
    text = Page(a_report()).text
    assert "iam:AttachUserPolicy us-west-2: 200, request 7a62c49f" in text
    assert "iam:PutUserPolicy us-west-2: 400 LimitExceeded" in text


def test_a_call_without_an_answer_and_calls_left_out_are_said() -> None:
    order = an_order()
    silent = a_call(status=0, error="ReadTimeoutError", at=None, request_id="")
    begun = a_receipt(
        order, status=ReceiptStatus.LEFT, contained_at=None, calls=(silent,), calls_left_out=7
    )
    whole = Page(a_report(orders=(order,), receipts=(begun,)))
    assert "iam:AttachUserPolicy us-west-2: no answer (ReadTimeoutError): it may" in whole.text
    assert "7 later calls found no room on the receipt" in whole.text
    assert "found no room" not in Page(a_report()).text


def test_what_data_and_whom_it_touched_is_said_with_who_said_it() -> None:
    text = Page(a_report()).text
    assert "name, driver license" in text
    assert "US-CA: 1,200; US-TX: not counted." in text
    assert "recorded by counsel@example.com" in text


def test_what_nobody_recorded_is_said_to_be_unknown() -> None:
    row = a_row(data=None, encrypted=None, discovered_by=None, decided_by=(), notified=())
    text = Page(a_report(register_row=row)).text
    assert "Nobody recorded which" in text
    assert "the earliest instant we know stands in" in text
    assert "Nobody has determined yet" in text


def test_a_dossier_bears_its_version_its_mark_and_a_number_over_its_content() -> None:
    report = a_report()
    text = Page(report).text
    assert "version 3" in text
    assert text.count(report.privilege) == 2
    assert report.sha256 in text
    assert report.sha256 == a_report().sha256
    assert report.sha256 != a_report(version=4).sha256


def test_a_kind_of_evidence_with_a_gap_is_never_called_whole() -> None:
    seen = {line.collector_id: line for line in coverage.lines(a_report())}
    assert {name: line.seen for name, line in seen.items()} == {
        "iam.principal": Seen.WHOLE,
        "cloudtrail.events": Seen.WITH_GAPS,
        "ec2.memory": Seen.NOTHING,
        "rds.snapshots": Seen.NOT_CALLED_FOR,
    }
    assert seen["ec2.memory"].failures == ("Broken: the instance has no agent",)
    assert seen["cloudtrail.events"].gaps
    assert seen["iam.principal"].limits == LOOKED[0].limits


def test_items_of_an_earlier_run_do_not_hide_a_capture_that_failed() -> None:
    failed = LOOKED[0].model_copy(update={"failures": ("Broken: IAM said no",)})
    [line] = coverage.lines(a_report(looked=(failed,)))
    assert line.items
    assert line.seen is Seen.WITH_GAPS
    assert "1 has gaps" in coverage.summary([line])


def test_how_much_has_gaps_is_counted_over_what_was_called_for() -> None:
    every = coverage.lines(a_report())
    assert coverage.summary(every).startswith("Of 3 kinds of evidence that were called for, 2 have")
    assert "without a gap" in coverage.summary(every[:1])
    assert coverage.summary([]) == "No collector was called for."


def test_a_collector_that_still_goes_on_is_never_called_kept() -> None:
    looked = tuple(one.model_copy(update={"ended": False}) for one in LOOKED)
    report = a_report(looked=looked)
    seen = {line.collector_id: line.seen for line in coverage.lines(report)}
    assert seen.pop("rds.snapshots") is Seen.NOT_CALLED_FOR
    assert set(seen.values()) == {Seen.UNFINISHED}
    assert "3 had not come to their end when this page was made" in Page(report).text
    one_goes_on = coverage.lines(a_report(looked=(LOOKED[0], looked[1])))
    assert coverage.summary(one_goes_on).startswith(
        "Of 2 kinds of evidence that were called for, 0 have gaps. 1 had not come to its end"
    )


def test_the_page_says_what_was_not_looked_at() -> None:
    text = Page(a_report()).text
    assert "nobody can say that nothing happened" in text
    assert "Failed: Broken: the instance has no agent" in text
    assert "not called for: no finding names such a thing" in text
