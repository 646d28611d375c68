import json
from types import SimpleNamespace

import pytest

from automation import StackNotFoundError, TenantAccess, UpdateFailedError, UpResult
from core.errors import HostError, TenantplaneError
from core.settings import AdoptSettings, HostSettings, Settings
from rig import dev_stack
from rig.hosts.adopted import AdoptedHost
from rig.progress import Silent

CONFIG = """\
# A host cluster on this machine.
config:
  tenantplane:kind: dev
"""
SALT = "encryptionsalt: v1:7k7/x++Aa0c=:v1:ShZr:oJbItondZ==\n"


def test_the_salt_of_a_stack_that_is_gone_leaves_its_config(tmp_path):
    """`make down` leaves nothing to commit, and a salt that was committed stops nobody else."""
    config = tmp_path / "Pulumi.dev.yaml"
    config.write_text(CONFIG + SALT)
    dev_stack.forget_salt(config)
    assert config.read_text() == CONFIG
    dev_stack.forget_salt(config)
    assert config.read_text() == CONFIG


def test_a_config_with_an_encrypted_value_keeps_its_salt(tmp_path):
    text = CONFIG + "  tenantplane:x:\n    secure: v1:abc\nencryptionsalt: v1:def\n"
    config = tmp_path / "Pulumi.dev.yaml"
    config.write_text(text)
    dev_stack.forget_salt(config)
    assert config.read_text() == text


class FakeInstallation:
    """A stack that is on one cluster."""

    def __init__(self):
        self.servers = ("https://one.test",)
        self.destroyed = False
        self.failure = None
        self.settings_of = Settings(
            kind="dev",
            domain="tenants.test",
            host=HostSettings(name="dev", adopt=AdoptSettings(kubeconfig="x")),
        )

    def settings(self):
        return self.settings_of

    def host_servers(self):
        return self.servers

    def up(self, _):
        return UpResult(tenants=TENANTS, changes={}, seconds=12.0)

    def destroy(self, _):
        if self.failure:
            raise self.failure
        self.destroyed = True


TENANTS = {
    name: TenantAccess(
        name=name,
        endpoint="https://10.231.1.2:8443",
        version="1.37.2",
        certificate_expiry="2027-02-21T00:00:00Z",
        kubeconfig="",
        admin_kubeconfig="",
    )
    for name in ("acme", "globex")
}


@pytest.fixture
def stack(tmp_path, monkeypatch):
    """A checkout in which stack dev is up; what is called of pulumi is in `calls`."""
    (tmp_path / "dev.json").write_text("{}")
    made = FakeInstallation()
    made.calls = []
    made.state = tmp_path / "dev.json"

    def called(*arguments):
        made.calls.append(arguments[:2])
        if arguments[:2] == ("stack", "rm"):
            made.state.rename(tmp_path / "dev.json.bak")  # as Pulumi does

    monkeypatch.setattr(dev_stack, "_STATE", tmp_path)
    monkeypatch.setattr(dev_stack, "_installation", lambda: made)
    monkeypatch.setattr(dev_stack, "_pulumi", called)
    made.config = tmp_path / "Pulumi.dev.yaml"
    made.config.write_text(CONFIG + SALT)
    monkeypatch.setattr(dev_stack.dev_config, "FILE", made.config)
    monkeypatch.setattr(dev_stack.pulumi, "is_ready", lambda: True)
    monkeypatch.setattr(dev_stack.dev_config, "context", lambda: None)
    monkeypatch.setattr(dev_stack.reach, "troubles", lambda _: {})
    return made


def adopted(tmp_path, server):
    path = tmp_path / "kubeconfig"
    document = {
        "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
    }
    path.write_text(json.dumps(document))
    return AdoptedHost("dev", path)


NATIVE = SimpleNamespace(kind="native", name="dev")


def test_down_leaves_the_config_as_it_is_committed(stack, tmp_path):
    dev_stack.down(NATIVE, tmp_path / "absent", Silent())
    assert stack.config.read_text() == CONFIG


def test_down_without_a_state_takes_the_salt_out_too(stack, tmp_path):
    stack.state.unlink()
    dev_stack.down(NATIVE, tmp_path / "absent", Silent())
    assert stack.calls == []
    assert stack.config.read_text() == CONFIG


def test_an_installed_pulumi_is_called_where_it_is(tmp_path, monkeypatch):
    """The checkout's own folder has none then."""
    program = tmp_path / "bin/pulumi"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/called\n')
    program.chmod(0o755)
    environment = {"PATH": f"{program.parent}:/usr/bin:/bin"}
    monkeypatch.setattr(dev_stack.pulumi, "environment", lambda: environment)
    dev_stack._pulumi("stack", "init", "dev")
    assert (tmp_path / "called").read_text() == "stack init dev --non-interactive\n"


