"""What protects data stands in the account after a deployment, read back from the service."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from localcloud.stack import TemplateError
from tests.unit.localcloud.deploying import Deployer


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployer]:
    monkeypatch.delenv("MOTO_ACCOUNT_ID", raising=False)
    with mock_aws():
        yield Deployer(tmp_path)


VAULT = """
    Resources:
      Key:
        Type: AWS::KMS::Key
        Properties: {EnableKeyRotation: true}
      Logs:
        Type: AWS::S3::Bucket
      LogsPolicy:
        Type: AWS::S3::BucketPolicy
        Properties:
          Bucket: !Ref Logs
          PolicyDocument:
            Statement:
              - Effect: Deny
                Principal: "*"
                Action: s3:*
                Resource: !Sub "${Logs.Arn}/*"
                Condition: {Bool: {"aws:SecureTransport": "false"}}
              - Effect: Allow
                Principal: {Service: logging.s3.amazonaws.com}
                Action: s3:PutObject
                Resource: !Sub "${Logs.Arn}/*"
      Vault:
        Type: AWS::S3::Bucket
        DependsOn: LogsPolicy
        Properties:
          ObjectLockEnabled: true
          ObjectLockConfiguration:
            ObjectLockEnabled: Enabled
            Rule: {DefaultRetention: {Mode: COMPLIANCE, Days: "2557"}}
          VersioningConfiguration: {Status: Enabled}
          PublicAccessBlockConfiguration:
            BlockPublicAcls: true
            BlockPublicPolicy: true
            IgnorePublicAcls: true
            RestrictPublicBuckets: true
          BucketEncryption:
            ServerSideEncryptionConfiguration:
              - BucketKeyEnabled: true
                ServerSideEncryptionByDefault:
                  SSEAlgorithm: aws:kms
                  KMSMasterKeyID: !GetAtt Key.Arn
          OwnershipControls: {Rules: [{ObjectOwnership: BucketOwnerEnforced}]}
          LoggingConfiguration: {DestinationBucketName: !Ref Logs, LogFilePrefix: vault/}
          LifecycleConfiguration:
            Rules:
              - Id: ArchiveOld
                Status: Enabled
                Transitions: [{StorageClass: GLACIER_IR, TransitionInDays: 90}]
                NoncurrentVersionExpiration: {NoncurrentDays: 3000}
                AbortIncompleteMultipartUpload: {DaysAfterInitiation: 1}
    Outputs: {KeyArn: {Value: !GetAtt Key.Arn}}
"""


def test_a_bucket_keeps_its_lock_and_default_retention(deployed: Deployer) -> None:
    bucket = deployed(VAULT).resources["Vault"]
    lock = deployed.client("s3").get_object_lock_configuration(Bucket=bucket)
    assert lock["ObjectLockConfiguration"]["ObjectLockEnabled"] == "Enabled"
    retention = lock["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert (retention["Mode"], retention["Days"]) == ("COMPLIANCE", 2557)


def test_a_bucket_keeps_versions_and_shuts_out_the_public(deployed: Deployer) -> None:
    bucket = deployed(VAULT).resources["Vault"]
    s3 = deployed.client("s3")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert len(block) == 4
    assert all(block.values())
    controls = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert controls == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def test_a_bucket_encrypts_with_its_key(deployed: Deployer) -> None:
    stack = deployed(VAULT)
    found = deployed.client("s3").get_bucket_encryption(Bucket=stack.resources["Vault"])
    (rule,) = found["ServerSideEncryptionConfiguration"]["Rules"]
    default = rule["ApplyServerSideEncryptionByDefault"]
    assert default == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": stack.outputs["KeyArn"]}
    assert rule["BucketKeyEnabled"] is True


def test_a_bucket_logs_even_to_one_whose_policy_refuses_plain_http(deployed: Deployer) -> None:
    stack = deployed(VAULT)
    found = deployed.client("s3").get_bucket_logging(Bucket=stack.resources["Vault"])
    target = {"TargetBucket": stack.resources["Logs"], "TargetPrefix": "vault/"}
    assert found["LoggingEnabled"] == target


def test_a_bucket_does_not_log_to_one_that_does_not_let_it(deployed: Deployer) -> None:
    closed = VAULT.replace("Principal: {Service: logging.s3.amazonaws.com}", 'Principal: "*"')
    with pytest.raises(TemplateError, match=r"Vault \(AWS::S3::Bucket\) was refused"):
        deployed(closed)


def test_a_bucket_keeps_its_life_cycle(deployed: Deployer) -> None:
    bucket = deployed(VAULT).resources["Vault"]
    found = deployed.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)
    (rule,) = found["Rules"]
    assert rule["Transitions"] == [{"StorageClass": "GLACIER_IR", "Days": 90}]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 3000}
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_a_key_rotates_and_a_signing_key_signs(deployed: Deployer) -> None:
    stack = deployed(
        """
        Resources:
          Key: {Type: AWS::KMS::Key, Properties: {EnableKeyRotation: true}}
          SigningKey:
            Type: AWS::KMS::Key
            Properties: {KeySpec: ECC_NIST_P256, KeyUsage: SIGN_VERIFY}
          Name:
            Type: AWS::KMS::Alias
            Properties: {AliasName: alias/signing, TargetKeyId: !Ref SigningKey}
        """
    )
    kms = deployed.client("kms")
    assert kms.get_key_rotation_status(KeyId=stack.resources["Key"])["KeyRotationEnabled"]
    signed = kms.sign(KeyId="alias/signing", Message=b"manifest", SigningAlgorithm="ECDSA_SHA_256")
    assert signed["KeyId"].endswith(stack.resources["SigningKey"])


TABLE = """
    Resources:
      Key: {Type: AWS::KMS::Key}
      Table:
        Type: AWS::DynamoDB::Table
        Properties:
          BillingMode: PAY_PER_REQUEST
          AttributeDefinitions:
            - {AttributeName: pk, AttributeType: S}
            - {AttributeName: due, AttributeType: S}
          KeySchema: [{AttributeName: pk, KeyType: HASH}]
          GlobalSecondaryIndexes:
            - IndexName: by-due
              KeySchema: [{AttributeName: due, KeyType: HASH}]
              Projection: {ProjectionType: KEYS_ONLY}
          StreamSpecification: {StreamViewType: KEYS_ONLY}
          PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
          TimeToLiveSpecification: {Enabled: true, AttributeName: expires}
          DeletionProtectionEnabled: true
          SSESpecification: {SSEEnabled: true, SSEType: KMS, KMSMasterKeyId: !GetAtt Key.Arn}
    Outputs: {Stream: {Value: !GetAtt Table.StreamArn}, KeyArn: {Value: !GetAtt Key.Arn}}
