"""Addresses as rate limits and session lists see them."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network


def network_of(address: str, *, v4: int = 32, v6: int = 64) -> str:
    """The network an address belongs to, as text; what is no address stays as it is.

    One household has a whole IPv6 /64, so that is what counts as one caller. An IPv4 address mapped into IPv6 is the IPv4
    address (RFC 4291 §2.5.5.2).
    """
    try:
        ip: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    prefix = v4 if ip.version == 4 else v6  # noqa: PLR2004
    return str(ip_network((ip.packed, prefix), strict=False))


@lru_cache(maxsize=16_384)
def address_key(address: str) -> str:
    """The key under which a limiter counts whoever calls from an address."""
    return f"address:{network_of(address)}"
