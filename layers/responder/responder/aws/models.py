"""What botocore knows of AWS's services, read once for all sessions, and only what is asked for.

A function that starts because of an attack opens four clients in three sessions. Each session of
botocore reads all of it anew, and looks through the folders of 400 services to learn that one of
them exists. Everything here is what botocore lets its users replace (decision 15).
"""

import gzip
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import botocore
from botocore.loaders import JSONFileLoader, Loader
from botocore.session import Session, get_session

# What is opened through `Clients`, and who lends it credentials.
SERVICES = (
    "autoscaling",
    "cloudtrail",
    "config",
    "dynamodb",
    "ec2",
    "ecs",
    "eks",
    "elb",
    "elbv2",
    "guardduty",
    "iam",
    "kms",
    "lambda",
    "logs",
    "organizations",
    "rds",
    "route53resolver",
    "s3",
    "s3control",
    "security-ir",
    "securityhub",
    "sns",
    "sqs",
    "ssm",
    "ssm-contacts",
    "ssm-incidents",
    "stepfunctions",
    "sts",
    "wafv2",
)


def light_folder(packages: Path) -> Path:
    """Where a build leaves light models, beside botocore. Those of another version are not read."""
    return packages / f"light_models-{botocore.__version__}"


class _Files(JSONFileLoader):
    """Reads into plain dicts, whose order is that of the file too, in a third of the time."""

    def load_file(self, file_path: str) -> Any:
        """None where there is neither a plain nor a packed one: botocore then looks elsewhere."""
        for ending, opened in ((".json", open), (".json.gz", gzip.open)):
            try:
                with opened(file_path + ending, "rb") as file:
                    return json.loads(file.read())
            except FileNotFoundError:
                continue
        return None


class Models(Loader):
    """The models that a build left without their documentation, and botocore's own."""

    FILE_LOADER_CLASS = _Files

    def __init__(self, light: Path | None = None) -> None:
        folder = light or light_folder(Path(botocore.__file__).parent.parent)
        super().__init__(extra_search_paths=[str(folder)])

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - its signature
        """Every service, without a look whether it has a model of that type.

        One without is told by the error that botocore raises when it comes to read it, which is
        a parent of the one that it raises for a service it does not know.
        """
        return _names(self.BUILTIN_DATA_PATH)


@cache
def _names(folder: str) -> list[str]:
    return sorted(entry.name for entry in os.scandir(folder) if entry.is_dir())


@cache
def _models() -> Models:
    return Models()


def a_session() -> Session:
    """A session that shares what was read with all others."""
    session = get_session()
    session.register_component("data_loader", _models())
    return session
