"""One call that changed something, or tried to, as AWS answered it; or did not."""

from pydantic import AwareDatetime, ConfigDict

from responder.domain.model import Model

_READS = ("Describe", "Get", "Head", "List", "Lookup", "Query", "Scan", "Simulate")


class ApiCall(Model):
    """What a person finds in CloudTrail by `request_id`. Holds nothing of what was sent.

    `at` is the time in AWS' answer, to the second; None where the answer had none. A call that was
    sent and got no answer has no id either, and may have changed what it was to change.
    """

    model_config = ConfigDict(frozen=True)

    account: str
    region: str
    service: str
    operation: str
    at: AwareDatetime | None
    request_id: str
    status: int  # of HTTP; 0 where no answer came
    error: str | None = None  # AWS' code; without an answer, what was waited for in vain

    @property
    def result(self) -> str:
        """In words."""
        if not self.status:
            return f"no answer ({self.error}): it may have been carried out"
        return f"{self.status}" if self.error is None else f"{self.status} {self.error}"


def changes(operation: str) -> bool:
    """Whether an operation can change anything, by its name."""
    return not operation.startswith(_READS)
