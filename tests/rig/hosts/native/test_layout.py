import ipaddress

import pytest

from core.errors import InvalidInputError
from rig.hosts.native.layout import NUMBERS, Layout, check_name

LONGEST_INTERFACE = 15
"""IFNAMSIZ of the kernel, without the terminating zero."""


@pytest.mark.parametrize("name", ["a", "dev", "a-b", "e2e", "abcdefghijkl"])
def test_names_fit_into_an_interface(name):
    assert check_name(name) == name
    assert len(Layout(name, 1).label) <= LONGEST_INTERFACE


@pytest.mark.parametrize("name", ["", "A", "1a", "-a", "a-", "a_b", "a.b", "abcdefghijklm", "a/b"])
def test_other_names_are_refused_with_the_rule(name):
    with pytest.raises(InvalidInputError, match="use 1 to 12 lower case letters"):
        check_name(name)


def test_no_two_hosts_share_an_address():
    nets = []
    for number in NUMBERS:
        layout = Layout("x", number)
        nets += [ipaddress.ip_network(layout.node_subnet), ipaddress.ip_network(layout.pod_subnet)]
        assert ipaddress.ip_address(layout.node_address) in ipaddress.ip_network(layout.node_subnet)
    assert len(set(nets)) == 2 * len(NUMBERS)
    services = ipaddress.ip_network("10.96.0.0/16")
    assert not any(net.overlaps(services) for net in nets)


def test_the_containerd_socket_fits_into_a_socket_address():
    """A Unix socket's path has 107 bytes at most (unix(7))."""
    assert len(str(Layout("abcdefghijkl", 254).containerd_socket)) <= 107
