"""What can go wrong with previews, by name and wire code."""

from cgraph_kit.errors import NotFound


class PreviewNotFound(NotFound):
    """Also once nothing shows it any more."""

    code = "preview_not_found"
    default = "there is no such preview"
