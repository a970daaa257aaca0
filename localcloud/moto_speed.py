"""Slow places of moto and of the SDK, made fast with the same answers.

Every query sorts the whole table, every comparison while it sorts works the value out anew, and
every call of any service looks through its class for the names of its methods. With a month of
hourly sweeps that is half the time a rehearsal takes. Of what is left, a third goes into looking
for a table's values under other names than their own, and into counting their bytes.

Every call also looks for the caller's key in each partition of each account, and so makes an IAM
for each, with all of AWS's policies; and each session of the SDK works out the names of its
thousands of events anew, and each client its methods. In short tests that is a third of the time.

A pretend cloud is a million objects that live as long as it does. To look through all of them for
garbage, whenever a few more were made, is a quarter of the time of a rehearsal.

Every key of KMS gets an RSA key pair that only those of RSA ever use, which takes longer than all
else that a short test does; and every look at a backend goes through a list of all that there are.

With ten thousand findings in a queue, what takes the time is asking the clock anew for each message
that lies there, whenever one comes or goes.
"""

import gc
import inspect
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any, Final

from botocore import client, compat, hooks, useragent
from moto.core import responses
from moto.core.base_backend import BackendDict
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.serialize import ResponseSerializer
from moto.core.utils import method_names_from_class, unix_time_millis
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.iam import models as iam
from moto.kms import models as kms
from moto.kms.utils import KeySpec
from moto.settings import load_iam_aws_managed_policies
from moto.sqs.models import Message, Queue
from moto.utilities.utils import get_partition

from localcloud.seams import replaced

_PARTITION: Final = "only_partition"  # of a table, while it is queried
_NOT_VISIBLE: Final = "approximate_number_of_messages_not_visible"
_DELAYED: Final = "approximate_number_of_messages_delayed"
_AS_THEY_ARE: Final = frozenset({"S", "B", "BOOL"})
_OBJECTS: Final = 100_000  # that are made before the young ones are looked through for garbage
# The members of DynamoDB's AttributeValue, of which one value has one.
_MEMBERS: Final = frozenset({"B", "BOOL", "BS", "L", "M", "N", "NS", "NULL", "S", "SS"})


@contextmanager
def sped_up() -> Iterator[None]:
    """Moto answers faster until the end of the block. A block within another changes nothing."""
    if vars(Table)["all_items"] is _all_items:
        yield
        return
    slow_value: Any = vars(DynamoType)["cast_value"]
    slow_size: Any = DynamoType.size
    slow_pick: Any = ResponseSerializer.get_value
    slow_visit: Any = iam.mark_account_as_visited
    slow_alias: Any = vars(hooks.EventAliaser)["_alias_event_name"]
    aliases = dict[str, str]()
    slow_methods: Any = vars(client.ClientCreator)["_create_methods"]
    methods = dict[tuple[str, str], dict[str, Any]]()

    def cast_value(self: DynamoType) -> Any:
        return self.value if self.type in _AS_THEY_ARE else slow_value.fget(self)

    def size(self: DynamoType) -> int:
        return len(self.value.encode()) if self.type == "S" else int(slow_size(self))

    def get_value(self: Any, value: Any, key: str, shape: Any) -> Any:
        if key in _MEMBERS and type(value) is dict and value.keys() <= _MEMBERS:
            return value.get(key)
        return slow_pick(self, value, key, shape)

    def visited(account_id: str, access_key: str, service: str, region: str) -> None:
        if get_partition(region) in iam.iam_backends[account_id]:
            slow_visit(account_id, access_key, service, region)

    def alias(self: Any, name: str) -> str:
        known: dict[str, str] = self._alias_name_cache
        if name not in known and name in aliases and self._event_aliases == hooks.EVENT_ALIASES:
            known[name] = aliases[name]
        if name not in known:
            slow_alias(self, name)
            if self._event_aliases == hooks.EVENT_ALIASES:
                aliases[name] = known[name]
        return known[name]

    def create_methods(self: Any, model: Any) -> dict[str, Any]:
        of = model.service_name, model.api_version
        if of not in methods:
            methods[of] = slow_methods(self, model)
        return dict(methods[of])

    with (
        replaced(DynamoType, "cast_value", property(cast_value)),
        replaced(DynamoType, "size", size),
        replaced(ResponseSerializer, "get_value", get_value),
        replaced(Table, "all_items", _all_items),
        replaced(Table, "query", _query(vars(Table)["query"])),
        replaced(Queue, "messages", property(_messages)),
        replaced(Queue, _NOT_VISIBLE, property(_not_visible)),
        replaced(Queue, _DELAYED, property(_delayed)),
        replaced(responses, "method_names_from_class", cache(method_names_from_class)),
        replaced(BackendDict, "__getitem__", _backend),
        replaced(kms, "generate_private_key", _key_pair),
        replaced(iam, "get_account_id_from", _account_of),
        replaced(iam, "mark_account_as_visited", visited),
        replaced(iam.IAMBackend, "_init_aws_policies", _aws_policies),
        replaced(hooks.EventAliaser, "_alias_event_name", alias),
        replaced(hooks, "accepts_kwargs", _accepts_kwargs),
        replaced(client.ClientCreator, "_create_methods", create_methods),
        replaced(useragent, "sanitize_user_agent_string_component", _sanitized),
        _garbage_seldom_looked_for(),
    ):
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


