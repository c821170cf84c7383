"""Files people bring: taken in, looked at, kept, handed out.

Contexts above hang them on things (`claim`, `release`, `copy`, `move`, `list_attached`) and say who may read those things
(`Readers`, in the application).
"""

from .attaching import (
    ATTACHMENTS_MAX,
    Hung,
    claim,
    copy,
    list_attached,
    move,
    release,
    release_files,
)
from .bringing import ATTACHING, NewAttachment, attach, from_stored, stored
from .collecting import Overview, collect, forget_unused, get_overview
from .doomed import doom, spare
from .errors import (
    REFUSALS,
    ChecksumMismatch,
    FileBroken,
    FileEmpty,
    FileInfected,
    FileInUse,
    FileNotFound,
    FileNotReady,
    FileTooLarge,
    NotLookedAt,
    OffsetMismatch,
    QuotaExceeded,
    RefusedFile,
    TooHard,
    TooManyFiles,
    TooManyPieces,
    TooManyPixels,
    TooManyWaiting,
    TypeBlocked,
    UploadIncomplete,
    UploadNotFound,
    UploadUnderWay,
)
from .events import DurableEvent, FileReady, FileRefused
from .file import Attachment, File, FileChange, Kind, State, Thumbnail
from .files import change_file, delete_file, get_file, list_files
from .finishing import finish_upload
from .jobs import collect_files, look_at_file
from .keys import content_key, thumbnail_key
from .limits import DEFAULT_LIMITS, Limits, limits_of
from .pictures import (
    Picture,
    drop_pictures,
    hang_picture,
    remove_avatar,
    set_avatar,
    update_account,
)
from .quota import Usage, get_usage
from .reading import PUBLIC, Content, Reader, Readers, get_content
from .scratch import scratch
from .upload import NewUpload, Upload
from .uploads import (
    abandon_upload,
    begin_upload,
    discard_upload,
    get_upload,
    hash_of_first_piece,
    open_upload,
    write_piece,
)
from .workshop import Workshop

__all__ = [
    "ATTACHING",
    "ATTACHMENTS_MAX",
    "DEFAULT_LIMITS",
    "PUBLIC",
    "REFUSALS",
    "Attachment",
    "ChecksumMismatch",
    "Content",
    "DurableEvent",
    "File",
    "FileBroken",
    "FileChange",
    "FileEmpty",
    "FileInUse",
    "FileInfected",
    "FileNotFound",
    "FileNotReady",
    "FileReady",
    "FileRefused",
    "FileTooLarge",
    "Hung",
    "Kind",
    "Limits",
    "NewAttachment",
    "NewUpload",
    "NotLookedAt",
    "OffsetMismatch",
    "Overview",
    "Picture",
    "QuotaExceeded",
    "Reader",
    "Readers",
    "RefusedFile",
    "State",
    "Thumbnail",
    "TooHard",
    "TooManyFiles",
    "TooManyPieces",
    "TooManyPixels",
    "TooManyWaiting",
    "TypeBlocked",
    "Upload",
    "UploadIncomplete",
    "UploadNotFound",
    "UploadUnderWay",
    "Usage",
    "Workshop",
    "abandon_upload",
    "attach",
    "begin_upload",
    "change_file",
    "claim",
    "collect",
    "collect_files",
    "content_key",
    "copy",
    "delete_file",
    "discard_upload",
    "doom",
    "drop_pictures",
    "finish_upload",
    "forget_unused",
    "from_stored",
    "get_content",
    "get_file",
    "get_overview",
    "get_upload",
    "get_usage",
    "hang_picture",
    "hash_of_first_piece",
    "limits_of",
    "list_attached",
    "list_files",
    "look_at_file",
    "move",
    "open_upload",
    "release",
    "release_files",
    "remove_avatar",
    "scratch",
    "set_avatar",
    "spare",
    "stored",
    "thumbnail_key",
    "update_account",
    "write_piece",
]
