"""What is read of AWS's services is what botocore would have read, but for its documentation."""

import inspect
import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader
from botocore.model import ServiceModel

from responder.aws import clients
from responder.aws.models import SERVICES, Models, a_session, light_folder
from tests.builders import REGION
from tests.template.templates import ROOT

# What botocore asks of an operation before and after a call.
_TRAITS = (
    "http",
    "auth",
    "endpoint",
    "http_checksum",
    "static_context_parameters",
    "context_parameters",
    "operation_context_parameters",
    "has_event_stream_input",
    "has_streaming_output",
    "idempotent_members",
    "metadata",
)
WHOLE = Path(Loader.BUILTIN_DATA_PATH)


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("light")
    runpy.run_path(str(ROOT / "layers/lighten.py"))["lighten"](WHOLE, folder)
    return folder


def left_out(whole: Any, light: Any, at: str = "") -> Iterator[str]:
    """Where two models differ."""
    if isinstance(whole, dict) and isinstance(light, dict):
        for name in whole.keys() | light.keys():
            missing = object()
            one, other = whole.get(name, missing), light.get(name, missing)
            if name == "documentation" and isinstance(one, str) and other is missing:
                continue
            yield from left_out(one, other, f"{at}.{name}")
        if [name for name in whole if name in light] != list(light):
            yield f"{at}: order"
    elif isinstance(whole, list) and isinstance(light, list) and len(whole) == len(light):
        for number, (one, other) in enumerate(zip(whole, light, strict=True)):
            yield from left_out(one, other, f"{at}[{number}]")
    elif whole != light:
        yield at


def test_every_service_that_is_opened_has_light_models() -> None:
    words = inspect.getsource(clients)
    opened = {
        *re.findall(r'service: Literal\["([\w-]+)"\]', words),
        *re.findall(r'_in_member\("([\w-]+)"', words),
        *re.findall(r'create_client\(\s*"([\w-]+)"', words),
        "sts",  # by botocore, which assumes roles
    }
    assert sorted(opened) == list(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_a_light_model_lacks_nothing_but_documentation(service: str, light: Path) -> None:
    name = f"{service}/{Loader().determine_latest_version(service, 'service-2')}/service-2"
    ours, path = Models(light).load_data_with_path(name)
    assert path == f"{light}/{name}"
    whole = Loader().load_data(name)
    assert list(left_out(whole, ours)) == []
    assert len(json.dumps(ours)) < 0.75 * len(json.dumps(whole))


@pytest.mark.parametrize("service", SERVICES)
def test_botocore_makes_of_a_light_model_what_it_makes_of_a_whole_one(
    service: str, light: Path
) -> None:
    """It reads the documentation of a client's parameters, and breaks without it."""
    whole, ours = (
        ServiceModel(loader.load_service_model(service, "service-2"), service)
        for loader in (Loader(), Models(light))
    )
    assert ours.client_context_parameters == whole.client_context_parameters
    assert ours.operation_names == whole.operation_names
    for name in whole.operation_names:
        one, other = ours.operation_model(name), whole.operation_model(name)
        for trait in _TRAITS:
            assert getattr(one, trait) == getattr(other, trait), (name, trait)


@pytest.mark.parametrize("service", SERVICES)
def test_without_light_models_those_of_botocore_are_read(service: str, tmp_path: Path) -> None:
    ours, theirs = Models(tmp_path / "none"), Loader()
    for type_name in ("service-2", "endpoint-rule-set-1", "paginators-1"):
        assert json.dumps(ours.load_service_model(service, type_name)) == json.dumps(
            theirs.load_service_model(service, type_name)
        )


@pytest.mark.parametrize("name", ["endpoints", "partitions", "_retry", "sdk-default-configuration"])
def test_what_holds_for_all_services_is_word_for_word_what_botocore_reads(
    name: str, light: Path
) -> None:
    ours, path = Models(light).load_data_with_path(name)
    assert json.dumps(ours) == json.dumps(Loader().load_data(name))
    assert Models(light).is_builtin_path(path)  # or botocore would not trust its own rules


def test_light_models_of_another_botocore_are_in_another_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    of_this = light_folder(tmp_path)
    monkeypatch.setattr("botocore.__version__", "1.0.0")
    assert light_folder(tmp_path) != of_this


def test_sessions_share_what_was_read() -> None:
    one, other = a_session(), a_session()
    first = one.create_client("iam", region_name=REGION).meta.service_model
    second = other.create_client("iam", region_name=REGION).meta.service_model
    assert first is not second
    assert first.metadata is second.metadata


def test_sessions_do_not_share_credentials() -> None:
    one, other = a_session(), a_session()
    one.set_credentials("AKIAEXAMPLEEXAMPLE01", "of-one")
    other.set_credentials("AKIAEXAMPLEEXAMPLE02", "of-the-other")
    opened: list[Any] = [session.create_client("iam", REGION) for session in (one, other)]
    keys = [client._get_credentials().access_key for client in opened]
    assert keys == ["AKIAEXAMPLEEXAMPLE01", "AKIAEXAMPLEEXAMPLE02"]


def test_a_service_that_does_not_exist_is_named() -> None:
    with pytest.raises(DataNotFoundError, match="no-such-service"):
        a_session().create_client("no-such-service", region_name=REGION)


def test_what_a_service_has_no_model_of_is_told() -> None:
    with pytest.raises(DataNotFoundError, match="organizations"):
        Models().load_service_model("organizations", "waiters-2")
