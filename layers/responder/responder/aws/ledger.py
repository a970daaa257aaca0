"""The one table: items that are written once, or replaced only by who saw the latest version.

An item is `pk`, `sk`, `version`, and its model as JSON text in `body`; text keeps numbers and
hostile strings exactly as they were. Open clocks also carry `due_key` and `due_at`, which the
index `by-due` holds.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.aws.errors import asking_aws, code_of
from responder.domain.errors import Unavailable
from responder.domain.model import Model

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

LISTING = frozenset({"dynamodb:Query"})
READ = frozenset({"dynamodb:GetItem"}) | LISTING
WRITE = frozenset({"dynamodb:PutItem"})
SCANNING = frozenset({"dynamodb:Scan"})
PERMISSIONS = READ | WRITE
DUE_INDEX = "by-due"


@dataclass(frozen=True)
class Item:
    """One stored item. `version` is what the next `replace` must name."""

    pk: str
    sk: str
    version: int
    body: str


@dataclass(frozen=True)
class Due:
    """Puts an item into the due index until it is written without one."""

    key: str
    at: datetime


@dataclass(frozen=True)
class Write:
    """One of several writes that happen together. `seen` is the item it replaces, if any."""

    pk: str
    sk: str
    body: Model
    seen: Item | None = None
    due: Due | None = None


@dataclass(frozen=True)
class Ledger:
    """Conditional reads and writes on the table. Reads are consistent, but for the index."""

    table: str
    client: "DynamoDBClient"

    def add(self, pk: str, sk: str, body: Model, *, due: Due | None = None) -> bool:
        """Write an item once. False if one stood there already; that one is left as it is."""
        return self._put(Item(pk, sk, 1, body.model_dump_json()), due, "attribute_not_exists(pk)")

    def replace(self, item: Item, body: Model, *, due: Due | None = None) -> Item:
        """Replace an item we read. Raises `Unavailable` if somebody wrote it since."""
        new = Item(item.pk, item.sk, item.version + 1, body.model_dump_json())
        if not self._put(new, due, "version = :seen", {":seen": {"N": str(item.version)}}):
            raise Unavailable(f"{item.pk} {item.sk} was written by another; read it again")
        return new

    def together(self, writes: Sequence[Write]) -> bool:
        """Do all of these writes, or none: False if another wrote one of the items since we read.

        At most 100 (DynamoDB API Reference, "TransactWriteItems"), each of another item.
        """
        puts: list[Any] = []
        for write in writes:
            version = 0 if write.seen is None else write.seen.version
            new = Item(write.pk, write.sk, version + 1, write.body.model_dump_json())
            put: dict[str, Any] = {"TableName": self.table, "Item": _row(new, write.due)}
            if write.seen is None:
                put["ConditionExpression"] = "attribute_not_exists(pk)"
            else:
                put["ConditionExpression"] = "version = :seen"
                put["ExpressionAttributeValues"] = {":seen": {"N": str(version)}}
            puts.append({"Put": put})
        with asking_aws(f"writing {writes[0].sk} and what goes with it"):
            try:
                self.client.transact_write_items(TransactItems=puts)
            except ClientError as error:
                if code_of(error) != "TransactionCanceledException":
                    raise
                causes = {r.get("Code") for r in error.response.get("CancellationReasons", [])}
                if causes & {"ConditionalCheckFailed", "TransactionConflict"}:
                    return False
                if causes & {"ProvisionedThroughputExceeded", "ThrottlingError"}:
                    raise Unavailable(f"writing {writes[0].sk}: AWS answered {causes}") from error
                raise
        return True

    def get(self, pk: str, sk: str) -> Item | None:
        """One item as it stands now."""
        with asking_aws(f"reading {sk}"):
            found = self.client.get_item(
                TableName=self.table,
                Key={"pk": {"S": pk}, "sk": {"S": sk}},
                ConsistentRead=True,
            ).get("Item")
        return None if found is None else _item(found)

    def items(self, pk: str, prefix: str) -> list[Item]:
        """Every item of `pk` whose `sk` begins with `prefix`, in order of `sk`."""
        query = {
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
            "ExpressionAttributeValues": {":pk": {"S": pk}, ":prefix": {"S": prefix}},
            "ConsistentRead": True,
        }
        return [_item(found) for found in self._pages(query)]

    def last(self, pk: str, prefix: str) -> Item | None:
        """The last item of `pk` whose `sk` begins with `prefix`, in order of `sk`; or None."""
        with asking_aws(f"reading the last {prefix}"):
            found = self.client.query(
                TableName=self.table,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
                ExpressionAttributeValues={":pk": {"S": pk}, ":prefix": {"S": prefix}},
                ConsistentRead=True,
                ScanIndexForward=False,
                Limit=1,
            )["Items"]
        return _item(found[0]) if found else None

    def everywhere(self, sk: str) -> list[Item]:
        """The item of this `sk` in every partition, in order of `pk`. Reads the whole table."""
        query = {
            "FilterExpression": "sk = :sk",
            "ExpressionAttributeValues": {":sk": {"S": sk}},
            "ConsistentRead": True,
        }
        found = [_item(found) for found in self._pages(query, self.client.scan)]
        return sorted(found, key=lambda item: item.pk)

    def due(self, key: str, *, until: datetime) -> list[tuple[str, str]]:
        """`(pk, sk)` of items whose due instant is not after `until`. Eventually consistent."""
        query = {
            "IndexName": DUE_INDEX,
            "KeyConditionExpression": "due_key = :key AND due_at <= :until",
            "ExpressionAttributeValues": {
                ":key": {"S": key},
                ":until": {"S": _instant(until)},
            },
        }
        return [(found["pk"]["S"], found["sk"]["S"]) for found in self._pages(query)]

    def _pages(
        self, query: dict[str, Any], ask: Callable[..., Any] | None = None
    ) -> Iterator[dict[str, Any]]:
        start: dict[str, Any] = {}
        while True:
            with asking_aws("querying the table"):
                page = (ask or self.client.query)(TableName=self.table, **query, **start)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _put(
        self, item: Item, due: Due | None, condition: str, values: dict[str, Any] | None = None
    ) -> bool:
        row = _row(item, due)
        extra: dict[str, Any] = {} if values is None else {"ExpressionAttributeValues": values}
        with asking_aws(f"writing {item.sk}"):
            try:
                self.client.put_item(
                    TableName=self.table, Item=row, ConditionExpression=condition, **extra
                )
            except ClientError as error:
                if code_of(error) == "ConditionalCheckFailedException":
                    return False
                raise
        return True


def incident_pk(incident_id: str) -> str:
    """The partition that holds everything of one incident."""
    return f"INCIDENT#{incident_id}"


def _row(item: Item, due: Due | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "pk": {"S": item.pk},
        "sk": {"S": item.sk},
        "version": {"N": str(item.version)},
        "body": {"S": item.body},
    }
    if due is not None:
        row |= {"due_key": {"S": due.key}, "due_at": {"S": _instant(due.at)}}
    return row


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _item(found: dict[str, Any]) -> Item:
    return Item(found["pk"]["S"], found["sk"]["S"], int(found["version"]["N"]), found["body"]["S"])
