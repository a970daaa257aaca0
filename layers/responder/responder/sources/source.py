"""What every module of this catalog offers."""

from typing import Protocol

from responder.domain.finding import Finding
from responder.sources.envelope import Envelope


class Source(Protocol):
    """A feed: which events are its own, and how to read one."""

    @property
    def EVENT_SOURCE(self) -> str:  # noqa: N802 -- a module's constant
        """`source` of its events."""

    @property
    def DETAIL_TYPES(self) -> frozenset[str]:  # noqa: N802 -- a module's constant
        """`detail-type` of its events."""

    def read(self, envelope: Envelope) -> tuple[Finding, ...]:
        """The findings of one event. Raises `Broken` that names the field."""
