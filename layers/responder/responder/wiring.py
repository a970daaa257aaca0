"""Builds the adapters from the environment, on first use. Importing this opens nothing.

Each adapter is imported where it is built: every function imports this, and uses a few of them.
"""

import os
from functools import cache
from typing import TYPE_CHECKING, Literal

from pydantic import ConfigDict, field_validator

from responder.aws.clients import AccountDeny, Clients, MemberRole
from responder.aws.ledger import Ledger
from responder.domain.decision import Mode
from responder.domain.errors import Broken
from responder.domain.model import Model

if TYPE_CHECKING:
    from responder.aws.approvals import Approvals
    from responder.aws.automations import Automations
    from responder.aws.breaker import Breaker
    from responder.aws.clocks import Clocks
    from responder.aws.closings import Closings
    from responder.aws.correlations import Correlations
    from responder.aws.escalations import Escalations
    from responder.aws.evidence import Evidence
    from responder.aws.facts import RecordedFacts
    from responder.aws.generations import Generations
    from responder.aws.holds import Holds, VersionHolds
    from responder.aws.incidents import Incidents
    from responder.aws.lineages import Lineages
    from responder.aws.log_bucket import LogBucket, TrailPlace
    from responder.aws.machine import Machine
    from responder.aws.notices import Notices
    from responder.aws.opener import Opener
    from responder.aws.pager import Pager
    from responder.aws.progress import Progress
    from responder.aws.questions import Questions
    from responder.aws.queues import Queues
    from responder.aws.receipts import Receipts
    from responder.aws.records import Records
    from responder.aws.rehashes import Rehashes, VersionReader
    from responder.aws.reporter import Reporter
    from responder.aws.reports import Reports
    from responder.aws.results import Results
    from responder.aws.rota_store import RotaStore
    from responder.aws.rule_store import RuleStore
    from responder.aws.signer import Signer
    from responder.aws.silences import Silences
    from responder.aws.snoozable import Snoozable
    from responder.aws.timeline import Timeline
    from responder.aws.trackers import Trackers
    from responder.aws.uses import Uses
    from responder.aws.vault import Vault
    from responder.aws.waiting import Waiting
    from responder.channels.channel import Desk
    from responder.domain.collecting import Options
    from responder.domain.protection import ProtectList


