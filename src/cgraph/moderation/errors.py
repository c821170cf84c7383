"""What can go wrong in moderation, by name and wire code."""

from cgraph_kit.errors import Conflict, NotFound


class CaseNotFound(NotFound):
    """Also for who has no say in it, and for who is reported in it."""

    code = "case_not_found"
    default = "there is no such case"


class DecisionNotFound(NotFound):
    """Also for who has no say in the case."""

    code = "decision_not_found"
    default = "there is no such decision"


class CaseChanged(Conflict):
    """Somebody was faster; `version` is the one that holds."""

    code = "case_changed"
    default = "the case has changed since you looked at it"


class CaseClaimed(Conflict):
    """Another moderator has taken it for a while; `claimed_until` says how long."""

    code = "case_claimed"
    default = "another moderator is looking at this case"


class CannotUndo(Conflict):
    """It was taken back before, something else has happened since, or what it did cannot be taken back."""

    code = "cannot_undo_decision"
    default = "this cannot be taken back"
