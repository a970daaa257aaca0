"""Moto's check of who may deliver access logs, mended.

It reads every statement of the target bucket's policy as if its Principal named a service, and
breaks on `Principal: "*"`, which every policy that refuses plain HTTP has. AWS takes both.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from moto.s3 import models


@contextmanager
def any_policy_is_read() -> Iterator[None]:
    """While this lasts, the check passes over statements that are not about a service."""
    bucket: Any = models.FakeBucket
    original = bucket._log_permissions_enabled_policy

    def check(target_bucket: Any, target_prefix: str | None) -> bool:
        document = json.loads((target_bucket.policy or b'{"Statement": []}').decode())
        named = [s for s in document["Statement"] if isinstance(s.get("Principal"), dict)]
        view = SimpleNamespace(
            policy=json.dumps({"Statement": named}).encode(),
            partition=target_bucket.partition,
            name=target_bucket.name,
        )
        return bool(original(view, target_prefix))

    bucket._log_permissions_enabled_policy = staticmethod(check)
    try:
        yield
    finally:
        bucket._log_permissions_enabled_policy = staticmethod(original)
