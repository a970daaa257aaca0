"""Security Incident Response: what each operation needs."""

from localcloud.authorizing.needed import Needed, arn
from localcloud.switchboard import Asked


def needs(asked: Asked) -> list[Needed]:
    """The case, any case where it is made, and nothing narrower of a membership."""
    reference = asked.params.get("caseId", "*" if asked.operation == "CreateCase" else "")
    resource = arn(asked, "security-ir", f"case/{reference}") if reference else "*"
    return [Needed(f"security-ir:{asked.operation}", resource, asked.account)]
