"""What a person does about the things of a lineage that no action of ours undoes.

Names in commands were held to AWS' own rules, without blanks and quotes, when they were read; a
shell and the AWS CLI read more out of some of those than a name.
"""

from string import Formatter

from responder.domain.lineage import Edge, Node, NodeKind
from responder.domain.order import Refusal
from responder.domain.pasting import pasted


def left(node: Node, edge: Edge | None) -> Refusal:
    """The refusal of a thing for which there is no action, with the command that undoes it."""
    told = proof(edge)
    where = f"{node.account}, region {node.region}" if node.region else node.account
    return Refusal(
        resource=node.arn or f"{node.kind.value} {node.name or node.access_key_id}",
        reason=f"{told} No action of ours undoes a {node.kind.value}, because honest work may "
        "depend on it.",
        next_step=f"In account {where}, look whether it is yours. If not: {_step(node)}.",
    )


def _step(node: Node) -> str:
    told = {"name": node.name, "arn": node.arn, "detail": node.detail, "key": node.access_key_id}
    step = _STEPS.get(node.kind, "aws cloudtrail lookup-events, and undo what the event did")
    words = {}
    for _, field, _, _ in Formatter().parse(step):
        if field is not None:
            words[field] = pasted(told[field] or "")
    if None in words.values():
        return "undo it in the console: a command would take its name for something else"
    return step.format(**words)


def proof(edge: Edge | None) -> str:
    """The event that proves a step, as a sentence."""
    if edge is None:
        return "A user whose credentials are in the lineage of the stolen ones also has it."
    return (
        f"The stolen credential, or what it led to, {edge.verb.value} this: CloudTrail event "
        f"{edge.event_id} ({edge.event_name}) in {edge.region} of {edge.account} at "
        f"{edge.event_at:%Y-%m-%d %H:%M:%S} UTC."
    )


