"""Moto's tables made fast, with the same answers.

Every query sorts the whole table, every comparison while it sorts works the value out anew. With a
month of hourly sweeps that is half the time a rehearsal takes. Of what is left, a third goes into
looking for a table's values under other names than their own, and into counting their bytes.
"""

import copy
import inspect
from typing import Any, Final

from moto.core.serialize import ResponseSerializer
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table

_PARTITION: Final = "only_partition"  # of a table, while it is queried
_SCALARS: Final = frozenset({"S", "N", "B", "BOOL", "NULL"})
_AS_THEY_ARE: Final = frozenset({"S", "B", "BOOL"})
# The members of DynamoDB's AttributeValue, of which one value has one.
_MEMBERS: Final = frozenset({"B", "BOOL", "BS", "L", "M", "N", "NS", "NULL", "S", "SS"})


def faster_tables() -> tuple[tuple[Any, str, Any], ...]:
    """What of moto's is replaced, and by what."""
    slow_value: Any = vars(DynamoType)["cast_value"]
    slow_size: Any = DynamoType.size
    slow_pick: Any = ResponseSerializer.get_value

    def cast_value(self: DynamoType) -> Any:
        return self.value if self.type in _AS_THEY_ARE else slow_value.fget(self)

    def size(self: DynamoType) -> int:
        return _bytes(self.value) if self.type == "S" else int(slow_size(self))

    def get_value(self: Any, value: Any, key: str, shape: Any) -> Any:
        if key in _MEMBERS and type(value) is dict and value.keys() <= _MEMBERS:
            return value.get(key)
        return slow_pick(self, value, key, shape)

    return (
        (DynamoType, "cast_value", property(cast_value)),
        (DynamoType, "size", size),
        (Item, "size", _size),
        (Item, "__deepcopy__", _copied),
        (ResponseSerializer, "get_value", get_value),
        (Table, "all_items", _all_items),
        (Table, "query", _query(vars(Table)["query"])),
    )


def _all_items(table: Table) -> list[Item]:
    """Every item in order of its keys, whose values are worked out once for each item."""
    held: dict[Any, Any] = vars(table).get(_PARTITION, table.items)
    if table.range_key_attr is None:
        return sorted(held.values(), key=lambda item: item.hash_key.cast_value)
    items: list[Any] = [item for collection in held.values() for item in collection.values()]
    return sorted(items, key=lambda item: (item.hash_key.cast_value, item.range_key.cast_value))


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _size(item: Item) -> int:
    return sum(_bytes(name) + value.size() for name, value in item.attrs.items())


def _copied(item: Item, memo: dict[int, Any]) -> Item:
    """Another item. What is no set, list or map is never changed in place, and is shared."""
    own = LimitedSizeDict.__new__(LimitedSizeDict)
    for name, value in item.attrs.items():
        shared = value.type in _SCALARS
        dict.__setitem__(own, name, value if shared else copy.deepcopy(value, memo))
    other = object.__new__(type(item))
    vars(other).update(vars(item), attrs=own)
    return other


def _query(slow: Any) -> Any:
    """A query looks at those items only that have the key, and whose sort key begins as it says.

    Which those are, moto finds out by looking at every item, in order.
    """
    signature = inspect.signature(slow)

    def query(table: Table, *positional: Any, **given: Any) -> Any:
        asked = signature.bind(table, *positional, **given).arguments
        conditions, hash_key = asked.get("hash_key_conditions"), asked["hash_key"]
        if asked.get("index_name") is not None and conditions:
            vars(table)[_PARTITION] = _with_these(table, conditions)
        elif asked.get("index_name") is None and hash_key is not None:
            found = table.items.get(hash_key, {})
            if asked["range_comparison"] == "BEGINS_WITH":
                found = _beginning(found, asked["range_objs"][0])
            vars(table)[_PARTITION] = {hash_key: found} if found else {}
        try:
            return slow(table, *positional, **given)
        finally:
            vars(table).pop(_PARTITION, None)

    return query


def _beginning(collection: Any, wanted: DynamoType) -> Any:
    if wanted.type != "S":
        return collection
    return {
        place: item
        for place, item in collection.items()
        if item.range_key.type != "S" or item.range_key.value.startswith(wanted.value)
    }


def _with_these(table: Table, conditions: list[tuple[str, DynamoType]]) -> dict[Any, Any]:
    """What the table holds, but for the items that do not have these values."""
    held: dict[Any, Any] = table.items
    name = conditions[0][0]  # most items have no such attribute at all
    if table.range_key_attr is None:
        return {
            k: item for k, item in held.items() if name in item.attrs and _has(item, conditions)
        }
    return {
        key: {
            place: item
            for place, item in collection.items()
            if name in item.attrs and _has(item, conditions)
        }
        for key, collection in held.items()
    }


def _has(item: Item, conditions: list[tuple[str, DynamoType]]) -> bool:
    return all(name in item.attrs and item.attrs[name] == value for name, value in conditions)
