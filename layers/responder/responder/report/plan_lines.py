"""What a plan comes to, in a few sentences for the timeline."""

from collections.abc import Iterator

from responder.domain.answer import CANNOT
from responder.domain.order import OrderMode, Plan
from responder.report.wording import counted


def plan_summary(made: Plan) -> str:
    """How many orders, what they wait for, and what was left to a person."""
    return " ".join(_sentences(made))


def _sentences(made: Plan) -> Iterator[str]:
    at_once = sum(o.mode is OrderMode.AUTOMATIC for o in made.orders)
    asked = len(made.orders) - at_once
    groups = {order.group for order in made.orders if order.group}
    orders = "1 order" if len(made.orders) == 1 else f"{len(made.orders)} orders"
    yield f"Planned {orders}: {at_once} at once, {asked} when a person approves."
    questions = sum(not o.group for o in made.orders if o.asks_people) + len(groups)
    if groups:
        yield f"People are asked {counted(questions, 'question')} about them."
    several = [order for order in made.orders if order.people_needed > 1]
    if several:
        yield f"{len(several)} of them when two different people approve."
    if any(order.reason.endswith(CANNOT) for order in several):
        yield CANNOT
    if any(order.held for order in made.orders):
        yield "Monitor mode: they are shown, and none is carried out."
    if made.refusals:
        things = "1 thing" if len(made.refusals) == 1 else f"{len(made.refusals)} things"
        yield f"Left {things} to a person, with the next step."
