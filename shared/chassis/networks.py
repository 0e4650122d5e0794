"""Where a request comes from: addresses, and the allow-lists of company, roles, people and clients."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network


def parse(text: str) -> str:
    """The canonical form of a network ("10.0.0.0/8") or single address; ValueError when it is neither."""
    return str(ip_network(text.strip(), strict=False))


def allowed(address: str, lists: Iterable[Iterable[str]]) -> bool:
    """Whether `address` is inside every non-empty list of networks."""
    try:
        place = ip_address(address)
    except ValueError:
        return not any(list(networks) for networks in lists)
    if isinstance(place, IPv6Address) and place.ipv4_mapped:
        place = place.ipv4_mapped
    return all(not (networks := list(each)) or any(place in _network(n) for n in networks) for each in lists)


@lru_cache(maxsize=1024)
def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text)


def counted_as(address: str) -> str:
    """What failures are counted under: an IPv4 address, or the /64 that one IPv6 subscriber owns."""
    try:
        place = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(place, IPv6Address):
        return str(place.ipv4_mapped or ip_network((place, 64), strict=False))
    return str(place)
