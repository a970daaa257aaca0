"""What a call means in a breach: evidence that was fetched, hidden from, or prepared.

Techniques are MITRE ATT&CK's, of the matrix for the cloud (attack.mitre.org, version 18). A call
that stands nowhere here is counted like any other, and called nothing.
"""

from dataclasses import dataclass
from enum import StrEnum


class Meaning(StrEnum):
    """Why an investigator looks at a call first."""

    TAMPERING = "tampers with what would be seen"
    PERSISTENCE = "gives a way back in"
    RETRIEVAL = "retrieves what opens something else"
    DECRYPTION = "decrypts"
    COPY = "copies or shares data whole"
    READING = "reads data"
    DESTRUCTION = "destroys"
    LOOKING = "looks around"


@dataclass(frozen=True)
class Sense:
    """What a call means, and the technique it belongs to."""

    meaning: Meaning
    technique: str


_LOGS = Sense(Meaning.TAMPERING, "T1562.008")  # Impair Defenses: Disable or Modify Cloud Logs
_TOOLS = Sense(Meaning.TAMPERING, "T1562.001")  # Impair Defenses: Disable or Modify Tools
_ACCOUNT = Sense(Meaning.PERSISTENCE, "T1136.003")  # Create Account: Cloud Account
_CREDENTIALS = Sense(Meaning.PERSISTENCE, "T1098.001")  # Additional Cloud Credentials
_ROLES = Sense(Meaning.PERSISTENCE, "T1098.003")  # Additional Cloud Roles
_TRIGGER = Sense(Meaning.PERSISTENCE, "T1546")  # Event Triggered Execution
_STORE = Sense(Meaning.RETRIEVAL, "T1555.006")  # Cloud Secrets Management Stores
_DECRYPTS = Sense(Meaning.DECRYPTION, "T1530")
_DATA = Sense(Meaning.READING, "T1530")  # Data from Cloud Storage
_SHARED = Sense(Meaning.COPY, "T1537")  # Transfer Data to Cloud Account
_RUIN = Sense(Meaning.DESTRUCTION, "T1485")  # Data Destruction
_LOOKS = Sense(Meaning.LOOKING, "T1580")  # Cloud Infrastructure Discovery
_ACCOUNTS = Sense(Meaning.LOOKING, "T1087.004")  # Account Discovery: Cloud Account

