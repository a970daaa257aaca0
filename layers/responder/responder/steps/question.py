"""What people are asked about an order, and asking it again where a question was spent or died.

An automation takes one decision. Where that decided nothing, because it did not count, because
another person has to approve too, or because somebody stopped the automation, people are asked by
another, for as long as there is time, and a bounded number of times.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from responder.aws import approvals as requests
from responder.aws import automations as console
from responder.aws import uses as used
from responder.aws.approvals import Approvals
from responder.aws.automations import MOST, Automations
from responder.aws.uses import Uses
from responder.domain.answer import CANNOT, may_give
from responder.domain.approval import Approval, ApprovalStatus
from responder.domain.errors import Unavailable
from responder.domain.escaping import one_line
from responder.domain.ladder import DEACTIVATE_KEY
from responder.domain.order import Order, Receipt
from responder.domain.use import Use
from responder.report import commands, use_lines
from responder.report.model import Here
from responder.report.wording import said_yes
from responder.steps.unsettled import silence
from responder.steps.weigh import unweighed

PERMISSIONS = requests.PERMISSIONS | used.PERMISSIONS | console.STARTING | console.STOPPING
MOST_QUESTIONS = 5  # about one order
ENOUGH = timedelta(seconds=30)  # to answer in; with less, nobody is asked again
UNSEEN = "what else uses it: nobody could look, or not in time"


def put(
    order: Order,
    approval: Approval,
    *,
    uses: Uses,
    automations: Automations,
    asked_for_by: Iterable[str],
    approvers: Sequence[str],
    titles: Mapping[str, str],
    here: Here,
) -> str:
    """Start the automation that asks, unless it was started. Its id."""
    # From here on it stays: a look that ends later changes no question.
    use = uses.first(unweighed(order, UNSEEN, approval.requested_at))
    shown = message(
        order,
        use,
        expires_at=approval.expires_at,
        yeses=[yes.by for yes in approval.yeses],
        asked_for_by=asked_for_by,
        approvers=approvers,
        titles=titles,
        here=here,
    )
    return automations.start(approval.approval_id, shown, before=len(approval.ended))


def may_ask_again(approval: Approval, receipt: Receipt | None, now: datetime) -> bool:
    """Whether the order still waits for an answer, and there is time for one."""
    return (
        approval.status is ApprovalStatus.WAITING
        and receipt is None
        and now < approval.expires_at - ENOUGH
        and len(approval.ended) + 1 < MOST_QUESTIONS
    )


def ask_again(
    order: Order,
    approval: Approval,
    *,
    approvals: Approvals,
    uses: Uses,
    automations: Automations,
    asked_for_by: Iterable[str],
    approvers: Sequence[str],
    titles: Mapping[str, str],
    here: Here,
) -> Approval:
    """Ask by another automation. May run again, and beside another run of itself."""
    spent = approval.automation_id
    ended = approval.ended if spent is None else (*approval.ended, spent)
    started = put(
        order,
        approval.model_copy(update={"ended": ended}),
        uses=uses,
        automations=automations,
        asked_for_by=asked_for_by,
        approvers=approvers,
        titles=titles,
        here=here,
    )
    try:
        return approvals.replace(approval, automation_id=started, ended=ended)
    except Unavailable:
        latest = approvals.of_order(order.incident_id, order.order_id)
        if latest is None or latest.status is ApprovalStatus.WAITING:
            if latest is not None and latest.automation_id == started:
                return latest
            raise
        automations.stop(started)  # it was decided or closed meanwhile
        return latest


def message(
    order: Order,
    use: Use,
    *,
    expires_at: datetime,
    yeses: Sequence[str],
    asked_for_by: Iterable[str],
    approvers: Sequence[str],
    titles: Mapping[str, str],
    here: Here,
) -> dict[str, str]:
    """What the approver reads, by the names of the document's parameters.

    Made of what never changes between attempts, so that AWS knows a repeated request again.
    """
    undo = commands.release(here, order)
    return {
        "Cut": shown(f"{order.incident_id} asks to carry out: {what(order, titles)}."),
        "Why": shown(order.reason),
        "People": shown(people(order, yeses, asked_for_by, approvers)),
        "Uses": shown(f"What else uses it: {use_lines.known(use)}"),
        "NotKnown": shown(use_lines.not_known(use)),
        "Silence": shown(silence(order, expires_at)),
        "Undo": shown(undo.text),
    }


def people(
    order: Order, yeses: Sequence[str], asked_for_by: Iterable[str], approvers: Sequence[str]
) -> str:
    """Whose yes it takes, as sentences."""
    said = [f"{one_line(by, 150)} asked for it, and does not approve it." for by in asked_for_by]
    if order.people_needed == 1:
        return " ".join(["One yes is enough.", *said])
    needed = f"{order.people_needed} different people have to approve it; one no denies it."
    if not may_give(approvers, order.people_needed):
        return " ".join([needed, CANNOT, *said])
    more = [said_yes(yeses, order.people_needed), "Another person is needed."] if yeses else []
    return " ".join([needed, *more, *said])


def what(order: Order, titles: Mapping[str, str]) -> str:
    """The order on one line: the action, on what, and whose."""
    principal = order.principal
    about = [f"account {order.account}"]
    if principal is not None and order.action_id == DEACTIVATE_KEY and principal.access_key_id:
        about.insert(0, f"access key {principal.access_key_id}")
    if principal is not None and principal.session_name:
        about.append(f"seen as session {one_line(principal.session_name, 64)}")
    title = titles.get(order.action_id, order.action_id)
    return f"{title}: {one_line(order.resource, 250)} ({', '.join(about)})"


def shown(text: str, most: int = MOST) -> str:
    """Text as a parameter may hold it."""
    # Systems Manager fills in {{ssm:name}} and {{ automation:… }}, also where an attacker wrote it
    # (User Guide, "Referencing Parameter Store parameters in runbooks").
    return one_line(text.replace("{{", "((").replace("}}", "))"), most)
