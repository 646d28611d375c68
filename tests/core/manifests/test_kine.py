"""kine's connection string, its share of the server, and what it is given."""

import urllib.parse

import pytest

from core.manifests import kine

PASSWORD = "Aa0" * 10


@pytest.mark.parametrize("address", ["10.20.0.3", "fd00::3", "db.example.com"])
def test_a_postgresql_server_is_checked_by_name_and_authority(address):
    """`verify-ca` would take any certificate of the same authority."""
    text = kine.endpoint("postgresql", address, 5432, "t_acme", PASSWORD)
    url = urllib.parse.urlsplit(text)
    assert (url.scheme, url.hostname, url.port) == ("postgres", address, 5432)
    assert (url.username, url.password, url.path) == ("t_acme", PASSWORD, "/t_acme")
    assert url.query == "sslmode=verify-full"


@pytest.mark.parametrize(
    ("address", "shown"), [("10.20.0.3", "10.20.0.3"), ("fd00::3", "[fd00::3]")]
)
def test_a_mysql_server_is_dialled_as_its_driver_writes_it(address, shown):
    """Without parameters: kine adds TLS by the authority that it is given."""
    text = kine.endpoint("mysql", address, 3306, "t_acme", PASSWORD)
    assert text == f"mysql://t_acme:{PASSWORD}@tcp({shown}:3306)/t_acme"


@pytest.mark.parametrize("replicas", [1, 2, 3])
def test_the_server_lets_in_all_pods_of_an_upgrade(replicas):
    """One connection less, and a new pod waits for an old one to end."""
    container = kine.container("kine:v1")
    (each,) = [
        int(flag.partition("=")[2])
        for flag in container["args"]
        if flag.startswith("--datastore-max-open-connections=")
    ]
    assert kine.connections(replicas) == each * (2 * replicas + 1)


def test_the_authority_is_a_file_and_the_password_is_none():
    """The one Secret is mounted in part alone, and read by kine's environment for the rest."""
    data = kine.secret_data("postgres://u:p@h/d", "PEM")
    socket, keys = kine.volumes()
    mounted = {item["key"] for item in keys["secret"]["items"]}
    (endpoint,) = [one for one in kine.container("k")["env"] if "valueFrom" in one]
    assert endpoint["valueFrom"]["secretKeyRef"]["key"] in data.keys() - mounted
    assert mounted < data.keys()
    assert socket["emptyDir"]["medium"] == "Memory"


def test_both_ends_of_the_socket_are_one_folder():
    container = kine.container("kine:v1")
    assert kine.socket_mount() in container["volumeMounts"]
    folder = kine.socket_mount()["mountPath"]
    assert kine.SERVERS.startswith(f"unix://{folder}/")
    assert f"--listen-address={kine.SERVERS}" in container["args"]
