"""A distributed map of the engine: a child for each item of a list in S3, and results in S3."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from localcloud.asl_subset import refuse_unsupported
from localcloud.distributed_maps import EXPRESS_SECONDS
from localcloud.stack import Unsupported
from tests.unit.localcloud.engine import Engine, an_engine

BUCKET = "results"
PUT, GET = "arn:aws:states:::s3:putObject", "arn:aws:states:::s3:getObject"


@pytest.fixture
def engine() -> Iterator[Engine]:
    with an_engine() as made:
        made.client("s3").create_bucket(
            Bucket=BUCKET,
            CreateBucketConfiguration={"LocationConstraint": made.client("s3").meta.region_name},
        )
        yield made


def a_map(task: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "Type": "Map",
        "ItemReader": {
            "Resource": GET,
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket": BUCKET, "Key.$": "$.items"},
        },
        "MaxConcurrencyPath": "$.most",
        "ToleratedFailurePercentage": 100.0,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
            "StartAt": "Each",
            "States": {"Each": task | {"End": True}},
        },
        "ResultWriter": {"Resource": PUT, "Parameters": {"Bucket": BUCKET, "Prefix.$": "$.out"}},
        "ResultPath": "$.scanned",
        "End": True,
    } | more


def machine(state: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "Map", "States": {"Map": state}}


def run(engine: Engine, task: dict[str, Any], items: list[Any], *, most: int = 3) -> Any:
    engine.client("s3").put_object(Bucket=BUCKET, Key="items", Body=json.dumps(items).encode())
    return engine.run(machine(a_map(task)), {"items": "items", "most": most, "out": "of/it"})


def results(engine: Engine, described: Any) -> dict[str, list[dict[str, Any]]]:
    at = described["output"]["scanned"]["ResultWriterDetails"]
    assert at["Key"].startswith("of/it/")
    s3 = engine.client("s3")
    manifest = json.loads(s3.get_object(Bucket=at["Bucket"], Key=at["Key"])["Body"].read())
    return {
        status: [
            one
            for file in files
            for one in json.loads(s3.get_object(Bucket=BUCKET, Key=file["Key"])["Body"].read())
        ]
        for status, files in manifest["ResultFiles"].items()
    }


def test_each_item_is_the_input_of_a_child_and_each_output_is_written(engine: Engine) -> None:
    double = engine.function("double", lambda given: {"n": given["n"] * 2})
    described = run(engine, {"Type": "Task", "Resource": double}, [{"n": n} for n in range(7)])
    assert described["status"] == "SUCCEEDED"
    assert described["output"]["most"] == 3
    found = results(engine, described)
    assert [json.loads(one["Input"]) for one in found["SUCCEEDED"]] == [{"n": n} for n in range(7)]
    assert [json.loads(one["Output"])["n"] for one in found["SUCCEEDED"]] == list(range(0, 14, 2))
    assert found["FAILED"] == []


def test_more_items_than_python_calls_deep_are_all_read(engine: Engine) -> None:
    seen = set()
    note = engine.function("note", lambda given: seen.add(given["n"]))
    described = run(
        engine, {"Type": "Task", "Resource": note}, [{"n": n} for n in range(600)], most=1
    )
    assert described["status"] == "SUCCEEDED"
    assert seen == set(range(600))


def test_a_child_that_fails_is_told_and_stops_no_other(engine: Engine) -> None:
    def refuse(given: Any) -> Any:
        if given["n"] % 2:
            raise ValueError("odd")
        return given

    task = {"Type": "Task", "Resource": engine.function("refuse", refuse)}
    described = run(engine, task, [{"n": n} for n in range(5)])
    assert described["status"] == "SUCCEEDED"
    found = results(engine, described)
    assert [json.loads(one["Input"])["n"] for one in found["SUCCEEDED"]] == [0, 2, 4]
    assert [(one["Error"], one["Status"]) for one in found["FAILED"]] == [
        ("ValueError", "FAILED"),
        ("ValueError", "FAILED"),
    ]


def test_no_more_run_at_once_than_the_map_says(engine: Engine) -> None:
    wait = {"Type": "Wait", "Seconds": 10}
    for most, seconds in ((1, 40), (2, 20), (4, 10), (0, 10)):
        engine.client("s3").put_object(Bucket=BUCKET, Key="items", Body=b"[1, 2, 3, 4]")
        arn = engine.machine(machine(a_map(wait)), name=f"most-{most}")
        execution = engine.start(arn, {"items": "items", "most": most, "out": "of/it"})
        began = engine.scheduler.now()
        engine.advance(timedelta(hours=1))
        ended = engine.describe(execution)["stopDate"]
        assert round((ended - began).total_seconds()) == seconds


def test_an_express_child_ends_after_five_minutes(engine: Engine) -> None:
    described = run(engine, {"Type": "Wait", "Seconds": EXPRESS_SECONDS + 1}, [1])
    assert described["status"] == "SUCCEEDED"
    [late] = results(engine, described)["FAILED"]
    assert late["Status"] == "TIMED_OUT"


def test_the_events_of_children_are_not_those_of_their_parent(engine: Engine) -> None:
    engine.client("s3").put_object(Bucket=BUCKET, Key="items", Body=json.dumps([1] * 50).encode())
    arn = engine.machine(machine(a_map({"Type": "Pass"})))
    execution = engine.start(arn, {"items": "items", "most": 5, "out": "of/it"})
    engine.advance(timedelta(hours=1))
    told = [kind for _, kind in engine.history(execution)]
    assert told.count("MapRunSucceeded") == 1
    assert len(told) < 12


def test_a_list_that_is_not_there_is_caught(engine: Engine) -> None:
    caught = a_map(
        {"Type": "Pass"},
        Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failed", "Next": "Told"}],
    )
    definition = machine(caught)
    definition["States"]["Told"] = {"Type": "Pass", "End": True}
    described = engine.run(definition, {"items": "nowhere", "most": 1, "out": "of/it"})
    assert described["status"] == "SUCCEEDED"
    assert described["output"]["failed"]["Error"] == "States.ItemReaderFailed"


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"ItemReader": {}}, "without s3:getObject"),
        ({"ResultWriter": {}}, "without s3:putObject"),
        ({"ToleratedFailurePercentage": 5.0}, "that some failures stop"),
        ({"ToleratedFailureCount": 5}, "ToleratedFailureCount"),
        ({"ItemBatcher": {"MaxItemsPerBatch": 5}}, "ItemBatcher"),
        ({"ItemSelector": {}}, "ItemSelector"),
        ({"ItemsPath": "$.items"}, "ItemsPath"),
    ],
)
def test_what_a_distributed_map_has_not_been_shown_to_do_is_refused(
    more: dict[str, Any], named: str
) -> None:
    with pytest.raises(Unsupported, match=named):
        refuse_unsupported(json.dumps(machine(a_map({"Type": "Pass"}, **more))))


def test_children_that_are_no_express_executions_are_refused() -> None:
    state = a_map({"Type": "Pass"})
    state["ItemProcessor"]["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    with pytest.raises(Unsupported, match="STANDARD"):
        refuse_unsupported(json.dumps(machine(state)))
