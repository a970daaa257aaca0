"""Answers of `responder scope`, as its page is made of."""

from typing import Any

from tests.builders import NOON

AT = "2026-11-23T02:05:00+00:00"
LATER = "2026-11-23T04:11:00+00:00"


def a_node(number: int, name: str = "") -> dict[str, Any]:
    return {
        "id": f"access_key|111122223333|-|{name}{number:04d}",
        "kind": "access_key",
        "made_at": AT,
    }


def an_edge(source: int, target: int, name: str = "", **more: Any) -> dict[str, Any]:
    return {
        "source": a_node(source, name)["id"],
        "target": a_node(target, name)["id"],
        "verb": "made",
        "event_id": f"record {target}",
        "event_name": "CreateAccessKey",
        "event_at": AT,
        "account": "111122223333",
        "region": "us-west-2",
    } | more


def a_scope(text: str = "plain", *, identities: int = 4, **more: Any) -> dict[str, Any]:
    """One with something in each list; `text` stands wherever others choose a string."""
    nodes = [a_node(number, text) for number in range(identities)]
    spans = {"first_event_at": AT, "last_event_at": LATER}
    noted = {
        "service": "iam",
        "call": text,
        "about": text,
        "technique": "T1098.001",
        "by": nodes[0]["id"],
        "outcome": "allowed",
        "times": 2,
    } | spans
    store = {
        "store": text,
        "kind": "s3",
        "had": "read",
        "why": [text],
        "elements": ["name"],
        "plaintext": "yes",
        "plaintext_why": text,
        "things_read": 1,
        "residents": {"US-CA": {"low": 1, "high": 40}},
        "proofs": [{"event_id": text, "at": AT, "service": "s3", "call": text}],
    }
    return (
        {
            "since": None,
            "until": NOON.isoformat(),
            "principals": [
                node
                | {"arn": None, "access_key_id": None, "seed": at == 0, "events": 3, "denied": 1}
                | (spans if at < 2 else dict.fromkeys(spans))
                for at, node in enumerate(nodes)
            ],
            "lineage": {
                "nodes": nodes,
                "edges": [
                    an_edge((at - 1) // 2, at, text, event_name=text, event_id=text)
                    for at in range(1, identities)
                ],
            },
            "events": 12,
            "denied": 1,
            "source_ips": [{"address": text, "events": 3} | spans],
            "user_agents": [{"agent": text, "events": 3} | spans],
            "calls": [{"service": "s3", "call": text, "outcome": "allowed", "times": 6}],
            "objects_read": 4,
            "bytes_read": 6_000_000,
            "buckets": [{"bucket": text, "objects": 4, "reads": 6, "bytes": 6_000_000}],
            **{
                name: [noted]
                for name in (
                    *("persistence", "tampering", "retrieval", "decryption", "copy", "reading"),
                    "destruction",
                )
            },
            "gaps": [text, f"{text} again"],
            "touched": [store],
            "residents": {"US-CA": {"low": 1, "high": 40}},
            "read": {"objects": 6, "records": 36},
            "rounds": 3,
            "network": None,
        }
        | spans
        | more
    )


def nothing() -> dict[str, Any]:
    """No call of theirs is in the logs, and no data map was given."""
    lists = ("persistence", "tampering", "retrieval", "decryption", "copy", "reading")
    empty: dict[str, Any] = {name: [] for name in (*lists, "destruction")}
    return a_scope(
        identities=1,
        first_event_at=None,
        last_event_at=None,
        events=0,
        denied=0,
        source_ips=[],
        user_agents=[],
        calls=[],
        objects_read=0,
        bytes_read=0,
        touched=None,
        residents=None,
        **empty,
    )
