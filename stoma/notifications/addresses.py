"""Where a request may go: names become addresses once, and the address itself is judged.

What looks like a public address may lead into the machine or its network: through IPv6 forms that
wrap an IPv4 address, ranges that clouds answer on, or a name that is resolved twice. So the very
address that was judged is the one that is connected to.
"""

import socket
from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from stoma.notifications.errors import DeliveryError

_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
#: Global, says the standard library; of special use, say RFC 6890 and RFC 3879.
_SPECIAL = (IPv4Network("192.0.0.0/24"), IPv6Network("fec0::/10"))


def reachable(host: str, port: int, allowed: Sequence[str]) -> list[str]:
    """Return the addresses of *host* that may be connected to.

    Args:
        host: A name or an address.
        port: Where there.
        allowed: Ranges that may be reached although they are private.

    Raises:
        DeliveryError: It has none, or one that may not be reached.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        words = getattr(error, "strerror", None) or "it can not be resolved"
        raise DeliveryError(f"{host}: {words}") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if not may_reach(address, allowed):
            raise DeliveryError(
                f"{host} is {address}, which is not a public address",
                retryable=False,
                hint="if that is meant, give the channel allow_private = ["
                f'"{address}/{ip_address(address.partition("%")[0]).max_prefixlen}"]',
            )
    return addresses


def may_reach(text: str, allowed: Sequence[str]) -> bool:
    """Return whether an address is public, whatever it is wrapped in, or explicitly allowed."""
    address = ip_address(text.partition("%")[0])
    inner = unwrapped(address)
    networks = [ip_network(each) for each in allowed]
    if any(inner in network or address in network for network in networks):
        return True
    if any(inner in network for network in _SPECIAL):
        return False
    return inner.is_global and not inner.is_multicast and not inner.is_reserved


def unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address leads to, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    wraps = address in _NAT64 or (address in _COMPATIBLE and int(address) > 1)
    return IPv4Address(int(address) & 0xFFFFFFFF) if wraps else address
