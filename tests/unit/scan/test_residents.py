"""Whose data it was lies between its bounds, whatever was read, in whatever order."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.domain.data_map import DataMap, Store
from responder.domain.trail_event import event_of
from responder.scan.reach import MOST_NAMES, Reach, item_name, short
from responder.scan.residents import Bridge, Counted, Had, Plaintext, Row, bridge
from tests.trail_logs import KEY, STORED, USER, Logs, by_user

SINCE = datetime(2026, 11, 23, tzinfo=UTC)
THIEF = by_user(USER, KEY)
PLACES = ("US-CA", "US-TX", "US-NY")


def a_store(**given: Any) -> dict[str, Any]:
    return {
        "name": "exports",
        "kind": "s3",
        "things": ["customer-exports"],
        "elements": ["name", "email"],
        "encryption": {"by": "aws"},
        "reads_logged_since": date(2026, 1, 1),
        "residents": {"list": "exports.csv"},
    } | given


def a_map(*stores: dict[str, Any]) -> DataMap:
    given = {"format": "breach-responder-data-map/1", "stores": list(stores)}
    return DataMap.model_validate(given)


def reached(*calls: tuple[str, str, dict[str, Any] | None], **more: Any) -> Reach:
    """What those calls of the thief got at, in one part."""
    reach = Reach()
    for record in records(*calls, **more):
        reach.take(event_of(record), record)
    return reach


def records(*calls: tuple[str, str, dict[str, Any] | None], **more: Any) -> list[dict[str, Any]]:
    logs = Logs()
    for number, (service, call, asked) in enumerate(calls):
        logs.call(number, service, call, THIEF, requestParameters=asked, **more)
    return [record for hour in logs.hours.values() for record in hour]


def a_read(key: str, bucket: str = "customer-exports") -> tuple[str, str, dict[str, Any]]:
    return ("s3", "GetObject", {"bucketName": bucket, "key": key})


def crossed(data_map: DataMap, reach: Reach, rows: list[Row], *, blind: bool = False) -> Bridge:
    return bridge(data_map, reach, lambda *_: rows, since=SINCE, blind=blind)


ROWS = [
    Row("2026/a.csv", "ann", "US-CA"),
    Row("2026/a.csv", "bob", "US-TX"),
    Row("2026/b.csv", "ann", "US-CA"),
    Row("2026/b.csv", "eve", "US-CA"),
    Row("2025/c.csv", "joe", "US-NY"),
]


def test_where_reads_are_logged_only_the_people_of_what_was_read_are_counted() -> None:
    found = crossed(a_map(a_store()), reached(a_read("2026/a.csv")), ROWS)
    assert found.counts == {"US-CA": Counted(1, 1), "US-TX": Counted(1, 1)}
    [store] = found.stores
    assert (store.had, store.things, store.plaintext) == (Had.READ, 1, Plaintext.YES)
    assert store.proofs[0].call == "GetObject"
    assert found.gaps == []


@pytest.mark.parametrize(
    ("changed", "blind", "why"),
    [
        ({"reads_logged_since": None}, False, "reads of it are not known to have been logged"),
        ({"reads_logged_since": date(2026, 11, 24)}, False, "not known to have been logged"),
        ({}, True, "some logs are missing"),
        ({"opened_by": ["shop/exports"]}, False, "what opens it was fetched"),
    ],
)
def test_what_nobody_could_see_is_in_the_upper_bound(
    changed: dict[str, Any], blind: bool, why: str
) -> None:
    fetched = ("secretsmanager", "GetSecretValue", {STORED: "shop/exports"})
    reach = reached(a_read("2026/a.csv"), fetched)
    found = crossed(a_map(a_store(**changed)), reach, ROWS, blind=blind)
    assert found.counts == {
        "US-CA": Counted(1, 2),
        "US-NY": Counted(0, 1),
        "US-TX": Counted(1, 1),
    }
    assert why in "; ".join(found.stores[0].why)


def test_without_any_call_about_it_a_logged_store_is_unseen_and_another_is_not() -> None:
    unlogged = a_store(name="others", things=["other"], reads_logged_since=None)
    found = crossed(a_map(a_store(), unlogged), Reach(), ROWS)
    assert [one.had for one in found.stores] == [Had.UNSEEN, Had.MAYBE]
    assert found.stores[0].counts == {}
    assert found.counts["US-CA"] == Counted(0, 2)


def test_the_same_person_in_two_stores_counts_once() -> None:
    table = a_store(name="customers", kind="dynamodb", things=["customers"])
    got = ("dynamodb", "GetItem", {"tableName": "customers", "key": {"id": "2026/a.csv"}})
    found = crossed(a_map(a_store(), table), reached(a_read("2026/b.csv"), got), ROWS)
    assert found.counts == {"US-CA": Counted(2, 2), "US-TX": Counted(1, 1)}
    assert [one.counts["US-CA"] for one in found.stores] == [Counted(2, 2), Counted(1, 1)]


@pytest.mark.parametrize(
    ("call", "low"),
    [
        (("dynamodb", "Scan", {"tableName": "customers"}), 0),
        (("dynamodb", "BatchGetItem", {"requestItems": {"customers": {"keys": []}}}), 0),
        (
            (
                "dynamodb",
                "ExportTableToPointInTime",
                {"tableArn": "arn:aws:dynamodb:us-west-2:111122223333:table/customers"},
            ),
            2,
        ),
    ],
)
def test_a_call_that_tells_not_of_what_may_have_had_all_of_it(
    call: tuple[str, str, dict[str, Any]], low: int
) -> None:
    table = a_store(kind="dynamodb", things=["customers"])
    assert crossed(a_map(table), reached(call), ROWS).counts["US-CA"] == Counted(low, 2)


def test_a_copy_of_a_copy_of_a_database_is_of_that_database() -> None:
    database = a_store(kind="rds", things=["orders"], reads_logged_since=None)
    made = {"dBInstanceIdentifier": "orders", "dBSnapshotIdentifier": "one"}
    copied = {"sourceDBSnapshotIdentifier": "one", "targetDBSnapshotIdentifier": "two"}
    exported = {"sourceArn": "arn:aws:rds:us-west-2:111122223333:snapshot:two"}
    data_map = a_map(database | {"encryption": {"by": "kms", "key": "arn:aws:kms:::key/k-1"}})
    quiet = crossed(data_map, reached(("rds", "DescribeDBInstances", None)), ROWS)
    assert quiet.stores[0].had is Had.UNSEEN
    assert "asked of it directly is in no trail" in quiet.stores[0].why[0]
    some = crossed(
        data_map,
        reached(("rds", "CreateDBSnapshot", made), ("rds", "CopyDBSnapshot", copied)),
        ROWS,
    )
    assert (some.stores[0].had, some.stores[0].plaintext) == (Had.MAYBE, Plaintext.UNKNOWN)
    assert some.counts["US-CA"] == Counted(0, 2)
    whole = crossed(
        data_map,
        reached(
            ("rds", "CreateDBSnapshot", made),
            ("rds", "CopyDBSnapshot", copied),
            ("rds", "StartExportTask", exported),
        ),
        ROWS,
    )
    assert (whole.stores[0].had, whole.counts["US-CA"]) == (Had.WHOLE, Counted(2, 2))


def test_whoever_names_too_many_things_hides_nothing_by_it() -> None:
    database = a_store(name="orders", kind="rds", things=["orders"], reads_logged_since=None)
    made = [
        {"dBInstanceIdentifier": "orders", "dBSnapshotIdentifier": f"one-{number}"}
        for number in range(MOST_NAMES + 1)
    ]
    reach = reached(*(("rds", "CreateDBSnapshot", asked) for asked in made))
    assert reach.cut
    assert max(len(names) for names in reach.same.values()) == MOST_NAMES
    found = crossed(a_map(database, a_store()), reach, ROWS)
    assert [one.had for one in found.stores] == [Had.MAYBE, Had.MAYBE]
    assert "no store is called unseen" in found.gaps[-1]


def test_a_call_that_was_refused_got_at_nothing() -> None:
    reach = reached(a_read("2026/a.csv"), errorCode="AccessDenied")
    assert crossed(a_map(a_store()), reach, ROWS).stores[0].had is Had.UNSEEN


def test_only_what_lies_under_its_prefix_is_of_a_store() -> None:
    old, new = (a_store(name=year, prefix=f"{year}/") for year in ("2025", "2026"))
    found = crossed(a_map(old, new), reached(a_read("2026/a.csv")), ROWS)
    assert [one.had for one in found.stores] == [Had.UNSEEN, Had.READ]
    assert found.counts == {"US-CA": Counted(1, 1), "US-TX": Counted(1, 1)}


def test_a_copy_made_inside_s3_read_its_source() -> None:
    asked = {
        "bucketName": "thiefs",
        "key": "x",
        "x-amz-copy-source": "/customer-exports/2026/a.csv?versionId=3",
    }
    found = crossed(a_map(a_store()), reached(("s3", "CopyObject", asked)), ROWS)
    assert found.stores[0].things == 1


@pytest.mark.parametrize(
    ("encryption", "calls", "plaintext"),
    [
        ({"by": "none"}, [], Plaintext.YES),
        ({"by": "kms", "key": "k-1"}, [], Plaintext.YES),  # S3 decrypts for whoever may read
        ({"by": "application", "key": "shop/key"}, [], Plaintext.NO),
        (
            {"by": "application", "key": "shop/key"},
            [("secretsmanager", "GetSecretValue", {STORED: "shop/key"})],
            Plaintext.YES,
        ),
        (
            {"by": "application", "key": "arn:aws:kms:us-west-2:111122223333:key/k-1"},
            [("kms", "Decrypt", {"keyId": "k-1"})],
            Plaintext.YES,
        ),
    ],
)
def test_encryption_is_a_shield_only_where_nobody_is_seen_to_have_the_key(
    encryption: dict[str, str],
    calls: list[tuple[str, str, dict[str, Any] | None]],
    plaintext: Plaintext,
) -> None:
    reach = reached(a_read("2026/a.csv"), *calls)
    found = crossed(a_map(a_store(encryption=encryption)), reach, ROWS)
    assert found.stores[0].plaintext is plaintext
    assert found.in_plaintext is (plaintext is Plaintext.YES)


def test_counts_without_names_are_no_sum_below_and_a_sum_above() -> None:
    told = {
        "counts": {"US-CA": [10, 40], "US-NY": 7},
        "source": "the billing team",
        "as_of": "2026-11-01",
    }
    whole = ("dynamodb", "ExportTableToPointInTime", {"tableName": "cards"})
    cards = a_store(name="cards", kind="dynamodb", things=["cards"], residents=told)
    found = crossed(a_map(a_store(), cards), reached(a_read("2026/b.csv"), whole), ROWS)
    assert found.counts["US-CA"] == Counted(10, 42)
    assert found.counts["US-NY"] == Counted(7, 7)


def test_nobody_is_never_said_where_nobody_knows_whose_it_is() -> None:
    found = crossed(a_map(a_store(residents="unknown")), reached(a_read("2026/a.csv")), ROWS)
    assert found.counts == {}
    assert found.gaps == [
        "exports: it was had or may have been, and nobody knows whose data it holds"
    ]
    found = crossed(a_map(a_store()), reached(a_read("2026/new.csv")), ROWS)
    [gap] = found.gaps
    assert "in no line of its list" in gap


_KEYS = st.sampled_from([f"{year}/{letter}" for year in (2025, 2026) for letter in "abcd"])
_LISTED = st.lists(
    st.builds(Row, _KEYS, st.sampled_from(["ann", "bob", "eve", "joe"]), st.sampled_from(PLACES)),
    max_size=12,
)


@given(
    lists=st.tuples(_LISTED, _LISTED),
    read=st.lists(st.tuples(st.sampled_from(["first", "second"]), _KEYS), max_size=8),
    logged=st.tuples(st.booleans(), st.booleans()),
    order=st.randoms(use_true_random=False),
    parts=st.integers(1, 4),
)
def test_the_bounds_are_those_of_sets(
    lists: tuple[list[Row], list[Row]],
    read: list[tuple[str, str]],
    logged: tuple[bool, bool],
    order: Any,
    parts: int,
) -> None:
    names = ("first", "second")
    stores = [
        a_store(
            name=name,
            things=[name],
            reads_logged_since=date(2026, 1, 1) if is_logged else None,
            residents={"list": name},
        )
        for name, is_logged in zip(names, logged, strict=True)
    ]
    made = [Reach() for _ in range(parts)]
    for record in records(*(a_read(key, bucket) for bucket, key in read)):
        made[order.randrange(parts)].take(event_of(record), record)
    order.shuffle(made)
    whole = Reach()
    for part in made:
        whole.join(part)

    def rows(store: Store, name: str) -> list[Row]:
        assert store.name == name
        return lists[names.index(name)]

    found = bridge(a_map(*stores), whole, rows, since=SINCE, blind=False).counts
    low, high = set[tuple[str, str]](), set[tuple[str, str]]()
    for name, listed, is_logged in zip(names, lists, logged, strict=True):
        for row in listed:
            if (name, row.thing) in read:
                low.add((row.person, row.place))
            elif is_logged:
                continue
            high.add((row.person, row.place))
    assert found == {
        place: Counted(
            sum(where == place for _, where in low), sum(where == place for _, where in high)
        )
        for place in sorted({where for _, where in high})
    }


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("customers", "customers"),
        ("arn:aws:dynamodb:us-west-2:111122223333:table/customers", "customers"),
        ("arn:aws:rds:us-west-2:111122223333:cluster:orders", "orders"),
        ("arn:aws:kms:us-west-2:111122223333:key/k-1", "k-1"),
        ("arn:aws:secretsmanager:us-west-2:111122223333:secret:shop/db-AbCdEf", "shop/db"),
        ("arn:aws:ssm:us-west-2:111122223333:parameter/shop/db", "shop/db"),
        ("/shop/db", "shop/db"),
    ],
)
def test_a_thing_is_the_same_by_its_name_and_by_its_arn(told: str, name: str) -> None:
    assert short(told) == name


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ({"sort": "2", "id": "c-1"}, "c-1/2"),
        ({"id": {"S": "c-1"}}, "c-1"),
        ({"id": ["c-1"]}, None),
        ({}, None),
        ("c-1", None),
        (None, None),
    ],
)
def test_an_item_is_named_by_its_keys_values_in_order_of_their_names(
    key: object, name: str | None
) -> None:
    assert item_name(key) == name
