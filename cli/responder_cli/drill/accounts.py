"""Which kind of account a drill deploys the responder into."""

from enum import StrEnum


class Account(StrEnum):
    """NEW was made today. OLD had Incident Manager before AWS closed it to new customers."""

    NEW = "new"
    OLD = "old"
