"""The thief of the drill, and the shop's honest workload: what each tries, and what AWS says."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from localcloud.cloud import Cloud
from responder_cli.drill.world import ADMINISTRATOR, BUCKET, REGION, Shop

_SESSION = "exports"  # what the thief calls the session of the role


@dataclass(frozen=True)
class Tried:
    """One thing somebody tried, and what AWS answered: an error code, or None when it worked."""

    what: str
    refused: str | None

    @property
    def says(self) -> str:
        """For the screen."""
        return f"{self.what}: {'refused, ' + self.refused if self.refused else 'works'}"


@dataclass
class Thief:
    """Whoever holds the stolen key, and a session of the role they made with it."""

    cloud: Cloud
    shop: Shop
    session: dict[str, str] | None = None

    @property
    def session_key_id(self) -> str:
        """The access key id of the session, which findings name."""
        return self.session["access_key_id"] if self.session else "no-session"

    def steal(self) -> list[Tried]:
        """Look who the key is, read every export, and become the role."""
        return [
            _try(f"use access key {self.shop.key_id}", self._sts().get_caller_identity),
            *self.read_with_key(),
            self.become_role(),
            self.read_with_session(),
        ]

    def beyond(self) -> Tried:
        """Something the key was never granted."""
        return _try("list the shop's users", self._keys("iam").list_users)

    def read_with_key(self) -> list[Tried]:
        """Read the exports with the key itself."""
        return _read(self._keys("s3"), "with the stolen key")

    def become_role(self) -> Tried:
        """Make a session of the role. Keeps the one there is when refused."""

        def become() -> None:
            answer = self._sts().assume_role(RoleArn=self.shop.role_arn, RoleSessionName=_SESSION)
            keys = answer["Credentials"]
            self.session = {
                "access_key_id": keys["AccessKeyId"],
                "secret": keys["SecretAccessKey"],
                "token": keys["SessionToken"],
            }

        return _try(f"assume the role {self.shop.role}", become)

    def read_with_session(self) -> Tried:
        """Read one export with the session of the role."""
        if self.session is None:
            return Tried(f"read with a session of {self.shop.role}", "there is no session")
        s3 = self.cloud.keys("s3", region=REGION, **self.session)
        return _read(s3, f"with the session of {self.shop.role}")[-1]

    def _sts(self) -> Any:
        return self._keys("sts")

    def _keys(self, service: str) -> Any:
        return self.cloud.keys(
            service, access_key_id=self.shop.key_id, secret=self.shop.secret, region=REGION
        )


def honest_read(cloud: Cloud, shop: Shop) -> Tried:
    """A session of the role that the shop's own workload makes now, at work."""
    s3 = cloud.role("s3", role_arn=shop.role_arn, session_name="web-1", region=REGION)
    return _read(s3, f"with a new session of {shop.role}, as the shop's own workload")[-1]


def become_responder(cloud: Cloud, role_arn: str, external_id: str) -> list[Tried]:
    """Assume the role that cuts, as an administrator of the security account."""
    sts = cloud.role("sts", role_arn=ADMINISTRATOR, session_name="mallory", region=REGION)
    named = {"RoleArn": role_arn, "RoleSessionName": "mallory"}
    return [
        _try("assume the role that cuts", lambda: sts.assume_role(**named)),
        _try(
            "assume the role that cuts, with the external id",
            lambda: sts.assume_role(**named, ExternalId=external_id),
        ),
    ]


def by_a_stranger(cloud: Cloud, automation_id: str) -> Tried:
    """Approve a waiting order as somebody who may do everything, and is no approver."""
    ssm = cloud.role("ssm", role_arn=ADMINISTRATOR, session_name="mallory", region=REGION)
    return _try(
        "approve the waiting order as an administrator",
        lambda: ssm.send_automation_signal(
            AutomationExecutionId=automation_id, SignalType="Approve"
        ),
    )


def delete_evidence(
    cloud: Cloud, bucket: str, key: str, version_id: str, *, role_arn: str, session: str
) -> Tried:
    """Delete one locked version, past the lock if that can be."""
    s3 = cloud.role("s3", role_arn=role_arn, session_name=session, region=REGION)
    return _try(
        f"delete {key.rpartition('/')[2][:24]}… from the vault as {role_arn.rpartition('/')[2]}",
        lambda: s3.delete_object(
            Bucket=bucket, Key=key, VersionId=version_id, BypassGovernanceRetention=True
        ),
    )


def _read(s3: Any, how: str) -> list[Tried]:
    listed = _try(
        f"list the exports {how}",
        lambda: [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET)["Contents"]],
    )
    read = _try(
        f"read customer exports {how}",
        lambda: s3.get_object(Bucket=BUCKET, Key="2026/11/orders-ca.csv")["Body"].read(),
    )
    return [listed, read]


def _try(what: str, call: Any) -> Tried:
    try:
        call()
    except ClientError as error:
        return Tried(what, str(error.response["Error"]["Code"]))
    return Tried(what, None)
