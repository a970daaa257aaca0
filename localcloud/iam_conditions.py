"""The conditions of a statement: every operator, and what each key is worth for one call.

AWS: IAM User Guide, "IAM JSON policy elements: Condition operators", "Conditions with multiple
context keys or values". A key that is known but absent from a call has AWS' own meaning, which
differs by operator. A key or operator that is not known here is refused by name.
"""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from localcloud.iam_policy import Statement, Values, matches, matches_arn, substitute
from localcloud.stack import Unsupported

# Keys that the engine gives their value, or that are truly absent from every call made here: there
# is no endpoint in a VPC, no MFA, no federation.
_KNOWN: Final = frozenset(
    {
        "aws:calledvia",
        "aws:calledviafirst",
        "aws:calledvialast",
        "aws:currenttime",
        "aws:ec2instancesourcevpc",
        "aws:epochtime",
        "aws:federatedprovider",
        "aws:multifactorauthage",
        "aws:multifactorauthpresent",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalservicename",
        "aws:principaltype",
        "aws:requestedregion",
        "aws:resourceaccount",
        "aws:resourceorgid",
        "aws:resourceorgpaths",
        "aws:securetransport",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceidentity",
        "aws:sourceip",
        "aws:sourceorgid",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:tagkeys",
        "aws:tokenissuetime",
        "aws:useragent",
        "aws:userid",
        "aws:username",
        "aws:viaawsservice",
        "iam:associatedresourcearn",
        "iam:passedtoservice",
        "iam:permissionsboundary",
        "iam:policyarn",
        "kms:calleraccount",
        "kms:encryptioncontextkeys",
        "kms:grantisforawsresource",
        "kms:messagetype",
        "kms:rotationperiodindays",
        "kms:signingalgorithm",
        "kms:viaservice",
        "s3:authtype",
        "s3:dataaccesspointaccount",  # the engine has no access points, so no call carries one
        "s3:dataaccesspointarn",
        "s3:delimiter",
        "s3:if-match",
        "s3:if-none-match",
        "s3:max-keys",
        "s3:object-lock-legal-hold",
        "s3:object-lock-mode",
        "s3:object-lock-remaining-retention-days",
        "s3:object-lock-retain-until-date",
        "s3:prefix",
        "s3:resourceaccount",
        "s3:signatureversion",
        "s3:tlsversion",
        "s3:versionid",
        "s3:x-amz-acl",
        "s3:x-amz-content-sha256",  # of the signature, which the engine does not look at
        "s3:x-amz-copy-source",
        "s3:x-amz-server-side-encryption",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:x-amz-storage-class",
        "sns:endpoint",
        "sns:protocol",
        "sts:externalid",
        "sts:rolesessionname",
        "sts:sourceidentity",
        "sts:transitivetagkeys",
    }
)
_FAMILIES: Final = ("aws:principaltag/", "aws:requesttag/", "kms:encryptioncontext:")


@dataclass(frozen=True)
class Context:
    """The keys of one call and their values. Names match in any case."""

    keys: Mapping[str, tuple[str, ...]]
    knows: tuple[str, ...] = ()  # beginnings of the keys that are told of this call only

    def values(self, key: str) -> tuple[str, ...] | None:
        """The values, or None when the key is absent. Raises `Unsupported` for unknown keys."""
        name = key.lower()
        if name not in _KNOWN and not name.startswith(_FAMILIES + self.knows):
            raise Unsupported(f"the condition key {key}")
        return self.keys.get(name)


def hold(statement: Statement, context: Context) -> bool:
    """Whether every condition of the statement is met."""
    values = context.values if statement.has_variables else None
    for operator, keys in statement.condition.items():
        for key, wanted in keys.items():
            try:
                found = context.values(key)
            except Unsupported as gap:
                raise Unsupported(f"{gap}, in {statement.where}") from gap
            if not _met(operator, found, wanted, values):
                return False
    return True


def _met(
    operator: str, found: tuple[str, ...] | None, wanted: tuple[str, ...], values: Values | None
) -> bool:
    quantifier, colon, name = operator.rpartition(":")
    if colon and quantifier.lower() not in ("forallvalues", "foranyvalue"):
        raise Unsupported(f"the condition operator {operator}")
    if name.lower() == "null":
        return any((found is None) == (one.lower() == "true") for one in wanted)
    optional = name.lower().endswith("ifexists")
    base = name[: -len("IfExists")] if optional else name
    negated, test = _operator(base, operator)
    if not found:
        if quantifier:
            return quantifier.lower() == "forallvalues" or optional
        return optional or negated
    fits = [any(test(one, given, values) for given in wanted) is not negated for one in found]
    every = quantifier.lower() == "forallvalues" if quantifier else negated
    return all(fits) if every else any(fits)


type _Test = Callable[[str, str, Values | None], bool]


def _operator(base: str, shown: str) -> tuple[bool, _Test]:
    """Whether it is the denial of another, and that other."""
    name = base.lower()
    if name in _TESTS:
        return False, _TESTS[name]
    for kind in ("string", "arn", "numeric", "date"):
        plain = f"{kind}{name.removeprefix(f'{kind}not')}"
        if name.startswith(f"{kind}not") and plain in _TESTS and "than" not in plain:
            return True, _TESTS[plain]
    if name == "notipaddress":
        return True, _TESTS["ipaddress"]
    raise Unsupported(f"the condition operator {shown}")


def _equals(found: str, given: str, values: Values | None) -> bool:
    return found == substitute(given, values)


def _equals_in_any_case(found: str, given: str, values: Values | None) -> bool:
    wanted = substitute(given, values)
    return wanted is not None and found.lower() == wanted.lower()


def _like(found: str, given: str, values: Values | None) -> bool:
    return matches(given, found, values)


def _arn_like(found: str, given: str, values: Values | None) -> bool:
    return matches_arn(given, found, values)


def _bool(found: str, given: str, values: Values | None) -> bool:
    wanted = substitute(given, values)
    return wanted is not None and found.lower() == wanted.lower()


def _in_network(found: str, given: str, values: Values | None) -> bool:
    address = ipaddress.ip_address(found)
    network = ipaddress.ip_network(substitute(given, values) or "255.255.255.255", strict=False)
    return address.version == network.version and address in network


def _number(compare: Callable[[float, float], bool]) -> _Test:
    return lambda found, given, values: compare(float(found), float(substitute(given, values) or 0))


def _date(compare: Callable[[float, float], bool]) -> _Test:
    return lambda found, given, values: compare(
        _seconds(found), _seconds(substitute(given, values) or "")
    )


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "equals": lambda a, b: a == b,
    "lessthan": lambda a, b: a < b,
    "lessthanequals": lambda a, b: a <= b,
    "greaterthan": lambda a, b: a > b,
    "greaterthanequals": lambda a, b: a >= b,
}
_TESTS: Final[dict[str, _Test]] = {
    "stringequals": _equals,
    "stringequalsignorecase": _equals_in_any_case,
    "stringlike": _like,
    "arnequals": _arn_like,  # AWS: ArnEquals and ArnLike behave identically
    "arnlike": _arn_like,
    "bool": _bool,
    "binaryequals": _equals,
    "ipaddress": _in_network,
    **{f"numeric{name}": _number(compare) for name, compare in _COMPARE.items()},
    **{f"date{name}": _date(compare) for name, compare in _COMPARE.items()},
}
