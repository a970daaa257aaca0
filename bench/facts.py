"""What is asked of the logs, whoever reads them: what one access key did, in one line of hex.

Known to the peer's process too, so it needs nothing but the standard library.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any


class Facts:
    """Counts what a thief did: how often each call, from where, when, and what went out."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._total, self._sent_bytes = 0, 0
        self._calls, self._sources = Counter[str](), Counter[str]()
        self._times, self._objects = list[str](), set[str]()

    def add(self, total: int, records: Iterable[dict[str, Any]]) -> None:
        """So many records one object has, and these are the thief's, or may be."""
        self._total += total
        for one in records:
            if one["userIdentity"].get("accessKeyId") != self._key:
                continue
            self._calls[f"{one['eventSource']} {one['eventName']}"] += 1
            self._sources[one["sourceIPAddress"]] += 1
            self._times.append(one["eventTime"])
            if one["eventName"] == "GetObject":
                self._objects.add(one["requestParameters"]["key"])
                self._sent_bytes += one["additionalEventData"]["bytesTransferredOut"]

    def digest(self) -> str:
        """The same whoever counted the same."""
        told = [self._total, sorted(self._calls.items()), sorted(self._sources.items())]
        told += [min(self._times, default=""), max(self._times, default="")]
        told += [len(self._objects), self._sent_bytes]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
