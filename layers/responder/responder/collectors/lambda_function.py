"""The function as Lambda holds it: its settings, its code, who may invoke it, and what does.

The code is the zip itself, fetched by the link that Lambda gives out and checked against the hash
that Lambda tells. AWS: Lambda API Reference, "GetFunction", "GetLayerVersionByArn", "GetPolicy".
"""

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from responder.aws.vault import Content
from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.reads import Reads
from responder.collectors.things import Looking, Named, Part, subjects
from responder.domain.errors import Broken, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient

ID = "lambda.function"
TITLE = "The function, its code and its layers"
KINDS = ("Lambda", "LambdaFunction")
PERMISSIONS = frozenset(
    {
        "lambda:GetFunction",
        "lambda:GetFunctionCodeSigningConfig",
        "lambda:GetFunctionConcurrency",
        "lambda:GetLayerVersion",
        "lambda:GetPolicy",
        "lambda:ListAliases",
        "lambda:ListEventSourceMappings",
        "lambda:ListFunctionEventInvokeConfigs",
        "lambda:ListFunctionUrlConfigs",
        "lambda:ListProvisionedConcurrencyConfigs",
        "lambda:ListTags",
        "lambda:ListVersionsByFunction",
    }
)
COPIES: frozenset[str] = frozenset()
KEEPS: frozenset[str] = frozenset()
LIMITS = (
    "the code as it is stored now: code that was replaced before, and never published, is gone",
    "what an execution environment that still runs holds in memory and in /tmp",
    "an image is named by its digest; the image itself stays in its registry",
    "the file systems, queues and networks that its settings point to",
)

MOST_CODE_BYTES = 50 * 2**20  # of a zip that is uploaded whole: Lambda quotas
MOST_LAYER_BYTES = 10 * 2**20
MOST_VERSIONS = 20  # whose policies and event sources are asked for
_LATEST = "$LATEST"
_COVERS = (
    "the function's settings, versions, aliases, policies, event sources, URLs and layers as Lambda"
    " held them. Environment variables are in it as they stood, and may hold secrets"
)


def collect(scene: Scene) -> Iterator[Collected | Later]:
    """One item with the settings of each function, and one for each zip."""
    yield from _LOOKING.collect(scene, subjects(scene, KINDS, _PATTERN))


def _look(scene: Scene, named: Named, reads: Reads) -> Iterator[Part]:
    client, of = scene.clients.lambda_(named.account, named.region), {"FunctionName": named.name}
    seen: set[str] = set()
    # The code first: it is what an attacker puts back to what it was.
    latest, link = _function(client, reads, named.name, _LATEST)
    yield from _code(scene, reads, latest, link, seen)
    aliases = reads.pages("aliases", client, "list_aliases", "Aliases", **of) or []
    versions = reads.pages("versions", client, "list_versions_by_function", "Versions", **of) or []
    for version in _routed_to(aliases):
        found, link = _function(client, reads, named.name, version)
        yield from _code(scene, reads, found, link, seen)
    reads.more += [
        f"code {one['CodeSha256']} of version {one['Version']} was not copied: no alias leads there"
        for one in versions
        if one.get("CodeSha256") not in seen and one["Version"] != _LATEST
    ]
    _settings(client, reads, of)
    arn = latest and latest["Configuration"]["FunctionArn"].removesuffix(f":{_LATEST}")
    if arn:
        reads.ask("tags", client, "list_tags", "Tags", Resource=arn)
    for qualifier in ["", *(one["Name"] for one in aliases), *_newest(versions, reads)]:
        _invoked_by(client, reads, arn or named.name, qualifier)
    for layer in _layers([latest, *versions]):
        yield from _layer(scene, client, reads, layer)


def _function(client: "LambdaClient", reads: Reads, name: str, version: str) -> tuple[Any, str]:
    """What GetFunction says, and apart from it the link to the code."""
    answer = reads.ask(
        f"function {version}", client, "get_function", FunctionName=name, Qualifier=version
    )
    return answer, _take_link(answer, "Code")


def _take_link(answer: Any, part: str) -> str:
    """What was noted is this very answer, and the link leaves it here. Empty for none."""
    link: str = (answer or {}).get(part, {}).pop("Location", "")
    return link


def _code(scene: Scene, reads: Reads, found: Any, link: str, seen: set[str]) -> Iterator[Part]:
    if found is None:
        return
    told = found["Configuration"]
    version, sha256, size = told["Version"], told.get("CodeSha256", ""), told.get("CodeSize", 0)
    if sha256 in seen:
        return
    seen.add(sha256)
    if told.get("PackageType") == "Image":
        image = found["Code"].get("ResolvedImageUri", "an image that is not told")
        reads.more.append(f"the code of {version} is {image}, which was not copied")
        return
    what = f"code {sha256} of {version}"
    yield from _zip(scene, reads, _Zip(what, link, sha256, size, MOST_CODE_BYTES, "code"))