"""


def test_a_table_keeps_all_that_protects_it(deployed: Deployer) -> None:
    stack = deployed(TABLE)
    dynamodb, name = deployed.client("dynamodb"), stack.resources["Table"]
    found = dynamodb.describe_table(TableName=name)["Table"]
    assert found["DeletionProtectionEnabled"] is True
    assert found["SSEDescription"]["KMSMasterKeyArn"] == stack.outputs["KeyArn"]
    assert found["LatestStreamArn"] == stack.outputs["Stream"]
    assert [index["IndexName"] for index in found["GlobalSecondaryIndexes"]] == ["by-due"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    assert recovery == "ENABLED"
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}


def test_queue_and_topic_keep_encryption_policy_and_redrive(deployed: Deployer) -> None:
    stack = deployed(
        """
        Resources:
          Key: {Type: AWS::KMS::Key}
          Dead: {Type: AWS::SQS::Queue, Properties: {MessageRetentionPeriod: 1209600}}
          Queue:
            Type: AWS::SQS::Queue
            Properties:
              SqsManagedSseEnabled: true
              VisibilityTimeout: 360
              RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5}
          QueuePolicy:
            Type: AWS::SQS::QueuePolicy
            Properties:
              Queues: [!Ref Queue]
              PolicyDocument:
                Statement:
                  - Sid: RefusePlainHttp
                    Effect: Deny
                    Principal: "*"
                    Action: [sqs:*]
                    Resource: !GetAtt Queue.Arn
          Topic: {Type: AWS::SNS::Topic, Properties: {KmsMasterKeyId: !Ref Key}}
        """
    )
    sqs = deployed.client("sqs")
    url = stack.resources["Queue"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert found["SqsManagedSseEnabled"] == "true"
    assert found["VisibilityTimeout"] == "360"
    assert json.loads(found["RedrivePolicy"])["maxReceiveCount"] == 5
    policy = json.loads(found["Policy"])
    assert policy["Version"] == "2012-10-17"
    assert policy["Statement"][0]["Sid"] == "RefusePlainHttp"
    topic = deployed.client("sns").get_topic_attributes(TopicArn=stack.resources["Topic"])
    assert topic["Attributes"]["KmsMasterKeyId"] == stack.resources["Key"]


def test_a_log_group_keeps_key_and_retention_and_refuses_an_odd_one(deployed: Deployer) -> None:
    template = """
        Resources:
          Key: {{Type: AWS::KMS::Key}}
          Logs:
            Type: AWS::Logs::LogGroup
            Properties: {{RetentionInDays: {days}, KmsKeyId: !GetAtt Key.Arn}}
    """
    stack = deployed(template.format(days=731))
    (group,) = deployed.client("logs").describe_log_groups()["logGroups"]
    assert group["logGroupName"] == stack.resources["Logs"]
    assert group["retentionInDays"] == 731
    assert group["kmsKeyId"].endswith(stack.resources["Key"])
    with pytest.raises(TemplateError, match="RetentionInDays in Logs: 700 is not offered"):
        deployed(template.format(days=700), stack_name="other")


def test_a_role_keeps_trust_boundary_and_policies(deployed: Deployer) -> None:
    stack = deployed(
        """
        Resources:
          Fence:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              PolicyDocument: {Statement: [{Effect: Deny, Action: ["iam:*"], Resource: "*"}]}
          Role:
            Type: AWS::IAM::Role
            Properties:
              MaxSessionDuration: 3600
              PermissionsBoundary: !Ref Fence
              ManagedPolicyArns: [!Ref Fence]
              AssumeRolePolicyDocument:
                Statement:
                  - Effect: Allow
                    Principal: {Service: lambda.amazonaws.com}
                    Action: [sts:AssumeRole]
              Policies:
                - PolicyName: read
                  PolicyDocument: {Statement: [{Effect: Allow, Action: ["s3:Get*"], Resource: "*"}]}
          More:
            Type: AWS::IAM::Policy
            Properties:
              PolicyName: more
              Roles: [!Ref Role]
              PolicyDocument: {Statement: [{Effect: Allow, Action: ["s3:List*"], Resource: "*"}]}
        """
    )
    iam, name = deployed.client("iam"), stack.resources["Role"]
    role = iam.get_role(RoleName=name)["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == stack.resources["Fence"]
    assert role["MaxSessionDuration"] == 3600
    assert sorted(iam.list_role_policies(RoleName=name)["PolicyNames"]) == ["more", "read"]
    read = iam.get_role_policy(RoleName=name, PolicyName="read")["PolicyDocument"]
    assert read["Version"] == "2012-10-17"
