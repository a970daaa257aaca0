"""Functions show their URLs, their layers, and a link to the code of each version."""

from collections.abc import Iterator
from typing import Any

import pytest

from localcloud import links
from responder.aws.downloads import fetch
from responder.domain.errors import Broken
from tests.builders import REGION, SHOP
from tests.unit.collectors.test_lambda_function import LAYER, NAME, NEW, OLD, a_function
from tests.unit.localcloud.judging import World, a_world, allow, code


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


@pytest.fixture
def client(world: World) -> Any:
    return a_function(world)


def test_each_version_has_a_link_to_its_own_code(client: Any) -> None:
    for qualifier, body in (("$LATEST", NEW), ("1", OLD), ("live", OLD)):
        link = client.get_function(FunctionName=NAME, Qualifier=qualifier)["Code"]["Location"]
        assert fetch(link, "code", most_bytes=len(body)) == body


def test_a_layer_is_found_by_its_arn_with_a_link_to_its_code(client: Any) -> None:
    [version] = client.list_layer_versions(LayerName=f"of-{NAME}")["LayerVersions"]
    found = client.get_layer_version_by_arn(Arn=version["LayerVersionArn"])
    assert fetch(found["Content"]["Location"], "layer", most_bytes=len(LAYER)) == LAYER
    gone = version["LayerVersionArn"].removesuffix(":1") + ":2"
    assert code(client.get_layer_version_by_arn, Arn=gone) == "ResourceNotFoundException"


def test_any_other_link_is_refused(client: Any) -> None:
    with pytest.raises(Broken, match="answered 403"):
        fetch(links.to(REGION, "none"), "code", most_bytes=1)


def test_urls_and_warm_environments_are_those_of_one_function(client: Any) -> None:
    assert client.list_function_url_configs(FunctionName=NAME)["FunctionUrlConfigs"]
    warm = client.list_provisioned_concurrency_configs(FunctionName=NAME)
    assert warm["ProvisionedConcurrencyConfigs"] == []
    refused = code(client.list_function_url_configs, FunctionName="none")
    assert refused == "ResourceNotFoundException"


def test_a_layer_needs_a_right_to_that_very_version(world: World, client: Any) -> None:
    [version] = client.list_layer_versions(LayerName=f"of-{NAME}")["LayerVersions"]
    arn = version["LayerVersionArn"]
    one = world.user("one", allow("lambda:GetLayerVersion", arn), account=SHOP)("lambda")
    other = world.user("other", allow("lambda:GetLayerVersion", f"{arn}0"), account=SHOP)("lambda")
    assert code(one.get_layer_version_by_arn, Arn=arn) is None
    assert code(other.get_layer_version_by_arn, Arn=arn) == "AccessDeniedException"
