"""What stands in the shop's account, as its owner sees it: one line for each thing that is so."""

import json
import re
from typing import Any

from responder_cli.drill import world
from tests.workflow.nights import Night

# When an identity was last used is no effect of ours.
_NO_EFFECT = ("PasswordLastUsed", "ResponseMetadata", "RoleLastUsed", "UserId")
# A deny of sessions holds the instant of the cut.
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")


def identities(night: Night) -> list[str]:
    """Every user and role of the shop: what is attached to it, written on it, and its keys."""
    iam, found = night.cloud.client("iam", account=world.SHOP), list[str]()
    for user in iam.list_users()["Users"]:
        name = {"UserName": user["UserName"]}
        who = json.dumps(name)
        attached = iam.list_attached_user_policies(**name)["AttachedPolicies"]
        keys = iam.list_access_keys(**name)["AccessKeyMetadata"]
        found += [
            _line("user", iam.get_user(**name)["User"]),
            *(_line(f"{who} has attached", one) for one in attached),
            *(_line(f"{who} has", one) for one in keys),
            *(
                _line(f"{who} has inline", iam.get_user_policy(**name, PolicyName=policy))
                for policy in iam.list_user_policies(**name)["PolicyNames"]
            ),
        ]
    for role in iam.list_roles()["Roles"]:
        name = {"RoleName": role["RoleName"]}
        who = json.dumps(name)
        attached = iam.list_attached_role_policies(**name)["AttachedPolicies"]
        found += [
            _line("role", iam.get_role(**name)["Role"]),
            *(_line(f"{who} has attached", one) for one in attached),
            *(
                _line(f"{who} has inline", iam.get_role_policy(**name, PolicyName=policy))
                for policy in iam.list_role_policies(**name)["PolicyNames"]
            ),
        ]
    return found


def _line(what: str, held: dict[str, Any]) -> str:
    kept = {name: each for name, each in held.items() if name not in _NO_EFFECT}
    return f"{what}: {_INSTANT.sub('…', json.dumps(kept, sort_keys=True, default=str))}"
