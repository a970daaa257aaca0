"""Incident Manager as an account meets it that never had it: closed.

AWS takes no new customers since 2025-11-07 (Incident Manager User Guide, "Availability change").
Which error a closed account gets is not documented; this answers the likeliest, as it answers
everybody whom it does not serve. A response plan cannot exist here.
"""

from typing import Any, Final

import botocore.session

from localcloud.fault import Fault
from localcloud.switchboard import Asked, Fake

_CLOSED: Final = "Incident Manager is not open to new customers, and this account never used it."


def operations() -> dict[str, Fake]:
    """Every operation of the service, each of them refused."""
    model = botocore.session.get_session().get_service_model("ssm-incidents")
    return dict.fromkeys(model.operation_names, _closed)


def _closed(asked: Asked) -> dict[str, Any] | None:
    if asked.operation == "ListReplicationSets":
        return {"replicationSetArns": []}
    raise Fault("AccessDeniedException", _CLOSED, status=403)
