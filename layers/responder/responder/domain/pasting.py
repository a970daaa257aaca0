"""Names of others in commands that a person may paste into a shell.

Attackers choose the names of what they make, and some services take nearly any text for one.
"""

import re

from responder.domain.escaping import each

# The AWS CLI would read these as an option, or send what stands in a file or at an address: AWS
# CLI User Guide, "Loading a parameter from a file".
_NO_VALUE = re.compile(r"-|(file|fileb|https?)://", re.IGNORECASE)
_BARE = re.compile(r"[\w.][\w+=,.@:/-]*", re.ASCII)


def pasted(name: str) -> str | None:
    """The name as one word of a command; None if no quoting makes it a name and nothing else."""
    if not name or _NO_VALUE.match(name) or any(hides for _, hides in each(name)):
        return None
    if _BARE.fullmatch(name):
        return name
    # `shlex.quote` leaves a leading `=` bare, which zsh expands.
    return "'" + name.replace("'", "'\"'\"'") + "'"