def _backend(backends: BackendDict[Any], account_id: str) -> Any:
    """An account that is there was written down when it was made."""
    if account_id not in backends:
        backends._create_account_specific_backend(account_id)
    return dict.__getitem__(backends, account_id)


_sanitized = lru_cache(maxsize=4096)(vars(useragent)["sanitize_user_agent_string_component"])


def _all_items(table: Table) -> list[Item]:
    """Every item in order of its keys, whose values are worked out once for each item."""
    held: dict[Any, Any] = vars(table).get(_PARTITION, table.items)
    if table.range_key_attr is None:
        return sorted(held.values(), key=lambda item: item.hash_key.cast_value)
    items: list[Any] = [item for collection in held.values() for item in collection.values()]
    return sorted(items, key=lambda item: (item.hash_key.cast_value, item.range_key.cast_value))


def _account_of(access_key: str) -> str:
    """Whose key it is. An IAM that nobody has asked for yet holds none."""
    for account_id, partitions in list(iam.iam_backends.items()):
        if any(access_key in partitions[name].access_keys for name in list(partitions)):
            return account_id
    return DEFAULT_ACCOUNT_ID


def _aws_policies(backend: iam.IAMBackend) -> list[iam.ManagedPolicy]:
    """AWS's own policies, new ones for each account: they may be changed."""
    if not load_iam_aws_managed_policies():
        return []
    return [
        _own_copy(policy, backend.account_id)
        for policy in _written(vars(iam)["aws_managed_policies_data"], backend.region_name)
    ]


def _own_copy(policy: iam.ManagedPolicy, account_id: str) -> iam.ManagedPolicy:
    own = _like(policy)
    own.account_id, own.tags = account_id, {}
    own.versions = [_like(version) for version in policy.versions]
    return own


def _like[Thing](thing: Thing) -> Thing:
    """Another with the same attributes. `copy.copy` takes ten times as long."""
    other = object.__new__(type(thing))
    vars(other).update(vars(thing))
    return other


@lru_cache(maxsize=4)
def _written(text: str, region: str) -> list[iam.ManagedPolicy]:
    return [
        iam.AWSManagedPolicy.from_data(name, DEFAULT_ACCOUNT_ID, region, data)
        for name, data in json.loads(text).items()
    ]


def _accepts_kwargs(handler: Any) -> Any:
    """Whether it may be called with names that it does not list."""
    code = getattr(handler, "__code__", None)  # of a function, and of a method
    if code is None or hasattr(handler, "__wrapped__"):
        return compat.accepts_kwargs(handler)
    return code.co_flags & inspect.CO_VARKEYWORDS


def _query(slow: Any) -> Any:
    """A query of the table itself, and not of an index, looks at no other partition."""
    signature = inspect.signature(slow)

    def query(table: Table, hash_key: DynamoType | None, *more: Any, **given: Any) -> Any:
        index_name = signature.bind(table, hash_key, *more, **given).arguments.get("index_name")
        if index_name is not None or hash_key is None:
            return slow(table, hash_key, *more, **given)
        held: dict[Any, Any] = table.items
        vars(table)[_PARTITION] = {hash_key: held[hash_key]} if hash_key in held else {}
        try:
            return slow(table, hash_key, *more, **given)
        finally:
            del vars(table)[_PARTITION]

    return query


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
