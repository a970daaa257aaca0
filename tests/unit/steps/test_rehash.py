"""Evidence is hashed again: every byte, in as many runs as it takes, and what is wrong is told."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.response import StreamingBody
from pydantic import ValidationError

from responder.aws.evidence import Draft, Evidence, Shelf
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.pager import Pager
from responder.aws.rehashes import Rehashes, VersionReader
from responder.aws.timeline import Timeline
from responder.aws.vault import Content
from responder.domain.custody import FOUND_WRONG, REHASHED, WRONG_SEEN, verify_chain
from responder.domain.errors import Refused, Unavailable
from responder.domain.evidence import EvidenceItem
from responder.domain.rehash import AGAIN, EVERY, Rehash
from responder.steps.rehash import RehashAnswer, RehashRequest, rehash
from tests.builders import HOME, INCIDENT_ID, NOON, a_finding, an_incident
from tests.consoles import TOPIC_ARN, Topic
from tests.vaults import BUCKET, DiedHereError, Life, a_vault

FUNCTION = "arn:aws:lambda:us-west-2:444455556666:function:rehash"
PERSON = "arn:aws:sts::444455556666:assumed-role/on-call/alex"


class Store:
    """The vault's reads as S3 answers them, with what a test says is wrong."""

    def __init__(self, s3: Any, world: "World") -> None:
        self._s3, self._world = s3, world
        self.fails: dict[str, Exception] = {}
        self.asked: list[str] = []

    def get_object(self, **given: Any) -> Any:
        assert given["ExpectedBucketOwner"] == HOME
        self.asked.append(given["Key"])
        if given["Key"] in self.fails:
            raise self.fails[given["Key"]]
        answer = self._s3.get_object(**given)
        self._world.now += self._world.each_takes
        return answer


def refused(code: str) -> ClientError:
    said = {"Error": {"Code": code, "Message": code}}
    return ClientError(said, "GetObject")  # type: ignore[arg-type]


