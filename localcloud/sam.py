"""Read a template as SAM and CloudFormation read it, and translate it without asking AWS.

SAM's own translator does the translating. Local paths (`CodeUri`, `ContentUri`, `DefinitionUri`)
become addresses in a bucket that does not exist, as `sam package` would make them real ones; the
paths are kept on the side under the address's key.
"""

import copy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import boto3
import yaml
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from localcloud.stack import TemplateError, Unsupported

TRANSFORM: Final = "AWS::Serverless-2016-10-31"
BUCKET: Final = "source-tree"
_PATHS: Final = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::StateMachine": "DefinitionUri",
}


@dataclass(frozen=True)
class Translated:
    """A plain CloudFormation template, and the local folders and files that belong to it."""

    template: dict[str, Any]
    artifacts: dict[str, Path]  # S3 key to local path


class _PlainLoader(yaml.CSafeLoader):
    """YAML as CloudFormation reads it: dates stay text, and a key given twice is an error."""


class _Loader(_PlainLoader):
    """The same with the short forms, such as !Ref."""


def _mapping(loader: _PlainLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    twice = {key for key in keys if keys.count(key) > 1}
    if odd := [key for key in keys if not isinstance(key, str)]:
        raise TemplateError(f"{odd} is no text, and so no key{node.start_mark}")
    if twice:
        raise TemplateError(f"{sorted(twice)} stands twice{node.start_mark}")
    return loader.construct_mapping(node, deep=True)


def _text(loader: _PlainLoader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


def _short_form(loader: _PlainLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = _mapping(loader, node) if isinstance(node, yaml.MappingNode) else None
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_PlainLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
_PlainLoader.add_constructor("tag:yaml.org,2002:timestamp", _text)
_Loader.add_multi_constructor("!", _short_form)


def read(text: str, *, short_forms: bool = True) -> Any:
    """Parse YAML, or JSON, as CloudFormation does."""
    return copy.deepcopy(_read(text, short_forms=short_forms))


@lru_cache(maxsize=64)  # the same few templates are deployed again and again
def _read(text: str, *, short_forms: bool) -> Any:
    return yaml.load(text, Loader=_Loader if short_forms else _PlainLoader)  # noqa: S506


def load(path: Path) -> dict[str, Any]:
    """The template in this file, with the local files it includes put in."""
    template = read(path.read_text(encoding="utf-8"))
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise TemplateError(f"{path.name} has no Resources")
    included = _include(template, path.parent)
    assert isinstance(included, dict)
    return included


def _include(value: Any, folder: Path) -> Any:
    """Put in what `AWS::Include` names. AWS takes no short forms in an included file."""
    if isinstance(value, list):
        return [_include(item, folder) for item in value]
    if not isinstance(value, dict):
        return value
    match value.get("Fn::Transform"):
        case None:
            return {key: _include(item, folder) for key, item in value.items()}
        case {"Name": "AWS::Include", "Parameters": {"Location": str(location)}}:
            if len(value) > 1:
                raise Unsupported(f"keys beside the inclusion of {location}")
            return read((folder / location).read_text(encoding="utf-8"), short_forms=False)
    raise Unsupported(f"the transform {value['Fn::Transform']!r}")


def translate(path: Path, parameters: dict[str, Any], region: str) -> Translated:
    """Translate the template in this file. One that is not SAM is returned as it is."""
    template = load(path)
    transforms = template.pop("Transform", [])
    if isinstance(transforms, str):
        transforms = [transforms]
    if transforms not in ([], [TRANSFORM]):
        raise Unsupported(f"the transforms {transforms}")
    if not transforms:
        return Translated(template, {})
    artifacts = _take_paths(template, path.parent)
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=region))
    try:
        translated = translator.translate(copy.deepcopy(template), dict(parameters))
    except InvalidDocumentException as error:
        causes = "; ".join(cause.message for cause in error.causes) or error.message
        raise TemplateError(f"SAM refuses {path.name}: {causes}") from error
    return Translated(translated, artifacts)


def _take_paths(template: dict[str, Any], folder: Path) -> dict[str, Path]:
    """Replace each local path by an S3 address, and return the paths by the key of the address."""
    defaults = template.get("Globals", {}).get("Function", {})
    if "CodeUri" in defaults:
        raise Unsupported("CodeUri in Globals.Function")
    artifacts: dict[str, Path] = {}
    for logical_id, resource in template["Resources"].items():
        name = _PATHS.get(resource.get("Type", ""))
        properties = resource.setdefault("Properties", {}) if name else {}
        if name is None or name not in properties:
            continue
        where = properties[name]
        if not isinstance(where, str) or where.startswith("s3://"):
            raise Unsupported(f"{resource['Type']}.{name} in {logical_id}: not a local path")
        found = (folder / where).resolve()
        if not found.exists():
            raise TemplateError(f"{resource['Type']}.{name} in {logical_id}: no {where}")
        artifacts[logical_id] = found
        properties[name] = f"s3://{BUCKET}/{logical_id}"
    return artifacts
