"""Keeps what stands in objects, in a folder of one's own, so that a second question is quick.

What is kept goes by the SHA-256 of the object and the form of what is kept: another object, another
version, or a file that was changed or cut off reads as nothing kept. It holds no whole record, but
names as they begin, and is for nobody else: who may write here could hide a record.
"""

import os
from hashlib import blake2b, sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec

from responder.domain.errors import Refused
from responder.scan.contents import Contents

# Another number whenever the same document would give other contents, or is counted otherwise.
_FORM = b"contents 1"
_SIGNED = 32
_MODE, _OTHERS = 0o700, 0o022


class Shelf:
    """One folder. Several processes may share it; what two of them put there is the same."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder. Raises `Refused` for one that others may write to."""
        try:
            folder.mkdir(mode=_MODE, parents=True, exist_ok=True)
            stands = folder.stat()
        except OSError as error:
            raise Refused(f"{folder} cannot be used: {error.strerror}") from None
        if stands.st_uid != os.getuid() or stands.st_mode & _OTHERS:
            raise Refused(f"{folder} is not yours alone to write to; take another folder")
        self._folder = folder

    def get(self, name: bytes) -> Contents | None:
        """What was kept of an object; None where nothing was that can be believed."""
        try:
            kept = self._path(name).read_bytes()
        except OSError:
            return None
        signed, body = kept[:_SIGNED], kept[_SIGNED:]
        if signed != _signed(body, name):
            return None
        try:
            return msgspec.msgpack.decode(body, type=Contents)
        except msgspec.MsgspecError:
            return None

    def put(self, name: bytes, contents: Contents) -> None:
        """Keep it, whole or not at all. Raises `Refused` where it cannot be written."""
        body = msgspec.msgpack.encode(contents)
        path = self._path(name)
        try:
            path.parent.mkdir(mode=_MODE, exist_ok=True)
            with NamedTemporaryFile(dir=path.parent, delete=False) as file:  # of mode 0600
                file.write(_signed(body, name) + body)
            Path(file.name).replace(path)
        except OSError as error:
            raise Refused(f"{path} could not be written: {error.strerror}") from None

    def _path(self, name: bytes) -> Path:
        return self._folder / name.hex()[:2] / name.hex()


def name_of(packed: bytes) -> bytes:
    """What an object is kept by."""
    return sha256(packed).digest()


def _signed(body: bytes, name: bytes) -> bytes:
    return blake2b(body, key=name, person=_FORM, digest_size=_SIGNED).digest()
