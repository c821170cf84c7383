"""Moderation: reports of what is said in chat and forum, and one queue in which moderators decide about them."""

from .case import Case, Decision, Effect, PlaceKind, Told, WholeCase
from .claiming import claim_case, release_case
from .deciding import NewDecision, decide_case
from .errors import CannotUndo, CaseChanged, CaseClaimed, CaseNotFound, DecisionNotFound
from .following import move_post, undo_forum_act
from .forgetting import forget_evidence
from .limits import DEFAULT_LIMITS, Limits, limits_of
from .measure import Measure
from .notices import Notice, list_notices
from .queue import WhichCases, get_case, list_cases
from .report import ItemKind, NewReport, Report, State
from .reporting import list_own_reports, report_item
from .scoring import REASONS, Priority, Reason
from .snapshot import Said, Snapshot
from .undoing import undo_decision

__all__ = [
    "DEFAULT_LIMITS",
    "REASONS",
    "CannotUndo",
    "Case",
    "CaseChanged",
    "CaseClaimed",
    "CaseNotFound",
    "Decision",
    "DecisionNotFound",
    "Effect",
    "ItemKind",
    "Limits",
    "Measure",
    "NewDecision",
    "NewReport",
    "Notice",
    "PlaceKind",
    "Priority",
    "Reason",
    "Report",
    "Said",
    "Snapshot",
    "State",
    "Told",
    "WhichCases",
    "WholeCase",
    "claim_case",
    "decide_case",
    "forget_evidence",
    "get_case",
    "limits_of",
    "list_cases",
    "list_notices",
    "list_own_reports",
    "move_post",
    "release_case",
    "report_item",
    "undo_decision",
    "undo_forum_act",
]
