"""The EventBridge envelope around every finding, and the types that hold strings of strangers."""

import ipaddress
import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)
from pydantic.alias_generators import to_camel, to_pascal

from responder.domain.errors import Broken
from responder.domain.escaping import one_line
from responder.domain.identifiers import AccountId, Region
from responder.domain.model import Model

MOST = 100  # principals, resources or addresses kept of one finding
OURS = "breach-responder"  # how we sign what we write back into a feed
_ERRORS_SHOWN = 3


def _cut(most: int) -> BeforeValidator:
    def cut(value: object) -> object:
        if not isinstance(value, str):
            return value
        # JSON may carry lone surrogates in, and nothing could store them.
        return value[:most].encode("utf-8", "replace").decode("utf-8")

    return BeforeValidator(cut)


Name = Annotated[str, _cut(300)]
Long = Annotated[str, _cut(2048)]
Key = Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[\x21-\x7e]+$")]


class Camel(Model):
    """A part of an event whose fields begin with a small letter. What we do not read is ignored."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, allow_inf_nan=False
    )


class Pascal(Model):
    """The same, for fields that begin with a capital."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_pascal, allow_inf_nan=False
    )


class Envelope(Model):
    """What EventBridge puts around a finding."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    detail_type: Name = Field(alias="detail-type")
    source: Name
    account: AccountId | None = None
    region: Region | None = None
    replay_name: Name | None = Field(default=None, alias="replay-name")
    resources: Any = None  # only a custom action's are looked at
    detail: dict[str, Any]

    @property
    def replayed(self) -> bool:
        """Whether an archive sent it, not the detector (EventBridge guide, "Replaying events")."""
        return self.replay_name is not None


def parsed[Shape: Model](model: type[Shape], raw: object, at: str = "") -> Shape:
    """`raw` as `model`. Raises `Broken` that names each unreadable field, and echoes no content."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise unreadable(error, at) from None
    except RecursionError:
        raise Broken(f"field {at or 'detail'}: nested too deep") from None


def unreadable(error: ValidationError, at: str = "") -> Broken:
    """The same error in our words: field by field, by the path a person finds it at."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    told = [f"field {_path(at, p['loc'])}: {plain(p['msg'])}" for p in problems[:_ERRORS_SHOWN]]
    if len(problems) > _ERRORS_SHOWN:
        told.append(f"and {len(problems) - _ERRORS_SHOWN} more")
    return Broken(one_line("; ".join(told), 600))


def a_region(*given: object) -> str | None:
    """The first that looks like a region."""
    for value in given:
        try:
            return _InRegion.model_validate({"region": value}).region
        except ValidationError:
            continue
    return None


def addresses(given: Iterable[str | None]) -> tuple[str, ...]:
    """Those that are IP addresses, each once."""
    found: dict[str, None] = {}
    for value in given:
        try:
            # An IPv6 address may carry a zone, which may be any text (RFC 4007, section 11).
            found[str(ipaddress.ip_address(value or "")).partition("%")[0]] = None
        except ValueError:
            continue
    return tuple(found)[:MOST]


class _InRegion(Model):
    region: Region


def plain(message: str) -> str:
    """A message of pydantic, without regular expressions and names of our classes."""
    if message.startswith("String should match pattern"):
        return "12 digits are wanted" if "{12}" in message else "has characters it cannot have"
    return re.sub(r" or instance of \w+", "", message.removeprefix("Value error, "))


def _path(at: str, loc: tuple[int | str, ...]) -> str:
    path = at
    for part in loc:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{part}" if path else part
    return one_line(path, 160) or "of the whole event"
