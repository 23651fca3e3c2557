"""Addresses that may be reached, and every disguise of those that may not."""

from ipaddress import ip_address

import pytest

from stoma.notifications.addresses import may_reach, reachable, unwrapped
from stoma.notifications.errors import DeliveryError

REFUSED = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",  # shared between carriers; not private, says the standard library
    "100.100.100.200",  # where a cloud answers about the machine
    "0.0.0.0",
    "224.0.0.1",
    "240.0.0.1",
    "192.0.0.192",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::a9fe:a9fe",  # NAT64 of 169.254.169.254
    "2002:7f00:1::",  # 6to4 of 127.0.0.1
    "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo of 127.0.0.1
]


@pytest.mark.parametrize("address", REFUSED)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not may_reach(address, ())


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_what_is_public_is_reached(address: str) -> None:
    assert may_reach(address, ())


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3"])
def test_what_is_allowed_is_reached_however_it_is_written(address: str) -> None:
    assert may_reach(address, ("10.0.0.0/8",))
    assert not may_reach(address, ("10.2.0.0/16", "fc00::/7"))


def test_an_address_that_wraps_nothing_is_itself() -> None:
    assert unwrapped(ip_address("2606:2800:220:1::1")) == ip_address("2606:2800:220:1::1")
    assert unwrapped(ip_address("::1")) == ip_address("::1")


@pytest.mark.parametrize("name", ["0x7f.1", "2130706433", "127.1", "0177.0.0.1", "localhost"])
def test_a_name_is_judged_by_what_it_resolves_to(name: str) -> None:
    with pytest.raises(DeliveryError, match="not a public address") as caught:
        reachable(name, 80, ())

    assert "allow_private" in caught.value.hint
    assert not caught.value.retryable
    assert reachable(name, 80, ("127.0.0.0/8", "::1/128"))


@pytest.mark.parametrize("name", ["x" * 300, "a..b"])
def test_a_name_that_can_not_be_resolved_may_be_later(name: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        reachable(name, 80, ())

    assert caught.value.retryable
