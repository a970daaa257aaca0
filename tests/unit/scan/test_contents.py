"""What is kept of an object never hides a record, whoever is asked about."""

import gzip
import json
import stat
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from responder.domain.errors import Refused
from responder.scan.contents import Contents, contents_of, unpacked
from responder.scan.document import Found, found
from responder.scan.looking import LEAST_BYTES, Looked, look
from responder.scan.needles import Needles
from responder.scan.shelf import Shelf, name_of
from responder.scan.unpacking import Damaged
from tests.unit.scan.test_document import HIT, HOSTILE, KEY, ROLE, a_record, written

ROOT, PROVIDER = "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:saml-provider/Sso"
SESSION = ":assumed-role/web/i-0123456789"
TEXTS = [
    *(KEY, ROLE, ROOT, PROVIDER, SESSION, "/web", "/w", "/longer-than-eight", "/a/bc", "//", "//x"),
    *("carlo", "AKIAEXAMPLEEXAMPLE09", "AKIAAKIAEXAMPLEEX", "AKIA", "ASIAEXAMPLE", "a:root", "1,"),
]
RANDOM = Random(5)  # what does not pack well


def large(*records: Any) -> bytes:
    """A packed object that is large enough to be worth keeping."""
    filling = [a_record(userAgent=f"{RANDOM.getrandbits(2048):x}") for _ in range(20)]
    packed = gzip.compress(written([*filling, *records, *filling]), mtime=0)
    assert len(packed) >= LEAST_BYTES
    return packed


def agree(raw: bytes, texts: list[str]) -> None:
    """What is kept of a document says what the document says."""
    contents = contents_of(raw)
    if contents is None:
        return
    needles = Needles(texts)
    answer = found(raw, needles)
    assert found(raw, needles, contents.bounds()) == answer
    if not contents.may_hold(needles):
        assert answer == Found(contents.counted)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_kept_of_a_hostile_document_says_what_the_document_says(name: str) -> None:
    for text in TEXTS:
        agree(HOSTILE[name], [text])
    agree(HOSTILE[name], [KEY, ROLE, *(f"/nobody-{one}" for one in range(9))])


_PARTS = st.sampled_from([*TEXTS, "/", ":", "A", "K", "AKIA", "ASI", "::", "EXAMPLE0", "\\", "é"])
_TEXTS = st.lists(_PARTS | st.text(max_size=3), max_size=4).map("".join)
_STYLES = st.sampled_from([b"/", b"\\/", b"\\u002f"])
_NEEDLES = st.lists(
    st.sampled_from(TEXTS)
    | st.text("AKSI09:/a=@w", min_size=2, max_size=12)
    | st.builds("{}{}".format, st.sampled_from(["AKIA", "/", "::"]), st.text("AK/:9w", min_size=2)),
    min_size=1,
    max_size=8,
)


@settings(max_examples=400)
@given(
    st.lists(st.builds(a_record, userAgent=_TEXTS, requestParameters=_TEXTS), max_size=4),
    _NEEDLES,
    _STYLES,
)
@example([a_record(userAgent="AKIAAKIAEXAMPLEEX")], ["AKIAEXAMPLEEX"], b"/")
def test_whatever_is_asked_for_what_is_kept_says_what_the_document_says(
    records: list[Any], texts: list[str], slash: bytes
) -> None:
    agree(written(records).replace(b"/", slash), texts)


@pytest.mark.parametrize("name", ["indented", "no list", "cut off", "UTF-16", "more behind it"])
def test_of_a_document_in_another_form_nothing_is_kept(name: str) -> None:
    assert contents_of(HOSTILE[name]) is None


def test_most_questions_need_no_document() -> None:
    contents = contents_of(written([HIT, a_record(userAgent="x/web")]))
    assert isinstance(contents, Contents)
    for text, may in {
        **dict.fromkeys([KEY, "/web", "/we"], True),
        **dict.fromkeys(["AKIAEXAMPLEOTHERS00", "/nobody", ROOT, SESSION, PROVIDER], False),
    }.items():
        assert contents.may_hold(Needles([text])) is may, text
    many = [f"/nobody-{one}" for one in range(1000)]
    assert not contents.may_hold(Needles(many))
    assert contents.may_hold(Needles([*many, "/web"]))


