"""What can go wrong with notifications, by name and wire code."""

from cgraph_kit.errors import NotFound


class ScopeNotFound(NotFound):
    """Also for a kind of place that there is not, or not yet."""

    code = "scope_not_found"
    default = "there is no such place"