def test_an_adopted_cluster_is_emptied_before_the_state_is_forgotten(stack, tmp_path):
    """Else every tenant stays on it, its keys are lost, and the next `up` finds names taken."""
    host = adopted(tmp_path, "https://one.test")
    dev_stack.down(host, host.kubeconfig, Silent())
    assert stack.destroyed
    assert stack.calls == [("stack", "rm")]


def test_what_could_not_be_destroyed_keeps_its_state(stack, tmp_path):
    stack.failure = UpdateFailedError("dev", {"acme": ["is stuck"]}, [])
    host = adopted(tmp_path, "https://one.test")
    with pytest.raises(TenantplaneError, match=r"state stays.*run `make down` again") as failed:
        dev_stack.down(host, host.kubeconfig, Silent())
    assert "tenant acme: is stuck" in str(failed.value)
    assert "PULUMI_K8S_DELETE_UNREACHABLE=true make down" in str(failed.value)
    assert stack.calls == []
    assert stack.state.exists()


def test_with_a_host_that_is_gone_the_state_is_all_that_is_left(stack, tmp_path):
    """Nothing could be asked to delete anything."""
    copy = adopted(tmp_path, "https://one.test").kubeconfig
    dev_stack.down(NATIVE, copy, Silent())
    assert not stack.destroyed
    assert stack.calls == [("stack", "rm")]
    dev_stack.down(NATIVE, copy, Silent())  # Pulumi's backup is no stack
    assert stack.calls == [("stack", "rm")]


@pytest.mark.parametrize("own", ["https://native.test", None])
def test_a_cluster_that_the_config_alone_adopted_is_emptied_too(stack, tmp_path, own):
    """Plain `pulumi up` was run; a native host beside it is gone, or never was there."""
    copy = adopted(tmp_path, own).kubeconfig if own else tmp_path / "missing"
    dev_stack.down(NATIVE, copy, Silent())
    assert stack.destroyed
    assert stack.calls == [("stack", "rm")]


def test_a_stack_with_nothing_in_it_is_only_forgotten(stack, tmp_path):
    stack.servers = ()
    dev_stack.down(NATIVE, tmp_path / "missing", Silent())
    assert not stack.destroyed
    assert stack.calls == [("stack", "rm")]


def test_another_cluster_is_refused_while_the_stack_is_on_the_first(stack, tmp_path):
    two = adopted(tmp_path, "https://two.test")
    with pytest.raises(HostError) as refused:
        dev_stack.refuse_another_cluster(two, Silent())
    for part in ("on the cluster at https://one.test", "https://two.test", "run `make down` first"):
        assert part in str(refused.value)
    stack.servers = ()  # it was destroyed, or nothing was made yet
    dev_stack.refuse_another_cluster(two, Silent())


def test_the_same_cluster_may_be_adopted_again_and_with_no_stack_any(stack, tmp_path):
    dev_stack.refuse_another_cluster(adopted(tmp_path, "https://one.test"), Silent())
    stack.state.unlink()
    dev_stack.refuse_another_cluster(adopted(tmp_path, "https://two.test"), Silent())


def test_of_an_adopted_cluster_is_said_what_it_lacks_before_the_update(stack, tmp_path):
    report = Silent()
    dev_stack.up(adopted(tmp_path, "https://34.90.1.2"), report)
    assert report.said[0].startswith("warning: the host agent's image")
    report = Silent()
    dev_stack.up(NATIVE, report)
    assert not any(line.startswith("warning") for line in report.said)


def test_a_stack_that_is_not_there_is_made(stack, monkeypatch):
    answers = iter([StackNotFoundError("no"), stack.settings_of])

    def settings():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(stack, "settings", settings)
    dev_stack.up(NATIVE, Silent())
    assert stack.calls == [("stack", "init")]


def test_a_tenant_that_cannot_be_reached_is_named_and_is_no_failure(stack, monkeypatch):
    monkeypatch.setattr(dev_stack.reach, "troubles", lambda _: {"globex": "timed out"})
    report = Silent()
    dev_stack.up(NATIVE, report)
    (line,) = [line for line in report.said if line.startswith("tenant ")]
    assert line.startswith(
        "tenant globex: is up, but can't be reached at https://10.231.1.2:8443 from here, "
        "got 'timed out'; "
    )


def test_make_up_ends_with_what_a_user_does_next():
    result = UpResult(tenants=TENANTS, changes={}, seconds=12.0)
    assert dev_stack.closing_lines(result, {"acme": 9.04}, {})[:6] == [
        "",
        "TENANT  ADDRESS                  VERSION  READY AFTER",
        "acme    https://10.231.1.2:8443  1.37.2   9.0 s",
        "globex  https://10.231.1.2:8443  1.37.2   was ready",
        "",
        "make kubeconfig TENANT=acme > acme.yaml && kubectl --kubeconfig acme.yaml api-resources",
    ]