_STEPS = {
    NodeKind.ACCESS_KEY: "aws iam update-access-key --user-name {name} --access-key-id {key} "
    "--status Inactive",
    NodeKind.USER: "aws iam attach-user-policy --user-name {name} --policy-arn "
    "arn:aws:iam::aws:policy/AWSDenyAll, and switch its keys off",
    NodeKind.LOGIN_PROFILE: "aws iam delete-login-profile --user-name {name}",
    NodeKind.CREDENTIAL: "switch {detail} of user {name} off: aws iam "
    "update-service-specific-credential, update-ssh-public-key or update-signing-certificate, with "
    "--status Inactive",
    NodeKind.MFA_DEVICE: "aws iam deactivate-mfa-device --user-name {name} --serial-number "
    "{detail}",
    NodeKind.USER_SESSION: "deny user {name} what is older than now (aws:TokenIssueTime): its "
    "sessions outlive its keys",
    NodeKind.FEDERATED_SESSION: "deny user {name}, who made the session: it can do what both may",
    NodeKind.ROLE_SESSION: "IAM console, Roles, {name}, Revoke sessions",
    NodeKind.ROOT_SESSION: "deny root of this account by a service control policy; the session "
    "lasts 15 minutes (AssumeRoot) or at most an hour",
    NodeKind.ROLE: "aws iam attach-role-policy --role-name {name} --policy-arn "
    "arn:aws:iam::aws:policy/AWSDenyAll",
    NodeKind.TRUST_EDIT: "compare aws iam get-role --role-name {name} with your own record of its "
    "trust policy, put that back by aws iam update-assume-role-policy, and revoke its sessions",
    NodeKind.GROUP_MEMBERSHIP: "aws iam remove-user-from-group --user-name {name} --group-name "
    "{detail}",
    NodeKind.POLICY_ATTACHMENT: "take {detail} away from {arn}: aws iam detach-user-policy, "
    "detach-role-policy or detach-group-policy, or delete the inline policy of that name",
    NodeKind.POLICY: "detach it wherever it is attached (aws iam list-entities-for-policy "
    "--policy-arn {arn}), then aws iam delete-policy --policy-arn {arn}",
    NodeKind.POLICY_VERSION: "aws iam list-policy-versions --policy-arn {arn}, and aws iam "
    "set-default-policy-version back to the version before {detail}",
    NodeKind.PERMISSIONS_BOUNDARY: "put the boundary of {arn} back: aws iam "
    "put-user-permissions-boundary or put-role-permissions-boundary",
    NodeKind.SAML_PROVIDER: "disable the people at that identity provider, then aws iam "
    "delete-saml-provider --saml-provider-arn {arn}, or put its metadata back; revoke the sessions "
    "of every role that trusts it",
    NodeKind.OIDC_PROVIDER: "aws iam delete-open-id-connect-provider "
    "--open-id-connect-provider-arn {arn}, or put its clients and thumbprints back; revoke the "
    "sessions of every role that trusts it",
    NodeKind.TRUST_ANCHOR: "aws rolesanywhere disable-trust-anchor with the id at the end of "
    "{arn}; sessions that it let in go on, so revoke those of the roles of its profiles",
    NodeKind.ANYWHERE_PROFILE: "aws rolesanywhere disable-profile with the id at the end of {arn}, "
    "and revoke the sessions of its roles",
    NodeKind.FUNCTION: "save its code (aws lambda get-function --function-name {name}), then aws "
    "lambda put-function-concurrency --function-name {name} --reserved-concurrent-executions 0",
    NodeKind.FUNCTION_URL: "aws lambda delete-function-url-config --function-name {name}",
    NodeKind.FUNCTION_GRANT: "aws lambda remove-permission --function-name {name} --statement-id "
    "{detail}",
    NodeKind.EVENT_RULE: "read its targets (aws events list-targets-by-rule --rule {name}), then "
    "aws events disable-rule --name {name}, on its own event bus",
    NodeKind.SCHEDULE: "aws scheduler get-schedule --name {name}, then update-schedule with "
    "--state DISABLED",
    NodeKind.INSTANCE: "isolate it with the Systems Manager runbook AWSSupport-ContainEC2Instance "
    "(DryRun first, InstanceId {name}), and snapshot its volumes",
    NodeKind.KEY_PAIR: "aws ec2 delete-key-pair --key-name {name}; instances started with it "
    "keep the key inside",
    NodeKind.SNAPSHOT_SHARE: "aws ec2 reset-snapshot-attribute --snapshot-id {name} --attribute "
    "createVolumePermission. What was copied meanwhile stays with whoever copied it",
    NodeKind.IMAGE_SHARE: "aws ec2 reset-image-attribute --image-id {name} --attribute "
    "launchPermission. What was copied meanwhile stays with whoever copied it",
    NodeKind.RESOURCE_SHARE: "aws ram get-resource-share-associations, then aws ram "
    "delete-resource-share --resource-share-arn {arn}",
    NodeKind.DOCUMENT_SHARE: "aws ssm describe-document-permission --name {name} --permission-type "
    "Share, then modify-document-permission with --account-ids-to-remove",
    NodeKind.BUCKET_POLICY: "turn on block public access of bucket {name}, keep its policy (aws "
    "s3api get-bucket-policy --bucket {name}), and put your own record of it back",
    NodeKind.KEY_GRANT: "aws kms revoke-grant --key-id {name} --grant-id {detail}",
    NodeKind.KEY_POLICY: "compare aws kms get-key-policy --key-id {name} --policy-name default "
    "with your own record, and put that back by aws kms put-key-policy",
    NodeKind.SECRET_POLICY: "aws secretsmanager delete-resource-policy --secret-id {name}, and "
    "rotate the secret",
    NodeKind.DELEGATED_ADMIN: "aws organizations deregister-delegated-administrator --account-id "
    "{name} --service-principal {detail}",
    NodeKind.SENDER: "aws sesv2 delete-email-identity --email-identity {name}",
    NodeKind.IDENTITY_POOL: "aws cognito-identity get-identity-pool-roles --identity-pool-id "
    "{name}, then delete-identity-pool",
}
