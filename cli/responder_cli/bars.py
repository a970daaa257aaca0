"""How far long work is, on a terminal."""

from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def bar_on_terminal(*, quiet: bool) -> Progress:
    """Bars beside the output, gone when they are done; none if `quiet`."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=quiet,
    )


def told_on(bar: Progress) -> Callable[[str, int], Callable[[], None]]:
    """Begins a bar: what for, and how many there are. What it answers is called for each."""

    def begin(what: str, total: int) -> Callable[[], None]:
        task = bar.add_task(what, total=total)
        return lambda: bar.advance(task)

    return begin
