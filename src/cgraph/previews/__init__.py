"""What the pages behind links show of themselves.

Contexts above name the links of what is said (`find_links`, `want`) in the transaction that writes it. A job asks each page
through the guard, and has what it shows kept beside the text by whoever owns that (`Shows`, in the application).
"""

from .carrying import Lifted, lay_links, lift_links
from .collecting import collect_unused
from .errors import PreviewNotFound
from .images import CONTENT_TYPE, LinkImage, get_image, image_key
from .jobs import collect_previews, read_link
from .links import find_links
from .placing import Shows, drop_links, list_ready
from .preview import Placed, Preview, PreviewImage, from_stored, stored
from .previewer import Previewer
from .wanting import want

__all__ = [
    "CONTENT_TYPE",
    "Lifted",
    "LinkImage",
    "Placed",
    "Preview",
    "PreviewImage",
    "PreviewNotFound",
    "Previewer",
    "Shows",
    "collect_previews",
    "collect_unused",
    "drop_links",
    "find_links",
    "from_stored",
    "get_image",
    "image_key",
    "lay_links",
    "lift_links",
    "list_ready",
    "read_link",
    "stored",
    "want",
]
