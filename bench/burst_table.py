"""What a burst did, took and would cost, as a person reads it."""

from collections.abc import Iterator

from bench import prices
from bench.burst_outcome import Outcome
from bench.prices import Price

_GB = 1024**3
_MEMORY_GB = 0.5  # template.yaml, Globals
_STEPS_OF_AN_APPROVAL = 2


def shown(outcome: Outcome, *, breaker: int, seconds: float) -> str:
    """Three tables. `seconds` is how long a run of a function is taken to last in AWS."""
    lines = [*_became(outcome, breaker), "", *_counted(outcome), "", *_cost(outcome, seconds)]
    return "\n".join(lines)


def _became(outcome: Outcome, breaker: int) -> Iterator[str]:
    for name, text in (
        ("findings in", f"{outcome.findings:,}"),
        ("lost", f"{len(outcome.lost):,}"),
        ("incidents", f"{outcome.incidents:,} of {outcome.campaigns:,} campaigns"),
        ("findings in two incidents", f"{outcome.in_two_incidents:,}"),
        ("recorded only", f"{outcome.recorded:,}"),
        ("letters that died, sent again", f"{outcome.redriven:,}"),
        ("calls throttled", f"{outcome.throttled:,}"),
        ("cuts", f"{outcome.cuts:,}"),
        ("most cuts in an hour", f"{outcome.most_cuts_in_an_hour:,} of {breaker:,} at most"),
        ("asked about instead", f"{outcome.asked:,}"),
        ("pages and questions", f"{outcome.pages:,}"),
        ("executions that failed", f"{len(outcome.failed):,}"),
        ("real time", f"{outcome.seconds:,.0f} s"),
    ):
        yield f"{name:<32}{text}"


def _counted(outcome: Outcome) -> Iterator[str]:
    yield f"{'calls':<52}{sum(outcome.calls.values()):>10,}"
    for name, times in outcome.calls.most_common():
        yield f"  {name:<50}{times:>10,}"
    yield f"{'runs of functions':<52}{sum(outcome.invocations.values()):>10,}"
    for name, times in outcome.invocations.most_common():
        yield f"  {name:<50}{times:>10,}"


def _cost(outcome: Outcome, seconds: float) -> Iterator[str]:
    total = 0.0
    yield f"{'charged for':<28}{'units':>12}{'USD each':>16}{'USD':>10}  price list"
    for price, units in _units(outcome, seconds):
        usd = units * price.usd
        total += usd
        mark = "" if price.read_on is None else f", read {price.read_on}"
        line = f"{price.unit:<28}{units:>12,.0f}{price.usd:>16.10f}{usd:>10.4f}"
        yield f"{line}  {price.source}{mark}"
    yield f"{'together':<56}{total:>10.4f}"
    yield f"{'for a thousand findings':<56}{total / outcome.findings * 1000:>10.4f}"
    yield f"A run is taken to last {seconds} s. Prices {prices.AS_OF}; free tiers are left out."


def _units(outcome: Outcome, seconds: float) -> Iterator[tuple[Price, float]]:
    runs, calls = sum(outcome.invocations.values()), outcome.calls
    keys = sum(times for name, times in calls.items() if name.startswith("kms:"))
    yield prices.STATE_TRANSITION, outcome.transitions
    yield prices.WRITE_UNIT, outcome.write_units
    yield prices.READ_UNIT, outcome.read_units
    yield prices.INVOCATION, runs
    yield prices.GB_SECOND, runs * seconds * _MEMORY_GB
    # Each message is sent once, beside what Lambda calls to receive and delete it.
    queue = sum(times for name, times in calls.items() if name.startswith("sqs:"))
    yield prices.QUEUE_REQUEST, queue + outcome.findings
    yield prices.PUT, calls["s3:PutObject"]
    yield prices.SIGNATURE, calls["kms:Sign"]
    yield prices.KEY_REQUEST, keys - calls["kms:Sign"]
    yield prices.OPS_ITEM, calls["ssm:CreateOpsItem"]
    yield prices.AUTOMATION_STEP, calls["ssm:StartAutomationExecution"] * _STEPS_OF_AN_APPROVAL
    yield prices.MAIL, outcome.pages
    yield prices.LOG_GB, outcome.log_bytes / _GB
