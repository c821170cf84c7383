"""What files are called in the store."""

from uuid import UUID

INCOMING = "files/incoming/"
CONTENT = "files/blobs/"
THUMBNAIL = "files/thumbnails/"


def content_key(blob_id: UUID) -> str:
    """Where a content lies."""
    return f"{CONTENT}{blob_id}"


def thumbnail_key(blob_id: UUID, name: str) -> str:
    """Where a thumbnail lies."""
    return f"{THUMBNAIL}{blob_id}.{name}"


def chunk_key(file_id: UUID, id: UUID) -> str:
    """Where bytes lie in quarantine."""
    return f"{INCOMING}{file_id}/{id}"
