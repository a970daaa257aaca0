"""Which modules a function finds in Lambda beside its own: not all that are installed here.

Packages are installed where the engine runs, and not in the source folder of a layer, which only
lists them. So what a layer's requirements.txt pins counts as being in that layer; the runtime
brings the SDK; the rest is not there.
AWS: Lambda Developer Guide, "Runtime-included Python libraries".
"""

import builtins
import re
import sys
from collections.abc import Callable, Iterable
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any, Final

_RUNTIME: Final = frozenset(
    {"awslambdaric", "boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "simplejson"}
    | {"six", "snapshot-restore-py", "urllib3"}
)
_PINNED: Final = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])? *==", re.MULTILINE)


def importing_only(owned: frozenset[str], layers: Iterable[Path]) -> dict[str, Any]:
    """The built-in names for the code of a function and its layers, with an import that refuses.

    What they import may import whatever it likes: a package's own requirements come with it.
    """
    offered = owned | sys.stdlib_module_names | _offered(tuple(layers))
    original: Callable[..., Any] = builtins.__import__

    def guarded(
        name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        if level == 0 and name.partition(".")[0] not in offered:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
        return original(name, globals, locals, fromlist, level)

    return {**vars(builtins), "__import__": guarded}


@cache
def _offered(layers: tuple[Path, ...]) -> frozenset[str]:
    """Top-level modules of the runtime and of what the layers pin."""
    there = set(_RUNTIME)
    for layer in layers:
        listed = layer / "requirements.txt"
        if listed.is_file():
            there |= {_plain(name) for name in _PINNED.findall(listed.read_text(encoding="utf-8"))}
    return frozenset(
        module
        for module, distributions in _installed().items()
        if any(_plain(one) in there for one in distributions)
    )


@cache
def _installed() -> dict[str, list[str]]:
    return dict(packages_distributions())


def _plain(name: str) -> str:
    """A distribution's name as all its spellings are compared (PyPA, "Name normalization")."""
    return re.sub(r"[-_.]+", "-", name).lower()