SENSES: dict[str, dict[str, Sense]] = {
    "cloudtrail": dict.fromkeys(
        (
            *("DeleteEventDataStore", "DeleteTrail", "PutEventSelectors", "PutInsightSelectors"),
            *("StopEventDataStoreIngestion", "StopLogging", "UpdateTrail"),
        ),
        _LOGS,
    ),
    "config": dict.fromkeys(
        ("DeleteConfigurationRecorder", "DeleteDeliveryChannel", "StopConfigurationRecorder"), _LOGS
    ),
    "guardduty": dict.fromkeys(
        (
            *("CreateFilter", "CreateIPSet", "DeleteDetector", "DeleteMembers"),
            *("DisassociateFromAdministratorAccount", "DisassociateMembers"),
            *("StopMonitoringMembers", "UpdateDetector", "UpdateIPSet"),
        ),
        _TOOLS,
    ),
    "securityhub": dict.fromkeys(
        ("BatchDisableStandards", "DisableSecurityHub", "DisassociateMembers"), _TOOLS
    ),
    "access-analyzer": {"DeleteAnalyzer": _TOOLS},
    "events": {
        **dict.fromkeys(("DeleteRule", "DisableRule", "RemoveTargets"), _TOOLS),
        **dict.fromkeys(("PutRule", "PutTargets"), _TRIGGER),
    },
    "logs": dict.fromkeys(
        ("DeleteLogGroup", "DeleteLogStream", "DeleteSubscriptionFilter", "PutRetentionPolicy"),
        _LOGS,
    ),
    "monitoring": dict.fromkeys(("DeleteAlarms", "DisableAlarmActions"), _TOOLS),
    "wafv2": dict.fromkeys(
        ("DeleteLoggingConfiguration", "DeleteWebACL", "DisassociateWebACL"), _TOOLS
    ),
    "iam": {
        **dict.fromkeys(("CreateUser", "CreateRole"), _ACCOUNT),
        **dict.fromkeys(
            (
                *("CreateAccessKey", "CreateLoginProfile", "CreateServiceSpecificCredential"),
                *("UpdateLoginProfile", "UploadSSHPublicKey", "UploadSigningCertificate"),
                *("CreateOpenIDConnectProvider", "CreateSAMLProvider", "UpdateSAMLProvider"),
            ),
            _CREDENTIALS,
        ),
        **dict.fromkeys(
            (
                *("AddUserToGroup", "AttachGroupPolicy", "AttachRolePolicy", "AttachUserPolicy"),
                *("CreatePolicyVersion", "PutGroupPolicy", "PutRolePolicy", "PutUserPolicy"),
                *("SetDefaultPolicyVersion", "UpdateAssumeRolePolicy"),
            ),
            _ROLES,
        ),
        **dict.fromkeys(
            ("GetAccountAuthorizationDetails", "ListRoles", "ListUsers", "ListAccessKeys"),
            _ACCOUNTS,
        ),
    },
    "lambda": dict.fromkeys(
        ("AddPermission", "CreateFunction", "CreateFunctionUrlConfig", "UpdateFunctionCode"),
        _TRIGGER,
    ),
    "secretsmanager": dict.fromkeys(("BatchGetSecretValue", "GetSecretValue"), _STORE),
    "ssm": {
        **dict.fromkeys(("GetParameter", "GetParameterHistory", "GetParameters"), _STORE),
        "GetParametersByPath": _STORE,
        "ModifyDocumentPermission": _SHARED,
    },
    "kms": {
        "Decrypt": _DECRYPTS,
        **dict.fromkeys(("DisableKey", "ScheduleKeyDeletion"), _RUIN),
    },
    "s3": {
        **dict.fromkeys(("GetObject", "GetObjectTorrent", "SelectObjectContent"), _DATA),
        **dict.fromkeys(("DeleteBucket", "DeleteObject", "DeleteObjects"), _RUIN),
        **dict.fromkeys(("DeleteBucketLifecycle", "PutBucketLifecycle"), _LOGS),
        **dict.fromkeys(("PutBucketAcl", "PutBucketPolicy", "PutBucketReplication"), _SHARED),
        "ListBuckets": _LOOKS,
    },
    "dynamodb": {
        **dict.fromkeys(("BatchGetItem", "GetItem", "Query", "Scan"), _DATA),
        "ExportTableToPointInTime": _SHARED,
        **dict.fromkeys(("DeleteBackup", "DeleteTable"), _RUIN),
    },
    "rds-data": dict.fromkeys(("BatchExecuteStatement", "ExecuteStatement"), _DATA),
    "athena": {"GetQueryResults": _DATA, "StartQueryExecution": _DATA},
    "rds": {
        **dict.fromkeys(
            (
                *("CopyDBClusterSnapshot", "CopyDBSnapshot", "CreateDBSnapshot"),
                *("ModifyDBClusterSnapshotAttribute", "ModifyDBSnapshotAttribute"),
                *("RestoreDBInstanceFromDBSnapshot", "StartExportTask"),
            ),
            _SHARED,
        ),
        **dict.fromkeys(("DeleteDBCluster", "DeleteDBInstance", "DeleteDBSnapshot"), _RUIN),
    },
    "ec2": {
        **dict.fromkeys(
            (
                *("CopySnapshot", "CreateSnapshot", "CreateSnapshots", "CreateStoreImageTask"),
                *("ExportImage", "ModifyImageAttribute", "ModifySnapshotAttribute"),
            ),
            _SHARED,
        ),
        **dict.fromkeys(("DeleteSnapshot", "DeleteVolume", "TerminateInstances"), _RUIN),
        "DeleteFlowLogs": _LOGS,
        **dict.fromkeys(("DescribeInstances", "DescribeSnapshots"), _LOOKS),
    },
    "ebs": {"GetSnapshotBlock": _DATA},
    "ram": dict.fromkeys(("AssociateResourceShare", "CreateResourceShare"), _SHARED),
}


def sense_of(service: str, call: str) -> Sense | None:
    """What a call means; None where it stands in no table."""
    return SENSES.get(service, {}).get(call)
