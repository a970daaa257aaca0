"""An account as a generator made it, and everything that the service shows of it, as text."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from responder.aws.clients import Clients
from responder.domain.order import Order
from tests.instances import Wire
from tests.shown import text
from tests.things import Through
from tests.vaults import Life

type Shown = Callable[[], Any]
# What names and texts of an account may hold, if nobody chose them to be easy.
ODD = ("été", "a b", "x+y=z,@-_.", "'; DROP--", "<b>&amp;", "${aws:userid}", "%7B%22", "\\u00e9")


class Reached(Clients):
    """Clients of the shop's account that are opened once for all states: each takes long.

    `through` puts something in between where the pretend AWS lacks it.
    """

    def __init__(
        self,
        wire: Wire,
        through: Through = lambda service, client: client,
        life: Life | None = None,
    ) -> None:
        super().__init__(
            wire.region,
            wire.member_role,
            wire.account_deny,
            _session=wire._session,
            _sessions=wire._sessions,
            _home=wire._home,
            _member=wire._member,
        )
        self._wire, self._through, self._life = wire, through, life

    def _in_member(self, service: str, account: str, region: str) -> Any:
        client = self._through(service, super()._in_member(service, account, region))
        return client if self._life is None else self._life.of(client)

    def organizations(self) -> tuple[Any, str]:
        client, policy_arn = super().organizations()
        return (client if self._life is None else self._life.of(client)), policy_arn

    def living(self, life: Life) -> "Reached":
        """The same clients, which may die at any call."""
        return Reached(self._wire, self._through, life)


@dataclass
class State:
    """One account: what the order is about, and whether a rule of ours will say no to it."""

    order: Order
    clients: Reached
    shown: Shown
    refuses: Literal["observe", "apply"] | None = None

    def text(self, left_out: Iterable[str] = ()) -> str:
        """All that is shown but what the table leaves out, to be compared byte for byte."""
        return text(self.shown(), left_out)


def some(rng: Random, least: int, most: int, of: Iterable[Any]) -> list[Any]:
    """So many of these, in any order."""
    choices = list(of)
    return rng.sample(choices, min(len(choices), rng.randint(least, most)))


def typed(rng: Random, document: Any) -> str:
    """A policy as a person, a console or a program writes it."""
    escapes = rng.random() < 0.5
    written: str = rng.choice(
        (
            json.dumps(document, ensure_ascii=escapes),
            json.dumps(document, ensure_ascii=escapes, separators=(",", ":")),
            json.dumps(document, ensure_ascii=escapes, indent=rng.randint(1, 4)),
            json.dumps(document, ensure_ascii=escapes, indent="\t"),
            json.dumps(dict(reversed(document.items())), ensure_ascii=escapes, indent=2) + "\n",
        )
    )
    return written
