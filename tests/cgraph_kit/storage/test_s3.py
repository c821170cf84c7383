"""What only a bucket has."""

import pytest

from cgraph_kit.storage import S3Options, S3Storage, Storage, StorageError, open_storage


class TestS3Storage:
    async def test_a_server_that_is_away_is_named_and_no_secret(self, nowhere: Storage) -> None:
        with pytest.raises(StorageError, match="s3://bucket") as failure:
            await nowhere.head("a")
        assert "the secret" not in str(failure.value)
        assert len(str(failure.value).splitlines()) == 1

    @pytest.mark.parametrize("url", ["s3://", "http://bucket"])
    def test_what_is_no_bucket_is_refused(self, url: str) -> None:
        with pytest.raises(StorageError, match="s3://bucket"):
            S3Storage(url, S3Options())

    def test_its_options_do_not_show_the_keys(self) -> None:
        assert "hush" not in repr(S3Options(access_key="hush", secret_key="hush"))


class TestOpenStorage:
    def test_a_bucket_by_its_scheme(self) -> None:
        assert open_storage("s3://bucket/prefix/").place == "s3://bucket/prefix"
