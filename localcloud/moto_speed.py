"""Slow places of moto and of the SDK, made fast with the same answers.

Every call of any service looks through its class for the names of its methods; each session of the
SDK works out the names of its thousands of events anew, and each client its methods.

A pretend cloud is a million objects that live as long as it does. To look through all of them for
garbage, whenever a few more were made, is a quarter of the time of a rehearsal.

Every key of KMS gets an RSA key pair that only those of RSA ever use, which takes longer than all
else that a short test does; and every look at a backend goes through a list of all that there are.

Each transaction of a table keeps a copy of the whole table for each of its items.

With ten thousand findings in a queue, what takes the time is asking the clock anew for each message
that lies there, whenever one comes or goes.

Each request is made ready to be sent through a server of HTTP and into a program behind one, with
TLS on the way; none is sent. Moto reads who signed it, and never the signature. Together that is a
fifth of what a call takes.
"""

import gc
import inspect
import re
import string
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache, lru_cache
from io import BytesIO
from typing import Any, Final

from botocore import client, compat, hooks, httpsession, useragent
from botocore.crt import auth
from moto.core import responses
from moto.core.base_backend import BackendDict
from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    Request,
    environ_key_for_header,
)
from moto.core.utils import method_names_from_class, unix_time_millis
from moto.ec2 import utils as ec2
from moto.kms import models as kms
from moto.kms.utils import KeySpec
from moto.moto_api._internal import mock_random
from moto.moto_api._internal.moto_random import HEX_CHARS, MotoRandom
from moto.sqs.models import Message, Queue

from localcloud.identity_speed import faster_identities
from localcloud.seams import replaced
from localcloud.table_speed import faster_tables
from localcloud.transactions import undone_whole

_NOT_VISIBLE: Final = "approximate_number_of_messages_not_visible"
_DELAYED: Final = "approximate_number_of_messages_delayed"
_HOST: Final = re.compile(r"[a-z0-9.-]+")
_SAID_AGAIN: Final = frozenset({"CONTENT_LENGTH", "HTTP_HOST"})  # by the headers
_OBJECTS: Final = 100_000  # that are made before the young ones are looked through for garbage


@contextmanager
def sped_up() -> Iterator[None]:
    """Moto answers faster until the end of the block. A block within another changes nothing."""
    if vars(BackendDict)["__getitem__"] is _backend:
        yield
        return
    _written_down.clear()
    slow_reset: Any = vars(BackendDict)["reset"].__func__
    slow_alias: Any = vars(hooks.EventAliaser)["_alias_event_name"]
    aliases = dict[str, str]()
    slow_sign: Any = vars(auth.CrtSigV4Auth)["add_auth"]
    slow_request: Any = vars(Request)["from_primitives"].__func__
    slow_methods: Any = vars(client.ClientCreator)["_create_methods"]
    methods = dict[tuple[str, str], dict[str, Any]]()

    def alias(self: Any, name: str) -> str:
        known: dict[str, str] = self._alias_name_cache
        if name not in known and name in aliases and self._event_aliases == hooks.EVENT_ALIASES:
            known[name] = aliases[name]
        if name not in known:
            slow_alias(self, name)
            if self._event_aliases == hooks.EVENT_ALIASES:
                aliases[name] = known[name]
        return known[name]

    def reset(kind: type[BackendDict[Any]]) -> None:
        slow_reset(kind)
        _written_down.clear()

    def add_auth(self: Any, request: Any) -> None:
        is_signed_whole = request.context.get("payload_signing_enabled", True)
        plain = type(self) is auth.CrtSigV4Auth and self.credentials and is_signed_whole
        (_sign if plain else slow_sign)(self, request)

    def from_primitives(
        kind: type[Request], method: str, url: str, headers: Any, body: Any = None
    ) -> Request:
        given = _plain_request(method, url, headers, body)
        return kind(given) if given else slow_request(kind, method, url, headers, body)

    def create_methods(self: Any, model: Any) -> dict[str, Any]:
        of = model.service_name, model.api_version
        if of not in methods:
            methods[of] = slow_methods(self, model)
        return dict(methods[of])

    seams: tuple[tuple[Any, str, Any], ...] = (
        *faster_tables(),
        *faster_identities(),
        (Queue, "messages", property(_messages)),
        (Queue, _NOT_VISIBLE, property(_not_visible)),
        (Queue, _DELAYED, property(_delayed)),
        (responses, "method_names_from_class", cache(method_names_from_class)),
        (BackendDict, "__getitem__", _backend),
        (BackendDict, "reset", classmethod(reset)),
        (kms, "generate_private_key", _key_pair),
        (MotoRandom, "get_random_hex", lambda random, length=8: _drawn(random, HEX_CHARS, length)),
        (MotoRandom, "get_random_string", _random_string),
        (ec2, "random_resource_id", lambda size=8: _drawn(mock_random, ec2.HEX_CHARS, size)),
        (hooks.EventAliaser, "_alias_event_name", alias),
        (hooks, "accepts_kwargs", _accepts_kwargs),
        (auth.CrtSigV4Auth, "add_auth", add_auth),
        (client.ClientCreator, "_create_methods", create_methods),
        (useragent, "sanitize_user_agent_string_component", _sanitized),
        (useragent.UserAgentComponent, "to_string", _component),
        (httpsession, "create_urllib3_context", cache(httpsession.create_urllib3_context)),
        (Request, "from_primitives", classmethod(from_primitives)),
    )
    with ExitStack() as stack:
        for owner, name, ours in seams:
            stack.enter_context(replaced(owner, name, ours))
        stack.enter_context(undone_whole())
        stack.enter_context(_garbage_seldom_looked_for())
        yield