class World:
    """A sealed incident of four objects, and a clock that each look moves."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.vault, self.topic = ledger, a_vault(), Topic()
        self.now, self.each_takes = NOON, timedelta(seconds=1)
        self.store = Store(self.vault.client, self)
        Incidents(ledger).create(an_incident(), a_finding())
        for shelf, name in (("EVIDENCE", "a"), ("EVIDENCE", "b"), ("EVIDENCE", "c"), ("SEAL", "d")):
            content = Content(name.encode() * 3_000_000, ".json", "application/json")
            draft = Draft(Shelf(shelf), "a.collector", name, content, "a thing")
            Evidence(ledger).keep(INCIDENT_ID, draft, vault=self.vault, by="collect", at=NOON)
        Rehashes(ledger).schedule(INCIDENT_ID, now=NOON)

    def run(
        self, at: datetime | None = None, life: Life | None = None, **asked: Any
    ) -> RehashAnswer:
        self.now, life = at or self.now, life or Life()
        table = replace(self.ledger, client=life.of(self.ledger.client))
        return rehash(
            RehashRequest.model_validate(asked),
            incidents=Incidents(table),
            evidence=Evidence(table),
            rehashes=Rehashes(table),
            reader=VersionReader(HOME, life.of(self.store)),
            timeline=Timeline(table),
            pager=Pager(table, life.of(self.topic), TOPIC_ARN),
            by=FUNCTION,
            read_at=lambda: self.now,
            ends_at=self.now + timedelta(seconds=900),
        )

    def item(self, name: str, shelf: Shelf = Shelf.EVIDENCE) -> EvidenceItem:
        found = Evidence(self.ledger).item(INCIDENT_ID, shelf, name)
        assert found is not None
        return found

    def stand(self) -> Rehash:
        stored = Rehashes(self.ledger).stored(INCIDENT_ID)
        assert stored is not None
        return stored.rehash

    def chain(self, *events: str) -> list[tuple[str, str, str]]:
        chain = Evidence(self.ledger).custody(INCIDENT_ID)
        assert verify_chain(chain) is None
        return [(one.event, one.subject, one.detail) for one in chain if one.event in events]

    def timeline(self) -> list[str]:
        return [one.text for one in Timeline(self.ledger).events(INCIDENT_ID)]


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


def test_nothing_is_read_until_a_week_after_it_was_sealed_and_then_each_week(
    world: World,
) -> None:
    assert world.run(NOON + EVERY - timedelta(minutes=1)).incidents == 0
    assert world.store.asked == []
    answer = world.run(NOON + EVERY)
    assert (answer.incidents, answer.ended, answer.wrong) == (1, 1, 0)
    assert len(world.store.asked) == 4
    assert world.run(NOON + EVERY + timedelta(hours=1)).incidents == 0
    assert world.run(NOON + EVERY * 2).ended == 1
    said = "4 versions (12000000 bytes) read and as recorded; 0 in archive and not read;"
    assert world.chain(REHASHED) == [(REHASHED, INCIDENT_ID, f"{said} 0 not as recorded")] * 2
    assert world.topic.messages == []
    assert world.timeline() == []


def test_what_is_in_an_archive_is_counted_as_not_read_and_never_as_good(world: World) -> None:
    world.store.fails[world.item("b").key] = refused("InvalidObjectState")
    assert world.run(NOON + EVERY).wrong == 0
    assert world.chain(REHASHED)[0][2].startswith(
        "3 versions (9000000 bytes) read and as recorded; 1 in archive and not read;"
    )


def change(world: World, name: str) -> None:
    """As if the bytes under this version were others: the record of it names another hash."""
    item = world.item(name)
    stored = world.ledger.get(f"INCIDENT#{INCIDENT_ID}", f"EVIDENCE#{name}")
    assert stored is not None
    world.ledger.replace(stored, item.model_copy(update={"sha256": "0" * 64}))


def test_bytes_that_are_not_those_on_record_are_told_in_custody_timeline_and_a_page(
    world: World,
) -> None:
    found = world.item("b").sha256
    change(world, "b")
    assert world.run(NOON + EVERY).wrong == 1
    detail = f"its bytes are not those on record; recorded {'0' * 64}, found {found}"
    assert world.chain(FOUND_WRONG) == [(FOUND_WRONG, "b", detail)]
    assert "b in the evidence vault is not as recorded" in world.timeline()[0]
    [page] = world.topic.messages
    assert page["Subject"].startswith("[EVIDENCE] 1 versions are not as recorded")
    assert "- b: its bytes" in page["Message"]
    assert world.chain(REHASHED)[0][2].endswith("1 not as recorded")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("NoSuchVersion", "there is no such version any more"),
        ("NoSuchKey", "there is no such version any more"),
        ("AccessDenied", "it could not be read"),
        ("KMS.DisabledException", "it could not be read"),
        ("MethodNotAllowed", "it could not be read"),
    ],
)
def test_what_is_missing_or_refused_is_never_taken_for_good_and_stops_no_other(
    world: World, code: str, says: str
) -> None:
    world.store.fails[world.item("a").key] = refused(code)
    assert world.run(NOON + EVERY).wrong == 1
    assert world.stand().read == 3
    assert says in world.chain(FOUND_WRONG)[0][2]
    assert len(world.topic.messages) == 1


def test_a_version_that_s3_does_not_have_is_missing(world: World) -> None:
    stored = world.ledger.get(f"INCIDENT#{INCIDENT_ID}", "EVIDENCE#a")
    assert stored is not None
    other = world.vault.client.put_object(Bucket=BUCKET, Key="other", Body=b"x")["VersionId"]
    gone = world.item("a").model_copy(update={"version_id": other})
    world.ledger.replace(stored, gone)
    world.run(NOON + EVERY)
    assert "there is no such version any more" in world.chain(FOUND_WRONG)[0][2]


def test_it_pages_each_day_until_somebody_answers_and_reads_again_after_a_week(
    world: World,
) -> None:
    change(world, "b")
    world.run(NOON + EVERY)
    reads = len(world.store.asked)
    for day in (1, 2):
        world.run(NOON + EVERY + AGAIN * day + timedelta(minutes=5 * day))
        world.run(NOON + EVERY + AGAIN * day + timedelta(hours=1))
    assert len(world.topic.messages) == 3
    assert len(world.store.asked) == reads
    world.run(incident_id=INCIDENT_ID, by=PERSON, reason="the record was moved, see ticket 12")
    assert world.chain(WRONG_SEEN) == [(WRONG_SEEN, "b", "the record was moved, see ticket 12")]
    world.run(NOON + EVERY + AGAIN * 4)
    assert len(world.topic.messages) == 3
    world.run(NOON + EVERY * 2)  # the same fault again: on record, and no page
    assert len(world.store.asked) == reads * 2
    assert len(world.chain(FOUND_WRONG)) == 2
    assert len(world.topic.messages) == 3
    change(world, "c")  # another one
    world.run(NOON + EVERY * 3)
    assert len(world.topic.messages) == 4
    assert "- b:" not in world.topic.messages[-1]["Message"]


def test_there_is_nothing_to_answer_for_where_nothing_is_wrong(world: World) -> None:
    world.run(NOON + EVERY)
    with pytest.raises(Refused, match="nothing unanswered is wrong"):
        world.run(incident_id=INCIDENT_ID, by=PERSON, reason="why")
    assert world.chain(WRONG_SEEN) == []


def test_a_round_takes_as_many_runs_as_it_needs_and_reads_nothing_twice(world: World) -> None:
    world.each_takes = timedelta(seconds=500)
    at, ended = NOON + EVERY, 0
    for _ in range(4):
        ended += world.run(at).ended
        at += timedelta(hours=1)
    assert ended == 1
    assert len(set(world.store.asked)) == 4
    assert world.stand().read == 4
    assert len(world.chain(REHASHED)) == 1


def test_one_that_takes_longer_than_a_run_is_told_and_the_others_are_read(world: World) -> None:
    world.each_takes = timedelta(seconds=890)
    at = NOON + EVERY
    for _ in range(5):
        world.run(at)
        at += timedelta(hours=1)
    assert len(world.chain(FOUND_WRONG)) == 4
    assert "longer to read than one run lasts" in world.chain(FOUND_WRONG)[0][2]
    assert world.stand().began_at is None


@pytest.mark.parametrize("wrong", [False, True])
def test_a_run_that_dies_anywhere_ends_as_one_that_does_not(world: World, wrong: bool) -> None:
    if wrong:
        change(world, "b")
    for calls in range(0, 40, 3):
        try:
            world.run(NOON + EVERY, Life(calls))
        except DiedHereError:
            continue
        break
    world.run(NOON + EVERY + timedelta(minutes=10))
    assert len(world.chain(REHASHED)) == 1
    assert len(world.chain(FOUND_WRONG)) == int(wrong)
    assert len(world.timeline()) == int(wrong)
    assert (world.stand().read, len(world.stand().standing)) == (4 - wrong, int(wrong))
    assert len(world.topic.messages) >= int(wrong)


class Torn(StreamingBody):
    """A body whose connection breaks."""

    def iter_chunks(self, chunk_size: int = 1024) -> Any:
        raise ReadTimeoutError(endpoint_url="https://s3.example.com")


def test_a_connection_that_breaks_is_no_fault_of_the_evidence(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = world.store.get_object

    def torn(**given: Any) -> Any:
        answer = whole(**given)
        return {"Body": Torn(answer["Body"], 1)}

    monkeypatch.setattr(world.store, "get_object", torn)
    with pytest.raises(Unavailable):
        world.run(NOON + EVERY)
    assert world.chain(FOUND_WRONG) == []
    monkeypatch.undo()
    assert world.run(NOON + EVERY + timedelta(hours=1)).ended == 1


def test_a_person_has_an_incident_hashed_now(world: World) -> None:
    assert world.run(NOON + timedelta(hours=1), incident_id=INCIDENT_ID).ended == 1


@pytest.mark.parametrize(
    "asked", [{"by": PERSON, "reason": "why"}, {"incident_id": INCIDENT_ID, "by": PERSON}]
)
def test_an_answer_says_which_incident_who_and_why(world: World, asked: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        world.run(**asked)
    assert world.store.asked == []


def test_a_report_is_read_again_as_evidence_is_and_told_of_when_it_changed(world: World) -> None:
    page = Content(b"<p>as it was</p>", ".html", "text/html")
    draft = Draft(Shelf.REPORT, "report", "report/0001", page, "a page")
    evidence = Evidence(world.ledger)
    item = evidence.keep(INCIDENT_ID, draft, vault=world.vault, by="report", at=NOON)
    assert world.run(NOON + EVERY).wrong == 0
    assert item.key in world.store.asked
    stored = world.ledger.get(f"INCIDENT#{INCIDENT_ID}", "REPORT#report/0001")
    assert stored is not None
    world.ledger.replace(stored, item.model_copy(update={"sha256": "0" * 64}))
    assert world.run(NOON + EVERY * 2).wrong == 1
    assert [subject for _, subject, _ in world.chain(FOUND_WRONG)] == ["report/0001"]
