"""Several failures of one run, said as one."""

from collections.abc import Sequence

from responder.domain.errors import Broken, ResponderError, Unavailable
from responder.domain.escaping import one_line

MOST_NAMED = 50
MOST_SAID = 3000  # of one error: a state machine carries that of every collector, and 256 KiB


def together(failures: Sequence[ResponderError]) -> ResponderError:
    """One error that names each of `failures`, which is not empty.

    `Unavailable` where any of them is, so that the machine tries again what can be tried again.
    """
    again = any(isinstance(error, Unavailable) for error in failures)
    kind = Unavailable if again else Broken
    said = list(dict.fromkeys(str(error) for error in failures))
    named = said[:MOST_NAMED]
    shown = "; ".join(one_line(text, MOST_SAID // len(named)) for text in named)
    more = f"; and {len(said) - len(named)} more" if len(said) > len(named) else ""
    return kind(f"{len(said)} failures: {shown}{more}" if len(said) > 1 else shown)
