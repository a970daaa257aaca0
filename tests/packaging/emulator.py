"""Run a built function as Lambda runs it, with the runtime interface emulator and no container.

The interpreter is the one the virtual environment was made from, so that only what the build put
into the function and its layers can be imported, and not what the tests have installed.
"""

import compileall
import json
import os
import platform
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from localcloud.stack import Function

_MACHINES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
_STARTS = 3
_RUNTIME_PACKAGES = ("awslambdaric", "simplejson", "snapshot-restore-py")


@dataclass(frozen=True)
class Reply:
    """What an invocation returned: a result, or the error a state machine would match on."""

    payload: Any
    log: str

    @property
    def error(self) -> str | None:
        """The error's class name, None for a result."""
        if isinstance(self.payload, dict) and "errorType" in self.payload:
            return str(self.payload["errorType"])
        return None


def runtime_folder(into: Path) -> Path:
    """A folder with the runtime interface client and nothing else of the environment."""
    for package in _RUNTIME_PACKAGES:
        for file in files(package) or []:
            if ".." in file.parts or file.suffix == ".pyc":
                continue
            target = into / Path(*file.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(str(file.locate()), target)
    compileall.compile_dir(into, quiet=1)  # once, and not at each start of a function
    return into


def emulator_binary(into: Path) -> Path:
    """The emulator that SAM CLI carries, made executable."""
    spec = find_spec("samcli")
    assert spec is not None
    assert spec.origin is not None
    name = f"aws-lambda-rie-{_MACHINES[platform.machine()]}"
    target = into / name
    shutil.copy(Path(spec.origin).parent / "local" / "rapid" / name, target)
    target.chmod(0o755)
    return target


def interpreter() -> Path:
    """Python as it was installed, without the packages of the virtual environment."""
    return Path(sys.base_prefix) / "bin" / "python3.13"


def import_paths(function: Function) -> list[Path]:
    """Where Lambda would look for modules in the layers that this function was given."""
    return [folder / "python" for folder in function.layer_dirs]


def _free_ports() -> tuple[int, int]:
    """Below the ports that a system gives to whoever asks for any, this process included."""
    free: set[int] = set()
    while len(free) < 2:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            free.add(port)
    first, second = free
    return first, second


@contextmanager
def running(
    function: Function, binary: Path, runtime: Path, environment: dict[str, str], log: Path
) -> Iterator[str]:
    """Start one function; yields the address to post events to."""
    for attempt in range(_STARTS):
        port, api = _free_ports()
        process = _start(function, binary, runtime, environment, log, (port, api))
        try:
            if not _answers(port, process):
                # Another took one of the ports in between.
                assert attempt + 1 < _STARTS, log.read_text(errors="replace")
                continue
            yield f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
            return
        finally:
            process.terminate()
            process.wait(10)


def _start(
    function: Function,
    binary: Path,
    runtime: Path,
    environment: dict[str, str],
    log: Path,
    ports: tuple[int, int],
) -> "subprocess.Popen[bytes]":
    paths = [function.code_dir, *import_paths(function), runtime]
    with log.open("wb") as out:
        return subprocess.Popen(
            [
                binary,
                "--runtime-interface-emulator-address", f"127.0.0.1:{ports[0]}",
                "--runtime-api-address", f"127.0.0.1:{ports[1]}",
                interpreter(), "-S", "-s", "-m", "awslambdaric", function.handler,
            ],
            cwd=function.code_dir,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONDONTWRITEBYTECODE": "1",  # the package stays as it was built
                "PYTHONPATH": os.pathsep.join(str(path) for path in paths),
                "AWS_LAMBDA_FUNCTION_NAME": function.name,
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
                **environment,
            },
            stdout=out,
            stderr=subprocess.STDOUT,
        )  # fmt: skip


def _answers(port: int, process: "subprocess.Popen[bytes]") -> bool:
    """Whether the emulator listens; False when it ended, or took half a minute."""
    for _ in range(600):
        if process.poll() is not None:
            return False
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.05)
    return False


def invoke(address: str, event: object, log: Path) -> Reply:
    """Post one event and read the answer."""
    request = urllib.request.Request(address, json.dumps(event).encode())
    with urllib.request.urlopen(request, timeout=120) as answer:
        payload = json.loads(answer.read() or b"null")
    return Reply(payload, log.read_text(errors="replace"))
