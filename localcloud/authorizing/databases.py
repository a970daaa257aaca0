"""RDS: which database, cluster or snapshot each operation is about.

A call that names none is about all of them, which a policy writes with a star. AWS: Service
Authorization Reference, "Amazon RDS"; RDS User Guide, "Identity and access management for RDS".
"""

from typing import Final

from localcloud.authorizing.needed import Needed, arn
from localcloud.stack import Unsupported
from localcloud.switchboard import Asked

_DATABASE: Final = ("db", "DBInstanceIdentifier")
_CLUSTER: Final = ("cluster", "DBClusterIdentifier")
_SNAPSHOT: Final = ("snapshot", "DBSnapshotIdentifier")
_CLUSTER_SNAPSHOT: Final = ("cluster-snapshot", "DBClusterSnapshotIdentifier")
_ABOUT: Final = {
    "CreateDBClusterSnapshot": (_CLUSTER, _CLUSTER_SNAPSHOT),
    "CreateDBSnapshot": (_DATABASE, _SNAPSHOT),
    "DescribeDBClusterParameters": (("cluster-pg", "DBClusterParameterGroupName"),),
    "DescribeDBClusterSnapshots": (_CLUSTER, _CLUSTER_SNAPSHOT),
    "DescribeDBClusters": (_CLUSTER,),
    "DescribeDBInstances": (_DATABASE,),
    "DescribeDBLogFiles": (_DATABASE,),
    "DescribeDBParameters": (("pg", "DBParameterGroupName"),),
    "DescribeDBSnapshots": (_DATABASE, _SNAPSHOT),
    "ModifyDBCluster": (_CLUSTER,),
    "ModifyDBInstance": (_DATABASE,),
}
_MAKING: Final = frozenset({"CreateDBClusterSnapshot", "CreateDBSnapshot"})
_SNAPSHOTS: Final = frozenset({"cluster-snapshot", "snapshot"})
_REQUESTED: Final = ("aws:requesttag/", "rds:req-tag/")
# Parameters that bring another resource into the question. None of these is known here.
_MORE: Final = frozenset(
    {
        "DBClusterParameterGroupName",
        "DBParameterGroupName",
        "DBSecurityGroups",
        "DBSubnetGroupName",
        "OptionGroupName",
    }
)


def rds(asked: Asked) -> list[Needed]:
    """What a call of RDS needs."""
    action = f"rds:{asked.operation}"
    if asked.operation not in _ABOUT:
        raise Unsupported(f"what {action} needs")
    about, given = _ABOUT[asked.operation], asked.params
    if more := sorted(_MORE & set(given) - {name for _, name in about}):
        raise Unsupported(f"what {action} needs of {', '.join(more)}")
    needed = list[Needed]()
    for kind, name in about:
        resource = arn(asked, "rds", f"{kind}:{given.get(name, '*')}")
        if asked.operation not in _MAKING or kind not in _SNAPSHOTS:
            needed.append(Needed(action, resource, asked.account))
            continue
        # What is made with tags is made by whoever may tag it so.
        tags = {tag["Key"].lower(): (tag["Value"],) for tag in given.get("Tags", [])}
        found = {f"{prefix}{key}": text for key, text in tags.items() for prefix in _REQUESTED}
        needed.append(Needed(action, resource, asked.account, found, knows=_REQUESTED))
        if tags:
            tagging = "rds:AddTagsToResource"
            needed.append(Needed(tagging, resource, asked.account, found, knows=_REQUESTED))
    return needed
