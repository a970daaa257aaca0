"""Deploy a template whole: what cannot be applied is refused by name, never dropped.

Parameters are checked as CloudFormation checks them; resources are made in the order their
references demand; each provisioner reads back what it made; whatever property it did not read is
an error. A deployment that fails leaves what it had made so far: the pretend account is thrown away
with it.
"""

import re
from collections.abc import Callable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Final, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

from localcloud import sam
from localcloud.intrinsics import NO_VALUE, Known, Scope, references, resolve
from localcloud.provisioners import PROVISIONERS
from localcloud.provisioners.properties import Properties
from localcloud.provisioners.resource import Place, Provisioned, Resource
from localcloud.stack import Registry, Stack, TemplateError, Unsupported

_SECTIONS: Final = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
    }
)
# The policies say what CloudFormation does when it deletes or replaces; nothing here is ever
# deleted or replaced. Metadata is for build tools and people.
_ATTRIBUTES: Final = frozenset(
    {"Type", "Properties", "DependsOn", "Condition"}
    | {"DeletionPolicy", "UpdateReplacePolicy", "Metadata"}
)
_ACCESS_ROLE: Final = "OrganizationAccountAccessRole"


class Clients(Protocol):
    """Whatever opens clients in any account."""

    def client(self, service: str, *, account: str, region: str) -> Any:
        """An unenforced client of the operator, in this account and region."""


class Accounts:
    """Clients in any account of the pretend cloud. Moto picks the account by the credentials."""

    def __init__(self) -> None:
        self._sessions: dict[str, boto3.Session] = {}
        self._clients: dict[tuple[str, str, str], Any] = {}

    def client(self, service: str, *, account: str, region: str) -> Any:
        """A client with the rights of whoever owns the account. One per service, kept."""
        key = (service, account, region)
        if key not in self._clients:
            # One attempt: retrying a pretend AWS only hides its errors.
            config = Config(retries={"total_max_attempts": 1})
            session = self.session(account, region)
            self._clients[key] = session.client(service, region_name=region, config=config)  # type: ignore[call-overload]
        return self._clients[key]

    def session(self, account: str, region: str) -> boto3.Session:
        """A session of the account's access role, as an organization has one in every account."""
        if account not in self._sessions:
            sts = boto3.client(
                "sts",
                region_name=region,
                aws_access_key_id="AKIAOPERATOR",
                aws_secret_access_key="pretend",  # noqa: S106
            )
            keys = sts.assume_role(
                RoleArn=f"arn:aws:iam::{account}:role/{_ACCESS_ROLE}", RoleSessionName="operator"
            )["Credentials"]
            session = boto3.Session(
                aws_access_key_id=keys["AccessKeyId"],
                aws_secret_access_key=keys["SecretAccessKey"],
                aws_session_token=keys["SessionToken"],
            )
            landed = session.client("sts", region_name=region).get_caller_identity()["Account"]
            if landed != account:
                # Moto puts every call there while MOTO_ACCOUNT_ID is in the environment.
                raise RuntimeError(f"keys of account {account} act in {landed}")
            self._sessions[account] = session
        return self._sessions[account]


def deploy(
    path: Path,
    *,
    stack_name: str,
    parameters: Mapping[str, str],
    account: str,
    region: str,
    registry: Registry,
    clients: Clients,
) -> Stack:
    """Deploy the template in this file, and put the stack on record.

    The same name twice in one account and region is refused: this deploys, it does not update.
    """
    for stack in registry.stacks:
        if (stack.name, stack.account, stack.region) == (stack_name, account, region):
            raise TemplateError(f"the stack {stack_name} stands already in {account}, {region}")
    declared = sam.load(path).get("Parameters", {})
    given = check_parameters(declared, parameters)
    translated = sam.translate(path, given, region)
    template = translated.template
    if unknown := sorted(set(template) - _SECTIONS):
        raise Unsupported(f"the section {', '.join(unknown)} of {path.name}")
    place = Place(
        stack_name=stack_name,
        account=account,
        region=region,
        partition=_partition(region),
        client=lambda service: clients.client(service, account=account, region=region),
        registry=registry,
        artifacts=translated.artifacts,
    )
    scope = _scope(template, place, declared, given)
    resources: dict[str, str] = {}
    set_aside: dict[str, str] = {}
    for logical_id in in_order(template["Resources"], scope):
        made, left_out = _provision(logical_id, template["Resources"][logical_id], scope, place)
        scope.known[logical_id] = made
        resources[logical_id] = made.ref
        set_aside |= left_out
    stack = Stack(
        name=stack_name,
        account=account,
        region=region,
        template=path,
        parameters=given,
        outputs=_outputs(template.get("Outputs", {}), scope, place),
        resources=resources,
        set_aside=set_aside,
    )
    registry.stacks.append(stack)
    return stack


def check_parameters(
    declared: Mapping[str, Mapping[str, Any]], given: Mapping[str, str]
) -> dict[str, str]:
    """Every parameter's value as text, defaults filled in; refused where CloudFormation would."""
    if unknown := sorted(set(given) - set(declared)):
        raise TemplateError(f"the template has no parameter {', '.join(unknown)}")
    values: dict[str, str] = {}
    for name, rule in declared.items():
        if name not in given and "Default" not in rule:
            raise TemplateError(f"the parameter {name} needs a value")
        values[name] = value = str(given.get(name, rule.get("Default")))
        for problem in _problems(value, rule):
            raise TemplateError(f"the parameter {name} {problem}")
    return values