def _layer(scene: Scene, client: "LambdaClient", reads: Reads, arn: str) -> Iterator[Part]:
    answer = reads.ask(f"layer {arn}", client, "get_layer_version_by_arn", Arn=arn)
    link = _take_link(answer, "Content")
    if answer is not None:
        sha256, size = answer["Content"].get("CodeSha256", ""), answer["Content"].get("CodeSize", 0)
        what = f"layer {arn} with code {sha256}"
        yield from _zip(scene, reads, _Zip(what, link, sha256, size, MOST_LAYER_BYTES, "layer"))


@dataclass(frozen=True)
class _Zip:
    what: str
    link: str
    sha256: str  # as Lambda writes it, in base64
    size_bytes: int
    most_bytes: int
    kind: str

    @property
    def not_to_be_had(self) -> str:
        """Why it is not even asked for; empty where it is."""
        if self.size_bytes > self.most_bytes:
            return f"it has {self.size_bytes} bytes, more than {self.most_bytes}"
        return "" if self.link else "Lambda gave no link to it"


def _zip(scene: Scene, reads: Reads, told: _Zip) -> Iterator[Part]:
    """The zip, if it is small enough. Where it is not what Lambda says it is, both are said."""
    why_not = told.not_to_be_had or ("" if scene.has_time() else "no time was left for it")
    if why_not:
        reads.more.append(f"{told.what} was not copied: {why_not}")
        return
    try:
        body = scene.clients.download(told.link, told.what, most_bytes=told.most_bytes)
    except (Broken, Unavailable) as error:
        reads.more.append(f"not copied: {error}")
        return
    digest = hashlib.sha256(body).digest()
    real = base64.b64encode(digest).decode()
    gaps: tuple[str, ...] = ()
    if real != told.sha256 or len(body) != told.size_bytes:
        gap = (
            f"{told.what}: Lambda tells {told.size_bytes} bytes, and its link gave {len(body)}"
            f" bytes with hash {real}"
        )
        reads.more.append(gap)
        gaps = (gap,)
    content = Content(body, ".zip", "application/zip")
    yield Part(f"{told.kind}-{digest.hex()}", content, f"the zip of {told.what}", gaps)


def _settings(client: "LambdaClient", reads: Reads, of: dict[str, str]) -> None:
    for name, method, key in (
        ("URLs", "list_function_url_configs", "FunctionUrlConfigs"),
        ("destinations", "list_function_event_invoke_configs", "FunctionEventInvokeConfigs"),
        (
            "provisioned concurrency",
            "list_provisioned_concurrency_configs",
            "ProvisionedConcurrencyConfigs",
        ),
    ):
        reads.pages(name, client, method, key, **of)
    reads.ask("reserved concurrency", client, "get_function_concurrency", **of)
    reads.ask("code signing", client, "get_function_code_signing_config", **of)


def _newest(versions: list[Any], reads: Reads) -> list[str]:
    """The numbers of the versions whose policies and event sources are asked for."""
    published = [one["Version"] for one in versions if one["Version"] != _LATEST]
    older = len(published) - MOST_VERSIONS
    if older > 0:
        reads.more.append(f"policies and event sources of {older} older versions were not read")
    return published[-MOST_VERSIONS:]


def _invoked_by(client: "LambdaClient", reads: Reads, name: str, qualifier: str) -> None:
    """Who may invoke it under one alias, version or under none, and what does."""
    whose = f" of {qualifier}" if qualifier else ""
    asked = {"FunctionName": name} | ({"Qualifier": qualifier} if qualifier else {})
    reads.ask(f"policy{whose}", client, "get_policy", **asked)
    reads.pages(
        f"event sources{whose}",
        client,
        "list_event_source_mappings",
        "EventSourceMappings",
        # A filter by name leaves out those of its aliases and versions.
        FunctionName=f"{name}:{qualifier}" if qualifier else name,
    )


def _routed_to(aliases: list[Any]) -> list[str]:
    found: dict[str, None] = {}
    for alias in aliases:
        weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        found |= dict.fromkeys([alias["FunctionVersion"], *weights])
    return [version for version in found if version != _LATEST]


def _layers(configurations: list[Any]) -> list[str]:
    """The layers of every version, each once."""
    told = (one.get("Configuration", one) for one in configurations if one is not None)
    return list(dict.fromkeys(each["Arn"] for one in told for each in one.get("Layers", [])))


_ARN = r"(?:arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:)?"
_QUALIFIER = r"(?::(?:\$LATEST|[A-Za-z0-9_-]{1,128}))?"
_PATTERN = re.compile(rf"{_ARN}(?P<name>[A-Za-z0-9_-]{{1,64}}){_QUALIFIER}", re.ASCII)
_LOOKING = Looking(
    collector_id=ID,
    absent=frozenset({"ResourceNotFoundException"}),
    covers=_COVERS,
    look=_look,
)
