"""The deployed responder, as the person's own credentials reach it."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError

from responder.domain.escaping import one_line

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

# The options of whatever asks it.
StackName = Annotated[str, typer.Option(help="The responder's stack.")]
RegionName = Annotated[
    str | None, typer.Option(help="The stack's region; your shell's, without it.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs.")]


def ask(
    function_output: str, asked: Mapping[str, Any], *, stack: str, region: str | None
) -> dict[str, Any]:
    """What the function behind one output of the stack answers; `by` is whoever runs this.

    Exits with 2 and a word on why if nothing could be asked, or was refused.
    """
    try:
        session = boto3.Session(region_name=region)
        function = _function(session.client("cloudformation"), stack, function_output)
        who = session.client("sts").get_caller_identity()["Arn"]
        reply = session.client("lambda").invoke(
            FunctionName=function, Payload=json.dumps({**asked, "by": who}).encode()
        )
    except (BotoCoreError, ClientError) as error:
        stop(str(error))
    answer: dict[str, Any] = json.loads(reply["Payload"].read())
    if "FunctionError" in reply:
        stop(f"{answer.get('errorType', 'error')}: {answer.get('errorMessage', 'it said no more')}")
    return answer


def _function(cloudformation: "CloudFormationClient", stack: str, output: str) -> str:
    outputs = cloudformation.describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
    found = {one.get("OutputKey"): one.get("OutputValue", "") for one in outputs}
    if output not in found:
        stop(f"the stack {stack} has no output {output}: it is no responder, or half deployed")
    return found[output]


def read(bucket: str, key: str, version_id: str, *, region: str | None) -> bytes:
    """One version of an object of the vault. Exits with 2 and a word on why if it is not given."""
    try:
        s3 = boto3.Session(region_name=region).client("s3")
        return s3.get_object(Bucket=bucket, Key=key, VersionId=version_id)["Body"].read()
    except (BotoCoreError, ClientError) as error:
        stop(str(error))


def stop(why: str) -> NoReturn:
    """End the command with 2, and a line that says why."""
    typer.echo(f"error: {one_line(why, 1200)}", err=True)
    raise typer.Exit(2)
