"""What we will not do by ourselves, why, and exactly what a person does instead.

Names in commands were validated where they were read: IAM names and account ids only. One that the
AWS CLI would take for an option is not put into a command.
"""

import shlex
from collections.abc import Callable

from responder.domain.escaping import one_line
from responder.domain.finding import Resource
from responder.domain.identifiers import partition_of
from responder.domain.ladder import ACCOUNT, DEACTIVATE_KEY, DENY_ACCOUNT, fitting
from responder.domain.named import named
from responder.domain.order import Refusal, Target
from responder.domain.pasting import pasted
from responder.domain.principal import Principal, PrincipalKind

_RUNBOOK = "Systems Manager runbook"
NO_ACCOUNT_DENY = (
    "no policy that denies a whole account was prepared; nothing was changed. Deploy "
    "stacks/account-deny.yaml where the organization is managed, and give its outputs to this "
    "stack (docs/account-deny.md). Until then a person attaches a service control policy by hand"
)


def kept_from_us(principal: Principal) -> Refusal | None:
    """The refusal that goes with a kind of principal; None for the kinds we can contain."""
    text = _BY_KIND.get(principal.kind)
    return None if text is None else _refusal(principal, *text(principal))


def protected(principal: Principal, pattern: str) -> Refusal:
    """The refusal of a principal on the protect list."""
    return _refusal(
        principal,
        f"It is on the protect list ({one_line(pattern, 160)}), so it is never contained by us.",
        f"If it really is compromised, contain it by hand: {_by_hand(principal)}",
    )


def left_to_a_person(principal: Principal, why: str) -> Refusal:
    """The refusal of a principal that we could contain, and the policy says not to."""
    ours = _by_us(principal.arn, *fitting(principal))
    return _refusal(principal, why, f"If it must be stopped: {ours}{_by_hand(principal)}")


def elsewhere(target: Target, incident_id: str) -> Refusal:
    """The refusal of what another open incident already answers for."""
    return _refusal_of(
        target,
        f"Incident {incident_id} already answers for it; two incidents never cut the same thing.",
        f"Follow it in incident {incident_id}.",
    )


def beyond_the_plan(target: Target, most: int) -> Refusal:
    """The refusal of what one plan does not carry any more."""
    return _refusal_of(
        target,
        f"One plan carries at most {most} orders, the most severe first. So many principals at "
        "once may be a mistake of the detector, or a shop that is all compromised.",
        f"Decide about it: {by_hand(target)}",
    )


def beyond_the_incident(target: Target, most: int) -> Refusal:
    """The refusal of one more identity or thing than an incident may cut."""
    return _refusal_of(
        target,
        f"One incident cuts at most {most} identities and things, and this would be one more.",
        f"Decide about it: {by_hand(target)}",
    )


def beyond_the_list(left: int, incident_id: str) -> Refusal:
    """One refusal in the place of those that a plan has no room to list."""
    return Refusal(
        resource=f"{left} more that the findings of {incident_id} name",
        reason="One plan lists only so many things that are left to a person.",
        next_step="Open the findings of the incident, and look at everything that they name.",
    )


def resource_left(resource: Resource) -> Refusal:
    """The refusal of a thing that no action of ours contains, or that the policy leaves alone."""
    return Refusal(
        resource=one_line(resource.id, 300) or resource.kind,
        reason=f"A resource of kind {one_line(resource.kind, 60)} is not contained by us because "
        "of such a finding.",
        next_step=_by_us(resource.id, *fitting(resource)) + _by_hand_of(resource),
    )


def protected_thing(resource: Resource, pattern: str) -> Refusal:
    """The refusal of a thing on the protect list."""
    return Refusal(
        resource=one_line(resource.id, 300) or resource.kind,
        reason=f"It is on the protect list ({one_line(pattern, 160)}), so it is never contained by "
        "us.",
        next_step=f"If it really is compromised: {_by_hand_of(resource)}",
    )


def our_own_account(account: Resource) -> Refusal:
    """The refusal to deny the account that we run in."""
    return Refusal(
        resource=account.id,
        reason="The responder runs there, and would be denied with everything else.",
        next_step="Deny the identities there one by one; "
        "and if the responder itself is compromised, turn it off first (README, Stop it) and deny "
        "the account by a service control policy from the management account.",
    )


def whole_account(account: str, partition: str = "aws") -> str:
    """How a person has us deny a whole account, where that was prepared."""
    return (
        f"responder cut INCIDENT {DENY_ACCOUNT} arn:{partition}:iam::{account}:root denies the "
        "whole account, where that was prepared (docs/account-deny.md)"
    )


