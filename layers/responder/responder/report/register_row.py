"""One breach, as the register of breaches keeps it."""

from datetime import date

from pydantic import AwareDatetime, ConfigDict

from responder.domain.model import Model


class Row(Model):
    """One breach, as the register keeps it. Sentences are plain text and may hold anything."""

    model_config = ConfigDict(frozen=True)

    incident_id: str
    drill: bool
    status: str
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None = None  # None while it is open, and so are the other two
    closed_by: str | None = None
    closed_because: str | None = None
    what: tuple[str, ...]
    discovered_at: AwareDatetime
    discovered_by: str | None  # None: nobody recorded it; the earliest instant we know stands in
    determined_at: AwareDatetime | None
    determined_by: str | None
    data: tuple[str, ...] | None
    encrypted: bool | None
    people: dict[str, int | None]  # by jurisdiction; None: nobody counted them
    effects: str
    remedy: tuple[str, ...]
    decided_by: tuple[str, ...]
    notified: tuple[str, ...]  # whom, when, by whom recorded, and the proof
    not_notified: tuple[str, ...]  # whom, why not, and who decided it when
    still_open: tuple[str, ...]
    keep_until: date  # no day before it, whatever becomes of the incident; no law names a last one
