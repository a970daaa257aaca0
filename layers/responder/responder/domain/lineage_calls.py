"""Which call makes which thing of a lineage: one row for each call.

Read from the hunt list of a compromised account: new users, keys and sign-ins, trust edits, ways
in for other accounts and providers, functions, rules, grants and shares.
AWS: CloudTrail User Guide, "CloudTrail record contents"; the API reference of each service.
"""

from dataclasses import dataclass

from responder.domain.lineage import NodeKind, Verb


@dataclass(frozen=True)
class Row:
    """`name`, `arn`, `key` and `detail` are paths; `self` stands in where the caller is meant."""

    kind: NodeKind
    verb: Verb
    name: str | None = None
    arn: str | None = None
    key: str | None = None
    detail: str | None = None
    self: bool = False


_M, _C, _K = Verb.MADE, Verb.CHANGED, NodeKind
USER, ROLE, GROUP = "request.userName", "request.roleName", "request.groupName"
_POLICY_ARN, _POLICY = "request.policyArn", "request.policyName"
_SAML, _OIDC = "SAMLProviderArn", "openIDConnectProviderArn"
_FUNCTION = "request.functionName"

ROWS: dict[str, dict[str, Row]] = {
    "iam": {
        "CreateUser": Row(_K.USER, _M, name="response.user.userName"),
        "CreateAccessKey": Row(
            _K.ACCESS_KEY,
            _M,
            name="response.accessKey.userName",
            key="response.accessKey.accessKeyId",
        ),
        "UpdateAccessKey": Row(_K.ACCESS_KEY, _C, name=USER, key="request.accessKeyId", self=True),
        "CreateLoginProfile": Row(_K.LOGIN_PROFILE, _M, name=USER, self=True),
        "UpdateLoginProfile": Row(_K.LOGIN_PROFILE, _C, name=USER),
        "ChangePassword": Row(_K.LOGIN_PROFILE, _C, name=USER, self=True),
        "CreateServiceSpecificCredential": Row(
            _K.CREDENTIAL,
            _M,
            name="response.serviceSpecificCredential.userName",
            detail="response.serviceSpecificCredential.serviceSpecificCredentialId",
        ),
        "ResetServiceSpecificCredential": Row(
            _K.CREDENTIAL,
            _C,
            name="response.serviceSpecificCredential.userName",
            detail="response.serviceSpecificCredential.serviceSpecificCredentialId",
        ),
        "UploadSSHPublicKey": Row(
            _K.CREDENTIAL,
            _M,
            name="response.sSHPublicKey.userName",
            detail="response.sSHPublicKey.sSHPublicKeyId",
        ),
        "UploadSigningCertificate": Row(
            _K.CREDENTIAL,
            _M,
            name="response.certificate.userName",
            detail="response.certificate.certificateId",
        ),
        "EnableMFADevice": Row(
            _K.MFA_DEVICE, _M, name=USER, detail="request.serialNumber", self=True
        ),
        "CreateRole": Row(_K.ROLE, _M, name="response.role.roleName"),
        "UpdateAssumeRolePolicy": Row(_K.TRUST_EDIT, _C, name=ROLE),
        "AddUserToGroup": Row(_K.GROUP_MEMBERSHIP, _C, name=USER, detail=GROUP),
        "AttachUserPolicy": Row(_K.POLICY_ATTACHMENT, _C, name=USER, detail=_POLICY_ARN),
        "AttachRolePolicy": Row(_K.POLICY_ATTACHMENT, _C, name=ROLE, detail=_POLICY_ARN),
        "AttachGroupPolicy": Row(_K.POLICY_ATTACHMENT, _C, name=GROUP, detail=_POLICY_ARN),
        "PutUserPolicy": Row(_K.POLICY_ATTACHMENT, _C, name=USER, detail=_POLICY),
        "PutRolePolicy": Row(_K.POLICY_ATTACHMENT, _C, name=ROLE, detail=_POLICY),
        "PutGroupPolicy": Row(_K.POLICY_ATTACHMENT, _C, name=GROUP, detail=_POLICY),
        "CreatePolicy": Row(_K.POLICY, _M, arn="response.policy.arn"),
        "CreatePolicyVersion": Row(
            _K.POLICY_VERSION, _M, arn=_POLICY_ARN, detail="response.policyVersion.versionId"
        ),
        "SetDefaultPolicyVersion": Row(
            _K.POLICY_VERSION, _C, arn=_POLICY_ARN, detail="request.versionId"
        ),
        "PutUserPermissionsBoundary": Row(_K.PERMISSIONS_BOUNDARY, _C, name=USER),
        "PutRolePermissionsBoundary": Row(_K.PERMISSIONS_BOUNDARY, _C, name=ROLE),
        "DeleteUserPermissionsBoundary": Row(_K.PERMISSIONS_BOUNDARY, _C, name=USER),
        "DeleteRolePermissionsBoundary": Row(_K.PERMISSIONS_BOUNDARY, _C, name=ROLE),
        "CreateSAMLProvider": Row(_K.SAML_PROVIDER, _M, arn=f"response.{_SAML}"),
        "UpdateSAMLProvider": Row(_K.SAML_PROVIDER, _C, arn=f"request.{_SAML}"),
        "CreateOpenIDConnectProvider": Row(_K.OIDC_PROVIDER, _M, arn=f"response.{_OIDC}"),
        "AddClientIDToOpenIDConnectProvider": Row(_K.OIDC_PROVIDER, _C, arn=f"request.{_OIDC}"),
        "UpdateOpenIDConnectProviderThumbprint": Row(_K.OIDC_PROVIDER, _C, arn=f"request.{_OIDC}"),
    },
    "rolesanywhere": {
        "CreateTrustAnchor": Row(_K.TRUST_ANCHOR, _M, arn="response.trustAnchor.trustAnchorArn"),
        "UpdateTrustAnchor": Row(_K.TRUST_ANCHOR, _C, arn="response.trustAnchor.trustAnchorArn"),
        "EnableTrustAnchor": Row(_K.TRUST_ANCHOR, _C, arn="response.trustAnchor.trustAnchorArn"),
        "CreateProfile": Row(_K.ANYWHERE_PROFILE, _M, arn="response.profile.profileArn"),
        "UpdateProfile": Row(_K.ANYWHERE_PROFILE, _C, arn="response.profile.profileArn"),
        "EnableProfile": Row(_K.ANYWHERE_PROFILE, _C, arn="response.profile.profileArn"),
    },
    "lambda": {
        "CreateFunction": Row(_K.FUNCTION, _M, name=_FUNCTION),
        "UpdateFunctionCode": Row(_K.FUNCTION, _C, name=_FUNCTION),
        "UpdateFunctionConfiguration": Row(_K.FUNCTION, _C, name=_FUNCTION),
        "CreateFunctionUrlConfig": Row(_K.FUNCTION_URL, _M, name=_FUNCTION),
        "UpdateFunctionUrlConfig": Row(_K.FUNCTION_URL, _C, name=_FUNCTION),
        "AddPermission": Row(_K.FUNCTION_GRANT, _M, name=_FUNCTION, detail="request.statementId"),
    },
    "events": {
        "PutRule": Row(_K.EVENT_RULE, _M, name="request.name", detail="request.eventBusName"),
        "PutTargets": Row(_K.EVENT_RULE, _C, name="request.rule", detail="request.eventBusName"),
    },
    "scheduler": {
        "CreateSchedule": Row(_K.SCHEDULE, _M, name="request.name"),
        "UpdateSchedule": Row(_K.SCHEDULE, _C, name="request.name"),
    },
    "ec2": {
        "CreateKeyPair": Row(_K.KEY_PAIR, _M, name="request.keyName"),
        "ImportKeyPair": Row(_K.KEY_PAIR, _M, name="request.keyName"),
        "ModifySnapshotAttribute": Row(_K.SNAPSHOT_SHARE, _C, name="request.snapshotId"),
        "ModifyImageAttribute": Row(_K.IMAGE_SHARE, _C, name="request.imageId"),
    },
    "ram": {
        "CreateResourceShare": Row(
            _K.RESOURCE_SHARE, _M, arn="response.resourceShare.resourceShareArn"
        ),
        "AssociateResourceShare": Row(_K.RESOURCE_SHARE, _C, arn="request.resourceShareArn"),
    },
    "ssm": {"ModifyDocumentPermission": Row(_K.DOCUMENT_SHARE, _C, name="request.name")},
    "s3": {
        "PutBucketPolicy": Row(_K.BUCKET_POLICY, _C, name="request.bucketName"),
        "PutBucketAcl": Row(_K.BUCKET_POLICY, _C, name="request.bucketName"),
        "DeleteBucketPublicAccessBlock": Row(_K.BUCKET_POLICY, _C, name="request.bucketName"),
    },
    "kms": {
        "CreateGrant": Row(_K.KEY_GRANT, _M, name="request.keyId", detail="response.grantId"),
        "PutKeyPolicy": Row(_K.KEY_POLICY, _C, name="request.keyId"),
    },
    "secretsmanager": {
        "PutResourcePolicy": Row(_K.SECRET_POLICY, _C, name="request.secretId"),
    },
    "organizations": {
        "RegisterDelegatedAdministrator": Row(
            _K.DELEGATED_ADMIN, _M, name="request.accountId", detail="request.servicePrincipal"
        ),
    },
    "ses": {
        "CreateEmailIdentity": Row(_K.SENDER, _M, name="request.emailIdentity"),
        "VerifyEmailIdentity": Row(_K.SENDER, _M, name="request.emailAddress"),
        "VerifyDomainIdentity": Row(_K.SENDER, _M, name="request.domain"),
    },
    "cognito-identity": {
        "CreateIdentityPool": Row(_K.IDENTITY_POOL, _M, name="response.identityPoolId"),
        "SetIdentityPoolRoles": Row(_K.IDENTITY_POOL, _C, name="request.identityPoolId"),
    },
}
