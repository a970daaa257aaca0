"""Every way we can cut something, listed by hand: a new power is a new line in review."""

from responder.actions import (
    ec2_close_subnet,
    ec2_cut_metadata,
    ec2_detach_profile,
    ec2_leave_service,
    ec2_protect_instance,
    ec2_quarantine_instance,
    ec2_unshare_image,
    ec2_unshare_snapshot,
    iam_close_role_trust,
    iam_cut_console_sign_in,
    iam_cut_role_sessions,
    iam_cut_user_sessions,
    iam_deactivate_credentials,
    iam_deactivate_key,
    iam_deny_role,
    iam_deny_role_session,
    iam_deny_user,
    iam_tag_quarantined,
    kms_keep_key,
    kms_revoke_grants,
    lambda_stop_function,
    organizations_deny_account,
    rds_quarantine_instance,
    s3_close_bucket,
    s3_hold_deletes,
)
from responder.actions.action import Action
from responder.actions.simulation import Simulated

ACTIONS: tuple[Action, ...] = (
    iam_tag_quarantined,
    iam_deny_user,
    iam_cut_user_sessions,
    iam_deactivate_key,
    iam_deactivate_credentials,
    iam_cut_console_sign_in,
    iam_deny_role_session,
    iam_cut_role_sessions,
    iam_close_role_trust,
    iam_deny_role,
    ec2_protect_instance,
    ec2_leave_service,
    ec2_quarantine_instance,
    ec2_close_subnet,
    ec2_cut_metadata,
    ec2_detach_profile,
    ec2_unshare_snapshot,
    ec2_unshare_image,
    s3_close_bucket,
    s3_hold_deletes,
    lambda_stop_function,
    rds_quarantine_instance,
    kms_keep_key,
    kms_revoke_grants,
    organizations_deny_account,
)
# Those whose cut is a deny that IAM's own simulator knows. It knows no state of keys or passwords,
# and a tag only as what a service control policy makes of it.
SIMULATED: dict[str, Simulated] = {
    iam_deny_user.ID: iam_deny_user,
    iam_cut_user_sessions.ID: iam_cut_user_sessions,
    iam_deny_role_session.ID: iam_deny_role_session,
    iam_cut_role_sessions.ID: iam_cut_role_sessions,
    iam_deny_role.ID: iam_deny_role,
}
BY_ID: dict[str, Action] = {action.ID: action for action in ACTIONS}
