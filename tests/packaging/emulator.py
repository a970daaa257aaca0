"""Run a built function as Lambda runs it, with the runtime interface emulator and no container.

The interpreter is the one the virtual environment was made from, so that only what the build put
into the function and its layers can be imported, and not what the tests have installed.
"""

import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

LAYERS = ("ResponderLayer", "DependenciesLayer")
_MACHINES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    function: Path, build: Path, binary: Path, runtime: Path, environment: dict[str, str], log: Path
) -> Iterator[str]:
    """Start one function; yields the address to post events to."""
    port, api = _free_port(), _free_port()
    paths = [function, *(build / layer / "python" for layer in LAYERS), runtime]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                binary,
                "--runtime-interface-emulator-address", f"127.0.0.1:{port}",
                "--runtime-api-address", f"127.0.0.1:{api}",
                Path(sys.base_prefix) / "bin" / "python3.13",
                "-s", "-m", "awslambdaric", "app.handler",
            ],
            cwd=function,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": os.pathsep.join(str(path) for path in paths),
                "AWS_LAMBDA_FUNCTION_NAME": function.name,
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
                **environment,
            },
            stdout=out,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        assert process.poll() is None, "the emulator ended before it answered"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the emulator did not open its port in 10 s")


def invoke(address: str, event: object, log: Path) -> Reply:
    """Post one event and read the answer."""
    request = urllib.request.Request(address, json.dumps(event).encode())
    with urllib.request.urlopen(request, timeout=60) as answer:
        payload = json.loads(answer.read() or b"null")
    return Reply(payload, log.read_text(errors="replace"))
