"""Every place where a string of somebody else comes out, and what has to hold there.

A surface takes one attack and puts it wherever its strings come from. What comes out is looked at
by what reads it in the end: a parser of Markdown, JSON or a shell, a terminal, the limits of AWS.
The page of the report has tests of its own, and so have the table and the log.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.hostile import called, shown, widgets


@dataclass(frozen=True)
class Surface:
    """`holds` fails the test when an attack gets through."""

    name: str
    holds: Callable[[str], None]


SURFACES = (
    Surface("a page by SNS", shown.paged),
    Surface("an OpsItem", shown.ops_item),
    Surface("an incident of Incident Manager", shown.incident_of_incident_manager),
    Surface("responder plan", shown.plan_on_a_terminal),
    Surface("responder release", shown.release_on_a_terminal),
    Surface("responder register", shown.register_on_a_terminal_and_in_a_spreadsheet),
    Surface("responder drill", shown.drill_on_a_terminal),
    Surface("the question to an approver", shown.question),
    Surface("the question about several orders", shown.question_about_several),
    Surface("custody and manifest", called.custody),
    Surface("a key of the vault", called.key_of_the_vault),
    Surface("the name of an execution", called.name_of_an_execution),
    Surface("the timeline", shown.lines_of_the_timeline),
    Surface("what a person says", shown.requests),
    Surface("the policy that denies a session", called.policy_of_a_session),
    Surface("the ARN of a thing", called.arn_of_a_thing),
    Surface("a command that a person pastes", called.word_of_a_command),
    Surface("links in a page by SNS", shown.page_by_mail),
    Surface("a widget of the board", widgets.widget),
    Surface("the page of the breach analysis", widgets.scope),
    Surface("what a dashboard says of itself", widgets.context),
)
