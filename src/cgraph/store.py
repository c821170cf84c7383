"""Where files and backups are kept: a directory beside the data, or the operator's bucket."""

from cgraph_kit.storage import S3Options, Storage, open_storage

from .settings import Settings


def open_store(settings: Settings) -> Storage:
    """Asks nobody yet. Raises `StorageError` for a place that cannot be one."""
    url = settings.storage_url or str(settings.data_dir / "storage")
    key, secret = settings.s3_access_key, settings.s3_secret_key
    options = S3Options(
        region=settings.s3_region,
        endpoint=settings.s3_endpoint,
        access_key=key.get_secret_value() if key else None,
        secret_key=secret.get_secret_value() if secret else None,
    )
    return open_storage(url, options)
