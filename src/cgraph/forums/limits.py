"""How much and how long: the numbers of forums, with their defaults."""

import msgspec

from cgraph.settings import Settings

from .pace import UNPACED, PaceLimits


class Limits(msgspec.Struct, frozen=True):
    """Named as the settings they come from."""

    post_max: int = 40_000
    """Code points of a post."""
    comment_max: int = 10_000
    """Code points of a comment."""
    post_attachments_max: int = 20
    """Files with one post."""
    comment_attachments_max: int = 4
    link_previews_max: int = 5
    """Files with one comment."""
    forum_depth_max: int = 8
    """Forums on the way from the top of a tree to the lowest, both counted."""
    forums_max: int = 100
    """Forums one person may have created and not deleted."""
    moderators_max: int = 50
    """Of one forum, its creator counted."""
    drafts_max: int = 100
    """Of one person."""
    post_grace_seconds: int = 300
    """In which an author's change leaves no revision."""
    resume_max: int = 5000
    """Most events one resume returns."""
    pace: PaceLimits = UNPACED
    """How much and how soon people may post."""


DEFAULT_LIMITS = Limits()


def limits_of(settings: Settings) -> Limits:
    """As the operator set them."""
    names = (name for name in Limits.__struct_fields__ if name != "pace")
    pace = PaceLimits(**{name: getattr(settings, name) for name in PaceLimits.__struct_fields__})
    return Limits(**{name: getattr(settings, name) for name in names}, pace=pace)
