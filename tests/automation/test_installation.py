"""One stack through its life, under the real CLI."""

import re
import threading
import time
from dataclasses import replace

import pytest

from automation import (
    ConcurrentUpdateError,
    Installation,
    Phase,
    RefusedError,
    StackNotFoundError,
    TenantExistsError,
    TenantNotFoundError,
    TenantSettings,
    ToolchainError,
    UpdateFailedError,
)
from core.errors import InvalidInputError
from core.settings import AdoptSettings, GatewaySettings, HostSettings
from core.settings_rules import with_defaults
from tests.automation.conftest import SETTINGS

pytestmark = pytest.mark.processes

ACME, GLOBEX = TenantSettings(name="acme"), TenantSettings(name="globex")


def test_tenants_come_and_go(installation, project):
    """Each step says what it did, and config and state are those of the plain CLI."""
    assert installation.settings() == with_defaults(SETTINGS)
    assert installation.up().tenants == {}

    events = []
    access = installation.add_tenant(ACME, events.append)
    assert (access.name, access.version) == ("acme", "1.37.2")
    assert access.endpoint == "https://acme.test"
    assert "BEGIN RSA PRIVATE KEY" in access.kubeconfig
    assert "PRIVATE KEY" not in repr(access)
    assert {event.tenant for event in events} == {"acme"}
    assert [e.resource for e in events if e.phase is Phase.STARTED] == [
        "acme",
        "acme-key",
        "acme-cert",
    ]
    ends = [event for event in events if event.phase is Phase.FINISHED]
    assert len(ends) == 3
    assert all(event.seconds is not None and event.operation == "create" for event in ends)

    prefix = TenantSettings(name="acme-key")  # a tenant named like another one's child
    installation.add_tenant(prefix)
    assert installation.tenants() == {"acme": ACME, "acme-key": prefix}
    assert project.outputs()["endpoints"].keys() == {"acme", "acme-key"}
    project.run("up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", "test")

    bigger = replace(ACME, profile="medium")
    events.clear()
    changed = installation.update_tenant(bigger, events.append)
    assert changed.kubeconfig != access.kubeconfig
    assert {event.tenant for event in events} == {"acme"}
    assert installation.tenants()["acme"] == bigger

    events.clear()
    result = installation.remove_tenant("acme-key", events.append)
    assert set(result.tenants) == {"acme"}
    assert result.changes["delete"] == 3
    assert {(event.tenant, event.operation) for event in events} == {("acme-key", "delete")}
    with pytest.raises(TenantNotFoundError, match=r"acme-key: is not up .*; up are acme"):
        installation.kubeconfig("acme-key")
    assert installation.kubeconfig("acme") == changed.kubeconfig

    events.clear()
    installation.destroy(events.append)
    assert {event.tenant for event in events} == {"acme"}
    assert installation.tenants().keys() == {"acme"}  # the config stays
    installation.forget()
    assert not (project.folder / "Pulumi.test.yaml").exists()
    with pytest.raises(StackNotFoundError, match="stack test: is not in the backend"):
        installation.up()


def test_the_cluster_that_a_stack_is_on_is_known_until_it_was_destroyed(installation, project):
    """Whoever adopts another one meanwhile must be told: the state is all that knows the first."""
    assert installation.host_servers() == ()
    (project.folder / "server").write_text("https://one.test")
    installation.up()
    assert installation.host_servers() == ("https://one.test",)
    (project.folder / "server").unlink()
    installation.destroy()
    assert installation.host_servers() == ()


def test_one_bad_tenant_is_named_and_stops_no_other(installation):
    installation.create(replace(SETTINGS, tenants=(ACME, GLOBEX)))
    bad = TenantSettings(name="initech", profile="large")
    events = []
    with pytest.raises(UpdateFailedError) as failed:
        installation.add_tenant(bad, events.append)
    assert failed.value.tenants.keys() == {"initech"}
    assert failed.value.others == ()
    (reason,) = failed.value.tenants["initech"]
    assert reason == "initech-key: rsaBits: is too few to be safe, got 9; use 2048, 3072 or 4096"
    assert str(failed.value) == f"tenant initech: {reason}"
    assert [e.resource for e in events if e.phase is Phase.FAILED] == ["initech-key"]
    assert any(e.phase is Phase.MESSAGE and e.tenant == "initech" for e in events)

    assert installation.access("acme").endpoint == "https://acme.test"
    with pytest.raises(TenantNotFoundError, match=r"initech: is not up .*; up are acme, globex"):
        installation.access("initech")
    assert installation.tenants()["initech"] == bad  # to be mended
    repaired = installation.update_tenant(TenantSettings(name="initech"))
    assert repaired.endpoint == "https://initech.test"


