"""Unpacks an object as CloudTrail delivers it: gzip, of one member or of several."""

import zlib

import deflate
import stringzilla

MOST_BYTES = 2 * 1024**3  # of one object, unpacked; CloudTrail's are some hundred megabytes at most
_MAGIC = b"\x1f\x8b"
_GZIP = 16 + zlib.MAX_WBITS


class Damaged(ValueError):
    """An object that cannot be read. Says why, in words that hold nothing of its content."""


def unpack(packed: bytes, *, most_bytes: int = MOST_BYTES) -> bytes | bytearray:
    """What was packed; an object that is no gzip is taken as it is. Raises `Damaged`.

    Never holds more than `most_bytes`, whatever the object claims.
    """
    if not packed:
        raise Damaged("it is empty")
    if not packed.startswith(_MAGIC):
        return packed
    # RFC 1952, section 2.3.1, ISIZE: the length, modulo 2^32. libdeflate reads the first member and
    # says nothing of what follows. Where something does, these four bytes stand there before it.
    size = packed[-4:]
    length = int.from_bytes(size, "little")
    if length <= most_bytes and stringzilla.find(packed, size) == len(packed) - len(size):
        try:
            raw = deflate.gzip_decompress(packed)
        except (deflate.DeflateError, ValueError):
            raw = bytearray()
        if raw and len(raw) == length:
            return raw
    return _member_by_member(packed, most_bytes)


def _member_by_member(packed: bytes, most_bytes: int) -> bytearray:
    """The same with zlib, which knows what follows a member: another, padding, or neither."""
    raw, rest = bytearray(), packed
    while rest:
        stream = zlib.decompressobj(_GZIP)
        try:
            raw += stream.decompress(rest, most_bytes - len(raw) + 1)
        except zlib.error:
            raise Damaged("it is no gzip, or its checksum is wrong") from None
        if len(raw) > most_bytes:
            raise Damaged(f"it unpacks to more than {most_bytes} bytes")
        if not stream.eof:
            raise Damaged("it ends in the middle")
        rest = stream.unused_data.lstrip(b"\0")
        if rest and not rest.startswith(_MAGIC):
            raise Damaged("something that is no gzip follows")
    return raw
