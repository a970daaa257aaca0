"""Every identity of the account and all that it may do, as IAM held it.

Policies are kept as IAM wrote them and as they read: IAM gives their text URL-encoded, and the SDK
would give a structure in its place. The credential report is the account's own, of one instant that
it tells; IAM makes one anew at most every four hours. AWS: IAM API Reference,
"GetAccountAuthorizationDetails", "GenerateCredentialReport"; IAM User Guide, "Generate credential
reports".
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from botocore.handlers import json_decode_policies

from responder.aws.errors import asking_aws
from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.contents import as_lines, as_packed_json
from responder.collectors.reads import Reads
from responder.collectors.things import Looking, Named, Part, Subject
from responder.domain.errors import Broken, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient

ID = "iam.account"
TITLE = "Every identity of the account, and what it may do"
KINDS: tuple[str, ...] = ()
PERMISSIONS = frozenset(
    {
        "iam:GenerateCredentialReport",
        "iam:GetAccountAuthorizationDetails",
        "iam:GetAccountPasswordPolicy",
        "iam:GetAccountSummary",
        "iam:GetCredentialReport",
        "iam:ListAccountAliases",
        "iam:ListOpenIDConnectProviders",
        "iam:ListSAMLProviders",
    }
)
COPIES: frozenset[str] = frozenset()
KEEPS: frozenset[str] = frozenset()
LIMITS = (
    "identities and policies that were deleted before, and what they were before they were changed",
    "organization policies above the account, and permission sets of Identity Center",
    "a credential report of up to four hours before, whose own time stands in it",
    "a listing of many pages is no picture of one instant: each page says when it was read",
)

PAGE = 500
PAGES_EACH = 1  # of one item: with its policies, a page may be 16 MB
MOST_ITEMS = 200
_TRIES, _WAIT = 30, timedelta(seconds=10)  # for the report
_LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
_DOCUMENTS = ("AssumeRolePolicyDocument", "Document", "PolicyDocument")
_REPORT_IS_COMING = "ReportInProgress"
_COVERS = "the account's summary, password policy, aliases and identity providers"
_DETAILS = (
    "users, groups, roles and managed policies, one a line: `detail` as IAM gave it, with policies"
    " URL-encoded, and `documents` with the text of each policy in the order of `detail`"
)
_REPORT = "the credential report of the account, and when IAM made it"


def collect(scene: Scene) -> Iterator[Collected | Later]:
    """Some items for each account that the findings are of."""
    accounts = sorted({scene.incident.account, *(finding.account for finding in scene.findings)})
    region = scene.incident.region
    found = [Subject("account", one, Named(one, one, region)) for one in accounts]
    yield from _LOOKING.collect(scene, found)


def _look(scene: Scene, named: Named, reads: Reads) -> Iterator[Part]:
    iam = scene.clients.iam(named.account)
    # Begun first, because it takes a while.
    reads.ask("begin of the credential report", iam, "generate_credential_report")
    reads.ask("summary", iam, "get_account_summary", "SummaryMap")
    reads.ask("password policy", iam, "get_account_password_policy", "PasswordPolicy")
    reads.pages("aliases", iam, "list_account_aliases", "AccountAliases")
    for name, method in (
        ("OpenID Connect providers", "list_open_id_connect_providers"),
        ("SAML providers", "list_saml_providers"),
    ):
        reads.ask(name, iam, method)
    yield from ()


def _more(scene: Scene, named: Named, bookmark: Mapping[str, Any]) -> Iterator[Part | Later]:
    """The details first, then the report, which needs some time."""
    iam = scene.clients.iam(named.account)
    tries: int = bookmark.get("tries", 0)
    if not tries:
        for part in _details(scene, iam, bookmark):
            yield part
            if isinstance(part, Later):
                return
    yield _report(scene, iam, tries)


def _details(scene: Scene, iam: "IAMClient", bookmark: Mapping[str, Any]) -> Iterator[Part | Later]:
    marker: str | None = bookmark.get("marker")
    first: int = bookmark.get("number", 0)
    for number in range(first, MOST_ITEMS):
        if number > first and not scene.has_time():
            yield Later({"number": number, "marker": marker})
            return
        lines: list[dict[str, Any]] = []
        gaps: list[str] = []
        for _ in range(PAGES_EACH):
            marker = _page(scene, iam, marker, lines, gaps)
            if marker is None:
                break
        if marker is not None and number == MOST_ITEMS - 1:
            gaps.append(f"cut after {MOST_ITEMS * PAGES_EACH * PAGE} identities and policies")
        yield Part(f"details-{number:04d}", as_lines(lines), _DETAILS, tuple(gaps))
        if marker is None:
            return


def _page(
    scene: Scene,
    iam: "IAMClient",
    marker: str | None,
    lines: list[dict[str, Any]],
    gaps: list[str],
) -> str | None:
    """Add one page; where the next one begins, None at the end of what can be read."""
    asked: dict[str, Any] = {"MaxItems": PAGE} | ({"Marker": marker} if marker else {})
    try:
        with _as_written(iam), asking_aws("reading the authorization details"):
            answer = iam.get_account_authorization_details(**asked)
    except (Broken, Unavailable) as error:
        gaps.append(f"identities and policies{' after ' + marker if marker else ''}: {error}")
        return None
    request_id = answer["ResponseMetadata"]["RequestId"]
    lines.append({"asked": asked, "read_at": scene.read_at(), "request_id": request_id})
    for kind in _LISTS:
        listed: list[Any] = list(answer.get(kind, []))  # type: ignore[call-overload]
        lines += [{"kind": kind, "detail": one, "documents": list(_texts(one))} for one in listed]
    return answer.get("Marker") if answer.get("IsTruncated") else None


@contextmanager
def _as_written(iam: "IAMClient") -> Iterator[None]:
    """Without the SDK's own reading of policies, which keeps neither their text nor their order."""
    event = "after-call.iam"
    iam.meta.events.unregister(event, json_decode_policies)
    try:
        yield
    finally:
        iam.meta.events.register(event, json_decode_policies)


def _texts(detail: Any) -> Iterator[str]:
    if isinstance(detail, list):
        for one in detail:
            yield from _texts(one)
    elif isinstance(detail, dict):
        for name, one in detail.items():
            if name in _DOCUMENTS and isinstance(one, str):
                yield unquote(one)
            else:
                yield from _texts(one)


def _report(scene: Scene, iam: "IAMClient", tries: int) -> Part | Later:
    """The report, or another look at it later."""
    reads = Reads(scene.read_at, frozenset({_REPORT_IS_COMING}))
    answer = reads.ask("credential report", iam, "get_credential_report")
    if answer is not None:
        # What was noted is this very answer. It is text, and is kept as that.
        answer["Content"] = answer["Content"].decode("utf-8", "backslashreplace")
    elif not reads.failures:
        if tries < _TRIES:
            return Later({"tries": tries + 1}, _WAIT)
        reads.more.append("the credential report was not ready in time")
    return Part("credential-report", as_packed_json(reads.values), _REPORT, tuple(reads.gaps))


_LOOKING = Looking(
    collector_id=ID,
    absent=frozenset({"NoSuchEntity"}),
    covers=_COVERS,
    look=_look,
    more=_more,
)