def by_hand(target: Target) -> str:
    """What a person does instead of an order, as a sentence."""
    if target.principal is not None:
        ours = _by_us(target.resource, *fitting(target.principal))
        return f"If it must be stopped: {ours}{_by_hand(target.principal)}"
    if target.thing is not None:
        return _by_us(target.resource, *fitting(target.thing)) + _by_hand_of(target.thing)
    return ""


def _by_us(arn: str | None, *actions: str) -> str:
    """How a person has us cut something after all; empty for what we do not cut."""
    if arn is None or not actions or named(arn, None, ()) is None:
        return ""
    shown = [f"{one} --key KEY" if one == DEACTIVATE_KEY else one for one in actions]
    return (
        "to have it cut here once the approvers say yes, responder cut INCIDENT ACTION "
        f"{shlex.quote(arn)}, where ACTION is one of {', '.join(shown)}; or by hand: "
    )


def _by_hand_of(resource: Resource) -> str:
    return _BY_RESOURCE.get(resource.kind, "Open the finding in its console and follow its advice.")


def _refusal_of(target: Target, reason: str, next_step: str) -> Refusal:
    if target.principal is not None:
        return _refusal(target.principal, reason, next_step)
    return Refusal(resource=target.resource, reason=reason, next_step=next_step)


def _refusal(principal: Principal, reason: str, next_step: str) -> Refusal:
    return Refusal(resource=described(principal), reason=reason, next_step=next_step)


def described(principal: Principal) -> str:
    """The principal by the best name there is for it."""
    if principal.arn:
        return principal.arn
    name = principal.name or principal.access_key_id or "without a usable name"
    return f"{principal.kind.value} {one_line(name, 160)}"


def _by_hand(principal: Principal) -> str:
    if principal.kind is PrincipalKind.IAM_USER:
        name = pasted(principal.name or "")
        if name is None:
            return (
                f"in account {principal.account}, IAM console, Users, {principal.name}: attach "
                "AWSDenyAll, and then make each access key inactive."
            )
        return (
            f"in account {principal.account}, aws iam attach-user-policy --user-name "
            f"{name} --policy-arn arn:aws:iam::aws:policy/AWSDenyAll, and then "
            f"aws iam update-access-key --status Inactive for each of its keys."
        )
    if principal.kind in (PrincipalKind.ASSUMED_ROLE, PrincipalKind.ROLE):
        return (
            f"in account {principal.account}, IAM console, Roles, {principal.name}, Revoke "
            f"sessions. The honest workload on the role loses its sessions too."
        )
    return "see its kind in the IAM User Guide."


def _root(principal: Principal) -> tuple[str, str]:
    account = principal.account
    return (
        "No IAM policy can touch the root user or the sessions it issued.",
        f"If {account} is a member account: from the management or the delegated IAM account, run "
        f"aws sts assume-root --target-principal {account} --task-policy-arn "
        "arn=arn:aws:iam::aws:policy/root-task/IAMDeleteRootUserCredentials, and in that session "
        "delete root's access keys, signing certificates and login profile. Meanwhile "
        f"{whole_account(account or 'ACCOUNT', partition_of(principal.arn))}, root with it. If "
        f"{account} is the management account, nothing else "
        "reaches root: sign in as root, change the password, replace the MFA device, delete every "
        "access key, and open an urgent case with AWS Support.",
    )


def _identity_center(principal: Principal) -> tuple[str, str]:
    who = principal.session_name or principal.name or "the person"
    return (
        "IAM refuses changes to Identity Center's roles, and ending a person's sessions is for the "
        "console only.",
        f"In IAM Identity Center, find {one_line(who, 80)}: first delete the active sessions, then "
        "disable user access (the other way round, the sessions cannot be deleted any more), "
        "remove the account assignments, and keep the user denied by a service control policy on "
        "identitystore:userId for 12 hours. Disable the person at the identity provider too.",
    )


def _service_linked(principal: Principal) -> tuple[str, str]:
    return (
        "Sessions of a service-linked role cannot be revoked, and IAM refuses to change the role.",
        "Find in CloudTrail what the service did with "
        f"{principal.name or 'the role'} and on whose behalf, and stop the resource or the "
        "identity that made the service do it.",
    )


def _federated(principal: Principal) -> tuple[str, str]:
    return (
        "A federated session has no policies of its own to deny.",
        f"In CloudTrail of account {principal.account}, find the GetFederationToken call that made "
        "the session; the user who made it bounds it, so deny that user. Of a SAML or OIDC person: "
        "disable the person at the identity provider, then revoke the sessions of the role.",
    )


def _service(_: Principal) -> tuple[str, str]:
    return (
        "An AWS service acted on somebody's behalf; a service is never denied.",
        "Find in CloudTrail, by the sharedEventID or the request around it, who set the service to "
        "do this, and judge that identity.",
    )


