"""A report in which an attacker chose every string that can be chosen."""

import json
from typing import Any

from pydantic import ValidationError

from responder.report.model import Report

CORPUS = (
    "<script>window.owned=1</script>",
    '"><svg onload="window.owned=1"></svg>',
    "' onmouseover='window.owned=1' x='",
    "</style></title></pre></code><img src=x onerror=window.owned=1>",
    "<!-- ]]> --><base href=//attacker.example.com/>",
    '<link rel=stylesheet href="https://attacker.example.com/x.css">',
    "<style>@import url(https://attacker.example.com/y.css);</style>",
    "javascript:window.owned=1",
    "{{ 7 * 7 }}{% raw %}${7*7}",
    "&lt;b&gt;&#60;i&#62;",
    "\u202egpj.exe\u2066\u200b\x00\x1b[31m\r\n",
)
HOSTILE = " ".join(CORPUS) + "A" * 100_000
_OURS = {"time_zone", "collector_id"}  # chosen by our own data; another one shows other lines


def hostile(report: Report, text: str = HOSTILE) -> Report:
    """`report` with every string replaced that its models let be anything."""
    document = json.loads(report.model_dump_json())
    for holder, place in list(_strings(document)):
        if place in _OURS:
            continue
        before = holder[place]
        holder[place] = text
        try:
            Report.model_validate(document)
        except ValidationError:
            holder[place] = before
    return Report.model_validate(document)


def _strings(node: Any) -> Any:
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for place, value in pairs:
        if isinstance(value, str):
            yield node, place
        elif isinstance(value, dict | list):
            yield from _strings(value)
