"""A message that Amazon Q Developer shows in a chat: it passes over all text of another shape.

AWS: Amazon Q Developer in chat applications Administrator Guide, "Custom notifications". The
lengths are ours: the guide's own were not at hand.
"""

import json
from collections.abc import Sequence

from responder.domain.escaping import markdown, one_line, unlinked
from responder.domain.summary import Summary

_TITLE, _TEXT, _STEP = 200, 4000, 300
# What Slack takes for a mention or a link also inside code (Slack API, "Formatting text").
_NO_MENTION = str.maketrans({"<": "‹", ">": "›", "&": "+"})
_NO_MARKS = str.maketrans({"*": "'", "~": "-", "`": "'", "[": "(", "]": ")"})


def about_incident(summary: Summary, incident_id: str, *, where: str) -> str:
    """That an incident was opened."""
    text = ""
    for name, value in summary.lines:
        line = f"{name}: {_code(value)}\n"
        if len(text) + len(line) > _TEXT:
            break
        text += line
    steps = (f"Open it. {where}", "Take it over there, so that nobody else is called.")
    return _message(incident_id, summary.title, text, steps)


def about_event(incident_id: str, text: str, by: str) -> str:
    """That something happened in it, in the same thread."""
    return _message(incident_id, f"In {incident_id}", f"{_code(text)}\nby {_code(by)}", ())


def _message(thread: str, title: str, text: str, steps: Sequence[str]) -> str:
    """`thread` keeps what is about one incident together, where the channel allows threads."""
    content: dict[str, object] = {
        "textType": "client-markdown",
        "title": _plain(title, _TITLE),
        "description": text,
    }
    if steps:
        content["nextSteps"] = [_plain(step, _STEP) for step in steps]
    return json.dumps(
        {
            "version": "1.0",
            "source": "custom",
            "content": content,
            "metadata": {"threadId": thread, "summary": _plain(title, _TITLE)},
        }
    )


def _code(text: str) -> str:
    return markdown(unlinked(text.translate(_NO_MENTION)), 600)


def _plain(text: str, most: int) -> str:
    """Without what Markdown or a chat would make of it."""
    return one_line(unlinked(text.translate(_NO_MENTION).translate(_NO_MARKS)), most)
