"""Every way we can cut something, listed by hand: a new power is a new line in review."""

from responder.actions import iam_cut_role_sessions, iam_deactivate_key, iam_deny_user
from responder.actions.action import Action

ACTIONS: tuple[Action, ...] = (iam_deny_user, iam_deactivate_key, iam_cut_role_sessions)
BY_ID: dict[str, Action] = {action.ID: action for action in ACTIONS}
