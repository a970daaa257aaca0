"""The blocks of a GuardDuty finding that say what it is about, one block for each kind."""

import re
from typing import Any

from responder.domain.finding import Resource
from responder.sources.envelope import Camel, Name
from responder.sources.worth import worth_of


class AccessKeyDetails(Camel):
    """The identity that acted."""

    access_key_id: Name | None = None
    principal_id: Name | None = None
    user_name: Name | None = None
    user_type: Name | None = None


class _Bucket(Camel):
    arn: Name | None = None
    name: Name | None = None
    tags: Any = None
    s3_object_details: "list[_Object] | None" = None


class _Object(Camel):
    object_arn: Name | None = None
    key: Name | None = None


class _Profile(Camel):
    arn: Name | None = None


class _Instance(Camel):
    instance_id: Name | None = None
    tags: Any = None
    iam_instance_profile: _Profile | None = None


class _Thing(Camel):
    """Anything that is told by an ARN, a name, or an id."""

    arn: Name | None = None
    name: Name | None = None
    id: Name | None = None
    tags: Any = None


class _KubernetesUser(Camel):
    username: Name | None = None


class _Workload(Camel):
    name: Name | None = None
    namespace: Name | None = None
    type: Name | None = None


class _Kubernetes(Camel):
    kubernetes_user_details: _KubernetesUser | None = None
    kubernetes_workload_details: _Workload | None = None


class _Volume(Camel):
    volume_arn: Name | None = None


class _Volumes(Camel):
    scanned_volume_details: list[_Volume] | None = None


class _EcsCluster(_Thing):
    task_details: _Thing | None = None


class _Function(Camel):
    function_arn: Name | None = None
    function_name: Name | None = None
    role: Name | None = None
    tags: Any = None


class _DbInstance(Camel):
    db_instance_arn: Name | None = None
    db_instance_identifier: Name | None = None
    tags: Any = None


class _LimitlessDb(Camel):
    db_shard_group_arn: Name | None = None
    db_shard_group_identifier: Name | None = None
    tags: Any = None


class _DbUser(Camel):
    user: Name | None = None


class _Snapshot(Camel):
    snapshot_arn: Name | None = None


class _Image(Camel):
    image_arn: Name | None = None


class _RecoveryPoint(Camel):
    recovery_point_arn: Name | None = None
    backup_vault_name: Name | None = None


class _Guardrail(Camel):
    guardrail_arn: Name | None = None


class _Model(Camel):
    model_id: Name | None = None


class Resources(Camel):
    """Every block of the GuardDuty API Reference, "Resource". A finding fills a few of them."""

    resource_type: Name | None = None
    access_key_details: AccessKeyDetails | None = None
    s3_bucket_details: list[_Bucket] | None = None
    instance_details: _Instance | None = None
    eks_cluster_details: _Thing | None = None
    kubernetes_details: _Kubernetes | None = None
    ebs_volume_details: _Volumes | None = None
    ecs_cluster_details: _EcsCluster | None = None
    container_details: _Thing | None = None
    lambda_details: _Function | None = None
    rds_db_instance_details: _DbInstance | None = None
    rds_limitless_db_details: _LimitlessDb | None = None
    rds_db_user_details: _DbUser | None = None
    ebs_snapshot_details: _Snapshot | None = None
    ec2_image_details: _Image | None = None
    recovery_point_details: _RecoveryPoint | None = None
    bedrock_guardrail_details: _Guardrail | None = None
    model_details: list[_Model] | None = None

    def resources(self, account: str, region: str, partition: str) -> tuple[Resource, ...]:
        """What the finding is about, each thing once. The access key is a principal, not here."""
        found = list[Resource]()

        def add(kind: str, arn: str | None, name: str | None, tags: Any = None) -> None:
            if arn or name:
                found.append(
                    Resource(
                        kind=kind,
                        id=arn or name or "",
                        name=name,
                        account=account,
                        region=region,
                        tagged=worth_of(tags),
                    )
                )

        for bucket in self.s3_bucket_details or ():
            made = f"arn:{partition}:s3:::{bucket.name}" if bucket.name else None
            add("S3Bucket", bucket.arn or made, bucket.name, bucket.tags)
            for stored in bucket.s3_object_details or ():
                add("S3Object", stored.object_arn, stored.key)
        if instance := self.instance_details:
            name = instance.instance_id
            at = f"arn:{partition}:ec2:{region}:{account}:instance/"
            known = bool(name and re.fullmatch(r"i-[0-9a-f]{8,17}", name))
            add("Instance", f"{at}{name}" if known else None, name, instance.tags)
            if instance.iam_instance_profile:
                add("InstanceProfile", instance.iam_instance_profile.arn, None)
        if cluster := self.eks_cluster_details:
            add("EKSCluster", cluster.arn, cluster.name, cluster.tags)
        workload = self.kubernetes_details and self.kubernetes_details.kubernetes_workload_details
        if workload and workload.name:
            add("KubernetesWorkload", None, f"{workload.namespace or 'default'}/{workload.name}")
        for volume in (
            self.ebs_volume_details and self.ebs_volume_details.scanned_volume_details
        ) or ():
            add("EBSVolume", volume.volume_arn, None)
        if ecs := self.ecs_cluster_details:
            add("ECSCluster", ecs.arn, ecs.name, ecs.tags)
            if ecs.task_details:
                add("ECSTask", ecs.task_details.arn, None, ecs.task_details.tags)
        if container := self.container_details:
            add("Container", None, container.id or container.name)
        if function := self.lambda_details:
            add("Lambda", function.function_arn, function.function_name, function.tags)
            add("Role", function.role, None)
        if database := self.rds_db_instance_details:
            add(
                "RDSDBInstance",
                database.db_instance_arn,
                database.db_instance_identifier,
                database.tags,
            )
        if limitless := self.rds_limitless_db_details:
            group = limitless.db_shard_group_identifier
            add("RDSLimitlessDB", limitless.db_shard_group_arn, group, limitless.tags)
        if snapshot := self.ebs_snapshot_details:
            add("EBSSnapshot", snapshot.snapshot_arn, None)
        if image := self.ec2_image_details:
            add("EC2Image", image.image_arn, None)
        if point := self.recovery_point_details:
            add("RecoveryPoint", point.recovery_point_arn, point.backup_vault_name)
        if guardrail := self.bedrock_guardrail_details:
            add("BedrockGuardrail", guardrail.guardrail_arn, None)
        for model in self.model_details or ():
            add("Model", None, model.model_id)
        return tuple(dict.fromkeys(found))


_BLOCKS = {field.alias for field in Resources.model_fields.values()}


def unknown_blocks(raw: Any) -> bool:
    """Whether a block stands there that we cannot read: newer than this code."""
    return isinstance(raw, dict) and any(
        name not in _BLOCKS for name, block in raw.items() if block not in (None, {}, [])
    )
