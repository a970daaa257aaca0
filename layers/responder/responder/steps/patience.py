"""What becomes of a unit that no reader comes further with.

It is read object by object, until it is at the one that ends whoever reads it; that one is left
out, and named. So what nobody can read never stops the rest.
"""

from responder.aws.results import Results
from responder.domain.errors import Broken
from responder.scan.relay import Kind, Open, Part, Stand
from responder.scan.saved import unpacked

ENDED = "whoever read it ended before it was read"
_TRIES = 2  # that led to nothing, before each object is read by itself
_TRIES_OF_ONE = 4  # before that object is left out, or that prefix
_IDLE = 10  # turns in a row in which no unit came further: then nobody can read


def give_up(stand: Stand, further: set[str], results: Results) -> None:
    """What nobody comes further with is read object by object; then the object is left out."""
    if not stand.was_read:
        return
    stand.was_read = False
    stand.idle = 0 if further else stand.idle + 1
    for unit, here in list(stand.opened.items()):
        if unit in further:
            continue
        here.tries += 1
        if stand.idle >= _IDLE:
            stand.gaps.append(f"{_named(stand, unit, here, results)} and more: nobody could read")
            del stand.opened[unit]
        elif not here.careful and stand.kind is not Kind.LIST:
            if here.tries >= _TRIES:
                here.careful, here.tries = True, 0
        elif here.tries < _TRIES_OF_ONE:
            continue
        elif stand.kind is Kind.LIST:
            stand.gaps.append(f"{_named(stand, unit, here, results)}: nobody could list it")
            del stand.opened[unit]
        else:
            _leave_out(stand, unit, here, results)


def _leave_out(stand: Stand, unit: str, here: Open, results: Results) -> None:
    stand.left.setdefault(unit, []).append(_named(stand, unit, here, results))
    stand.unread += unit in stand.fresh
    here.at, here.tries = str(int(here.at or 0) + 1), 0
    if int(here.at) >= stand.units[unit].objects:
        del stand.opened[unit]


def _named(stand: Stand, unit: str, here: Open, results: Results) -> str:
    """The object, or the prefix, that a unit is at."""
    if stand.kind is Kind.LIST:
        return stand.listing[unit].sources[int(here.at.partition(":")[0] or 0)].key
    number = int(here.at or 0)
    for source in stand.units[unit].sources:
        if number < source.end - source.begin:
            return listed(results, source.key)[source.begin + number][0]
        number -= source.end - source.begin
    raise Broken(f"{unit} has no object {here.at}")


def listed(results: Results, key: str) -> list[tuple[str, int]]:
    """The objects of a listing, and how large each is."""
    body = results.get(key)
    if body is None:
        raise Broken(f"there is no listing {key}")
    return unpacked(body, Part).listed
