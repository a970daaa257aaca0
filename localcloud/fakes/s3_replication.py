"""The replication of a bucket, as it was put: moto forgets what a rule says of delete markers.

AWS: S3 API Reference, "PutBucketReplication": a bucket that replicates keeps versions.
"""

import copy
from typing import Any

from localcloud.authorizing.s3 import bucket_named
from localcloud.fault import Fault
from localcloud.switchboard import Asked, Fake


class Replications:
    """One document for each bucket that has one."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, Any]] = {}

    def operations(self) -> dict[str, Fake]:
        """What this module serves."""
        return {
            "DeleteBucketReplication": self._delete,
            "GetBucketReplication": self._get,
            "PutBucketReplication": self._put,
        }

    def _get(self, asked: Asked) -> dict[str, Any]:
        found = self._kept.get(_bucket(asked))
        if found is None:
            code = "ReplicationConfigurationNotFoundError"
            raise Fault(code, "The replication configuration was not found", status=404)
        return {"ReplicationConfiguration": copy.deepcopy(found)}

    def _put(self, asked: Asked) -> dict[str, Any]:
        name = _bucket(asked)
        if not bucket_named(name).is_versioned:
            text = "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
            raise Fault("InvalidRequest", text)
        self._kept[name] = copy.deepcopy(asked.params["ReplicationConfiguration"])
        return {}

    def _delete(self, asked: Asked) -> dict[str, Any]:
        self._kept.pop(_bucket(asked), None)
        return {}


def _bucket(asked: Asked) -> str:
    name = str(asked.params["Bucket"])
    if bucket_named(name) is None:
        raise Fault("NoSuchBucket", "The specified bucket does not exist", status=404)
    return name
