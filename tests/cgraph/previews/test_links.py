import pytest

from cgraph.previews import find_links


class TestFindLinks:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("see https://a.example/x?y=1&z=2.", ["https://a.example/x?y=1&z=2"]),
            ("[so](https://a.example/ 'b')", ["https://a.example/"]),
            (
                "https://a.example http://A.example:80/#b",
                ["https://a.example/", "http://a.example/"],
            ),
            ("https://a.example/#1 https://a.example/#2", ["https://a.example/"]),
            ("`https://a.example`", []),
            ("```\nhttps://a.example\n```", []),
            ("<https://a.example/>", []),
            ("||https://a.example||", []),
            ("![](https://a.example/b.png)", []),
            ("[so](javascript:alert(1)) http", []),
            ("[so](https://ann:secret@a.example/)", []),
            ("[so](ftp://a.example/) http", []),
            ("http", []),
            ("a.example", []),
        ],
    )
    def test_finds_what_a_text_leads_to(self, text: str, found: list[str]) -> None:
        assert list(find_links(text, 5)) == found

    def test_shows_what_looks_like_another_host_as_what_it_is(self) -> None:
        found = find_links("https://\u0430pple.com/login https://bücher.example/ö", 5)
        assert found == ["https://xn--pple-43d.com/login", "https://xn--bcher-kva.example/%C3%B6"]

    def test_finds_so_many(self) -> None:
        text = " ".join(f"https://a.example/{n}" for n in range(9))
        assert len(find_links(text, 5)) == 5
        assert find_links(text, 0) == ()

    def test_begins_with_the_address_of_a_post(self) -> None:
        found = find_links("https://b.example/", 5, "https://a.example/")
        assert found == ["https://a.example/", "https://b.example/"]
