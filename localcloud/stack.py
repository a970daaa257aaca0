"""What a deployment leaves behind: stacks, and the wiring between services that moto does not run.

The deployer writes these records; the router, the queues and the function runner read them.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class Unsupported(Exception):
    """The template asks for something that would be dropped here. Names it."""


class TemplateError(Exception):
    """CloudFormation itself would refuse this template, these parameters or this deployment."""


class NotApplied(Exception):
    """The pretend AWS took a property and does not hold it afterwards."""


@dataclass(frozen=True)
class Stack:
    """One template, deployed once under one name into one account and region."""

    name: str
    account: str
    region: str
    template: Path
    parameters: dict[str, str]
    outputs: dict[str, str] = field(default_factory=dict)
    resources: dict[str, str] = field(default_factory=dict)  # logical id to physical id
    set_aside: dict[str, str] = field(default_factory=dict)  # property without effect here: why


@dataclass(frozen=True)
class Target:
    """One place an EventBridge rule delivers to."""

    id: str
    arn: str
    input: str | None = None
    input_path: str | None = None
    input_transformer: dict[str, Any] | None = None  # {"InputPathsMap": ..., "InputTemplate": ...}
    retry_policy: dict[str, int] | None = None
    dead_letter_arn: str | None = None
    role_arn: str | None = None


@dataclass(frozen=True)
class Rule:
    """An EventBridge rule on one bus. A rule without a pattern has a schedule expression."""

    name: str
    account: str
    region: str
    pattern: dict[str, Any] | None
    state: str
    targets: tuple[Target, ...]
    arn: str
    bus: str = "default"
    schedule_expression: str | None = None
    role_arn: str | None = None


@dataclass(frozen=True)
class Archive:
    """An EventBridge archive: which events it keeps, for how long."""

    name: str
    account: str
    region: str
    source_arn: str
    pattern: dict[str, Any] | None
    retention_days: int | None


@dataclass(frozen=True)
class Mapping:
    """An event source mapping: a queue or a stream that Lambda polls for one function."""

    function_name: str
    function_arn: str
    source_arn: str
    account: str
    region: str
    uuid: str
    batch_size: int
    window_seconds: int = 0
    filters: tuple[dict[str, Any], ...] = ()  # parsed patterns; an event passes if any matches
    report_batch_item_failures: bool = False
    enabled: bool = True
    starting_position: str | None = None
    maximum_retry_attempts: int | None = None  # None: Lambda's default for the source
    maximum_record_age_seconds: int | None = None
    bisect_batch_on_function_error: bool = False
    on_failure_arn: str | None = None
    parallelization_factor: int = 1
    maximum_concurrency: int | None = None


@dataclass(frozen=True)
class Schedule:
    """An EventBridge Scheduler schedule. Moto stores it and never fires it."""

    name: str
    group: str
    account: str
    region: str
    arn: str
    expression: str
    timezone: str
    state: str
    flexible_window_minutes: int | None
    target_arn: str
    role_arn: str
    input: str | None = None
    dead_letter_arn: str | None = None
    retry_policy: dict[str, int] | None = None
    action_after_completion: str = "NONE"


@dataclass(frozen=True)
class Document:
    """An SSM document, with its content parsed."""

    name: str
    account: str
    region: str
    document_type: str
    content: dict[str, Any]


@dataclass(frozen=True)
class EventInvokeConfig:
    """What Lambda does with an asynchronous invocation that fails."""

    maximum_retry_attempts: int | None = None
    maximum_event_age_seconds: int | None = None
    on_success_arn: str | None = None
    on_failure_arn: str | None = None


@dataclass
class Function:
    """A Lambda function: where its code lies in the source tree, and what it runs as."""

    logical_id: str
    stack_name: str
    account: str
    region: str
    name: str
    arn: str
    handler: str
    code_dir: Path
    layer_dirs: list[Path]
    env: dict[str, str]
    role_arn: str
    timeout_s: int
    memory: int
    runtime: str
    dead_letter_arn: str | None = None
    log_group: str | None = None
    event_invoke: EventInvokeConfig | None = None


@dataclass(frozen=True)
class Layer:
    """A layer version: the source folder that stands for its content."""

    arn: str
    account: str
    region: str
    content_dir: Path


@dataclass
class Registry:
    """Everything deployed so far, in all accounts. One per pretend cloud."""

    stacks: list[Stack] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    archives: list[Archive] = field(default_factory=list)
    mappings: list[Mapping] = field(default_factory=list)
    schedules: list[Schedule] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)
    exports: dict[tuple[str, str, str], str] = field(default_factory=dict)  # account, region, name
    bus_policies: dict[str, list[str]] = field(default_factory=dict)  # bus ARN to documents
    old_accounts: set[str] = field(default_factory=set)  # that have what AWS closed to new ones

    def function(self, name_or_arn: str, *, account: str | None = None) -> Function:
        """The function with this name, logical id or ARN; a version or alias suffix is ignored.

        A name or logical id can stand in several accounts: say which, or get the oldest.
        """
        for function in self.functions:
            if account not in (None, function.account):
                continue
            if name_or_arn in (function.name, function.logical_id, function.arn):
                return function
            if name_or_arn.startswith(f"{function.arn}:"):
                return function
        raise LookupError(f"no deployed function is called {name_or_arn}")
