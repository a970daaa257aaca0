"""Reads a small text file that somebody names in a command."""

from pathlib import Path

from responder.domain.errors import Broken

_MOST_BYTES = 65_536


def text_of(path: Path, most_bytes: int = _MOST_BYTES) -> str:
    """What it says. Raises `Broken` naming it where it is too large, no file, or no UTF-8."""
    try:
        if path.stat().st_size > most_bytes:
            raise Broken(f"{path}: larger than {most_bytes} bytes")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Broken(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Broken(f"{path}: not UTF-8 text") from None
