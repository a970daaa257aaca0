"""What differs between two ends of a night, but for what must: docs/proof.md says why."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tests.proof.ends import (
    CUSTODY,
    DEAD_LETTERS,
    FAILED_EXECUTIONS,
    INCIDENTS,
    WHOLE,
    Parts,
)

# A page too many: a person answered while the machine waited to ask again, and the next attempt
# takes the yes; or another delivery of the answer handed it in, and has not said so yet.
_TOO_LATE = "effects: more: page: [APPROVED TOO LATE]"
# Whose executions fail where one of these functions lacks a right, and nobody else's. For each an
# alarm pages: tests/template/test_protections.py.
_FAIL_WITH = {"Report ": "breach-responder-incident-response:", "Tick ": "DeadlineTracker"}
_OF_NO_SEAL = re.compile(
    r": there is no signature of it$|: follows manifest \d{4}(-[a-z]+)?, which is missing$"
)
_OF_NO_LOG = re.compile(r"^custody: there is no custody log$")
# Where time passed otherwise, another was called first, or nobody had to be.
_OF_TIME = re.compile(r"(missing|more): page: \[NOBODY ANSWERED\]")
# What holds also where a right is missing and a person has to do the rest.
ALWAYS = frozenset({CUSTODY, DEAD_LETTERS, FAILED_EXECUTIONS, INCIDENTS})


@dataclass(frozen=True)
class Excuse:
    """What went wrong in a night, and so what its end may differ by.

    So many pages more of one kind are none: pages are sent at least once.
    """

    struck: Collection[str] = ()  # calls, as people read them
    denied: Collection[str] = ()  # those of them that were refused from then on
    pages: int = 0
    whoever: bool = False  # is called: the invariants say who may be
    without: frozenset[str] = frozenset()  # headings


def differing(expected: Parts, found: Parts, excuse: Excuse) -> list[str]:
    """What is wrong with an end, part by part."""
    told = list[str]()
    for part, end in expected.items():
        without = excuse.without.union(*(_without_a_right(call, end) for call in excuse.denied))
        why = differences(end, found[part], without=without, pages_again=excuse.pages)
        why = _visibly(_in_time(why, excuse.struck), excuse.denied)
        why = _unsealed(why, excuse.denied)
        why = [one for one in why if not (excuse.whoever and _OF_TIME.search(one))]
        told += [one if part == WHOLE else f"{part}: {one}" for one in why]
    return told


def differences(
    expected: dict[str, list[str]],
    found: dict[str, list[str]],
    *,
    without: Collection[str] = (),
    pages_again: int = 0,
) -> list[str]:
    """What one end has and the other has not, but for the headings `without` which they compare.

    So many pages more of the same kind are none: pages are sent at least once.
    """
    told = []
    for heading in [one for one in expected if one not in without]:
        missing = [line for line in expected[heading] if line not in found[heading]]
        more = [line for line in found[heading] if line not in expected[heading]]
        for line in list(missing):
            for again in [each for each in _more_often(line, pages_again) if each in more]:
                missing.remove(line)
                more.remove(again)
        told += [f"{heading}: missing: {line}" for line in missing]
        told += [f"{heading}: more: {line}" for line in more]
        lines = len(expected[heading]), len(found[heading])
        if not (missing or more) and lines[0] != lines[1]:
            told.append(f"{heading}: {lines[0]} lines before, {lines[1]} now")
    return told


def _more_often(line: str, most: int) -> list[str]:
    """A line about pages, as it reads when one more was sent, or two, and so on."""
    if not line.startswith("page: "):
        return []
    text, _, times = line.rpartition(" x")
    return [f"{text} x{int(times) + more}" for more in range(1, most + 1)]


def _without_a_right(call: str, end: Collection[str]) -> frozenset[str]:
    """The headings that differ where this call is refused: docs/proof.md says why.

    None where a tracker is refused: the sweep does all that it would have done.
    """
    if call.startswith("Tick "):
        return frozenset()
    return frozenset(end) - ALWAYS


def _unsealed(why: Sequence[str], denied: Collection[str]) -> list[str]:
    """What is wrong with an end, where the function that seals was denied one of these calls.

    That a manifest has no signature, or follows one that was never put, is to be seen, and that
    nothing of a case was sealed. Anything else that is broken is not; nor does a key that signs
    nothing keep the custody log out of the vault.
    """
    refused = [call for call in denied if call.startswith("Seal ")]
    if not refused:
        return list(why)
    excused = [_OF_NO_SEAL]
    if any(call != "Seal kms:Sign" for call in refused):
        excused.append(_OF_NO_LOG)
    return [
        one
        for one in why
        if not one.startswith(f"{CUSTODY}: more: ")
        or not all(any(form.search(part) for form in excused) for part in one.split("; ")[1:])
    ]


def _visibly(why: Sequence[str], denied: Collection[str]) -> list[str]:
    """What is wrong with an end, where these calls were denied.

    That the machine failed which ends or begins with such a call is no difference: it is to be
    seen that it did.
    """
    failing = {
        machine
        for function, machine in _FAIL_WITH.items()
        if any(call.startswith(function) for call in denied)
    }
    told = f"{FAILED_EXECUTIONS}: more: "
    return [
        one
        for one in why
        if not (one.startswith(told) and any(machine in one for machine in failing))
    ]


def _in_time(why: Sequence[str], struck: Collection[str]) -> list[str]:
    """What is wrong with an end, where something went wrong with these calls.

    That an answer came too late is no difference, where it or its question was struck.
    """
    if not any(call.startswith(("Approve ", "Ask ")) for call in struck):
        return list(why)
    return [one for one in why if not one.startswith(_TOO_LATE)]