def _problems(value: str, rule: Mapping[str, Any]) -> list[str]:
    kind = rule["Type"]
    if kind not in ("String", "Number", "CommaDelimitedList"):
        raise Unsupported(f"a parameter of type {kind}")
    parts = [part.strip() for part in value.split(",")] if kind == "CommaDelimitedList" else [value]
    found: list[str] = []
    if kind == "Number":
        try:
            number = float(value)
        except ValueError:
            return ["is not a number"]
        if number < float(rule.get("MinValue", number)):
            found.append(f"is below {rule['MinValue']}")
        if number > float(rule.get("MaxValue", number)):
            found.append(f"is above {rule['MaxValue']}")
    if len(value) < int(rule.get("MinLength", 0)):
        found.append(f"is shorter than {rule['MinLength']}")
    if len(value) > int(rule.get("MaxLength", len(value))):
        found.append(f"is longer than {rule['MaxLength']}")
    allowed = [str(each) for each in rule.get("AllowedValues", parts)]
    if any(part not in allowed for part in parts):
        found.append(f"is not one of {', '.join(allowed)}")
    pattern = rule.get("AllowedPattern", ".*")
    if any(re.fullmatch(pattern, part, re.DOTALL) is None for part in parts):
        found.append(f"does not match {pattern}")
    return found


def in_order(resources: Mapping[str, Mapping[str, Any]], scope: Scope) -> list[str]:
    """The resources to make, each after what it refers to. A false condition leaves one out."""
    wanted = {
        logical_id: resource
        for logical_id, resource in resources.items()
        if "Condition" not in resource or scope.holds(resource["Condition"])
    }
    graph: TopologicalSorter[str] = TopologicalSorter()
    for logical_id, resource in wanted.items():
        after = resource.get("DependsOn", [])
        named = [after] if isinstance(after, str) else list(after)
        if unknown := sorted(set(named) - set(resources)):
            raise TemplateError(f"{logical_id} depends on {', '.join(unknown)}, which is not there")
        needs = [*named, *references(resource.get("Properties", {}), scope)]
        graph.add(logical_id, *(need for need in needs if need in wanted))
    try:
        return list(graph.static_order())
    except CycleError as error:
        raise TemplateError(f"circular: {' -> '.join(reversed(error.args[1]))}") from error


def _provision(
    logical_id: str, declared: Mapping[str, Any], scope: Scope, place: Place
) -> tuple[Known, dict[str, str]]:
    kind = declared["Type"]
    if kind not in PROVISIONERS:
        raise Unsupported(f"{kind}, the type of {logical_id}")
    if unknown := sorted(set(declared) - _ATTRIBUTES):
        raise Unsupported(f"{', '.join(unknown)} of {logical_id} ({kind})")
    properties = Properties(resolve(declared.get("Properties", {}), scope), kind, logical_id)
    made = _call(PROVISIONERS[kind], Resource(logical_id, kind, properties), place)
    properties.check()
    return Known(kind, made.physical_id, made.attributes), properties.all_set_aside()


def _call(
    provisioner: Callable[[Resource, Place], Provisioned], resource: Resource, place: Place
) -> Provisioned:
    what = f"{resource.logical_id} ({resource.type})"
    try:
        return provisioner(resource, place)
    except ParamValidationError as error:
        raise Unsupported(f"{what}: {' '.join(str(error).split())}") from error
    except ClientError as error:
        raise TemplateError(f"{what} was refused: {error}") from error


def _scope(
    template: Mapping[str, Any],
    place: Place,
    declared: Mapping[str, Mapping[str, Any]],
    given: Mapping[str, str],
) -> Scope:
    values: dict[str, Any] = {
        name: [part.strip() for part in value.split(",")]
        if declared[name]["Type"] == "CommaDelimitedList"
        else value
        for name, value in given.items()
    }
    identity = f"stack/{place.stack_name}/{place.name('id', limit=128)}"
    values |= {
        "AWS::AccountId": place.account,
        "AWS::Partition": place.partition,
        "AWS::Region": place.region,
        "AWS::StackId": place.arn("cloudformation", identity),
        "AWS::StackName": place.stack_name,
        "AWS::URLSuffix": "amazonaws.com.cn" if place.partition == "aws-cn" else "amazonaws.com",
    }
    here = (place.account, place.region)
    exports = {key[2]: item for key, item in place.registry.exports.items() if key[:2] == here}
    return Scope(
        parameters=values,
        declared=frozenset(template["Resources"]),
        conditions=template.get("Conditions", {}),
        mappings=template.get("Mappings", {}),
        exports=exports,
    )


def _outputs(declared: Mapping[str, Any], scope: Scope, place: Place) -> dict[str, str]:
    outputs: dict[str, str] = {}
    for name, output in declared.items():
        if unknown := sorted(set(output) - {"Description", "Value", "Condition", "Export"}):
            raise Unsupported(f"{', '.join(unknown)} of the output {name}")
        if "Condition" in output and not scope.holds(output["Condition"]):
            continue
        value = resolve(output["Value"], scope)
        if value is NO_VALUE or isinstance(value, list | dict):
            raise TemplateError(f"the output {name} is not a single value")
        outputs[name] = str(value)
        if "Export" in output:
            export = str(resolve(output["Export"]["Name"], scope))
            place.registry.exports[(place.account, place.region, export)] = outputs[name]
    return outputs


def _partition(region: str) -> str:
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
