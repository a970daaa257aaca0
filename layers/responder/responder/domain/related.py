"""What a console may show beside an incident: the things its findings name, and our runbooks."""

import re
from collections.abc import Iterable

from pydantic import ConfigDict

from responder.domain.escaping import one_line
from responder.domain.finding import Finding
from responder.domain.model import Model

_ARN = re.compile(r"arn:aws(-cn|-us-gov)?:[a-z0-9-]*:[a-z0-9-]*:([0-9]{12})?:.{1,900}", re.ASCII)
_MOST, _MOST_BYTES = 100, 18_000  # an entry of an OpsItem holds 20 KB


class Related(Model):
    """ARNs, and names of Systems Manager documents that a person may run."""

    model_config = ConfigDict(frozen=True)

    resources: tuple[str, ...] = ()
    runbooks: tuple[str, ...] = ()

    def without(self, known: "Related") -> "Related":
        """What is not among the known ones."""
        return Related(
            resources=tuple(one for one in self.resources if one not in known.resources),
            runbooks=tuple(one for one in self.runbooks if one not in known.runbooks),
        )


def resources_of(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The ARNs that findings name, identities first: as many as a console has room for.

    What looks like no ARN is left out: it was chosen by others, and would be a link.
    """
    known = list(findings)
    named = [principal.arn for finding in known for principal in finding.principals]
    named += [thing.id for finding in known for thing in finding.resources]
    kept, room = dict[str, None](), _MOST_BYTES
    for arn in named:
        if arn is None or arn in kept or not _ARN.fullmatch(arn) or one_line(arn, 1000) != arn:
            continue
        room -= len(arn) + len('{"arn": ""}, ')
        if room < 0 or len(kept) == _MOST:
            break
        kept[arn] = None
    return tuple(kept)
