"""Distributed maps: a child execution for each item of a list in S3, and how each ended, in S3.

Moto reads the list; the rest is here, because moto's own readers call themselves for each further
item and so end after some hundreds, and it writes no results. AWS: Step Functions Developer Guide,
"Using Map state in Distributed mode", "ItemReader (Map)", "ResultWriter (Map)".
"""

import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final
from uuid import uuid4

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.item_reader_decl import (  # noqa: E501
    ItemReader,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (  # noqa: E501
    DistributedIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.result_writer.resource_eval.resource_eval_s3 import (  # noqa: E501
    ResourceEvalS3,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.result_writer.result_writer_decl import (  # noqa: E501
    ResultWriter,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded, ProgramError
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from localcloud.asl_errors import Seam, details, error_name
from localcloud.baton import Baton
from localcloud.scheduler import Scheduler
from localcloud.seams import replaced

# Step Functions guide, "Service quotas", "Quotas related to state machine executions".
EXPRESS_SECONDS: Final = 300
_MOST_PARALLEL: Final = 10_000


@dataclass(frozen=True)
class _Child:
    """One child execution that has ended, as the result files tell of it."""

    name: str
    given: Any
    output: Any
    error: str | None
    cause: str | None
    times: tuple[str, str]

    @property
    def status(self) -> str:
        if self.error is None:
            return "SUCCEEDED"
        return "TIMED_OUT" if self.error == "States.Timeout" else "FAILED"

    def told(self, machine: str) -> dict[str, Any]:
        arn = machine.replace(":stateMachine:", ":express:")
        return {
            "ExecutionArn": f"{arn}:{self.name}",
            "Input": to_json_str(self.given, separators=(",", ":")),
            "InputDetails": {"Included": True},
            "Name": self.name,
            "StartDate": self.times[0],
            "StateMachineArn": machine,
            "Status": self.status,
            "StopDate": self.times[1],
        } | (
            {"Error": self.error, "Cause": self.cause or ""}
            if self.error is not None
            else {
                "Output": to_json_str(self.output, separators=(",", ":")),
                "OutputDetails": {"Included": True},
            }
        )


def as_moto_reads(definition: str) -> str:
    """The definition with the only kind of child that moto's grammar knows. They run as Express.

    And without how many may fail: all of them may, as `asl_subset.py` sees to, and moto only warns.
    """
    if '"EXPRESS"' not in definition:
        return definition
    machine = json.loads(definition)
    left = [machine]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            if one.get("ExecutionType") == "EXPRESS":
                one["ExecutionType"] = "STANDARD"
            one.pop("ToleratedFailurePercentage", None)
            left += one.values()
        elif isinstance(one, list):
            left += one
    return json.dumps(machine)


@contextmanager
def readable() -> Iterator[None]:
    """Let moto take such a definition, also where nothing executes it."""
    parse: Any = AmazonStateLanguageParser.parse
    ours = staticmethod(lambda definition: parse(as_moto_reads(definition)))
    with replaced(AmazonStateLanguageParser, "parse", ours):
        yield


def seams(scheduler: Scheduler, baton: Baton) -> Iterator[Seam]:
    """Each place in moto, and what belongs there: an owner, a name and a value."""

    def map_run(self: DistributedIterationComponent, env: Environment, eval_input: Any) -> None:
        items: list[Any] = env.stack.pop()
        if not isinstance(items, list):
            raise TypeError("the list of a distributed map is no list")
        program: Any = self._get_iteration_program()
        program.timeout_seconds = SimpleNamespace(timeout_seconds=EXPRESS_SECONDS)
        waiting, ended = deque(enumerate(items)), dict[int, _Child]()

        def work() -> None:
            while waiting and env.is_running():
                number, item = waiting.popleft()
                frame = env.open_inner_frame()
                frame.event_manager = EventManager()  # a child has a history of its own
                frame.states.reset(item)
                began_at = scheduler.now().isoformat()
                program.eval(frame)
                times = (began_at, scheduler.now().isoformat())
                ended[number] = _ended(frame, item, times)
                env.delete_frame(frame)

        most = min(eval_input.map_run_record.max_concurrency or _MOST_PARALLEL, len(items))
        workers = [
            baton.Thread(target=work, name=f"reader {number} of a map") for number in range(most)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        env.stack.append([child for _, child in sorted(ended.items())])

    def put_results(env: Environment, resource: Any, credentials: Any) -> None:
        parameters, children = env.stack.pop(), env.stack.pop()
        run = env.map_run_record_pool_manager.get_all()[-1]
        s3 = ResourceEvalS3._get_s3_client(resource, credentials)
        bucket = parameters["Bucket"]
        folder = f"{parameters.get('Prefix', '').rstrip('/')}/".lstrip("/")
        folder += run.map_run_arn.rpartition(":")[2]
        files: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
        for status, found in files.items():
            chosen = [one for one in children if (one.error is None) == (status == "SUCCEEDED")]
            if status == "PENDING" or not chosen:
                continue
            body = json.dumps([one.told(run.map_state_machine_arn) for one in chosen]).encode()
            key = f"{folder}/{status}_0.json"
            s3.put_object(Bucket=bucket, Key=key, Body=body)
            found.append({"Key": key, "Size": len(body)})
        told = {
            "DestinationBucket": bucket,
            "MapRunArn": run.map_run_arn,
            "ResultFiles": files,
        }
        key = f"{folder}/manifest.json"
        s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(told).encode())
        details = {"Bucket": bucket, "Key": key}
        env.stack.append({"MapRunArn": run.map_run_arn, "ResultWriterDetails": details})

    def write(self: ResultWriter, env: Environment) -> None:
        # AWS reads the parameters in the state's input. Moto: in what the children answered.
        children = env.stack.pop()
        env.stack.append(env.states.get_input())
        self.parargs.eval(env=env)
        parameters = env.stack.pop()
        env.stack[-1:] = [children, parameters]
        self.resource_eval.eval_resource(env=env)

    def failing(original: Any, name: str) -> Any:
        # AWS names these two; moto lets the SDK's error end the execution.
        def evaluate(self: Any, env: Environment) -> None:
            try:
                original(self, env)
            except ClientError as error:
                told = details("taskFailed", error=name, cause=str(error))
                failed = HistoryEventType.TaskFailed
                raise FailureEventException(
                    FailureEvent(env, error_name(name), failed, told)
                ) from error

        return evaluate

    yield ItemReader, "_eval_body", failing(ItemReader._eval_body, "States.ItemReaderFailed")
    yield ResultWriter, "_eval_body", failing(write, "States.ResultWriterFailed")
    yield DistributedIterationComponent, "_map_run", map_run
    yield ResourceEvalS3, "_handle_put_object", staticmethod(put_results)


def _ended(frame: Environment, given: Any, times: tuple[str, str]) -> _Child:
    state, name = frame.program_state(), str(uuid4())
    if isinstance(state, ProgramError):
        told: Any = state.error or {}
        return _Child(name, given, None, told.get("error") or "", told.get("cause"), times)
    if isinstance(state, ProgramEnded):
        return _Child(name, given, frame.states.get_input(), None, None, times)
    return _Child(name, given, None, "States.Timeout", None, times)