@contextmanager
def _garbage_seldom_looked_for() -> Iterator[None]:
    """What there is now stays, and of the rest the old is looked through when there is much."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


_one_pair = cache(vars(kms)["generate_private_key"])
_new_pair = vars(kms)["generate_private_key"]


def _key_pair(key_spec: str) -> Any:
    """For keys that have no use for a pair, one. All others get their own."""
    useless = key_spec in (KeySpec.SYMMETRIC_DEFAULT, *KeySpec.hmac_key_specs())
    return (_one_pair if useless else _new_pair)(key_spec)


_written_down = set[int]()  # by id: they live as long as moto


def _backend(backends: BackendDict[Any], account_id: str) -> Any:
    """An account's, with the backend in the list of those in use.

    A reset empties that list last. What an emptied backend was asked for before that, by one that
    was still to be emptied, is in no list until the backend is asked again.
    """
    if account_id not in backends or id(backends) not in _written_down:
        backends._create_account_specific_backend(account_id)
        _written_down.add(id(backends))
    return dict.__getitem__(backends, account_id)


def _plain_request(method: str, url: str, headers: Any, body: Any) -> dict[str, Any] | None:
    """What WSGI says of a request for "/" with its body in bytes; None for any other request.

    PEP 3333, "environ Variables".
    """
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    if scheme != "https" or path or not isinstance(body, bytes) or not _HOST.fullmatch(host):
        return None
    found: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "REQUEST_URI": "/",
        "RAW_URI": "/",
        "SERVER_NAME": host,
        "SERVER_PORT": "443",
        "HTTP_HOST": host,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(body)),
        PRESERVED_HEADER_NAMES_ENVIRON_KEY: {},
    }
    for name, value in headers.items():
        key = environ_key_for_header(name)
        if (key in found and key not in _SAID_AGAIN) or "_" in name:
            return None
        text = value.decode() if isinstance(value, bytes) else str(value)
        if "\n" in text or "\r" in text:
            return None
        if key != "HTTP_TRANSFER_ENCODING":
            found[key] = text
    return found


_component = lru_cache(maxsize=4096)(vars(useragent.UserAgentComponent)["to_string"])
_sanitized = lru_cache(maxsize=4096)(vars(useragent)["sanitize_user_agent_string_component"])


def _drawn(random: MotoRandom, characters: Sequence[str | int], length: int) -> str:
    return "".join(map(str, random.choices(characters, k=length)))


def _random_string(
    random: MotoRandom, length: int = 20, include_digits: bool = True, lower_case: bool = False
) -> str:
    digits = string.digits if include_digits else ""
    drawn = _drawn(random, string.ascii_letters + digits, length)
    return drawn.lower() if lower_case else drawn


def _accepts_kwargs(handler: Any) -> Any:
    """Whether it may be called with names that it does not list."""
    code = getattr(handler, "__code__", None)  # of a function, and of a method
    if code is None or hasattr(handler, "__wrapped__"):
        return compat.accepts_kwargs(handler)
    return code.co_flags & inspect.CO_VARKEYWORDS


def _sign(signer: Any, request: Any) -> None:
    """The headers of a signed request, with a signature that nobody could have made."""
    at = compat.get_current_datetime(remove_tzinfo=False)
    signer._modify_request_before_signing(request)
    keys, headers = signer.credentials, request.headers
    headers["X-Amz-Date"] = f"{at:%Y%m%dT%H%M%SZ}"
    if keys.token:
        headers["X-Amz-Security-Token"] = keys.token
    scope = f"{at:%Y%m%d}/{signer._region_name}/{signer._service_name}/aws4_request"
    headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={keys.access_key}/{scope}, "
        "SignedHeaders=host;x-amz-date, Signature=none"
    )


def _messages(queue: Queue) -> list[Message]:
    """What can be received now."""
    now = unix_time_millis()
    return [m for m in queue._messages if now > m.visible_at and now >= m.delayed_until]


def _not_visible(queue: Queue) -> int:
    now = unix_time_millis()
    return sum(now <= message.visible_at for message in queue._messages)


def _delayed(queue: Queue) -> int:
    now = unix_time_millis()
    return sum(now < message.delayed_until for message in queue._messages)
