"""One ZIP that holds a case: its evidence and papers, the dossier in both forms, and the check.

Whoever is handed it needs nothing of ours: `python3 verify_custody.py CASE.zip`.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from responder_cli import verify_custody
from responder_cli.dossier.pdf import pdf

_MADE = (2020, 1, 1, 0, 0, 0)  # the same case is the same bytes
_READ_ME = """\
{incident}

dossier.html, dossier.pdf   what happened and was done; both say the same
verify_custody.py           checks everything below {incident}/
{incident}/        the evidence, its signed manifests and the custody log

Unpack it, or leave it packed, and run:

    python3 verify_custody.py .          (or the name of the ZIP)

It needs Python 3.9 or later, and nothing else. Ask the owner of the signing key for the public key
and give it with --public-key: the one in the case proves only that the case is of one piece.
"""


def pack(folder: Path, page: bytes, to: Path) -> Path:
    """Pack the case in `folder`, named by its incident, with the dossier that `page` is."""
    incident = folder.name
    papers = {
        "READ-ME.txt": _READ_ME.format(incident=incident).encode(),
        "dossier.html": page,
        "dossier.pdf": pdf(page),
        "verify_custody.py": Path(verify_custody.__file__).read_bytes(),
    }
    to.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, body in papers.items():
            packed.writestr(zipfile.ZipInfo(name, _MADE), body)
        for path in _files(folder):
            name = f"{incident}/{path.relative_to(folder).as_posix()}"
            with (
                path.open("rb") as source,
                packed.open(zipfile.ZipInfo(name, _MADE), "w", force_zip64=True) as target,
            ):
                while block := source.read(1 << 20):
                    target.write(block)
    return to


def _files(folder: Path) -> Iterator[Path]:
    """Everything of the case, but the check itself, which stands at the top."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "verify_custody.py":
            yield path