class Settings(Model):
    """What the template tells every function. Names are those of the environment, lower case."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    aws_region: str
    table_name: str
    stack_name: str
    mode: Mode = "monitor"
    partition: str = "aws"
    member_contain_role: str = ""
    member_collect_role: str = ""
    member_preserve_role: str = ""
    keep_role_arn: str = ""  # in the evidence account, takes copies over; empty for none
    external_id: str = ""
    account_deny_policy_arn: str = ""  # empty where no such policy was prepared
    deny_accounts_role_arn: str = ""
    incident_machine_arn: str = ""
    hold_machine_arn: str = ""
    tracker_machine_arn: str = ""
    policy_parameter: str = ""
    protect_parameter: str = ""
    stop_parameter: str = ""  # the kill switch
    rota_parameter: str = ""  # who is on call
    assets_parameter: str = ""  # what things are worth
    evidence_bucket: str = ""
    evidence_account: str = ""
    evidence_key_arn: str = ""
    signing_key_arn: str = ""
    copies_key_arn: str = ""  # empty where no copies are taken over
    pager_topic_arn: str = ""
    escalation_topic_arn: str = ""
    chat_topic_arn: str = ""  # empty where there is no chat
    quiet_topic_arn: str = ""
    open_function: str = ""  # name of the function that tells people, for intake
    report_function: str = ""  # name of the function that writes pages, for a last one
    response_plan_arn: str = ""
    approval_document: str = ""  # its name
    console_document: str = ""  # the one that people run to ask this function
    security_ir: Literal["none", "self", "aws"] = "none"  # who works on a case, if one is opened
    runbooks: tuple[str, ...] = ()  # documents that people run, for the consoles to show
    approvers: tuple[str, ...] = ()  # ARNs of principals who may approve
    jurisdictions: tuple[str, ...] = ()  # where customers live, for example US-CA
    privilege_label: str = ""  # how counsel wants the dossier marked
    memory_document: str = ""  # that takes the memory of an instance, by its name
    trail_bucket: str = ""  # where a trail delivers its logs; empty where they are not read whole
    trail_prefix: str = ""  # of the trail
    results_bucket: str = ""  # where readers of logs leave what they found
    scan_workers: int = 1  # that read at the same time
    audit_log_groups: tuple[str, ...] = ()  # where applications write who read what
    snapshot_monthly_limit: int = 0  # US dollars
    snapshot_lock_mode: Literal["none", "governance", "compliance"] = "none"
    snapshot_lock_days: int = 1
    release_function: str = ""  # name of the function that undoes an order, for the report
    release_document: str = ""  # by which a person undoes one in the console, for the board
    acknowledge_document: str = ""  # by which a person answers a page there
    intake_queue_url: str = ""
    touch_queue_url: str = ""
    dead_letter_queue_url: str = ""

    @field_validator("approvers", "jurisdictions", "audit_log_groups", "runbooks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value


@cache
def settings() -> Settings:
    """The environment, checked once."""
    known = {
        name: os.environ[name.upper()]
        for name in Settings.model_fields
        if name.upper() in os.environ
    }
    return Settings.model_validate(known)


@cache
def ledger() -> Ledger:
    """The table."""
    return Ledger(settings().table_name, home_clients().home("dynamodb"))


@cache
def incidents() -> "Incidents":
    """Incidents with their findings, and what is planned about them."""
    from responder.aws.incidents import Incidents

    return Incidents(ledger())


@cache
def correlations() -> "Correlations":
    """Which incident a finding joined, and which answers for a principal."""
    from responder.aws.correlations import Correlations

    return Correlations(ledger())


@cache
def closings() -> "Closings":
    """That incidents were closed, and where they are still to be resolved."""
    from responder.aws.closings import Closings

    return Closings(ledger(), correlations())


@cache
def machine() -> "Machine":
    """The state machine that answers an incident."""
    from responder.aws.machine import Machine

    return Machine(settings().incident_machine_arn, home_clients().home("stepfunctions"))


@cache
def holder() -> "Machine":
    """The state machine that looks at one order again."""
    from responder.aws.machine import Machine

    return Machine(settings().hold_machine_arn, home_clients().home("stepfunctions"))


@cache
def trackers() -> "Trackers":
    """The executions that watch deadlines."""
    from responder.aws.trackers import Trackers

    return Trackers(settings().tracker_machine_arn, home_clients().home("stepfunctions"))


@cache
def generations() -> "Generations":
    """The runs of the response to incidents."""
    from responder.aws.generations import Generations

    return Generations(ledger(), machine())


@cache
def lineages() -> "Lineages":
    """What is known of where stolen credentials led."""
    from responder.aws.lineages import Lineages

    return Lineages(ledger())


@cache
def rule_store() -> "RuleStore":
    """The shop's policy and protect list."""
    from responder.aws.rule_store import RuleStore

    told = settings()
    return RuleStore(
        home_clients().home("ssm"),
        told.policy_parameter,
        told.protect_parameter,
        told.stop_parameter,
        told.assets_parameter,
    )


def protect_list(function_arn: str) -> "ProtectList":
    """The protect list as it stands now, with the roles of the stack that `function_arn` is in."""
    from responder.domain.protection import own_roles

    told = settings()
    return rule_store().protect_list(
        own_roles(
            stack_name=told.stack_name,
            account=function_arn.split(":")[4],
            member_roles=(
                told.member_contain_role,
                told.member_collect_role,
                told.member_preserve_role,
            ),
            more=(told.deny_accounts_role_arn, told.keep_role_arn),
        )
    )


@cache
def escalations() -> "Escalations":
    """Who was called about an incident, and who answered."""
    from responder.aws.escalations import Escalations

    return Escalations(ledger())


@cache
def rota_store() -> "RotaStore":
    """Who is on call."""
    from responder.aws.rota_store import RotaStore

    return RotaStore(home_clients().home("ssm"), settings().rota_parameter)


