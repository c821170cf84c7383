"""Slack: the export of a workspace."""

from .export import SlackExport

__all__ = ["SlackExport"]
