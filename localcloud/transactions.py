"""A transaction of DynamoDB that fails leaves the table and its stream as they were.

Moto puts a copy of the whole table in its place. Whoever reads the stream goes on with the old one:
sees what was never written, and nothing that is written from then on.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

from localcloud.seams import replaced


@contextmanager
def undone_whole() -> Iterator[None]:
    """Failed transactions are undone in place, until the end of the block."""
    original: Any = DynamoDBBackend.transact_write_items

    def transact_write_items(backend: Any, transact_items: list[dict[str, Any]]) -> None:
        names = {op["TableName"] for one in transact_items for op in one.values()}
        tables = [backend.tables[name] for name in names if name in backend.tables]
        undoing = [_undoing(table, transact_items) for table in tables]
        try:
            # Not a seam of moto's to replace: the class has no way of its own to be copied.
            with mock.patch.object(Table, "__deepcopy__", _itself, create=True):
                original(backend, transact_items)
        except BaseException:  # also what ends a thread: half a transaction is never left
            for undo in undoing:
                undo()
            raise

    with replaced(DynamoDBBackend, "transact_write_items", transact_write_items):
        yield


def _itself(table: Table, _: Any) -> Table:
    """In place of the copy that moto would put in a table's place."""
    return table


def _undoing(table: Any, transact_items: list[dict[str, Any]]) -> Callable[[], None]:
    """What puts a table back to how it stands now."""
    if table.range_key_attr is not None:
        held = {key: dict(items) for key, items in table.items.items()}
    else:
        held = dict(table.items)
    # Who puts or deletes leaves the item itself alone; an update changes it.
    for update in (one["Update"] for one in transact_items if "Update" in one):
        _copy_in(held, table, update)
    shard = table.stream_shard
    told = 0 if shard is None else len(shard.items)

    def undo() -> None:
        table.items.clear()
        table.items.update(held)
        if shard is not None:
            del shard.items[told:]

    return undo


def _copy_in(held: dict[Any, Any], table: Any, update: dict[str, Any]) -> None:
    """Have `held` keep what an update is about to change, as it is now."""
    if update["TableName"] != table.name:
        return
    where, key = held, DynamoType(update["Key"][table.hash_key_attr])
    if table.range_key_attr is not None:
        where, key = held.get(key, {}), DynamoType(update["Key"][table.range_key_attr])
    if key in where:
        where[key] = copy.deepcopy(where[key])
