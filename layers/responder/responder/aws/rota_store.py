"""Who is on call, kept as a parameter where no member account can edit it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from responder.aws.errors import asking_aws
from responder.domain.rota import Rota
from responder.sources.rotas import read_rota

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

PERMISSIONS = frozenset({"ssm:GetParameter"})
NONE = "none"  # what the parameter says where there is no rota


@dataclass(frozen=True)
class RotaStore:
    """Reads it anew each time: a change counts for the next page."""

    client: "SSMClient"
    parameter: str

    def rota(self) -> Rota | None:
        """The rota, or None where none was written. Raises `Broken` if it cannot be read."""
        if not self.parameter:
            return None
        with asking_aws(f"reading the parameter {self.parameter}"):
            text = self.client.get_parameter(Name=self.parameter)["Parameter"]["Value"]
        return None if text.strip() in ("", NONE) else read_rota(text, self.parameter)
