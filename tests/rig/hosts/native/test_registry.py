import json
import os
import tomllib
from pathlib import Path

import pytest
import yaml

from core import versions
from core.errors import TenantplaneError
from rig.hosts.native import pki, private, registry, state
from rig.hosts.native.components import all_components
from rig.hosts.native.layout import REGISTRY_NAME, Layout
from rig.images import xpkg
from rig.images.xpkg import Package


@pytest.fixture
def layout(tmp_path, monkeypatch):
    """A host whose registry runs as whoever runs the tests."""
    monkeypatch.setattr(registry, "_user", lambda: (os.geteuid(), os.getegid()))
    made = Layout("dev", 3, tmp_path)
    pki.ensure(made)
    return made


@pytest.fixture
def pushed(monkeypatch):
    """What the tool was asked to push where, with which environment."""
    calls = []
    monkeypatch.setattr(
        xpkg, "call", lambda _crank, *given, environment: calls.append((given, environment))
    )
    return calls


def package(folder, key="a1"):
    return Package("provider-kubernetes", folder / key / "provider-kubernetes.xpkg")


def test_a_host_without_one_has_what_it_had(layout):
    assert not registry.components(layout).keys() & all_components(layout).keys()
    assert state.State(3).operators is False


def test_that_it_is_wanted_and_what_is_in_it_are_remembered(layout):
    """`up` without --operators brings it back, too, and pushes nothing twice."""
    saved = state.State(3, operators=True, pushed={"a:v1": "/x.xpkg"})
    saved.save(layout)
    assert state.load(layout.state) == saved


def test_it_serves_on_the_hosts_address_with_tls_only(layout):
    registry.prepare(layout)
    config = yaml.safe_load((private.folder(layout, "registry") / "config.yml").read_text())
    assert config["http"]["addr"] == "10.231.3.2:5000"
    folder = str(private.folder(layout, "registry"))
    assert config["http"]["tls"]["key"] == f"{folder}/server.key"
    assert config["storage"]["filesystem"]["rootdirectory"] == str(layout.data / "registry")
    assert (layout.data / "registry").stat().st_mode & 0o077 == 0


def test_what_it_reads_when_it_starts_is_watched(layout):
    """A renewed certificate means a restart."""
    (component,) = registry.components(layout).values()
    folder = private.folder(layout, "registry")
    assert {folder / "config.yml", folder / "server.crt"} == set(component.files)
    assert component.authority == "registry-ca"


def test_containerd_gets_there_without_any_dns(layout):
    registry.prepare(layout)
    text = (layout.mirrors / "registry.tenantplane.test:5000" / "hosts.toml").read_text()
    way = tomllib.loads(text)
    assert way["server"] == "https://10.231.3.2:5000"
    (host,) = way["host"].values()
    assert host["ca"] == str(layout.pki / "registry-ca.crt")


def test_a_client_is_told_its_name_its_ca_and_what_is_in_it(layout):
    registry.prepare(layout)
    facts = json.loads((layout.root / registry.FACTS).read_text())
    assert facts["name"].startswith(f"{REGISTRY_NAME}:")
    assert "BEGIN CERTIFICATE" in Path(facts["caFile"]).read_text()
    assert facts["packages"] == {
        name: versions.image(name, registry=facts["name"]) for name in versions.CROSSPLANE_PACKAGES
    }


def test_packages_are_pushed_once_and_again_when_they_changed(layout, pushed, tmp_path):
    known, crank = state.State(3), tmp_path / "crank"
    reference = registry.reference("provider-kubernetes")
    assert registry.push(layout, known, [package(tmp_path)], crank) == [reference]
    assert registry.push(layout, known, [package(tmp_path)], crank) == []
    assert registry.push(layout, known, [package(tmp_path, "b2")], crank) == [reference]
    assert [given[1] for given, _ in pushed] == [
        f"--package-files={package(tmp_path, key).file}" for key in ("a1", "b2")
    ]
    assert state.load(layout.state).pushed == known.pushed


def test_a_push_goes_by_address_and_takes_no_credentials_of_the_user(layout, pushed, tmp_path):
    registry.push(layout, state.State(3), [package(tmp_path)], tmp_path / "crank")
    ((command, _, target), environment) = pushed[0]
    assert command == "push"
    assert target == "10.231.3.2:5000/crossplane-contrib/provider-kubernetes:v1.2.1"
    assert environment["HOME"] == str(layout.root)
    assert environment["SSL_CERT_FILE"] == str(layout.pki / "registry-ca.crt")


def test_what_was_not_pushed_is_not_remembered(layout, monkeypatch, tmp_path):
    def fail(*_, **__):
        raise TenantplaneError("crank xpkg push: failed, got exit code 1")

    monkeypatch.setattr(xpkg, "call", fail)
    known = state.State(3)
    with pytest.raises(TenantplaneError, match="push: failed"):
        registry.push(layout, known, [package(tmp_path)], tmp_path / "crank")
    assert known.pushed == {}