def test_what_stands_across_the_parts_of_a_large_document_is_seen() -> None:
    for shift in range(40):
        filling = "." * (4 * 1024**2 - 250 - shift)
        named = f"{filling} {KEY} /web {ROOT} "
        contents = contents_of(written([a_record(userAgent=named, eventID="x" * 50)]))
        assert contents is not None
        assert all(contents.may_hold(Needles([text])) for text in (KEY, "/web", ROOT)), shift


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "index")


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_asked_twice_about_anybody_the_answer_is_the_same(shelf: Shelf, tmp_path: Path) -> None:
    objects = [large(HIT), large(), large(a_record(requestParameters=[ROLE, {SESSION: 1}, 7]))]
    for packed in objects:
        for text in TEXTS:
            plain = look(packed, Needles([text]), plainly=True)
            assert look(packed, Needles([text])) == plain
            assert look(packed, Needles([text]), shelf) == plain
    assert len(files(tmp_path)) == len(objects)


def test_only_we_can_read_what_is_kept(shelf: Shelf, tmp_path: Path) -> None:
    look(large(HIT), Needles([KEY]), shelf)
    [path] = files(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "index").stat().st_mode) == 0o700


def test_no_whole_record_is_kept_and_of_a_name_no_more_than_eight_letters() -> None:
    contents = contents_of(written([HIT, a_record(userAgent="/somebodys-long-name and more")]))
    assert contents is not None
    assert unpacked(contents.names) == b"\n/somebody"
    assert unpacked(contents.keys) == b"\nAEXAMPLEE"


@settings(max_examples=60)
@given(st.integers(min_value=0), st.integers(1, 255), st.booleans())
def test_a_damaged_file_is_never_believed(
    tmp_path_factory: pytest.TempPathFactory, at: int, change: int, cut: bool
) -> None:
    folder = tmp_path_factory.mktemp("index")
    shelf, packed = Shelf(folder), large(HIT)
    look(packed, Needles([KEY]), shelf)
    [path] = files(folder)
    kept = bytearray(path.read_bytes())
    kept[at % len(kept)] ^= change
    path.write_bytes(kept[: at % len(kept)] if cut else kept)
    assert shelf.get(name_of(packed)) is None
    assert look(packed, Needles([KEY]), shelf) == look(packed, Needles([KEY]))
    assert shelf.get(name_of(packed)) is not None  # made anew


def test_what_is_kept_of_one_object_is_not_believed_of_another(
    shelf: Shelf, tmp_path: Path
) -> None:
    empty, held = large(), large(HIT)
    look(empty, Needles([KEY]), shelf)
    [foreign] = files(tmp_path)
    look(held, Needles([KEY]), shelf)
    [own] = [path for path in files(tmp_path) if path != foreign]
    own.write_bytes(foreign.read_bytes())
    assert len(look(held, Needles([KEY]), shelf).found.records) == 1


def test_of_an_object_that_cannot_be_read_nothing_is_kept(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(Damaged):
        look(large(HIT)[:-9], Needles([KEY]), shelf)
    assert not files(tmp_path)


def test_an_object_that_is_too_large_is_refused_though_something_is_kept_of_it(
    shelf: Shelf,
) -> None:
    packed = large()
    assert isinstance(look(packed, Needles([KEY]), shelf), Looked)
    with pytest.raises(Damaged, match="more than 1000 bytes"):
        look(packed, Needles([KEY]), shelf, most_bytes=1000)


def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Refused, match="cannot be used"):
        Shelf(tmp_path / "file")


def test_another_form_of_what_is_kept_has_another_number() -> None:
    """Whoever changes what stands here has to change `_FORM`, or old files would be believed."""
    raw = written([HIT, a_record(userAgent="/web <\\>")]).replace(b"<", b"\\u003c")
    lengths = [len(json.dumps(one, separators=(",", ":"))) for one in (HIT, a_record())]
    lengths[1] += len(raw) - len(written([HIT, a_record()]))
    contents = contents_of(raw)
    assert contents is not None
    assert (contents.raw_bytes, contents.counted) == (len(raw), 2)
    assert (contents.data_events, contents.otherwise) == (False, b"<")
    lists = (contents.keys, contents.roots, contents.names)
    assert [unpacked(one) for one in lists] == [b"\nAEXAMPLEE", b"", b"\n/web"]
    assert unpacked(contents.lengths) == b"".join(one.to_bytes(4, "little") for one in lengths)
    assert Contents.__struct_fields__ == (
        *("raw_bytes", "counted", "data_events", "otherwise"),
        *("keys", "roots", "names", "lengths"),
    )
