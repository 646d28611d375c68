"""What a single value must look like, whatever stands around it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import checks
from core.errors import InvalidInputError

ALL = [
    checks.address,
    checks.image_key,
    checks.label,
    checks.network,
    checks.reference,
    checks.server,
    checks.way_out,
]


@pytest.mark.parametrize(
    ("check", "value", "kept"),
    [
        (checks.network, "10.0.0.0/20", "10.0.0.0/20"),
        (checks.network, "fd00::/64", "fd00::/64"),
        (checks.label, "prod-1", "prod-1"),
        (checks.image_key, "etcd", "etcd"),
        (checks.image_key, "etcd:3.6.14", "etcd:3.6.14"),
        (checks.image_key, "kube-apiserver:1.36.9", "kube-apiserver:1.36.9"),
        (checks.reference, "mirror.test:5000/k8s", "mirror.test:5000/k8s"),
        (checks.reference, "mirror.test/etcd@sha256:abc", "mirror.test/etcd@sha256:abc"),
        (checks.address, "203.0.113.10", "203.0.113.10"),
        (checks.address, "FD00::1", "fd00::1"),
        (checks.address, "host.example.com", "host.example.com"),
        (checks.address, "169.254.1.1", "169.254.1.1"),
        (checks.server, "10.20.0.3", "10.20.0.3"),
        (checks.server, "db.example.com", "db.example.com"),
        (checks.way_out, "10.1.2.3/32", "10.1.2.3/32"),
        (checks.way_out, "FD00::/64", "fd00::/64"),
    ],
)
def test_good_values_are_kept(check, value, kept):
    assert check(value, "key") == kept


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (checks.network, "10.0.0.1/20"),
        (checks.network, "10.0.0.0/33"),
        (checks.label, "1prod"),
        (checks.label, "prod-"),
        (checks.label, "p" * 21),
        (checks.image_key, "nginx"),
        (checks.image_key, "nginx:1.36.3"),
        (checks.image_key, "traefik:3.7.15"),
        (checks.image_key, "kube-apiserver:"),
        (checks.image_key, "kube-apiserver:1.36"),
        (checks.image_key, "kube-apiserver:v1.36.3"),
        (checks.image_key, "kube-apiserver:1.33.9"),
        (checks.image_key, "etcd:3.6"),
        (checks.reference, "https://mirror.test"),
        (checks.reference, "mirror test"),
        (checks.address, "https://203.0.113.10"),
        (checks.address, "203.0.113.10:8443"),
    ],
)
def test_bad_values_are_refused_with_their_key_and_what_to_do(check, value):
    with pytest.raises(InvalidInputError, match=r"^some\.key: is not .*; (write|use) "):
        check(value, "some.key")


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (checks.way_out, "169.254.169.254/32"),
        (checks.way_out, "169.0.0.0/8"),
        (checks.way_out, "0.0.0.0/0"),
        (checks.way_out, "fe80::/64"),
        (checks.server, "169.254.169.254"),
        (checks.server, "FE80::1"),
    ],
)
def test_where_clouds_hand_out_credentials_nobody_gets_a_way(check, value):
    with pytest.raises(InvalidInputError, match=r"^some\.key: has link-local addresses"):
        check(value, "some.key")


@pytest.mark.parametrize("check", ALL)
@given(value=st.text())
def test_any_text_is_kept_or_refused(check, value):
    try:
        kept = check(value, "key")
    except InvalidInputError:
        return
    assert check(kept, "key") == kept
