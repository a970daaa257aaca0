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
    # An update changes the item itself; the others put another in its place, or none.
    if any("Update" in one for one in transact_items):
        held = copy.deepcopy(dict(table.items))
    elif table.range_key_attr is not None:
        held = {key: dict(items) for key, items in table.items.items()}
    else:
        held = dict(table.items)
    shard = table.stream_shard
    told = 0 if shard is None else len(shard.items)

    def undo() -> None:
        table.items.clear()
        table.items.update(held)
        if shard is not None:
            del shard.items[told:]

    return undo
