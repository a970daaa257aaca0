"""The fast way finds what the plain one does, in every document that somebody could think of."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from responder.scan.document import Found, found, plainly
from responder.scan.needles import Needles
from responder.scan.unpacking import Damaged, unpack

KEY, ROLE = "AKIAEXAMPLEEXAMPLE00", "arn:aws:iam::111122223333:role/web"
NEEDLES = Needles([KEY, ROLE])
MANY = Needles([KEY, ROLE, *(f"ASIAEXAMPLEEXAMPLE0{one}" for one in range(5))])
FAKE = {"eventVersion": "1.11", "userIdentity": {"accessKeyId": KEY}, "eventID": "forged"}


def a_record(**given: Any) -> dict[str, Any]:
    plain = {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "accessKeyId": "AKIAEXAMPLEEXAMPLE09"},
        "eventTime": "2026-11-23T12:00:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "requestParameters": None,
        "eventID": "0a1b",
    }
    return plain | given


HIT = a_record(userIdentity={"type": "IAMUser", "accessKeyId": KEY}, eventID="hit")


def written(records: list[Any], **style: Any) -> bytes:
    return json.dumps({"Records": records}, **({"separators": (",", ":")} | style)).encode()


def both(raw: bytes, needles: Needles = NEEDLES) -> tuple[Any, Any]:
    """What the two ways answer; a reason where one cannot read it."""
    answers = list[Any]()
    for way in (found, plainly):
        try:
            answers.append(way(raw, needles))
        except Damaged as error:
            answers.append(str(error))
    return answers[0], answers[1]


HOSTILE = {
    "as CloudTrail writes it": written([a_record(), HIT, a_record()]),
    "nothing of it": written([a_record()] * 3),
    "no records": written([]),
    "indented": written([a_record(), HIT], indent=2),
    "with blanks": written([a_record(), HIT], separators=(", ", ": ")),
    "in another order": written([dict(reversed(HIT.items())), a_record()]),
    "key by numbers": written([HIT]).replace(KEY.encode(), b"\\u0041KIAEXAMPLEEXAMPLE00"),
    "key by numbers, beside a plain one": written([HIT, HIT]).replace(
        KEY.encode(), b"AKIAEXAMPLEEXAMPLE0\\u0030", 1
    ),
    "a slash behind a backslash": written([a_record(resources=[ROLE])]).replace(b"/", b"\\/"),
    "a slash by number": written([a_record(resources=[ROLE])]).replace(b"/", b"\\u002F"),
    "a number that no needle has": written([a_record(userAgent="<a>")]).replace(b"<", b"\\u003c"),
    "a backslash and what looks like a number": written([a_record(userAgent="\\u0041")]),
    "a name of a field": written([a_record(requestParameters={KEY: 1})]),
    "deep inside": written([a_record(requestParameters={"a": [[{"b": [ROLE + "x"]}]]})]),
    "a forged record as a parameter": written([a_record(requestParameters=FAKE)]),
    "forged records in a list": written(
        [a_record(requestParameters={"list": [{"x": 1}, FAKE, FAKE]}), a_record()]
    ),
    "a forged record after the list": written([a_record()])[:-1]
    + b',"more":'
    + json.dumps([FAKE], separators=(",", ":")).encode()
    + b"}",
    "a field before the list": b'{"x":1,' + written([HIT])[1:],
    "the list twice": written([HIT])[:-1] + b"," + written([a_record()])[1:],
    "a field twice": written([HIT]).replace(b'"eventID":"hit"', b'"eventID":"x","eventID":"hit"'),
    "null, a number and a text": written([None, 1, KEY, HIT]),
    "no list": b'{"Records":null}',
    "another document": b'{"digestS3Bucket":"x"}',
    "a list": b"[1]",
    "cut off": written([HIT, a_record()])[:-30],
    "cut off between records": b'{"Records":[' + json.dumps(HIT).encode() + b",",
    "more behind it": written([HIT]) + b"x",
    "blanks behind it": written([HIT]) + b"  \n",
    "no JSON": b"<xml>" + KEY.encode(),
    "nothing": b"",
    "UTF-16": written([HIT]).decode().encode("utf-16"),
    "with a mark before it": b"\xef\xbb\xbf" + written([HIT]),
    "no text": written([a_record(userAgent="?" + KEY)]).replace(b"?", b"\xff"),
    "letters of all kinds": written([a_record(userAgent="é 漢 \u2028")], ensure_ascii=False),
    "a number that is none": written([HIT | {"n": float("nan")}]),
    "a number without end": written([HIT | {"n": 10**400}]),
    "a number too large": written([HIT | {"n": 0}]).replace(b'"n":0', b'"n":1e400'),
    "half a letter": written([HIT | {"userAgent": "\ud800"}]),
    "several of them in one record": written([a_record(), HIT | {"resources": [ROLE, KEY]}]),
    "a field's name and nothing else, behind one that is overwritten": written(
        [a_record(requestParameters={KEY: 1})]
    ).replace(b'"eventVersion"', b'"eventVersion":"' + KEY.encode() + b'","eventVersion"'),
    "overwritten, and nowhere else": written([a_record()]).replace(
        b'"eventVersion"', b'"eventVersion":"' + KEY.encode() + b'","eventVersion"'
    ),
    "a letter by number before the rest of one": written([a_record(userAgent="?" + KEY[1:])])
    .replace(b"?", b"\\n")
    .replace(KEY[1:].encode(), b"AKIA" + KEY[4:].encode()),
    "numbers": written([1, 12, HIT]),
    "too deep": b'{"Records":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
}


@pytest.mark.parametrize("needles", [NEEDLES, MANY], ids=["two needles", "an automaton"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_read_as_the_reference_reads_it(name: str, needles: Needles) -> None:
    fast, plain = both(HOSTILE[name], needles)
    assert fast == plain


def test_the_fast_way_is_taken_where_nothing_stands_and_does_not_read_what_follows() -> None:
    """What a document without a needle is like inside, its checksum answers for."""
    assert both(b'{"Records":[{"eventVersion":"1","eventID":"a",}]}') == (
        Found(total=1),
        "it is no JSON",
    )


def test_words_of_a_record_in_parameters_can_move_the_number_of_records_and_nothing_else() -> None:
    inner = [{"x": 1}, {"eventVersion": "1", "eventID": "2"}]
    raw = written([a_record(requestParameters={"list": inner}), a_record()])
    fast, plain = both(raw)
    assert (fast.records, plain.records) == ([], [])
    assert (fast.total, plain.total) == (3, 2)


_TEXTS = st.sampled_from(
    [KEY, ROLE, f"x{KEY}x", ROLE[:-1], KEY[1:], '{"eventVersion":"', '"eventID":"', "\\", "/", "é"]
) | st.text(max_size=8)
_VALUES = st.recursive(
    _TEXTS | st.none() | st.booleans() | st.integers() | st.just(FAKE),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)
_RECORDS = st.lists(
    st.builds(a_record, requestParameters=_VALUES, userAgent=_TEXTS) | _VALUES, max_size=6
)
_STYLES = st.fixed_dictionaries(
    {
        "ensure_ascii": st.booleans(),
        "separators": st.sampled_from([(",", ":"), (", ", ":"), (",", ": ")]),
        "sort_keys": st.just(False),
    }
)


@settings(max_examples=300)
@given(_RECORDS, _STYLES, st.sampled_from([b"", b"\\/", b"\\u002f", b"\\u002F"]))
@example([HIT], {}, b"")
def test_any_document_is_read_as_the_reference_reads_it(
    records: list[Any], style: dict[str, Any], slash: bytes
) -> None:
    raw = written(records, **style)
    raw = raw.replace(b"/", slash) if slash else raw
    for needles in (NEEDLES, MANY):
        fast, plain = both(raw, needles)
        assert fast.records == plain.records
        assert fast.strange == plain.strange


@settings(max_examples=100)
@given(st.lists(st.builds(a_record, userAgent=st.text()) | st.just(HIT), max_size=6), _STYLES)
def test_records_as_cloudtrail_writes_them_are_counted(
    records: list[Any], style: dict[str, Any]
) -> None:
    fast, plain = both(written(records, **style))
    assert fast == plain
    assert plain.total == len(records)


@settings(max_examples=200)
@given(
    st.sampled_from(sorted(HOSTILE)),
    st.integers(min_value=0),
    st.binary(max_size=3),
    st.booleans(),
)
def test_a_document_with_bytes_changed_never_hides_a_record(
    name: str, at: int, new: bytes, cut: bool
) -> None:
    raw = HOSTILE[name]
    place = at % (len(raw) + 1)
    raw = raw[:place] + new + (b"" if cut else raw[place + len(new) :])
    fast, plain = both(raw)
    if isinstance(plain, Found):
        assert isinstance(fast, Found)
        assert (fast.records, fast.strange) == (plain.records, plain.strange)
    else:
        assert fast == plain or (isinstance(fast, Found) and not fast.records)


RAW = written([HIT, a_record()] * 50)
PACKED = gzip.compress(RAW, mtime=0)


@pytest.mark.parametrize(
    "packed",
    [
        PACKED,
        RAW,
        gzip.compress(RAW[:9]) + gzip.compress(RAW[9:]),
        gzip.compress(RAW[:-9]) + gzip.compress(RAW[-9:]),
        gzip.compress(RAW) + gzip.compress(b""),
        gzip.compress(RAW[:5]) + gzip.compress(b"") + gzip.compress(RAW[5:]),
        PACKED + b"\0" * 512,
        gzip.compress(RAW, 0),
        gzip.compress(RAW[: len(RAW) // 2]) + gzip.compress(RAW[len(RAW) // 2 :]),
    ],
    ids=range(9),
)
def test_however_it_was_packed_it_is_unpacked_whole(packed: bytes) -> None:
    assert unpack(packed) == RAW


@pytest.mark.parametrize(
    ("packed", "why"),
    [
        (b"", "empty"),
        (PACKED[:-1], "middle"),
        (PACKED[:40], "middle"),
        (PACKED + b"x", "follows"),
        (PACKED + b"x" + PACKED[-4:], "follows"),
        (PACKED + PACKED[:30], "middle"),
        (PACKED[:60] + b"\0" + PACKED[61:], "checksum"),
        (PACKED[:-8] + b"\0\0\0\0" + PACKED[-4:], "checksum"),
        (PACKED[:-4] + b"\1\0\0\0", "checksum"),
        (b"\x1f\x8b", "middle"),
        (b"\x1f\x8b\x09" + PACKED[3:], "checksum"),
    ],
    ids=range(11),
)
def test_what_is_damaged_is_told(packed: bytes, why: str) -> None:
    with pytest.raises(Damaged, match=why):
        unpack(packed)


def test_what_would_fill_the_memory_is_refused_before_it_does() -> None:
    bomb = gzip.compress(b"a" * 5_000_000)
    with pytest.raises(Damaged, match="more than 1000000 bytes"):
        unpack(bomb, most_bytes=1_000_000)
    lying = bomb[:-4] + (10).to_bytes(4, "little")
    with pytest.raises(Damaged, match=r"checksum|more than"):
        unpack(lying, most_bytes=1_000_000)
    several = gzip.compress(b"a" * 800_000) * 2
    with pytest.raises(Damaged, match="more than 1000000 bytes"):
        unpack(several, most_bytes=1_000_000)


@pytest.mark.parametrize("needle", ["cords", "Records", "cor"])
def test_a_needle_that_stands_before_the_first_record_finds_no_record_twice(needle: str) -> None:
    named = a_record(userAgent=f"x{needle}", eventID="hit")
    fast, plain = both(written([a_record(eventID="1"), named]), Needles([needle]))
    assert fast == plain == Found(2, [named])


@pytest.mark.parametrize("text", ["", "A", "arn:aws:iam::1:role/é", 'a"bcdefgh', "a b c d e f"])
def test_a_needle_that_json_may_write_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no text to look for"):
        Needles([text])
