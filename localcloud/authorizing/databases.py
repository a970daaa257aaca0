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
    "DescribeDBClusterSnapshots": (_CLUSTER, _CLUSTER_SNAPSHOT),
    "DescribeDBClusters": (_CLUSTER,),
    "DescribeDBInstances": (_DATABASE,),
    "DescribeDBSnapshots": (_DATABASE, _SNAPSHOT),
    "ModifyDBCluster": (_CLUSTER,),
    "ModifyDBInstance": (_DATABASE,),
}
# Parameters that bring another resource into the question. None of these is known here.
_MORE: Final = frozenset(
    {
        "DBClusterParameterGroupName",
        "DBParameterGroupName",
        "DBSecurityGroups",
        "DBSubnetGroupName",
        "OptionGroupName",
        "Tags",
    }
)


def rds(asked: Asked) -> list[Needed]:
    """What a call of RDS needs."""
    action = f"rds:{asked.operation}"
    if asked.operation not in _ABOUT:
        raise Unsupported(f"what {action} needs")
    if more := sorted(_MORE & set(asked.params)):
        raise Unsupported(f"what {action} needs of {', '.join(more)}")
    return [
        Needed(action, arn(asked, "rds", f"{kind}:{asked.params.get(name, '*')}"), asked.account)
        for kind, name in _ABOUT[asked.operation]
    ]
