"""Every finding type GuardDuty raises today, and what it says about the principal it names.

A type that is not listed is never contained by itself: a person looks at it. Retired types are
left out on purpose, so that an old finding that is sent again goes to a person too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

SOURCE = "https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-active.html"
READ_ON = date(2026, 11, 23)


class Meaning(StrEnum):
    """What a finding says about the principal it names."""

    CREDENTIAL = "credential"  # its credentials are used by somebody else, or for an attack
    CONDUCT = "conduct"  # it did what attackers do, and honest people sometimes do as well
    RESOURCE = "resource"  # something else is compromised; the principal is named in passing


@dataclass(frozen=True)
class Family:
    """The types of one page of the GuardDuty user guide that say the same about a principal."""

    page: str
    meaning: Meaning
    types: Mapping[str, str]  # purpose and resource, then the names after the slash


_ANOMALY = "AnomalousBehavior"
_CALLERS = "MaliciousIPCaller MaliciousIPCaller.Custom SuccessfulAnonymousAccess TorIPCaller"
_LINUX = "KaliLinux ParrotLinux PentooLinux"
_BAD_DOMAINS = (
    "AbusedDomainRequest.Reputation BitcoinDomainRequest.Reputation "
    "MaliciousDomainRequest.Reputation SuspiciousDomainRequest.Reputation"
)
_TROJAN = (
    "BlackholeTraffic BlackholeTraffic!DNS DGADomainRequest.C!DNS DriveBySourceTraffic!DNS "
    "DropPoint DropPoint!DNS PhishingDomainRequest!DNS"
)

FAMILIES: tuple[Family, ...] = (
    Family(
        page="guardduty_finding-types-iam",
        meaning=Meaning.CREDENTIAL,
        types={
            "CredentialAccess:IAMUser": f"{_ANOMALY} CompromisedCredentials",
            "DefenseEvasion:IAMUser": _ANOMALY,
            "Discovery:IAMUser": _ANOMALY,
            "Exfiltration:IAMUser": _ANOMALY,
            "Impact:IAMUser": _ANOMALY,
            "InitialAccess:IAMUser": _ANOMALY,
            "PenTest:IAMUser": _LINUX,
            "Persistence:IAMUser": _ANOMALY,
            "PrivilegeEscalation:IAMUser": _ANOMALY,
            "Recon:IAMUser": "MaliciousIPCaller MaliciousIPCaller.Custom TorIPCaller",
            "UnauthorizedAccess:IAMUser": (
                "ConsoleLoginSuccess.B InstanceCredentialExfiltration.InsideAWS "
                "InstanceCredentialExfiltration.OutsideAWS MaliciousIPCaller "
                "MaliciousIPCaller.Custom ResourceCredentialExfiltration.InsideAWS "
                "ResourceCredentialExfiltration.OutsideAWS TorIPCaller"
            ),
        },
    ),
    Family(
        page="guardduty_finding-types-iam",
        meaning=Meaning.CONDUCT,
        types={
            "DefenseEvasion:IAMUser": "BedrockLoggingDisabled",
            "Policy:IAMUser": "RootCredentialUsage ShortTermRootCredentialUsage",
            "Stealth:IAMUser": "CloudTrailLoggingDisabled PasswordPolicyChange",
        },
    ),
    Family(
        page="findings-ai-protection",
        meaning=Meaning.CREDENTIAL,
        types={"Impact:IAMUser": "AnomalousModelInvocation CostHarvesting"},
    ),
    Family(
        # The prompt comes from a visitor; the identity that sent it on is the shop's own.
        page="findings-ai-protection",
        meaning=Meaning.RESOURCE,
        types={"Impact:IAMUser": "PromptInjection.Direct"},
    ),
    Family(
        page="guardduty_finding-types-s3",
        meaning=Meaning.CREDENTIAL,
        types={
            "Discovery:S3": f"{_ANOMALY} MaliciousIPCaller MaliciousIPCaller.Custom TorIPCaller",
            "Exfiltration:S3": f"{_ANOMALY} MaliciousIPCaller",
            "Impact:S3": (
                "AnomalousBehavior.Delete AnomalousBehavior.Permission AnomalousBehavior.Write "
                "MaliciousIPCaller"
            ),
            "PenTest:S3": _LINUX,
            "UnauthorizedAccess:S3": "MaliciousIPCaller.Custom TorIPCaller",
        },
    ),
    Family(
        page="guardduty_finding-types-s3",
        meaning=Meaning.CONDUCT,
        types={
            "Policy:S3": (
                "AccountBlockPublicAccessDisabled BucketAnonymousAccessGranted "
                "BucketBlockPublicAccessDisabled BucketPublicAccessGranted"
            ),
            "Stealth:S3": "ServerAccessLoggingDisabled",
        },
    ),
    Family(
        page="guardduty-attack-sequence-finding-types",
        meaning=Meaning.CREDENTIAL,
        types={
            "AttackSequence:IAM": "CompromisedCredentials",
            "AttackSequence:S3": "CompromisedData",
        },
    ),
    Family(
        # Their actors may be roles of the cluster or of the instances, which honest work uses.
        page="guardduty-attack-sequence-finding-types",
        meaning=Meaning.CONDUCT,
        types={
            "AttackSequence:EC2": "CompromisedInstanceGroup",
            "AttackSequence:ECS": "CompromisedCluster",
            "AttackSequence:EKS": "CompromisedCluster",
        },
    ),
    Family(
        page="findings-custom-detection-rules",
        meaning=Meaning.CONDUCT,
        types={
            "CredentialAccess:EC2": "UnsecuredCredentials",
            "CredentialAccess:RDS": "ModifyAuthenticationProcess",
            "DefenseImpairment:EC2": "DisableOrModifyTools",
            "DefenseImpairment:Organizations": "ModifyCloudResourceHierarchy DisableOrModifyTools",
            "DefenseImpairment:RDS": "ModifyAuthenticationProcess",
            "DefenseImpairment:Route53Resolver": "DisableOrModifyTools",
            "DefenseImpairment:S3": "DisableOrModifyTools",
            "Execution:SageMaker": "CommandAndScriptingInterpreter",
            "Exfiltration:EC2": "TransferDataToCloudAccount",
            "Exfiltration:RDS": "TransferDataToCloudAccount",
            "Exfiltration:S3": "TransferDataToCloudAccount",
            "Impact:S3": "DataDestruction",
            "Impact:SES": "ResourceHijacking",
            "InitialAccess:IAM": "ValidAccounts",
            "InitialAccess:RDS": "ExploitPublicFacingApplication",
            "LateralMovement:EC2": "RemoteServices",
            "Persistence:EC2": "BootOrLogonInitializationScripts ExternalRemoteServices",
            "Persistence:IAM": "AccountManipulation",
            "Persistence:Lambda": "AccountManipulation ModifyAuthenticationProcess",
            "Persistence:RolesAnywhere": "AccountManipulation",
            "PrivilegeEscalation:IAM": "AccountManipulation",
            "ResourceDevelopment:SES": "CompromiseAccounts",
        },
    ),
    Family(
        page="guardduty-finding-types-eks-audit-logs",
        meaning=Meaning.CONDUCT,
        types={
            "CredentialAccess:Kubernetes": f"AnomalousBehavior.SecretsAccessed {_CALLERS}",
            "DefenseEvasion:Kubernetes": _CALLERS,
            "Discovery:Kubernetes": f"AnomalousBehavior.PermissionChecked {_CALLERS}",
            "Execution:Kubernetes": (
                "AnomalousBehavior.ExecInPod AnomalousBehavior.WorkloadDeployed ExecInKubeSystemPod"
            ),
            "Impact:Kubernetes": _CALLERS,
            "Persistence:Kubernetes": (
                f"AnomalousBehavior.WorkloadDeployed!ContainerWithSensitiveMount {_CALLERS}"
            ),
            "Policy:Kubernetes": (
                "AdminAccessToDefaultServiceAccount AnonymousAccessGranted ExposedDashboard "
                "KubeflowDashboardExposed"
            ),
            "PrivilegeEscalation:Kubernetes": (
                "AnomalousBehavior.RoleBindingCreated AnomalousBehavior.RoleCreated "
                "AnomalousBehavior.WorkloadDeployed!PrivilegedContainer"
            ),
        },
    ),
    Family(
        page="guardduty_finding-types-ec2",
        meaning=Meaning.RESOURCE,
        types={
            "Backdoor:EC2": (
                "C&CActivity.B C&CActivity.B!DNS DenialOfService.Dns DenialOfService.Tcp "
                "DenialOfService.Udp DenialOfService.UdpOnTcpPorts "
                "DenialOfService.UnusualProtocol Spambot"
            ),
            "Behavior:EC2": "NetworkPortUnusual TrafficVolumeUnusual",
            "CryptoCurrency:EC2": "BitcoinTool.B BitcoinTool.B!DNS",
            "DefenseEvasion:EC2": "UnusualDNSResolver UnusualDoHActivity UnusualDoTActivity",
            "Impact:EC2": f"{_BAD_DOMAINS} MaliciousDomainRequest.Custom PortSweep WinRMBruteForce",
            "Recon:EC2": "PortProbeEMRUnprotectedPort PortProbeUnprotectedPort Portscan",
            "Trojan:EC2": f"{_TROJAN} DGADomainRequest.B DNSDataExfiltration",
            "UnauthorizedAccess:EC2": (
                "MaliciousIPCaller.Custom MetadataDNSRebind RDPBruteForce SSHBruteForce TorClient "
                "TorRelay"
            ),
        },
    ),
    Family(
        page="findings-runtime-monitoring",
        meaning=Meaning.RESOURCE,
        types={
            "Backdoor:Runtime": "C&CActivity.B C&CActivity.B!DNS",
            "CryptoCurrency:Runtime": "BitcoinTool.B BitcoinTool.B!DNS",
            "DefenseEvasion:Runtime": (
                "FilelessExecution KernelModuleLoaded ProcessInjection.Proc "
                "ProcessInjection.Ptrace ProcessInjection.VirtualMemoryWrite PtraceAntiDebugging "
                "SensitiveFileModified SuspiciousCommand"
            ),
            "Discovery:Runtime": "SuspiciousCommand",
            "Execution:Runtime": (
                "MaliciousFileExecuted MaliciousFileExecuted.Custom NewBinaryExecuted "
                "NewLibraryLoaded ReverseShell SuspiciousCommand SuspiciousShellCreated "
                "SuspiciousTool"
            ),
            "Impact:Runtime": f"{_BAD_DOMAINS} CryptoMinerExecuted",
            "Persistence:Runtime": "SensitiveFileModified SuspiciousCommand",
            "PrivilegeEscalation:Runtime": (
                "CGroupsReleaseAgentModified ContainerMountsHostDirectory DockerSocketAccessed "
                "ElevationToRoot RuncContainerEscape SensitiveFileModified SuspiciousCommand "
                "UserfaultfdUsage"
            ),
            "Trojan:Runtime": _TROJAN,
            "UnauthorizedAccess:Runtime": "MetadataDNSRebind TorClient TorRelay",
        },
    ),
    Family(
        page="findings-malware-protection",
        meaning=Meaning.RESOURCE,
        types={
            "Execution:Container": "MaliciousFile SuspiciousFile",
            "Execution:EC2": "MaliciousFile SuspiciousFile",
            "Execution:ECS": "MaliciousFile SuspiciousFile",
            "Execution:Kubernetes": "MaliciousFile SuspiciousFile",
        },
    ),
    Family(
        page="findings-malware-protection-backup",
        meaning=Meaning.RESOURCE,
        types={
            "Execution:EC2": "MaliciousFile!AMI MaliciousFile!RecoveryPoint MaliciousFile!Snapshot",
            "Execution:S3": "MaliciousFile!RecoveryPoint",
        },
    ),
    Family(
        page="gdu-malware-protection-s3-finding-types",
        meaning=Meaning.RESOURCE,
        types={"Object:S3": "MaliciousFile"},
    ),
    Family(
        page="findings-rds-protection",
        meaning=Meaning.RESOURCE,
        types={
            "CredentialAccess:RDS": (
                "AnomalousBehavior.FailedLogin AnomalousBehavior.SuccessfulBruteForce "
                "AnomalousBehavior.SuccessfulLogin MaliciousIPCaller.FailedLogin "
                "MaliciousIPCaller.SuccessfulLogin TorIPCaller.FailedLogin "
                "TorIPCaller.SuccessfulLogin"
            ),
            "Discovery:RDS": "MaliciousIPCaller TorIPCaller",
        },
    ),
    Family(
        page="lambda-protection-finding-types",
        meaning=Meaning.RESOURCE,
        types={
            "Backdoor:Lambda": "C&CActivity.B",
            "CryptoCurrency:Lambda": "BitcoinTool.B",
            "Trojan:Lambda": "BlackholeTraffic DropPoint",
            "UnauthorizedAccess:Lambda": "MaliciousIPCaller.Custom TorClient TorRelay",
        },
    ),
)

MEANINGS: dict[str, Meaning] = {
    f"{where}/{name}": family.meaning
    for family in FAMILIES
    for where, names in family.types.items()
    for name in names.split()
}

# Credentials that exist only on roles: the principal is a role even where a feed leaves that out.
ROLE_CREDENTIALS = (
    "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration",
    "UnauthorizedAccess:IAMUser/ResourceCredentialExfiltration",
)
ATTACK_SEQUENCE = "AttackSequence:"
