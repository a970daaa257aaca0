"""What one function keeps to itself between invocations, though all run in one process.

Lambda gives each function a process: its own modules, environment, loggers and boto3 session. Here
these are swapped in for the time of a call and out again after it. Modules of the function and of
its layers are imported once for each function; everything else is shared, and those of layers that
are named as holding no state. Nested calls stack.
"""

import importlib
import io
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Final

import boto3

from localcloud.importing import importing_only
from localcloud.stack import Function

_LOG_CHARACTERS: Final = 16_384  # of one invocation, from its end


class CannotStart(Exception):
    """The function's module or its handler cannot be had. `kind` is how Lambda calls that."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Context:
    """What Lambda passes to a handler beside the event (Lambda guide, "Python context object")."""

    function_version: Final = "$LATEST"
    identity: Final = None
    client_context: Final = None

    def __init__(self, function: Function, request_id: str) -> None:
        self.function_name = function.name
        self.invoked_function_arn = function.arn
        self.aws_request_id = request_id
        self.memory_limit_in_mb = str(function.memory)
        self.log_group_name = _log_group(function)
        self.log_stream_name = "local"
        self._deadline = time.time() + function.timeout_s

    def get_remaining_time_in_millis(self) -> int:
        """How long the handler may still run. On a clock that stands still while it runs."""
        return max(0, round((self._deadline - time.time()) * 1000))


class Sandbox:
    """The process of one function, as far as the function can tell."""

    def __init__(
        self, function: Function, keys: Mapping[str, str], stateless: tuple[str, ...] = ()
    ) -> None:
        """`stateless` are packages whose modules functions with the same layers share."""
        self._function = function
        self._path = [str(folder) for folder in (function.code_dir, *function.layer_dirs)]
        self._owned = frozenset(
            name
            for folder in (function.code_dir, *function.layer_dirs)
            for name in _importable(folder)
        )
        self._finder = _Finder(
            self._owned,
            self._path,
            importing_only(self._owned, function.layer_dirs),
            _Shared(stateless, function.layer_dirs),
        )
        self._outer_names, self._inner_names = _Names(self._owned), _Names(self._owned)
        self._modules: dict[str, ModuleType] = {}
        self._environment = environment(function, keys)
        self._loggers: dict[str, Any] = {}
        self._session: Any = None
        self._output = io.StringIO()
        self._handler: Callable[[Any, Context], Any] | None = None

    def handler(self) -> Callable[[Any, Context], Any]:
        """The function's entry point. Imports its module the first time; call it inside."""
        if self._handler is None:
            self._handler = self._load()
        return self._handler

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Everything in the process is this function's, until the end of the block."""
        outside = _State.taken(self._outer_names)
        _State(
            modules=self._modules,
            path=[*self._path, *outside.path],
            environment=self._environment,
            loggers=self._loggers,
            session=self._session,
            output=(self._output, self._output),
        ).put()
        sys.meta_path.insert(0, self._finder)
        try:
            yield
        finally:
            sys.meta_path.remove(self._finder)
            inside = _State.taken(self._inner_names)
            self._modules, self._environment = inside.modules, inside.environment
            self._loggers, self._session = inside.loggers, inside.session
            outside.put()

    def taken_log(self) -> str:
        """What the function printed since this was last asked; of much, only the end."""
        text = self._output.getvalue()
        self._output.seek(0)
        self._output.truncate()
        return text[-_LOG_CHARACTERS:]

    def _load(self) -> Callable[[Any, Context], Any]:
        module_name, _, name = self._function.handler.rpartition(".")
        try:
            module = importlib.import_module(module_name.replace("/", "."))
        except SyntaxError as error:
            raise CannotStart(
                "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}"
            ) from error
        except ImportError as error:
            raise CannotStart(
                "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}"
            ) from error
        found = getattr(module, name, None)
        if not callable(found):
            raise CannotStart(
                "Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module_name}'"
            )
        handler: Callable[[Any, Context], Any] = found
        return handler


class _State:
    """The parts of the process that belong to whoever is running."""

    def __init__(
        self,
        *,
        modules: dict[str, ModuleType],
        path: list[str],
        environment: dict[str, str],
        loggers: dict[str, Any],
        session: Any,
        output: tuple[Any, Any],
    ) -> None:
        self.modules, self.path, self.environment = modules, path, environment
        self.loggers, self.session, self.output = loggers, session, output

    @classmethod
    def taken(cls, owned: "_Names") -> "_State":
        """Take them out of the process: no module of an owned name is left in it."""
        return cls(
            modules={name: sys.modules.pop(name) for name in owned.loaded()},
            path=list(sys.path),
            environment=dict(os.environ),
            loggers=logging.root.manager.loggerDict,
            session=boto3.DEFAULT_SESSION,
            output=(sys.stdout, sys.stderr),
        )

    def put(self) -> None:
        """Put them into the process."""
        sys.modules.update(self.modules)
        # In place: botocore and moto hold on to these two objects.
        sys.path[:] = self.path
        os.environ.clear()
        os.environ.update(self.environment)
        logging.root.manager.loggerDict = self.loggers
        boto3.DEFAULT_SESSION = self.session
        sys.stdout, sys.stderr = self.output


