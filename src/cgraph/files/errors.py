"""What can go wrong with files, by name and wire code."""

from cgraph_kit.errors import Conflict, Invalid, NotFound, RateLimited, TooLarge


class FileNotFound(NotFound):
    """Also for who may not read it, and, where one is to be attached, for who has not uploaded it."""

    code = "file_not_found"
    default = "there is no such file"


class UploadNotFound(NotFound):
    """Also once it is finished or given up, and for everybody but who began it."""

    code = "upload_not_found"
    default = "there is no such upload"


class FileNotReady(Conflict):
    """It is still being looked at, or was refused; `state` says which."""

    code = "file_not_ready"
    default = "this file is not ready"


class FileInUse(Conflict):
    code = "file_in_use"
    default = "this file hangs on something; remove it there"


class TooManyFiles(Conflict):
    """`limit` says how many may hang on one thing."""

    code = "too_many_files"
    default = "these are more files than may hang on one thing"


class QuotaExceeded(Conflict):
    """`used`, `quota`: bytes, uploads under way included. With `file_id` instead: what was made of that file has no room."""

    code = "file_quota_exceeded"
    default = "your files take as much room as they may"


class FileTooLarge(TooLarge):
    """`limit`: bytes. With `file_id` instead: what was made of that file is so much larger than what was sent."""

    code = "file_too_large"
    default = "the file is larger than allowed"


class TooManyWaiting(RateLimited):
    """`limit` says how many of one person's files may wait to be looked at."""

    code = "too_many_files_waiting"
    default = "so many of your files wait to be looked at; try again when some of them are done"


class FileEmpty(Invalid):
    code = "file_empty"
    default = "the file is empty"


class OffsetMismatch(Conflict):
    """`offset`: where the upload goes on."""

    code = "upload_offset_mismatch"
    default = "the upload does not go on there"


class UploadIncomplete(Conflict):
    """`offset`: where the upload goes on."""

    code = "upload_incomplete"
    default = "not everything has arrived that was declared"


class UploadUnderWay(Conflict):
    """It is finished: what came of it stands in the file."""

    code = "upload_finished"
    default = "this upload is finished"


class TooManyPieces(Conflict):
    """`limit` says how many."""

    code = "upload_too_many_pieces"
    default = "this upload comes in too many pieces"


class RefusedFile(Invalid):
    """What was uploaded is not kept. Its kinds are what `refusal` says of a file."""

    code = "file_refused"
    default = "this file is refused"


class FileBroken(RefusedFile):
    """An image nobody can decode to its end."""

    code = "file_broken"
    default = "this image is damaged"


class TooManyPixels(RefusedFile):
    """Width times height times frames."""

    code = "file_too_many_pixels"
    default = "this image has more pixels than allowed"


class ChecksumMismatch(RefusedFile):
    code = "file_checksum_mismatch"
    default = "what arrived is not what was declared"


class FileInfected(RefusedFile):
    code = "file_infected"
    default = "a virus scanner found something in this file"


class TypeBlocked(RefusedFile):
    code = "file_type_blocked"
    default = "files of this type are not taken here"


class TooHard(RefusedFile):
    """Looking at it took more time or memory than a file may take."""

    code = "file_too_hard"
    default = "this file takes more time or memory than a file may take"


class NotLookedAt(RefusedFile):
    """For a day nobody could look at it: the scanner or the store was away."""

    code = "file_not_looked_at"
    default = "this file could not be looked at"


Refusal = RefusedFile | QuotaExceeded | FileTooLarge
REFUSALS: dict[str, type[Refusal]] = {
    error.code: error
    for error in (
        FileBroken,
        TooManyPixels,
        ChecksumMismatch,
        FileInfected,
        TypeBlocked,
        TooHard,
        NotLookedAt,
        QuotaExceeded,
        FileTooLarge,
    )
}
"""Why nothing is kept of a file, by wire code."""