def _account(principal: Principal) -> tuple[str, str]:
    whose = principal.account or "another account"
    return (
        f"The identity belongs to account {whose}, and what we may change ends at this one.",
        f"If {whose} is yours, respond there. If not, take away what lets it in: the bucket, key, "
        "queue and function policies and role trusts that name it (aws accessanalyzer "
        "list-findings-v2 lists them), and deny it by a resource control policy on "
        "aws:PrincipalOrgID.",
    )


def _kubernetes(_: Principal) -> tuple[str, str]:
    return (
        "A Kubernetes user lives inside the cluster, where we hold no rights.",
        "In the cluster, remove the role bindings of the user (kubectl get rolebindings,"
        "clusterrolebindings -A -o wide). If it comes from IAM, also aws eks delete-access-entry; "
        "tokens already issued live about 15 minutes.",
    )


def _database(_: Principal) -> tuple[str, str]:
    return (
        "A database user lives inside the database, where we hold no rights.",
        "Snapshot the database first (aws rds create-db-snapshot). Then change the password in its "
        "secret (aws secretsmanager rotate-secret), and end the sessions that are still open.",
    )


def _unknown(principal: Principal) -> tuple[str, str]:
    step = "Open the finding and CloudTrail around its time, and find out whose session it was."
    if principal.access_key_id:
        step = (
            f"Find its owner: aws cloudtrail lookup-events --lookup-attributes "
            f"AttributeKey=AccessKeyId,AttributeValue={principal.access_key_id}. Then contain that "
            "identity by hand."
        )
    return "The finding does not say for sure which identity this is, and we do not guess.", step


_BY_KIND: dict[PrincipalKind, Callable[[Principal], tuple[str, str]]] = {
    PrincipalKind.ROOT: _root,
    PrincipalKind.IDENTITY_CENTER: _identity_center,
    PrincipalKind.SERVICE_LINKED_ROLE: _service_linked,
    PrincipalKind.FEDERATED_USER: _federated,
    PrincipalKind.AWS_SERVICE: _service,
    PrincipalKind.AWS_ACCOUNT: _account,
    PrincipalKind.KUBERNETES_USER: _kubernetes,
    PrincipalKind.DATABASE_USER: _database,
    PrincipalKind.UNKNOWN: _unknown,
}

_BY_RESOURCE = {
    ACCOUNT: "From the management account, aws organizations attach-policy --policy-id POLICY "
    "--target-id ACCOUNT, with a policy that denies everything but to the responder's roles.",
    "Instance": f"Isolate it with the {_RUNBOOK} AWSSupport-ContainEC2Instance (DryRun first). "
    "Snapshot its volumes and memory before you stop it, and revoke the sessions of its role.",
    "InstanceProfile": "Revoke the sessions of its role: IAM console, Roles, Revoke sessions.",
    "S3Bucket": f"Close it with the {_RUNBOOK} AWSSupport-ContainS3Resource (DryRun first), and "
    "turn on block public access. Keep the old policy.",
    "S3Object": "Deny reads of the object by a bucket policy, and keep the object as evidence.",
    "EKSCluster": "Isolate the pod with a network policy that denies all, cordon its node, and "
    "snapshot the node's volumes. Do not delete the pod before that.",
    "KubernetesWorkload": "Isolate its pods with a network policy that denies all, and cordon the "
    "node. Do not delete them before they are collected.",
    "ECSCluster": "Cut the task that the finding names, and look at those that run the same image "
    "(aws ecs list-tasks). The cluster itself is no more than their name.",
    "ECSTask": "aws ecs update-task-protection --protection-enabled --expires-in-minutes 2880, so "
    "that its service does not end it; deregister its address from its target groups; deny the "
    "session of its role, which is named like the task's id (responder cut INCIDENT "
    "iam.deny_role_session arn:aws:sts::ACCOUNT:assumed-role/ROLE/TASK_ID; aws ecs "
    "describe-task-definition tells ROLE as taskRoleArn). Its network interface cannot be changed: "
    "collect it, and stop the task last.",
    "Container": "Isolate its host from the network; keep the container for evidence.",
    "Lambda": "Save its code (aws lambda get-function), then stop it: aws lambda "
    "put-function-concurrency --reserved-concurrent-executions 0. Revoke its role's sessions.",
    "Role": "Judge whether its credentials were read. If so, IAM console, Roles, Revoke sessions.",
    "RDSDBInstance": "Snapshot it (aws rds create-db-snapshot), close its security group, rotate "
    "its credentials, and end the open sessions.",
    "RDSLimitlessDB": "Close its security group, rotate its credentials, and end open sessions.",
    "EBSSnapshot": "Share it with nobody, make no volume of it, and lock it as evidence.",
    "EC2Image": "Deregister no image yet: make it private, and start nothing from it.",
    "RecoveryPoint": "Restore nothing from it, and put a legal hold on the backup.",
}
