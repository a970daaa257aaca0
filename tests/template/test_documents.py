"""The pages that are written from the code say what the code says."""

import runpy

import pytest

from tests.template.templates import ROOT

WRITTEN: dict[str, str] = runpy.run_path(str(ROOT / "docs/write.py"))["documents"]()


@pytest.mark.parametrize("path", sorted(WRITTEN))
def test_a_page_written_from_the_code_is_current(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == WRITTEN[path], "run `make docs`"


def test_the_catalog_holds_nothing_else() -> None:
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "docs/catalog").iterdir()}
    assert there == {path for path in WRITTEN if path.startswith("docs/catalog/")}