@cache
def breaker() -> "Breaker":
    """The count of cuts that nobody was asked about."""
    from responder.aws.breaker import Breaker

    return Breaker(ledger(), settings().stack_name)


@cache
def receipts() -> "Receipts":
    """Proof of what each order did."""
    from responder.aws.receipts import Receipts

    return Receipts(ledger())


@cache
def timeline() -> "Timeline":
    """The timeline of incidents."""
    from responder.aws.timeline import Timeline

    return Timeline(ledger())


@cache
def approvals() -> "Approvals":
    """Requests for approval, and their answers."""
    from responder.aws.approvals import Approvals

    return Approvals(ledger())


@cache
def questions() -> "Questions":
    """Questions about several orders at once."""
    from responder.aws.questions import Questions

    return Questions(ledger())


@cache
def uses() -> "Uses":
    """What else uses what people are asked about."""
    from responder.aws.uses import Uses

    return Uses(ledger())


@cache
def automations() -> "Automations":
    """The document that asks people in the console."""
    from responder.aws.automations import Automations

    return Automations(home_clients().home("ssm"), settings().approval_document)


@cache
def console() -> "Automations":
    """The document by which people ask this function in the console."""
    from responder.aws.automations import Automations

    return Automations(home_clients().home("ssm"), settings().console_document)


@cache
def waiting() -> "Waiting":
    """The executions that wait for a person."""
    from responder.aws.waiting import Waiting

    return Waiting(home_clients().home("stepfunctions"))


@cache
def evidence() -> "Evidence":
    """What the vault holds of incidents, and who held it."""
    from responder.aws.evidence import Evidence

    return Evidence(ledger())


@cache
def holds() -> "Holds":
    """Which incidents are held for counsel."""
    from responder.aws.holds import Holds

    return Holds(ledger())


@cache
def version_holds() -> "VersionHolds":
    """The holds on what the vault has."""
    from responder.aws.holds import VersionHolds

    return VersionHolds(settings().evidence_account, home_clients().home("s3"))


@cache
def rehashes() -> "Rehashes":
    """How far each incident is hashed again."""
    from responder.aws.rehashes import Rehashes

    return Rehashes(ledger())


@cache
def version_reader() -> "VersionReader":
    """What reads evidence, to hash it."""
    from responder.aws.rehashes import VersionReader

    return VersionReader(settings().evidence_account, home_clients().home("s3"))


@cache
def reports() -> "Reports":
    """Numbers of the pages about incidents."""
    from responder.aws.reports import Reports

    return Reports(ledger())


@cache
def results() -> "Results":
    """What readers of logs leave for each other."""
    from responder.aws.results import Results

    return Results(settings().results_bucket, home_clients().home("s3"))


def trail_logs(bucket: str) -> "LogBucket":
    """The bucket of a trail, in our own name."""
    from responder.aws.log_bucket import LogBucket

    return LogBucket(bucket, home_clients().home("s3"))


def trail_place() -> "TrailPlace":
    """Which logs are read whole, and by how many at once."""
    from responder.aws.log_bucket import TrailPlace

    told = settings()
    return TrailPlace(told.trail_bucket, told.trail_prefix, told.scan_workers)


@cache
def progress() -> "Progress":
    """How far collectors are that need more than one run."""
    from responder.aws.progress import Progress

    return Progress(ledger())


def collect_options() -> "Options":
    """What the shop chose about evidence."""
    from responder.domain.collecting import Options

    told = settings()
    return Options(
        memory_document=told.memory_document,
        audit_log_groups=told.audit_log_groups,
        snapshot_monthly_limit=told.snapshot_monthly_limit,
        snapshot_lock_mode="" if told.snapshot_lock_mode == "none" else told.snapshot_lock_mode,
        snapshot_lock_days=told.snapshot_lock_days,
        evidence_account=told.evidence_account,
        copies_key_arn=told.copies_key_arn,
    )


@cache
def clocks() -> "Clocks":
    """The deadline ledger."""
    from responder.aws.clocks import Clocks

    return Clocks(ledger())


