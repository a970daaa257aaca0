"""CloudFormation's functions come to what the User Guide says, or are refused by name."""

from typing import Any

import pytest

from localcloud.intrinsics import NO_VALUE, Known, Scope, references, resolve
from localcloud.sam import read
from localcloud.stack import TemplateError, Unsupported

QUEUE = Known("AWS::SQS::Queue", "https://queue", {"Arn": "arn:aws:sqs:us-west-2:1:q"})


def a_scope(**conditions: Any) -> Scope:
    return Scope(
        parameters={
            "Mode": "monitor",
            "Days": "30",
            "People": ["ana", "bo"],
            "AWS::Region": "us-west-2",
        },
        declared=frozenset({"Queue", "Left"}),
        conditions=conditions,
        mappings={"Sizes": {"small": {"bytes": "128"}}},
        exports={"shared-name": "shared"},
        known={"Queue": QUEUE},
    )


def worked_out(yaml_text: str, **conditions: Any) -> Any:
    return resolve(read(yaml_text), a_scope(**conditions))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!Ref Mode", "monitor"),
        ("!Ref AWS::Region", "us-west-2"),
        ("!Ref People", ["ana", "bo"]),
        ("!Ref Queue", "https://queue"),
        ("!GetAtt Queue.Arn", "arn:aws:sqs:us-west-2:1:q"),
        ("Fn::GetAtt: [Queue, Arn]", "arn:aws:sqs:us-west-2:1:q"),
        (
            "!Sub '${Mode} in ${AWS::Region} at ${Queue.Arn}'",
            "monitor in us-west-2 at " + QUEUE.attributes["Arn"],
        ),
        ("!Sub ['${Who}-${Mode}', {Who: !Ref Days}]", "30-monitor"),
        ("!Sub '${!Literal} ${Mode}'", "${Literal} monitor"),
        ("!Join ['-', [!Ref Mode, 1, true]]", "monitor-1-true"),
        ("!Join [',', !Ref People]", "ana,bo"),
        ("!Select [1, !Ref People]", "bo"),
        ("!Select ['0', !Split ['.', a.b]]", "a"),
        ("!FindInMap [Sizes, small, bytes]", "128"),
        ("!ImportValue shared-name", "shared"),
        (
            "{Version: 2012-10-17, Ref: kept, Other: 1}",
            {"Version": "2012-10-17", "Ref": "kept", "Other": 1},
        ),
    ],
)
def test_each_function_comes_to_its_value(text: str, value: Any) -> None:
    assert worked_out(text) == value


def test_no_value_removes_the_property_and_the_list_entry() -> None:
    assert worked_out("{Kept: 1, Gone: !Ref AWS::NoValue, List: [a, !Ref AWS::NoValue]}") == {
        "Kept": 1,
        "List": ["a"],
    }
    assert worked_out("!Ref AWS::NoValue") is NO_VALUE


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("!Equals [!Ref Mode, monitor]", True),
        ("!Equals [!Ref Days, 30]", True),
        ("!Not [!Equals [!Ref Mode, monitor]]", False),
        ("!And [!Equals [1, 1], !Equals [1, 2]]", False),
        ("!Or [!Equals [1, 1], !Equals [1, 2]]", True),
        ("!Or [!Equals [1, 2], !Condition Other]", True),
    ],
)
def test_if_takes_the_branch_its_condition_says(condition: str, holds: bool) -> None:
    conditions = {"Tested": read(condition), "Other": read("!Equals [a, a]")}
    assert worked_out("!If [Tested, 'yes', 'no']", **conditions) == ("yes" if holds else "no")


def test_a_condition_that_depends_on_itself_is_refused() -> None:
    circle = {"A": {"Condition": "B"}, "B": {"Condition": "A"}}
    with pytest.raises(TemplateError, match="condition A depends on itself"):
        a_scope(**circle).holds("A")


@pytest.mark.parametrize(
    ("text", "error", "named"),
    [
        ("Fn::Length: [1]", Unsupported, "Fn::Length"),
        ("!Base64 x", Unsupported, "Fn::Base64"),
        ("!GetAtt Queue.Colour", Unsupported, "Colour of AWS::SQS::Queue"),
        ("!Ref Nowhere", TemplateError, "Nowhere"),
        ("!Ref Left", TemplateError, "Left is not created"),
        ("!Sub '${Nowhere}'", TemplateError, "Nowhere"),
        ("!Sub '${People}'", TemplateError, "People"),
        ("!GetAtt Nowhere.Arn", TemplateError, "Nowhere"),
        ("!Select [2, !Ref People]", TemplateError, "Select"),
        ("!FindInMap [Sizes, large, bytes]", TemplateError, "large"),
        ("!ImportValue nobody-exports", TemplateError, "nobody-exports"),
        ("!If [Missing, 1, 2]", TemplateError, "Missing"),
        ("{'Fn::Sub': x, Beside: 1}", TemplateError, "Beside"),
    ],
)
def test_what_cannot_be_worked_out_is_refused_by_name(
    text: str, error: type[Exception], named: str
) -> None:
    with pytest.raises(error, match=named):
        worked_out(text)


def test_references_are_found_in_every_form_and_only_in_branches_taken() -> None:
    scope = a_scope(Never=read("!Equals [1, 2]"))
    scope.declared = frozenset({"A", "B", "C", "D", "E", "F"})
    value = read(
        """
        One: !Ref A
        Two: !GetAtt B.Arn
        Three: !Sub "${C.Arn} ${AWS::Region} ${!D}"
        Four: !Sub ["${X} ${D}", {X: !Ref E, D: 1}]
        Five: !If [Never, !Ref F, none]
        Six: !Ref Mode
        """
    )
    assert set(references(value, scope)) == {"A", "B", "C", "E"}
