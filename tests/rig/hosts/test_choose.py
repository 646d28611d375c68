from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import HostError, InvalidInputError
from rig.hosts import choose
from rig.hosts.choose import Machine


def machine(kubeconfig="", *, docker=False, linux=True, root=True):
    return Machine(kubeconfig=kubeconfig, docker=docker, linux=linux, root=root)


@pytest.mark.parametrize(
    ("seen", "kind", "why"),
    [
        (machine("/k", docker=True), "adopted", "HOST_KUBECONFIG is /k"),
        (machine(docker=True), "kind", "Docker answers"),
        (machine(docker=True, linux=False, root=False), "kind", "Docker answers"),
        (machine(), "native", "no Docker answers"),
    ],
)
def test_what_is_chosen_and_why(tmp_path, seen, kind, why):
    host, said = choose.choose("dev", tmp_path, seen)
    assert host.kind == kind
    assert said.startswith(f"host dev: {kind}, because ")
    assert why in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("seen", "lacking"),
    [
        (machine(linux=False, root=True), "this is not Linux"),
        (machine(root=False), "you are not root"),
    ],
)
def test_where_there_is_no_way_the_ways_are_named(tmp_path, seen, lacking):
    with pytest.raises(HostError) as caught:
        choose.choose("dev", tmp_path, seen)
    assert lacking in str(caught.value)
    for way in ("HOST_KUBECONFIG=<path>", "start Docker and install kind", "run as root"):
        assert way in str(caught.value)


def test_a_host_that_is_up_stays_what_it_is(tmp_path):
    """Docker was started meanwhile: `down` must still take the native host away."""
    host, _ = choose.choose("dev", tmp_path, machine())
    choose.remember(host, tmp_path)
    again, said = choose.choose("dev", tmp_path, machine(docker=True))
    assert again.kind == "native"
    assert said == "host dev: native, as it was brought up"
    assert choose.existing("dev", tmp_path, machine(docker=True)).kind == "native"


def test_an_adopted_host_is_found_again_without_the_variable(tmp_path):
    host, _ = choose.choose("dev", tmp_path, machine("/some/kubeconfig"))
    choose.remember(host, tmp_path)
    again = choose.existing("dev", tmp_path, machine())
    assert again.kind == "adopted"
    assert str(again.kubeconfig) == "/some/kubeconfig"


def test_an_adopted_host_is_found_again_from_another_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    choose.remember(choose.choose("dev", tmp_path, machine("some/kubeconfig"))[0], tmp_path)
    monkeypatch.chdir("/")
    again = choose.existing("dev", tmp_path, machine())
    assert again.kubeconfig == tmp_path / "some/kubeconfig"


def test_another_kubeconfig_may_be_adopted_instead(tmp_path):
    choose.remember(choose.choose("dev", tmp_path, machine("/one"))[0], tmp_path)
    host, _ = choose.choose("dev", tmp_path, machine("/two"))
    assert str(host.kubeconfig) == "/two"  # dev_stack.py refuses it while the first one is in use


def test_a_kubeconfig_does_not_replace_a_host_that_is_up(tmp_path):
    """Else its processes would run on with nobody knowing of them."""
    choose.remember(choose.choose("dev", tmp_path, machine())[0], tmp_path)
    with pytest.raises(HostError, match="got kind 'native'; take it down first"):
        choose.choose("dev", tmp_path, machine("/k"))


def test_a_host_that_was_taken_down_is_forgotten(tmp_path):
    host, _ = choose.choose("dev", tmp_path, machine())
    choose.remember(host, tmp_path)
    choose.forget(host, tmp_path)
    choose.forget(host, tmp_path)
    assert choose.remembered(tmp_path) == {}


def test_hosts_are_remembered_by_name(tmp_path):
    for name in ("dev", "b"):
        choose.remember(choose.choose(name, tmp_path, machine())[0], tmp_path)
    choose.forget(choose.existing("b", tmp_path, machine()), tmp_path)
    assert choose.remembered(tmp_path).keys() == {"dev"}


@pytest.mark.parametrize("seen", [machine(), machine(docker=True), machine("/k")])
def test_an_illegal_name_is_refused_for_every_kind(tmp_path, seen):
    with pytest.raises(InvalidInputError, match="got 'Dev'"):
        choose.choose("Dev", tmp_path, seen)


def test_docker_answers_only_if_its_daemon_does(tmp_path, monkeypatch):
    """A client without a daemon is common, and no reason to choose kind."""
    program = tmp_path / "docker"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not choose.this_machine({}).docker
    for code, answers in ((1, False), (0, True)):
        program.write_text(f"#!/bin/sh\nexit {code}\n")
        program.chmod(0o755)
        assert choose.this_machine({}).docker is answers
    assert choose.this_machine({"HOST_KUBECONFIG": "/k"}).kubeconfig == "/k"


def test_hosts_that_come_and_go_at_once_are_all_remembered(tmp_path):
    """A test run beside the user's own `make up`, say."""
    hosts = [choose.choose(f"h{number}", tmp_path, machine())[0] for number in range(16)]
    choose.remember(hosts[0], tmp_path)
    with ThreadPoolExecutor(16) as pool:
        going = pool.submit(choose.forget, hosts[0], tmp_path)
        [*pool.map(lambda host: choose.remember(host, tmp_path), hosts[1:])]
        going.result()
    assert set(choose.remembered(tmp_path)) == {host.name for host in hosts[1:]}