@cache
def facts() -> "RecordedFacts":
    """What people recorded about incidents."""
    from responder.aws.facts import RecordedFacts

    return RecordedFacts(ledger())


@cache
def records() -> "Records":
    """Where the facts of incidents and their clocks stand."""
    from responder.aws.records import Records

    return Records(incidents(), facts(), clocks(), settings().jurisdictions)


@cache
def vault() -> "Vault":
    """Where evidence is put."""
    from responder.aws.vault import Vault

    told, s3 = settings(), home_clients().home("s3")
    return Vault(told.evidence_bucket, told.evidence_account, told.evidence_key_arn, s3)


@cache
def signer() -> "Signer":
    """The key that signs manifests."""
    from responder.aws.signer import Signer

    return Signer(settings().signing_key_arn, home_clients().home("kms"))


@cache
def pager() -> "Pager":
    """The topic that wakes people."""
    from responder.aws.pager import Pager

    topic = settings().pager_topic_arn
    return Pager(ledger(), home_clients().home("sns"), topic, rota_store())


@cache
def queues() -> "Queues":
    """How much waits in the queues."""
    from responder.aws.queues import Queues

    return Queues(home_clients().home("sqs"))


@cache
def escalation_pager() -> "Pager":
    """The topic that is told of deadlines that are hours away, or missed."""
    from responder.aws.pager import Pager

    return Pager(ledger(), home_clients().home("sns"), settings().escalation_topic_arn)


@cache
def quiet_pager() -> "Pager":
    """The topic that wakes nobody."""
    from responder.aws.pager import Pager

    return Pager(ledger(), home_clients().home("sns"), settings().quiet_topic_arn)


@cache
def snoozable() -> "Snoozable":
    """The topic that wakes people, or the quiet one while somebody asked for quiet."""
    from responder.aws.snoozable import Snoozable

    return Snoozable(pager(), quiet_pager(), silences(), notices(), incidents())


@cache
def notices() -> "Notices":
    """Whether people are woken by each incident."""
    from responder.aws.notices import Notices

    return Notices(ledger())


@cache
def silences() -> "Silences":
    """Who asked for quiet about what."""
    from responder.aws.silences import Silences

    return Silences(ledger())


@cache
def opener() -> "Opener":
    """The function that tells people."""
    from responder.aws.opener import Opener

    return Opener(home_clients().home("lambda"), settings().open_function)


@cache
def reporter() -> "Reporter":
    """The function that writes pages."""
    from responder.aws.reporter import Reporter

    return Reporter(home_clients().home("lambda"), settings().report_function)


@cache
def desk() -> "Desk":
    """Where people are told of incidents."""
    from responder.channels.channel import Desk

    told = settings()
    return Desk(
        home_clients(),
        told.partition,
        told.response_plan_arn,
        told.pager_topic_arn,
        told.stack_name,
        told.runbooks,
        "" if told.security_ir == "none" else told.security_ir,
        told.chat_topic_arn,
        told.mode,
    )


@cache
def home_clients() -> Clients:
    """Clients of our own account."""
    return Clients(settings().aws_region)


@cache
def contain_clients() -> Clients:
    """Clients that act in member accounts."""
    return _member_clients(settings().member_contain_role)


@cache
def collect_clients() -> Clients:
    """Clients that read in member accounts."""
    return _member_clients(settings().member_collect_role)


@cache
def preserve_clients() -> Clients:
    """Clients that make copies in member accounts."""
    return _member_clients(settings().member_preserve_role)


@cache
def keep_clients() -> Clients:
    """Clients that take copies over into the evidence account. Useless where none are taken."""
    told = settings()
    name = told.keep_role_arn.rpartition("/")[2]
    return _member_clients(name) if name else home_clients()


def _member_clients(role: str) -> Clients:
    if not role:
        raise Broken("this function was not told which member role to assume")
    told = settings()
    there = MemberRole(role, told.external_id, told.partition, told.member_collect_role)
    deny = AccountDeny(told.account_deny_policy_arn, told.deny_accounts_role_arn, told.external_id)
    return home_clients().through(there, deny if deny.policy_arn and deny.role_arn else None)
