"""What a shop says by a tag that a thing is worth: `breach-responder:value`, `high` or `normal`.

Read from the tags that a finding carries, and from nowhere else. Whoever may tag can write it, an
attacker too: so it only ever makes a thing worth more (`domain/asset.py`), and any other value, or
tags in a shape that nobody knows, say nothing. GuardDuty writes them as `key` and `value`, Security
Hub as an object of names, and its new findings as `name` and `value`.
"""

from typing import Any

from responder.domain.finding import Worth

TAG = "breach-responder:value"
_MOST = 200  # of one thing; AWS lets 50 be written
_WORTHS: dict[object, Worth] = {"normal": "normal", "high": "high"}


def worth_of(tags: Any) -> Worth | None:
    """What these tags say; None where they say nothing that counts. Never raises."""
    said = [value for name, value in _pairs(tags) if name == TAG]
    found = {_WORTHS.get(value) for value in said if isinstance(value, str)}
    return "high" if "high" in found else "normal" if "normal" in found else None


def _pairs(tags: Any) -> list[tuple[Any, Any]]:
    if isinstance(tags, dict):
        return list(tags.items())[:_MOST]
    if not isinstance(tags, list):
        return []
    named = [
        {str(key).casefold(): value for key, value in one.items()}
        for one in tags[:_MOST]
        if isinstance(one, dict)
    ]
    return [(one.get("key", one.get("name")), one.get("value")) for one in named]
