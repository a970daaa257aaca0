"""Operations that moto does not have and the product needs, a module for each service.

A fake keeps to the SDK's model of its service, and every one that was really used is named in the
report of a run. Listed by hand: a new fake shows up in review as a new line.
"""

from collections.abc import Callable

from localcloud.enforcement import Enforcement
from localcloud.fakes import (
    account_details,
    automation,
    cloudtrail,
    clusters,
    contacts,
    database_snapshots,
    detections,
    functions,
    iam,
    incident_manager,
    instances,
    key_states,
    key_uses,
    kms,
    last_accessed,
    ops_items,
    run_command,
    s3_replication,
    scaling,
    security_ir,
    simulation,
    snapshots,
    stacks,
    tasks,
)
from localcloud.fakes.shapes import kept_to_model
from localcloud.stack import Registry
from localcloud.switchboard import Fake, Switchboard


def install(
    switchboard: Switchboard,
    registry: Registry,
    later: Callable[..., None],
    enforcement: Enforcement,
) -> None:
    """Serve every fake of a new pretend cloud. Each cloud has its own, with nothing in it."""
    automations = automation.Automations(switchboard, registry, later, enforcement)
    called = contacts.Contacts(registry)
    history = cloudtrail.History(switchboard)
    served: dict[str, dict[str, Fake]] = {
        "cloudformation": stacks.Stacks(registry).operations(),
        "cloudtrail": {
            "ListPublicKeys": cloudtrail.public_keys,
            "LookupEvents": history.lookup_events,
        },
        "ec2": {**instances.operations(), **snapshots.operations()},
        "ecs": tasks.operations(),
        "eks": clusters.operations(),
        "guardduty": detections.of_guardduty(),
        "iam": {
            **iam.operations(),
            **simulation.operations(),
            **last_accessed.Reports(switchboard).operations(),
        },
        "kms": {**kms.operations(), **key_states.operations(), **key_uses.operations()},
        "lambda": functions.operations(),
        "s3": s3_replication.Replications().operations(),
        "security-ir": security_ir.Cases().operations(),
        "securityhub": detections.of_security_hub(),
        "ssm": {
            **automations.operations(),
            **ops_items.OpsItems(switchboard).operations(),
            **instances.managed_operations(),
            **run_command.RunCommand().operations(),
        },
        "ssm-contacts": called.operations(),
        "ssm-incidents": incident_manager.IncidentManager(registry, called).operations(),
    }
    for service, operations in served.items():
        for operation, fake in operations.items():
            switchboard.serve(service, operation, kept_to_model(fake))
    switchboard.guard(database_snapshots.complete)
    switchboard.guard(key_states.works)
    switchboard.guard(key_uses.is_there)
    switchboard.guard(detections.is_there)
    switchboard.guard(iam.one_case_for_each_tag)
    switchboard.guard(scaling.is_there)
    switchboard.guard(snapshots.fits)
    switchboard.guard(tasks.is_there)
    switchboard.guard(tasks.is_its_own)
    switchboard.guard(account_details.by_our_markers)
    switchboard.listen(database_snapshots.begun)
    switchboard.listen(iam.complete_user)
    switchboard.listen(scaling.once)
    switchboard.listen(snapshots.begun)
    switchboard.listen(tasks.seen)
    switchboard.listen(functions.seen)
    switchboard.listen(account_details.paged)
