import pytest

from cgraph_kit.channels.deflate import WINDOW_BITS
from cgraph_kit.channels.extensions import agree
from cgraph_kit.channels.handshake import Malformed

PLAIN = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
BOUND = f"{PLAIN}; server_max_window_bits={WINDOW_BITS}"


class TestAgree:
    @pytest.mark.parametrize(
        "offer",
        [
            "permessage-deflate",
            "permessage-deflate; client_max_window_bits",  # browsers, and ws
            "permessage-deflate;client_max_window_bits=8",
            "permessage-deflate; client_max_window_bits=15",
            'permessage-deflate; client_max_window_bits="10"',
            r'permessage-deflate; client_max_window_bits="1\0"',
            "permessage-deflate ; client_max_window_bits = 10",
            "permessage-deflate; server_no_context_takeover",
            "permessage-deflate; client_no_context_takeover",
            "permessage-deflate\t;\tclient_no_context_takeover; server_no_context_takeover",
            ", ,permessage-deflate,,",
        ],
    )
    def test_takes_both_contexts_away_whatever_is_offered(self, offer: str) -> None:
        assert agree(offer) == PLAIN

    @pytest.mark.parametrize("bits", range(WINDOW_BITS, 16))
    def test_says_how_far_back_it_refers_when_that_is_asked(self, bits: int) -> None:
        assert agree(f"permessage-deflate; server_max_window_bits={bits}") == BOUND
        assert agree(f'permessage-deflate; server_max_window_bits="{bits}"') == BOUND

    @pytest.mark.parametrize(
        "offer",
        [
            "",
            ", ,",
            "x-webkit-deflate-frame",
            "Permessage-Deflate",
            "permessage-deflate; unknown",
            "permessage-deflate; Server_no_context_takeover",
            "permessage-deflate; server_no_context_takeover=1",
            'permessage-deflate; server_no_context_takeover="true"',
            "permessage-deflate; client_no_context_takeover=false",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
            "permessage-deflate; server_max_window_bits",
            *(
                f"permessage-deflate; {side}_max_window_bits={bits}"
                for side in ("server", "client")
                for bits in ("0", "7", "16", "08", "+8", "1e1", "x", "-9", "015")
            ),
            *(
                f"permessage-deflate; server_max_window_bits={bits}"
                for bits in range(8, WINDOW_BITS)
            ),
        ],
    )
    def test_declines_what_is_no_offer_of_it_or_cannot_be_met(self, offer: str) -> None:
        assert agree(offer) is None

    @pytest.mark.parametrize(
        ("offers", "answer"),
        [
            ("x-other, permessage-deflate", PLAIN),
            ("x-other; a=1; b, permessage-deflate; server_max_window_bits=15", BOUND),
            ("permessage-deflate; server_max_window_bits=15, permessage-deflate", BOUND),
            ("permessage-deflate; server_max_window_bits=9, permessage-deflate", PLAIN),
            ("permessage-deflate; x=1, permessage-deflate; server_max_window_bits=14", BOUND),
            ("permessage-deflate; x, permessage-deflate; y", None),
        ],
    )
    def test_meets_the_first_of_several_offers_that_it_can(
        self, offers: str, answer: str | None
    ) -> None:
        assert agree(offers) == answer

    @pytest.mark.parametrize(
        "offer",
        [
            ";",
            "permessage-deflate;",
            "permessage-deflate;;client_max_window_bits",
            "permessage-deflate client_max_window_bits",
            "permessage-deflate; client_max_window_bits=",
            "permessage-deflate; =10",
            "permessage-deflate; client_max_window_bits=10 11",
            'permessage-deflate; client_max_window_bits=""',
            'permessage-deflate; client_max_window_bits="10',
            'permessage-deflate; client_max_window_bits="1 0"',
            'permessage-deflate; client_max_window_bits="10"1',
            "permessage-deflate=1",
            '"permessage-deflate"',
            "permessage/deflate",
            "permessage-deflate, x; y=[",
            "permessage-deflate, schön",
        ],
    )
    def test_refuses_what_is_no_list_of_extensions(self, offer: str) -> None:
        with pytest.raises(Malformed):
            agree(offer)

    def test_takes_no_longer_for_a_long_offer(self) -> None:
        with pytest.raises(Malformed):
            agree('permessage-deflate; x="' + r"\\" * 30_000)
        assert agree("permessage-deflate; x," * 3_000) is None
