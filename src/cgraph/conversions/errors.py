"""What can go wrong in conversions, by name and wire code."""

from cgraph_kit.errors import Conflict, Moved


class AudienceChanged(Conflict):
    """Others would gain or lose access than those who were shown: it is to be looked at again."""

    code = "audience_changed"
    default = "who gains or loses access has changed since you looked at it"


class TooLongToConvert(Conflict):
    code = "too_long_to_convert"
    default = "there is more of it than can be converted at once"


class NothingToConvert(Conflict):
    code = "nothing_to_convert"
    default = "nothing was said there"


class ConvertedAway(Moved):
    """It is a post, or a thread, now: `moved_to` names that."""

    code = "converted"
