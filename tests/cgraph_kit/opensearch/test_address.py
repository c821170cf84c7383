"""Addresses of clusters."""

import pytest

from cgraph_kit.opensearch import Cluster, parse_cluster


class TestParseCluster:
    def test_everything(self) -> None:
        found = parse_cluster("opensearch+https://me:p%40ss%3A@a.example:9201,b.example/talk")
        assert found == Cluster(
            ("https://a.example:9201", "https://b.example:9200"), "talk", "me", "p@ss:"
        )

    def test_only_hosts(self) -> None:
        assert parse_cluster("opensearch+http://[::1]") == Cluster(("http://[::1]:9200",))

    def test_a_password_is_not_shown(self) -> None:
        assert "secret" not in repr(parse_cluster("opensearch+https://me:secret@a.example"))

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "https://me:secret@a.example",
            "opensearch+https://",
            "opensearch+https://me:secret@",
            "opensearch+https://me:secret@a.example:0",
            "opensearch+https://me:secret@a.example:99999",
            "opensearch+https://me:secret@a.example,",
            "opensearch+https://me:secret@a.example/Talk",
            "opensearch+https://me:secret@a.example/talk/more",
            "opensearch+https://me:secret@a.example/_talk",
            "opensearch+https://me:secret@a.example?x=1",
            "opensearch+https://me:secret@a example",
            "opensearch+https://me:se@cret@a.example",
        ],
    )
    def test_what_is_none_is_refused_without_being_quoted(self, url: str) -> None:
        with pytest.raises(ValueError, match=r"^(?!.*secret)"):
            parse_cluster(url)
