"""What a shop chooses about collecting evidence."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Options:
    """What the shop chose about evidence. Empty: there is none, or it is not wanted."""

    memory_document: str = ""  # of Run Command, by its name in each member account
    audit_log_groups: tuple[str, ...] = ()  # where its applications write who read what
    snapshot_monthly_limit: int = 0  # US dollars a month that the copies of one thing may cost
    snapshot_lock_mode: Literal["", "governance", "compliance"] = ""
    snapshot_lock_days: int = 1
    evidence_account: str = ""  # that has the vault
    copies_key_arn: str = ""  # of that account, for copies of snapshots in it
