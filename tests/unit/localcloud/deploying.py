"""Deploy a template written in a test, into an empty pretend AWS."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

from localcloud.deploy import Accounts, deploy
from localcloud.stack import Registry, Stack
from tests.builders import HOME, REGION


@dataclass
class Deployer:
    """A folder for templates, and the accounts they are deployed into."""

    folder: Path
    registry: Registry = field(default_factory=Registry)
    accounts: Accounts = field(default_factory=Accounts)

    def client(self, service: str, account: str = HOME) -> Any:
        return self.accounts.client(service, account=account, region=REGION)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    def __call__(
        self,
        template: str | Path,
        *,
        stack_name: str = "a-stack",
        account: str = HOME,
        parameters: Mapping[str, str] | None = None,
    ) -> Stack:
        path = template if isinstance(template, Path) else self.write("template.yaml", template)
        return deploy(
            path,
            stack_name=stack_name,
            parameters=parameters or {},
            account=account,
            region=REGION,
            registry=self.registry,
            clients=self.accounts,
        )