def test_a_preview_tells_what_would_be_done(installation, project):
    installation.create(replace(SETTINGS, tenants=(ACME,)))
    assert installation.preview().tenants == {"acme": {"create": 3}}
    installation.up()
    assert installation.preview().tenants == {}
    file = project.folder / "Pulumi.test.yaml"
    file.write_text(file.read_text().replace("name: acme", "name: globex"))
    planned = installation.preview()
    assert planned.tenants == {"acme": {"delete": 3}, "globex": {"create": 3}}
    assert planned.changes["create"] == 3


def test_wrong_settings_are_refused_and_the_config_is_untouched(installation, project):
    file = project.folder / "Pulumi.test.yaml"
    before = file.read_text()
    with pytest.raises(InvalidInputError, match=r"tenants\[0\].profile: .*'huge'"):
        installation.add_tenant(TenantSettings(name="acme", profile="huge"))
    for content in ("a: b\nc: d\n", '{"a": "b"}'):
        inline = HostSettings(name="dev", adopt=AdoptSettings(kubeconfig=content))
        with pytest.raises(InvalidInputError, match=r"host\.adopt.kubeconfig: is the content"):
            installation.create(replace(SETTINGS, host=inline))
    with pytest.raises(TenantNotFoundError, match="acme: is not in stack test; there are none"):
        installation.remove_tenant("acme")
    with pytest.raises(TenantNotFoundError, match="acme: is not in stack test"):
        installation.update_tenant(ACME)
    assert file.read_text() == before


def test_what_create_leaves_out_leaves_the_config(installation, project):
    """The config says what the settings say, no more; what others put there is theirs."""
    installation.create(replace(SETTINGS, gateway=GatewaySettings(port=9443), tenants=(ACME,)))
    project.run("config", "set", "--stack", "test", "other:key", "kept")
    installation.create(SETTINGS)
    assert installation.settings() == with_defaults(SETTINGS)
    assert "other:key: kept" in (project.folder / "Pulumi.test.yaml").read_text()


def test_a_folder_without_a_project_is_said(project, tmp_path):
    absent = Installation(tmp_path / "nowhere", "test", project.environment)
    with pytest.raises(ToolchainError, match=r"nowhere: has no Pulumi.yaml; give the folder"):
        absent.tenants()


def test_a_tenant_is_added_once(installation):
    installation.create(replace(SETTINGS, tenants=(ACME,)))
    with pytest.raises(TenantExistsError, match="acme: is in stack test already; use update"):
        installation.add_tenant(ACME)


def test_what_the_program_refuses_is_no_failed_update(installation):
    """Its own words reach the caller, without Pulumi's around them."""
    with pytest.raises(RefusedError) as refused:
        installation.add_tenant(TenantSettings(name="refused"))
    assert str(refused.value) == "tenants[0].name: is refused, got 'refused'; use another"


def test_comments_in_the_config_file_stay(installation, project):
    """People and scripts share the file."""
    file = project.folder / "Pulumi.test.yaml"
    file.write_text(
        re.sub("^config:", "config:\n  # ours, keep it", file.read_text(), flags=re.MULTILINE)
    )
    installation.add_tenant(ACME)
    assert "# ours, keep it" in file.read_text()


def test_a_second_update_meanwhile_is_told_apart(installation, project):
    installation.create(replace(SETTINGS, tenants=(TenantSettings(name="slow"),)))
    first = threading.Thread(target=installation.up)
    first.start()
    try:
        deadline = time.monotonic() + 60
        while not (project.folder / "waits").exists():
            assert time.monotonic() < deadline, "the first update does not run"
            time.sleep(0.05)
        with pytest.raises(ConcurrentUpdateError, match="stack test: another update is running"):
            installation.up()
    finally:
        (project.folder / "go").touch()
        first.join()
    assert installation.access("slow").name == "slow"


def test_a_stack_that_is_not_there_is_told_apart(project):
    with pytest.raises(StackNotFoundError, match="stack absent: is not in the backend; make it"):
        Installation(project.folder, "absent", project.environment).tenants()


def test_without_pulumi_the_error_says_how_to_get_it(project, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolchainError, match="pulumi: is not on PATH; run make up"):
        Installation(project.folder, "test").up()
