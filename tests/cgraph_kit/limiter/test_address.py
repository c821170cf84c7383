import pytest

from cgraph_kit.limiter import network_of


class TestNetworkOf:
    @pytest.mark.parametrize(
        ("address", "network"),
        [
            ("192.0.2.7", "192.0.2.7/32"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
            ("::ffff:192.0.2.7", "192.0.2.7/32"),
            ("", ""),
            ("unix", "unix"),
        ],
    )
    def test_counts_a_household_as_one(self, address: str, network: str) -> None:
        assert network_of(address) == network

    def test_may_be_coarser(self) -> None:
        assert network_of("192.0.2.7", v4=24, v6=48) == "192.0.2.0/24"
        assert network_of("2001:db8:1:2::1", v4=24, v6=48) == "2001:db8:1::/48"
