"""What an approver reads about several orders that one answer decides.

Each order is named whole, with its number and its id. The message of an automation has room for
`MOST_MESSAGE` characters, and one parameter for `MOST`: what is shortened ends with an ellipsis,
and what is left out is counted, and said to stand on the incident board.
"""

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from responder.aws.automations import MOST
from responder.domain.answer import CANNOT, may_give
from responder.domain.escaping import one_line
from responder.domain.ladder import DEACTIVATE_KEY
from responder.domain.order import Order
from responder.domain.question import ONE_BY_ONE, Question
from responder.domain.use import Use
from responder.report import commands, use_lines
from responder.report.model import Here
from responder.report.wording import counted, said_yes
from responder.steps.question import shown, what
from responder.steps.unsettled import silence_of

# Of the document, one after the other. With the rooms of the others they are less than a message:
# test_shown.py holds them to `MOST_MESSAGE`.
CUTS = ("Cut", "Cut2", "Cut3", "Cut4")
_LINE = 480  # characters of one order
_WHY, _PEOPLE, _USES, _NOT_KNOWN, _SILENCE = 300, 300, 480, 240, 150
_LEAST = 48  # characters of a part: shorter than that, it is left out and counted
_FEW = 2  # parameters; with no more of them in use there is room for longer reasons
_SENTENCE = re.compile(r"(?<=\.) +(?=[A-Z])")
_BOARD = "the incident board (the CloudWatch dashboard of this stack)"


@dataclass(frozen=True)
class Asked:
    """One order as the question numbers it, with what is known of it."""

    number: int
    order: Order
    use: Use
    yeses: tuple[str, ...] = ()
    asked_for_by: tuple[str, ...] = ()


def message(
    question: Question,
    asked: Sequence[Asked],
    *,
    approvers: Sequence[str],
    titles: Mapping[str, str],
    here: Here,
) -> dict[str, str]:
    """What the approver reads, by the names of the document's parameters."""
    cuts = _cuts(question, asked, titles)
    few = len(cuts) <= _FEW
    orders = [one.order for one in asked]
    return dict(zip(CUTS, map(shown, cuts), strict=False)) | {
        "Why": _fitted("", _reasons(asked), MOST if few else _WHY),
        "People": shown(_people(asked, approvers), _PEOPLE),
        "Uses": _uses(asked),
        "NotKnown": _fitted("Not known: ", _unknown(asked), MOST if few else _NOT_KNOWN),
        "Silence": shown(silence_of(orders, question.expires_at), _SILENCE),
        "Undo": shown(_undo(asked, here)),
    }


def _cuts(question: Question, asked: Sequence[Asked], titles: Mapping[str, str]) -> list[str]:
    """The orders, as many as there is room for: at a space, the text goes on in the next one."""
    head = (
        f"{question.incident_id} asks about {counted(len(asked), 'order')} AT ONCE: approve carries"
        f" out all of them, deny none. To be asked about each by itself, deny with the comment:"
        f" {ONE_BY_ONE}."
    )
    lines = [
        one_line(f"({one.number}) {one.order.order_id} {what(one.order, titles)}.", _LINE)
        for one in asked
    ]
    return next(
        slots
        for kept in range(len(lines), -1, -1)
        if len(slots := _slots(" ".join([head, *lines[:kept], *_more(asked[kept:])]))) <= len(CUTS)
    )


def _slots(text: str) -> list[str]:
    return textwrap.wrap(text, MOST, break_long_words=False, break_on_hyphens=False)


def _more(left_out: Sequence[Asked]) -> list[str]:
    if not left_out:
        return []
    numbers = _list(one.number for one in left_out)
    return [
        f"AND {len(left_out)} MORE ({numbers}), for which there is no room here: look at them on"
        f" {_BOARD} first."
    ]


def _reasons(asked: Sequence[Asked]) -> list[str]:
    """Sentence by sentence: what is said of most comes first, and once."""
    said = [(one.number, text) for one in asked for text in _SENTENCE.split(one.order.reason)]
    often = Counter(text for _, text in said)
    return _numbered(sorted(said, key=lambda one: -often[one[1]]))


def _people(asked: Sequence[Asked], approvers: Sequence[str]) -> str:
    needed = asked[0].order.people_needed
    said = _numbered(
        (one.number, f"{one_line(by, 100)} asked for it, and does not approve it.")
        for one in asked
        for by in one.asked_for_by
    )
    if needed == 1:
        return " ".join(["One yes is enough.", *said])
    first = f"{needed} different people have to approve; one no denies."
    if not may_give(approvers, needed):
        return " ".join([first, *said, CANNOT])
    yeses = _numbered((one.number, said_yes(one.yeses, needed)) for one in asked if one.yeses)
    more = ["Another person is needed."] if yeses else []
    return " ".join([first, *yeses, *more, *said])


def _uses(asked: Sequence[Asked]) -> str:
    """What else uses each, the widest first: with names where there is room for all of them."""
    widest = sorted(asked, key=lambda one: (-use_lines.breadth(one.use), one.number))
    head = "What else uses them: "
    named = _numbered(
        (one.number, "nobody could look." if one.use.since is None else use_lines.known(one.use))
        for one in widest
    )
    if len(" ".join([head, *named])) <= _USES:
        return shown(head + " ".join(named))
    counts = _numbered((one.number, f"{use_lines.brief(one.use)}.") for one in widest)
    return _fitted(head, counts, _USES, f"Who, and when: {_BOARD}.")


def _unknown(asked: Sequence[Asked]) -> list[str]:
    found = [(one.number, text) for one in asked for text in one.use.unknown]
    every = {one.number for one in asked}
    told = list[str]()
    for text in dict.fromkeys(text for _, text in found):
        numbers = {number for number, said in found if said == text}
        of = "" if numbers == every else f"({_list(numbers)}) "
        told.append(f"{of}{one_line(text, 160)};")
    return told or ["nothing was left out that is read here."]


def _undo(asked: Sequence[Asked], here: Here) -> str:
    example = next((one for one in asked if one.order.action_id != DEACTIVATE_KEY), asked[0])
    command = commands.release(here, example.order).text
    return f"each by its id, here ({example.number}): {command}"


def _numbered(said: Iterable[tuple[int, str]]) -> list[str]:
    """Each text once, after the numbers of the orders that it is about."""
    numbers = dict[str, list[int]]()
    for number, text in said:
        numbers.setdefault(text, []).append(number)
    return [f"({_list(of)}) {text}" for text, of in numbers.items()]


def _list(numbers: Iterable[int]) -> str:
    """As 1-3, 5."""
    runs = list[list[int]]()
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _fitted(head: str, parts: Sequence[str], room: int, more: str = "") -> str:
    """All of it where there is room; else each part as far as it goes, and where the rest is."""
    whole = " ".join([head + parts[0], *parts[1:], *([more] if more else [])])
    if len(whole) <= room:
        return shown(whole)
    rest = more or f"Whole on {_BOARD}."
    kept = parts[: max(1, (room - len(head) - len(rest)) // _LEAST)]
    if len(kept) < len(parts):
        rest = f"And {len(parts) - len(kept)} more. {rest}"
    share = (room - len(head) - len(rest) - len(kept) - 1) // len(kept)
    return shown(" ".join([head + one_line(kept[0], share), *_cut(kept[1:], share), rest]), room)


def _cut(parts: Sequence[str], most: int) -> list[str]:
    return [one_line(part, most) for part in parts]
