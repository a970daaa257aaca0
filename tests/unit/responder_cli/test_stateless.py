"""What functions of a drill share holds no state: no function could tell that another uses it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import responder
from responder_cli.drill.world import STATELESS

_ROOT = Path(responder.__file__).parent
_MODULES = sorted(
    path
    for package in STATELESS
    for path in (_ROOT / package.removeprefix("responder.")).rglob("*.py")
)
_CHANGES = frozenset(
    {"add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove"}
    | {"setdefault", "update"}
)
_PROCESS = ("os.environ", "sys.modules")
# What they remember follows from their arguments and from files of the package.
_REMEMBERED = frozenset(
    {
        *("aws/models.py:_models", "aws/models.py:_names"),  # files of botocore
        *("domain/protection.py:_rule", "domain/rota.py:_zones"),
        *("regimes/counting.py:_holidays", "regimes/requests.py:rights"),
        *("report/board_page.py:_style", "report/markup.py:_environment"),
        *("scan/contents.py:_asked", "scan/flow/record.py:_port", "scan/flow/record.py:_times"),
    }
)


def _names(tree: ast.Module) -> set[str]:
    """What a module binds for as long as it is there, imports left out."""
    found = set[str]()
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        found |= {one.id for one in targets if isinstance(one, ast.Name)}
    return found


def _changed(tree: ast.Module) -> Iterator[str]:
    """Names of the module that a function of it changes, and what it asks of the process."""
    names = _names(tree)
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.Lambda):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Global):
                yield from node.names
            elif isinstance(node, ast.Attribute) and ast.unparse(node) in (
                "os.environ",
                "sys.modules",
            ):
                yield ast.unparse(node)
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in _CHANGES
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id in names
            ):
                yield node.func.value.id
            elif (
                isinstance(node, ast.Subscript | ast.Attribute)
                and isinstance(node.ctx, ast.Store | ast.Del)
                and isinstance(node.value, ast.Name)
                and node.value.id in names
            ):
                yield node.value.id


def _remembers(tree: ast.Module) -> Iterator[str]:
    """Functions of the module whose answers are kept."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and any(
            "cache" in ast.unparse(one) for one in node.decorator_list
        ):
            yield node.name


def test_a_shared_module_is_changed_by_nothing_in_it() -> None:
    assert len(_MODULES) > 200
    changed = {
        f"{path.relative_to(_ROOT)}:{name}"
        for path in _MODULES
        for name in _changed(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert changed == set()


def test_what_is_remembered_follows_from_arguments_and_files_alone() -> None:
    found = {
        f"{path.relative_to(_ROOT)}:{name}"
        for path in _MODULES
        for name in _remembers(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == _REMEMBERED


def test_a_module_that_keeps_something_would_be_found() -> None:
    source = """
import os
_SEEN = {}
_LIST = []
def one(): _SEEN["a"] = 1
def two(): _LIST.append(os.environ["A"])
def three():
    global _COUNT
"""
    assert sorted(_changed(ast.parse(source))) == ["_COUNT", "_LIST", "_SEEN", "os.environ"]