class _Names:
    """Which loaded modules belong to a function. Looks through all of them only after an import."""

    def __init__(self, owned: frozenset[str]) -> None:
        self._owned = owned
        self._count, self._names = -1, list[str]()

    def loaded(self) -> list[str]:
        """Their names, in the order they were loaded."""
        modules = sys.modules
        if self._count != len(modules) or any(name not in modules for name in self._names):
            self._names = [name for name in modules if name.partition(".")[0] in self._owned]
            self._count = len(modules)
        return self._names


class _Finder:
    """Finds the modules of one function and of its layers, before anything else is asked."""

    def __init__(
        self,
        owned: frozenset[str],
        path: Sequence[str],
        builtin_names: dict[str, Any],
        shared: "_Shared",
    ) -> None:
        self._owned, self._path, self._builtins = owned, path, builtin_names
        self._shared = shared

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What the import system asks every finder."""
        if name.partition(".")[0] not in self._owned:
            return None
        spec = PathFinder.find_spec(name, self._path if path is None else path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path, self._builtins, self._shared)
        return spec


class _Shared:
    """The modules that functions with these layers share, as far as they were imported."""

    _imported: Final[dict[tuple[Any, ...], ModuleType]] = {}

    def __init__(self, packages: tuple[str, ...], layers: Sequence[Path]) -> None:
        self._packages, self._layers = packages, tuple(layers)

    def get(self, name: str, path: str) -> ModuleType | None:
        """The module, if it is one of these and was imported before."""
        return self._imported.get(self._key(name, path))

    def add(self, module: ModuleType, path: str) -> None:
        """Keep it, if it is one of these."""
        name = module.__name__
        if any(name == each or name.startswith(f"{each}.") for each in self._packages):
            self._imported[self._key(name, path)] = module

    def _key(self, name: str, path: str) -> tuple[Any, ...]:
        return name, path, os.stat(path).st_mtime_ns, self._layers, self._packages


class _Loader(SourceFileLoader):
    """Compiles each file once in the process, however many functions import it."""

    def __init__(
        self, fullname: str, path: str, builtin_names: dict[str, Any], shared: _Shared
    ) -> None:
        super().__init__(fullname, path)
        self._builtins, self._shared = builtin_names, shared

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """One that another function imported; None lets the import system make a new one."""
        return self._shared.get(spec.name, self.path)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module; what it imports, now and later, must be there in Lambda."""
        if self._shared.get(module.__name__, self.path) is module:
            return
        vars(module)["__builtins__"] = self._builtins
        super().exec_module(module)
        self._shared.add(module, self.path)

    def get_code(self, fullname: str) -> CodeType | None:
        """The module's code, which is never changed by running it."""
        return _compiled(fullname, self.path, os.stat(self.path).st_mtime_ns)


@cache
def _compiled(name: str, path: str, changed_at: int) -> CodeType | None:
    del changed_at  # part of the key only
    return SourceFileLoader(name, path).get_code(name)


def environment(function: Function, keys: Mapping[str, str]) -> dict[str, str]:
    """What Lambda sets, and the function's own variables (Lambda guide, "environment variables").

    Lambda has no home folder: no configuration of whoever runs this reaches a function.
    """
    return {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "LAMBDA_TASK_ROOT": str(function.code_dir),
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_LOG_GROUP_NAME": _log_group(function),
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "_HANDLER": function.handler,
        # Not set by Lambda, where neither file and no X-Ray daemon of this machine can be reached.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "POWERTOOLS_TRACE_DISABLED": "true",
        **function.env,
        **keys,
    }


def _log_group(function: Function) -> str:
    return function.log_group or f"/aws/lambda/{function.name}"


def _importable(folder: Path) -> Iterator[str]:
    """Top-level names that this folder on the import path offers."""
    for entry in sorted(folder.iterdir()):
        if entry.is_file() and entry.suffix == ".py":
            yield entry.stem
        elif entry.is_dir() and entry.name.isidentifier() and any(entry.rglob("*.py")):
            yield entry.name
