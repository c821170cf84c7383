import random

import pytest

from cgraph_kit.channels import deflate
from cgraph_kit.channels.closecodes import Violation
from cgraph_kit.channels.deflate import Inflater
from support.websocket import packed, unpacked

TEXT = b'{"name":"alice","online":true,"at":"2026-01-01T00:00:00Z"},' * 100
NOISE = random.Random(7692).randbytes(20_000)  # noqa: S311 - any bytes without a pattern


class TestBlocks:
    @pytest.mark.parametrize("data", [TEXT, TEXT * 50, b"\x00" * 300_000, NOISE[:900] * 3])
    def test_say_the_same_in_less(self, data: bytes) -> None:
        blocks = deflate.blocks(data)
        assert len(blocks) < len(data)
        assert unpacked(deflate.message(blocks)) == data

    def test_refer_no_further_back_than_is_promised(self) -> None:
        data = NOISE + TEXT + NOISE + TEXT
        assert unpacked(deflate.message(deflate.blocks(data)), deflate.WINDOW_BITS) == data

    @pytest.mark.parametrize(
        "data", [b"", b"a" * 1023, NOISE, b"a" * (512 * 1024 + 1)],
        ids=["empty", "short", "without a pattern", "so long that everybody would wait"],
    )  # fmt: skip
    def test_are_none_where_that_is_not_worthwhile(self, data: bytes) -> None:
        assert deflate.blocks(data) == b""


class TestEnveloped:
    @pytest.mark.parametrize(("head", "tail"), [(b"[1,", b"]"), (b"", b""), (b"x" * 65_535, b"y")])
    def test_stands_between_head_and_tail(self, head: bytes, tail: bytes) -> None:
        blocks = deflate.blocks(TEXT)
        assert unpacked(deflate.enveloped(head, blocks, tail)) == head + TEXT + tail


class TestInflater:
    @pytest.mark.parametrize("size", [1, 2, 3, 100])
    def test_takes_a_message_in_pieces(self, size: int) -> None:
        whole = packed(TEXT)
        pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
        inflater = Inflater(len(TEXT))
        got = b"".join(inflater.add(piece, last=False) for piece in pieces)
        assert got + inflater.add(b"", last=True) == TEXT

    def test_stops_one_octet_over_the_limit(self) -> None:
        whole = packed(TEXT)
        assert Inflater(len(TEXT)).add(whole, last=True) == TEXT
        with pytest.raises(Violation, match="larger"):
            Inflater(len(TEXT) - 1).add(whole, last=True)

    def test_a_bomb_is_not_unpacked(self) -> None:
        bomb = packed(bytes(50_000_000))
        inflater = Inflater(1000)
        with pytest.raises(Violation, match="larger"):
            inflater.add(bomb, last=False)

    def test_nothing_is_kept_of_what_comes_behind_a_last_block(self) -> None:
        inflater = Inflater(1000)
        inflater.add(b"\x03\x00", last=False)
        with pytest.raises(Violation):
            inflater.add(b"\x00" * 1000, last=False)
