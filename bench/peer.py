"""A peer in a process of its own, asked round by round: its packages would hold ours back."""

import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[1]
PYTHON = ROOT / ".venv-bench" / "bin" / "python"


class Peer:
    """`make bench` makes the virtual environment."""

    def __init__(self, module: str, *words: str) -> None:
        """Starts it. Raises `FileNotFoundError` where there is no virtual environment."""
        self._process = subprocess.Popen(  # noqa: S603 - our own words
            [PYTHON, "-m", module, *words],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self) -> tuple[str, float]:
        """Its answer, and the seconds it computed."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the peer has no pipes")
        self._process.stdin.write("again\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        return told["answer"], told["seconds"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()
