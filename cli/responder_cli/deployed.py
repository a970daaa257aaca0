"""The deployed responder, as the person's own credentials reach it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import boto3
import typer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from responder.domain.escaping import one_line

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3.client import S3Client

# The longest of our functions runs for 5 minutes when asked; botocore would give up after one.
_PATIENT = Config(read_timeout=330, retries={"max_attempts": 0})
# The options of whatever asks it.
StackName = Annotated[str, typer.Option(help="The responder's stack.")]
RegionName = Annotated[
    str | None, typer.Option(help="The stack's region; your shell's, without it.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs.")]


def ask(
    function_output: str,
    asked: Mapping[str, Any],
    *,
    stack: str,
    region: str | None,
    named: bool = True,
) -> dict[str, Any]:
    """What the function behind one output of the stack answers; `by` is whoever runs this.

    Without `named` it is not told who asks. Exits with 2 and a word on why if nothing could be
    asked, or was refused.
    """
    with stopping():
        session = boto3.Session(region_name=region)
        function = _output(session.client("cloudformation"), stack, function_output)
        who = {"by": session.client("sts").get_caller_identity()["Arn"]} if named else {}
        reply = session.client("lambda", config=_PATIENT).invoke(
            FunctionName=function, Payload=json.dumps({**asked, **who}).encode()
        )
    answer: dict[str, Any] = json.loads(reply["Payload"].read())
    if "FunctionError" in reply:
        stop(f"{answer.get('errorType', 'error')}: {answer.get('errorMessage', 'it said no more')}")
    return answer


def output(name: str, *, stack: str, region: str | None, profile: str | None = None) -> str:
    """One output of the stack. Exits with 2 and a word on why if it has none of that name."""
    with stopping():
        session = boto3.Session(profile_name=profile, region_name=region)
        return _output(session.client("cloudformation"), stack, name)


def s3(region: str | None) -> "S3Client":
    """S3, by the person's own credentials."""
    with stopping():
        return boto3.Session(region_name=region).client("s3")


@contextmanager
def stopping() -> Iterator[None]:
    """Exit with 2 and a word on why, if AWS refuses or cannot be reached."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        stop(str(error))


def _output(cloudformation: "CloudFormationClient", stack: str, name: str) -> str:
    outputs = cloudformation.describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
    found = {one.get("OutputKey"): one.get("OutputValue", "") for one in outputs}
    if name not in found:
        stop(f"the stack {stack} has no output {name}: it is no responder, or half deployed")
    return found[name]


def read(bucket: str, key: str, version_id: str, *, region: str | None) -> bytes:
    """One version of an object of the vault. Exits with 2 and a word on why if it is not given."""
    with stopping():
        return s3(region).get_object(Bucket=bucket, Key=key, VersionId=version_id)["Body"].read()


def stop(why: str) -> NoReturn:
    """Say why on stderr, and exit with 2."""
    typer.echo(f"error: {one_line(why, 1200)}", err=True)
    raise typer.Exit(2)
