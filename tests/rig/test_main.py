import pytest

from core.errors import HostError, InvalidInputError
from rig import __main__ as rig
from rig.hosts import Part, choose
from rig.hosts.adopted import AdoptedHost
from rig.hosts.native import NativeHost


class FakeHost:
    kind = "native"

    def __init__(self, name, folder):
        self.name = name
        self.kubeconfig = folder / "kubeconfig-of-host"
        self.parts = []
        self.downs = 0

    def up(self, report, kubernetes):
        self.kubernetes = kubernetes
        self.kubeconfig.write_text(f"of {self.name}")
        self.parts = [Part("etcd", healthy=True, detail="", pid=7, age_seconds=3723.5)]

    def down(self, report):
        self.downs += 1
        self.parts = []

    def status(self):
        return self.parts


@pytest.fixture
def hosts(tmp_path, monkeypatch):
    """Hosts that are made by name, and a checkout of our own."""
    made = {}

    def host(name):
        return made.setdefault(name, FakeHost(name, tmp_path))

    monkeypatch.setattr(rig, "LOCAL", tmp_path / ".tenantplane")
    monkeypatch.setattr(rig.pulumi, "prepare", lambda _: None)
    monkeypatch.setattr(rig.dev_stack, "up", lambda *_: made.setdefault("stack", "up"))
    monkeypatch.setattr(rig.dev_stack, "down", lambda *_: made.update(stack="down"))
    monkeypatch.setattr(rig.dev_config, "versions_to_build", lambda: ("1.36.3",))
    monkeypatch.setattr(rig.dev_config, "has_operators", lambda: False)
    monkeypatch.setattr(choose, "this_machine", lambda: None)
    monkeypatch.setattr(choose, "choose", lambda name, *_: (host(name), f"host {name}: chosen"))
    monkeypatch.setattr(choose, "existing", lambda name, *_: host(name))
    return made


def test_up_says_what_was_chosen_and_copies_the_kubeconfig_privately(hosts, capsys):
    assert rig.main(["up"]) == 0
    copy = rig.local_kubeconfig("dev")
    assert copy.name == "host.kubeconfig"
    assert copy.read_text() == "of dev"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert "host dev: chosen" in capsys.readouterr().err


def test_another_host_does_not_take_the_place_of_dev(hosts):
    """`make test` brings up a host of its own beside the one that is worked with."""
    rig.main(["up"])
    rig.main(["up", "--host", "e2e"])
    assert rig.local_kubeconfig("dev").read_text() == "of dev"
    assert rig.local_kubeconfig("e2e").read_text() == "of e2e"


def test_down_takes_the_copy_away(hosts):
    rig.main(["up"])
    assert rig.main(["down"]) == 0
    assert hosts["dev"].downs == 1
    assert not rig.local_kubeconfig("dev").exists()
    assert choose.remembered(rig.LOCAL) == {}


def test_status_is_a_table_and_its_exit_code_says_if_all_is_well(hosts, capsys):
    rig.main(["up"])
    assert rig.main(["status"]) == 0
    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == ["COMPONENT", "PID", "UP", "STATE", "LOG"]
    assert line.split() == ["etcd", "7", "1h2m", "works", "-"]
    hosts["dev"].parts.append(Part("kubelet", healthy=False, detail="has ended"))
    assert rig.main(["status"]) == 1
    assert "has ended" in capsys.readouterr().out


def test_a_host_that_is_not_up_is_said_so(hosts, capsys):
    assert rig.main(["status"]) == 1
    assert "start it with `python -m rig up --host dev`" in capsys.readouterr().err
    assert rig.main(["kubeconfig"]) == 1
    assert "host dev: is not up" in capsys.readouterr().err


def test_kubeconfig_prints_it_and_nothing_else(hosts, capsys):
    rig.main(["up", "--host", "b"])
    capsys.readouterr()
    assert rig.main(["kubeconfig", "--host", "b"]) == 0
    assert capsys.readouterr().out == "of b"


def test_an_error_is_one_message_without_a_traceback(hosts, capsys, monkeypatch):
    def fail(*_):
        raise HostError("host dev: is broken, got x; mend it")

    monkeypatch.setattr(choose, "choose", fail)
    assert rig.main(["up"]) == 1
    assert capsys.readouterr().err == "error: host dev: is broken, got x; mend it\n"


def test_the_stack_is_brought_up_only_if_asked_for_and_goes_with_its_host(hosts):
    rig.main(["up"])
    assert "stack" not in hosts
    rig.main(["up", "--stack"])
    assert hosts["stack"] == "up"
    rig.main(["down", "--host", "b"])
    assert hosts["stack"] == "up"
    rig.main(["down"])
    assert hosts["stack"] == "down"


def test_further_versions_of_tenants_reach_the_host_in_full(hosts):
    rig.main(["up", "--kubernetes", "1.36", "--kubernetes", "1.37.2"])
    assert hosts["dev"].kubernetes == ("1.36.3", "1.37.2")


def test_a_version_that_tenants_cannot_have_is_refused_before_anything_is_made(hosts, capsys):
    assert rig.main(["up", "--kubernetes", "1.20"]) == 1
    assert "--kubernetes: is not a Kubernetes version" in capsys.readouterr().err
    assert hosts == {}


def test_the_native_host_is_given_the_versions_of_the_stacks_tenants(hosts):
    """It can pull nothing: without them these tenants would wait for their images for ever."""
    rig.main(["up", "--stack"])
    assert hosts["dev"].kubernetes == ("1.36.3",)
    rig.main(["up", "--stack", "--kubernetes", "1.37.2"])
    assert hosts["dev"].kubernetes == ("1.37.2", "1.36.3")
    rig.main(["up"])
    assert hosts["dev"].kubernetes == ()


