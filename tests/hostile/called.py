"""Where an attacker's strings go into calls of AWS, keys, papers and commands."""

import json
import re
import shlex
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

from responder.actions import iam_deny_role_session
from responder.actions.ec2 import id_of
from responder.actions.thing import bucket_of, database_of, function_of, key_of
from responder.aws.evidence import in_a_key
from responder.aws.machine import Machine
from responder.domain.custody import next_entry, verify_chain
from responder.domain.errors import Broken, Refused
from responder.domain.manifest import as_bytes
from responder.domain.order import Receipt, ReceiptStatus
from responder.domain.pasting import pasted
from tests.builders import HOME, INCIDENT_ID, NOON, REGION, SHOP, a_session, an_incident, an_order
from tests.hostile.looking import (
    a_hostile_order,
    of_a_line,
)


def policy_of_a_session(text: str) -> None:
    """No name makes the policy wider than that of a plain name."""
    plain, tried = _denied("i-0abc1234def567890"), _denied(text)
    assert plain is not None
    if tried is None:
        return
    value = tried["Statement"][0]["Condition"]["StringEquals"]["aws:userid"]
    assert value == f"AROAEXAMPLEEXAMPLE00:{text}"
    assert not set("*?$") & set(value)
    assert value.isascii()
    tried["Statement"][0]["Condition"] = plain["Statement"][0]["Condition"]
    assert tried == plain


class _Iam:
    """IAM with any role, as far as denying a session needs it."""

    def __init__(self) -> None:
        self.written: list[dict[str, Any]] = []

    def get_role(self, **given: Any) -> dict[str, Any]:
        arn = f"arn:aws:iam::{SHOP}:role/{given['RoleName']}"
        return {"Role": {"RoleId": "AROAEXAMPLEEXAMPLE00", "Arn": arn}}

    def __getattr__(self, name: str) -> Any:
        return lambda **given: self.written.append(given)


def _denied(session: str) -> dict[str, Any] | None:
    """The policy that denies a session of this name; None where it is refused."""
    iam = _Iam()
    member = cast(Any, SimpleNamespace(iam=lambda account: iam))
    named = a_session().model_copy(update={"session_name": session})
    order = an_order("iam.deny_role_session", principal=named)
    try:
        before = iam_deny_role_session.observe(order, member)
        receipt = Receipt(order=order, status=ReceiptStatus.OBSERVED, before=before)
        iam_deny_role_session.apply(receipt, member)
    except (Refused, Broken):
        assert iam.written == []
        return None
    [put] = iam.written
    document: dict[str, Any] = json.loads(put["PolicyDocument"])
    return document


def arn_of_a_thing(text: str) -> None:
    """Only the name of a thing of the order's account and region goes into a call."""
    at = f"{REGION}:{SHOP}"
    for read, stem in (
        (bucket_of, "arn:aws:s3:::"),
        (function_of, f"arn:aws:lambda:{at}:function:"),
        (database_of, f"arn:aws:rds:{at}:db:"),
        (key_of, f"arn:aws:kms:{at}:key/"),
        (lambda order: id_of(order, "instance"), f"arn:aws:ec2:{at}:instance/"),
    ):
        for resource in (stem + text, text):
            try:
                name = read(an_order(resource=resource))
            except Broken as error:
                of_a_line(str(error), 400)
            else:
                assert re.fullmatch(r"[A-Za-z0-9._-]{1,255}", name)


def word_of_a_command(text: str) -> None:
    word = pasted(text)
    if word is not None:
        assert shlex.split(word) == [text]
        assert not re.match(r"'?(-|file|fileb|https?://|[=~])", word) or word.startswith("'")
        of_a_line(word, 3 * len(text) + 2)


def custody(text: str) -> None:
    first = next_entry(
        None,
        incident_id=INCIDENT_ID,
        at=NOON,
        by=text,
        event="collected",
        subject=text,
        subject_sha256="0" * 64,
    )
    second = next_entry(
        first,
        incident_id=INCIDENT_ID,
        at=NOON + timedelta(seconds=1),
        by="x",
        event="sealed",
        subject=text,
        subject_sha256="0" * 64,
    )
    assert verify_chain([first, second]) is None
    assert verify_chain([first.model_copy(update={"by": text + "x"}), second]) is not None
    written = as_bytes({"entries": [first.model_dump(mode="json")]})
    assert written.isascii()
    assert json.loads(written)["entries"][0]["by"] == text


def key_of_the_vault(text: str) -> None:
    key = in_a_key(f"iam.principal/0001/{text}")
    assert re.fullmatch(r"[A-Za-z0-9._/-]+", key)
    assert not {"", ".", ".."} & set(key.split("/"))
    assert key.startswith("iam.principal/0001/")
    assert all(len(part) <= 120 for part in key.split("/"))


def name_of_an_execution(text: str) -> None:
    started = list[Any]()

    class States:
        def start_execution(self, **given: Any) -> None:
            started.append(given)

    arn = f"arn:aws:states:{REGION}:{HOME}:stateMachine:hold"
    machine = Machine(arn, cast(Any, States()))
    machine.start(an_incident(title=text))
    machine.hold(a_hostile_order(text), "00000000-0000-4000-8000-0000000000ab")
    for one in started:
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,80}", one["name"])
        assert set(json.loads(one["input"])) <= {"incident_id", "order_id", "generation"}
