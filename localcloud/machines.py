"""Run the deployed state machines: moto's own engine, in virtual time, on the scheduler.

The engine waits with `threading` and `time`, and nothing else; its modules get stand-ins for both.
It calls with the keys of nobody; here it calls as the execution's own role, as AWS does, so that
the role's policies are put to the test. What it does unlike AWS is repaired in `asl_repairs.py`
or refused by `asl_subset.py`.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from types import ModuleType
from typing import Any, Final

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from moto.core.config import default_user_config
from moto.stepfunctions.parser import utils
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.backend import execution_worker

from localcloud import asl_repairs, distributed_maps
from localcloud.asl_errors import Seam
from localcloud.baton import Baton
from localcloud.scheduler import Scheduler
from localcloud.seams import replaced

# Step Functions guide, "Service quotas": an execution fails when its history is full.
HISTORY_EVENTS: Final = 25_000
_ENGINE: Final = "moto.stepfunctions.parser"
# As moto has it: the state machine retries, not the SDK; and Step Functions checks the parameters.
_CONFIG: Final = Config(retries={"total_max_attempts": 1}, parameter_validation=False)


@contextmanager
def executing(scheduler: Scheduler, *, history_events: int = HISTORY_EVENTS) -> Iterator[None]:
    """State machines really run, on this scheduler, until the end of the block.

    Inside `mock_aws(config={"stepfunctions": {"execute_state_machine": True}})`. Whoever owns the
    scheduler closes it too: what still waits would wait for ever.
    """
    if not default_user_config["stepfunctions"]["execute_state_machine"]:
        raise RuntimeError("moto was not told to execute state machines (execute_state_machine)")
    baton, clients = Baton(scheduler), _Clients()
    threads = len(utils.TMP_THREADS)
    with ExitStack() as seams:
        for owner, name, ours in (
            *_waiting(baton),
            *_calling(clients),
            (AmazonStateLanguageParser, "parse", staticmethod(_parsed)),
            *asl_repairs.seams(scheduler, baton, history_events=history_events),
        ):
            seams.enter_context(replaced(owner, name, ours))
        try:
            yield
        finally:
            del utils.TMP_THREADS[threads:]  # moto only ever adds to it


def engine_modules() -> list[ModuleType]:
    """The modules of moto's engine that this process has loaded."""
    return [
        module
        for name, module in sorted(sys.modules.items())
        if name == _ENGINE or name.startswith(f"{_ENGINE}.")
    ]


def _waiting(baton: Baton) -> Iterator[Seam]:
    """A stand-in wherever a module of the engine sees `threading`, `time`, or a part of them."""
    ours: dict[int, Any] = {
        id(threading): baton,
        id(time): baton,
        id(threading.Thread): baton.Thread,
        id(threading.Event): baton.Event,
        id(threading.Lock): baton.Lock,
        id(threading.RLock): baton.RLock,
        id(threading.Condition): baton.Condition,
    }
    for module in engine_modules():
        for name, value in list(vars(module).items()):
            if id(value) in ours:
                # An execution goes on when whoever started it, a handler or another one, ends.
                outlives = module is execution_worker and value is threading.Thread
                yield module, name, baton.DetachedThread if outlives else ours[id(value)]


def _calling(clients: "_Clients") -> Iterator[Seam]:
    for module in engine_modules():
        if vars(module).get("boto_client_for") is boto_client.boto_client_for:
            yield module, "boto_client_for", clients.client


_slow_parse = AmazonStateLanguageParser.parse


@lru_cache(maxsize=64)
def _parsed(definition: str) -> Any:
    """A definition that was parsed once: moto parses again at every start, a third of a second.

    Its components hold nothing of an execution ("the evaluation must be stateless"), so they serve
    many at a time.
    """
    return _slow_parse(distributed_maps.as_moto_reads(definition))


class _Clients:
    """The engine's clients, each with a session of the execution's role."""

    def __init__(self) -> None:
        self._sessions: dict[tuple[str, str], boto3.Session] = {}
        self._clients: dict[tuple[str, str, str], Any] = {}

    def client(self, region: str, service: str, state_credentials: Any) -> Any:
        """In place of moto's `boto_client_for`."""
        role_arn = state_credentials.role_arn
        key = (role_arn, region, service)
        if key not in self._clients:
            session = self._session(role_arn, region)
            self._clients[key] = session.client(service, config=_CONFIG)  # type: ignore[call-overload]
        return self._clients[key]

    def _session(self, role_arn: str, region: str) -> boto3.Session:
        if (role_arn, region) not in self._sessions:
            nobody = boto3.Session("ak", "sk", region_name=region)  # as moto signs
            sts = nobody.client("sts", config=_CONFIG)

            def assumed() -> dict[str, str]:
                keys = sts.assume_role(RoleArn=role_arn, RoleSessionName="states")["Credentials"]
                return {
                    "access_key": keys["AccessKeyId"],
                    "secret_key": keys["SecretAccessKey"],
                    "token": keys["SessionToken"],
                    "expiry_time": keys["Expiration"].isoformat(),
                }

            session: Any = botocore.session.get_session()
            session.set_config_variable("region", region)
            # botocore has no public way to give a session credentials that renew themselves.
            session._credentials = RefreshableCredentials.create_from_metadata(
                assumed(), refresh_using=assumed, method="states"
            )
            self._sessions[role_arn, region] = boto3.Session(botocore_session=session)
        return self._sessions[role_arn, region]