def test_a_tenants_version_that_cannot_be_built_is_refused_before_anything_is_made(
    hosts, capsys, monkeypatch
):
    def refuse():
        raise InvalidInputError("tenant a", "its version is not one", "1.34.9", "use another")

    monkeypatch.setattr(rig.dev_config, "versions_to_build", refuse)
    assert rig.main(["up", "--stack"]) == 1
    assert "tenant a: its version" in capsys.readouterr().err
    assert hosts["dev"].parts == []
    assert choose.remembered(rig.LOCAL) == {}


@pytest.mark.parametrize("kind", ["kind", "adopted"])
def test_hosts_that_pull_images_may_have_tenants_of_any_version(hosts, monkeypatch, kind):
    monkeypatch.setattr(FakeHost, "kind", kind)
    monkeypatch.setattr(rig.dev_config, "versions_to_build", lambda: pytest.fail("was asked"))
    assert rig.main(["up", "--stack"]) == 0
    assert hosts["dev"].kubernetes == ()


def test_a_cluster_that_is_refused_does_not_take_the_place_of_the_first(
    hosts, monkeypatch, tmp_path
):
    """`make down` must mean the first one still, and plain `pulumi` go on working with it."""
    rig.main(["up"])
    before = choose.remembered(rig.LOCAL)

    def refuse(*_):
        raise HostError("host dev: is on another cluster")

    two = AdoptedHost("dev", tmp_path / "two")
    monkeypatch.setattr(choose, "choose", lambda *_: (two, "host dev: chosen"))
    monkeypatch.setattr(rig.dev_stack, "refuse_another_cluster", refuse)
    assert rig.main(["up", "--stack"]) == 1
    assert choose.remembered(rig.LOCAL) == before
    assert rig.local_kubeconfig("dev").read_text() == "of dev"


def test_a_stack_that_could_not_be_destroyed_keeps_its_host(hosts, monkeypatch):
    """The next `make down` needs to know what to try again."""
    rig.main(["up"])

    def fail(*_):
        raise HostError("stack dev: not all of it could be destroyed")

    monkeypatch.setattr(rig.dev_stack, "down", fail)
    assert rig.main(["down"]) == 1
    assert "dev" in choose.remembered(rig.LOCAL)
    assert rig.local_kubeconfig("dev").exists()


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.4, "0s"), (59.9, "59s"), (61, "1m1s"), (7322, "2h2m")]
)
def test_ages(seconds, shown):
    assert rig._age(seconds) == shown


@pytest.mark.parametrize(
    ("option", "said"), [("--sql", "has no SQL servers"), ("--operators", "has no registry")]
)
def test_what_other_hosts_do_not_have_is_said(hosts, capsys, option, said):
    """`make test` asks for them whatever the host is."""
    assert rig.main(["up", option]) == 0
    assert f"host dev: {said}" in capsys.readouterr().err


@pytest.fixture
def native(hosts, tmp_path, monkeypatch):
    """A native host, and what each `up` of it was asked for."""
    host = NativeHost("dev", tmp_path)
    asked = []
    monkeypatch.setattr(NativeHost, "down", lambda *_: None)
    monkeypatch.setattr(NativeHost, "up", lambda *_, **wanted: asked.append(wanted))
    hosts["dev"] = host
    host.kubeconfig.parent.mkdir(parents=True)
    host.kubeconfig.write_text("of dev")
    return host, asked


def test_the_checkout_knows_how_sql_servers_are_reached_until_the_host_goes(native):
    host, asked = native
    rig.main(["up"])
    assert not rig.local_sql("dev").exists()
    host.sql.write_text("{}")
    rig.main(["up", "--sql"])
    assert [wanted["with_sql"] for wanted in asked] == [False, True]
    assert rig.local_sql("dev").read_text() == "{}"
    rig.main(["down"])
    assert not rig.local_sql("dev").exists()


def test_a_stack_with_operators_gets_their_images_without_a_word(native, monkeypatch):
    """Nothing is pulled there: its pods would wait for images that nobody makes."""
    _, asked = native
    rig.main(["up", "--stack"])
    monkeypatch.setattr(rig.dev_config, "has_operators", lambda: True)
    rig.main(["up"])
    rig.main(["up", "--stack"])
    assert [wanted["with_operators"] for wanted in asked] == [False, False, True]


def test_the_checkout_knows_the_registry_and_its_ca_until_the_host_goes(native, tmp_path):
    host, asked = native
    (tmp_path / "ca.crt").write_text("BEGIN CERTIFICATE")
    rig.main(["up"])
    host.registry.write_text(f'{{"caFile": "{tmp_path}/ca.crt"}}')
    rig.main(["up", "--operators"])
    assert [wanted["with_operators"] for wanted in asked] == [False, True]
    assert rig.local_authority("dev").read_text() == "BEGIN CERTIFICATE"
    assert rig.local_authority("dev").name == "registry-ca.pem"
    assert rig.local_registry("e2e").name == "registry-e2e.json"
    rig.main(["down"])
    assert not rig.local_registry("dev").exists()
    assert not rig.local_authority("dev").exists()


def test_images_of_operators_are_made_if_they_are_asked_for(monkeypatch, capsys):
    asked = []

    def archives(_report, kubernetes, *, operators):
        asked.append((kubernetes, operators))
        return ["/cache/images/x.tar"]

    monkeypatch.setattr(rig.images, "archives", archives)
    assert rig.main(["images"]) == 0
    assert rig.main(["images", "--operators", "--kubernetes", "1.36"]) == 0
    assert asked == [(("1.37.2",), False), (("1.37.2", "1.36.3"), True)]
    assert capsys.readouterr().out == "/cache/images/x.tar\n" * 2
