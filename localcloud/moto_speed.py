"""Five slow places of moto, made fast with the same answers.

Every query sorts the whole table, every comparison while it sorts works the value out anew, and
every call of any service looks through its class for the names of its methods. With a month of
hourly sweeps that is half the time a rehearsal takes. Of what is left, a third goes into looking
for a table's values under other names than their own, and into counting their bytes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from moto.core import responses
from moto.core.serialize import ResponseSerializer
from moto.core.utils import method_names_from_class
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from localcloud.seams import replaced

_AS_THEY_ARE: Final = frozenset({"S", "B", "BOOL"})
# The members of DynamoDB's AttributeValue, of which one value has one.
_MEMBERS: Final = frozenset({"B", "BOOL", "BS", "L", "M", "N", "NS", "NULL", "S", "SS"})


@contextmanager
def sped_up() -> Iterator[None]:
    """Moto answers faster until the end of the block."""
    slow_value: Any = vars(DynamoType)["cast_value"]
    slow_size: Any = DynamoType.size
    slow_pick: Any = ResponseSerializer.get_value

    def cast_value(self: DynamoType) -> Any:
        return self.value if self.type in _AS_THEY_ARE else slow_value.fget(self)

    def size(self: DynamoType) -> int:
        return len(self.value.encode()) if self.type == "S" else int(slow_size(self))

    def get_value(self: Any, value: Any, key: str, shape: Any) -> Any:
        if key in _MEMBERS and type(value) is dict and value.keys() <= _MEMBERS:
            return value.get(key)
        return slow_pick(self, value, key, shape)

    with (
        replaced(DynamoType, "cast_value", property(cast_value)),
        replaced(DynamoType, "size", size),
        replaced(ResponseSerializer, "get_value", get_value),
        replaced(Table, "all_items", _all_items),
        replaced(responses, "method_names_from_class", cache(method_names_from_class)),
    ):
        yield


def _all_items(table: Table) -> list[Item]:
    """Every item in order of its keys, whose values are worked out once for each item."""
    held: dict[Any, Any] = table.items
    if table.range_key_attr is None:
        return sorted(held.values(), key=lambda item: item.hash_key.cast_value)
    items: list[Any] = [item for collection in held.values() for item in collection.values()]
    return sorted(items, key=lambda item: (item.hash_key.cast_value, item.range_key.cast_value))
