"""The shop's policy and lists, kept as parameters where no member account can edit them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from responder.aws.errors import asking_aws
from responder.domain.asset import Assets
from responder.domain.errors import Broken
from responder.domain.policy import Policy
from responder.domain.protection import ProtectList
from responder.sources.rulebook import read_assets, read_policy, read_protect_list

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

PERMISSIONS = frozenset({"ssm:GetParameter"})
GO, STOP = "go", "stop"  # what the kill switch says


@dataclass(frozen=True)
class RuleStore:
    """Reads each anew each time: a change counts for the next finding."""

    client: "SSMClient"
    policy_parameter: str
    protect_parameter: str
    stop_parameter: str = ""
    assets_parameter: str = ""

    def policy(self) -> Policy:
        """The policy. Raises `Broken` if it cannot be read; nobody guesses a policy."""
        return read_policy(self._value(self.policy_parameter), self.policy_parameter)

    def protect_list(self, own: tuple[str, ...]) -> ProtectList:
        """The protect list, with the responder's own roles. Raises `Broken` like `policy`."""
        text = self._value(self.protect_parameter)
        return ProtectList(patterns=read_protect_list(text, self.protect_parameter), own=own)

    def assets(self) -> Assets:
        """What things are worth. Raises `Broken` like `policy`."""
        return read_assets(self._value(self.assets_parameter), self.assets_parameter)

    def is_stopped(self) -> bool:
        """Whether the kill switch is on. What cannot be read is no leave to cut: it raises."""
        said = self._value(self.stop_parameter).strip().lower()
        if said not in (GO, STOP):
            raise Broken(f"{self.stop_parameter} says neither {GO} nor {STOP}; nothing is cut")
        return said == STOP

    def _value(self, name: str) -> str:
        if not name:
            raise Broken("this function was not told where its policy and protect list are")
        with asking_aws(f"reading the parameter {name}"):
            return self.client.get_parameter(Name=name)["Parameter"]["Value"]
