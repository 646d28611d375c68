import http.server
import socket
import ssl
import sys
import threading
import time

import pytest

from core.errors import HostError
from rig.hosts.native import cgroup, health, isolation, pki, processes, repair
from rig.hosts.native.components import Component
from rig.hosts.native.layout import Layout
from rig.hosts.native.state import Process, State, load
from rig.hosts.native.supervise import Supervisor

SERVE = """
import socket, sys, time
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
time.sleep(60)
"""


@pytest.fixture
def layout(tmp_path, monkeypatch):
    """A host whose components run in no namespaces."""
    monkeypatch.setattr(isolation, "enter", lambda *_: ["env"])
    monkeypatch.setattr(cgroup, "adopt", lambda *_: None)
    made = Layout("a", 1, tmp_path)
    (made.run / "bin").mkdir(parents=True)
    made.logs.mkdir()
    return made


@pytest.fixture
def supervisor(layout):
    state = State(1)
    running = Supervisor(layout, state, {"python": sys.executable})
    yield running
    processes.kill([one.identity for one in state.processes.values()])


def component(layout, program=SERVE, files=()):
    address = str(layout.root / "socket")
    return Component("web", ("python", "-c", program, address), address, files)


def recorded(layout):
    return load(layout.state).processes["web"].identity


def test_a_component_is_started_once_and_recorded_at_once(layout, supervisor):
    one = component(layout)
    assert supervisor.start(one) == "it is new"
    first = recorded(layout)
    supervisor.wait(one)
    assert first.alive
    assert supervisor.start(one) is None
    assert recorded(layout) == first


def test_a_component_that_ended_is_started_again(layout, supervisor):
    supervisor.start(component(layout))
    first = recorded(layout)
    processes.kill([first])
    assert supervisor.start(component(layout)) == "it had ended"
    assert recorded(layout).alive


def test_a_changed_file_or_command_line_means_a_restart(layout, supervisor):
    config = layout.run / "config"
    config.write_text("one")
    supervisor.start(component(layout, files=(config,)))
    first = recorded(layout)
    config.write_text("two")
    assert supervisor.start(component(layout, files=(config,))) == "it changed"
    second = recorded(layout)
    assert not first.alive
    assert second.alive
    changed = component(layout, program=SERVE + " # changed", files=(config,))
    assert supervisor.start(changed) == "it changed"
    assert not second.alive


def test_one_that_ends_at_once_fails_with_its_last_words(layout, supervisor):
    one = component(layout, "import sys; sys.exit('no such flag: --tyop')")
    supervisor.start(one)
    with pytest.raises(HostError, match="web ended") as caught:
        supervisor.wait(one, seconds=30)
    assert "no such flag: --tyop" in str(caught.value)
    assert str(layout.log("web")) in str(caught.value)


def test_one_that_never_answers_fails_with_what_is_wrong(layout, supervisor):
    one = component(layout, "import time; time.sleep(60)")
    supervisor.start(one)
    with pytest.raises(HostError, match=r"does not work after 0 s: .*No such file"):
        supervisor.wait(one, seconds=0.3)


class Sick(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/well" else 503)
        self.end_headers()
        self.wfile.write(b"[+]ping ok\nhealthz check failed\n")

    def log_message(self, *_):
        pass


def test_health_is_what_the_answer_says(layout):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sick) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert health.trouble(layout, f"{url}/well") is None
        assert health.trouble(layout, f"{url}/sick") == "503 healthz check failed"
        server.shutdown()
    assert "refused" in health.trouble(layout, f"{url}/well")


def test_each_servers_own_ca_vouches_for_it_and_no_other(layout):
    pki.ensure(layout)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(layout.pki / "node.crt", layout.pki / "node.key")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sick) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"https://127.0.0.1:{server.server_port}/well"
        assert health.trouble(layout, url) is None
        assert "verify failed" in health.trouble(layout, url, "registry-ca")
        server.shutdown()


def test_a_socket_that_nobody_listens_on_is_no_health(layout):
    address = layout.root / "dead"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(address))
        server.listen()
        assert health.trouble(layout, str(address)) is None
    assert "refused" in health.trouble(layout, str(address))


def test_a_reboot_makes_sockets_and_leases_worthless_and_keeps_the_data(layout, monkeypatch):
    layout.data.mkdir()
    (layout.data / "kept").touch()
    (layout.run / "leases").touch()
    state = State(1)
    repair.forget_other_boot(layout, state)
    assert (layout.run / "leases").exists()  # a first `up` has no other boot to forget
    monkeypatch.setattr(processes, "boot", lambda: "another")
    repair.forget_other_boot(layout, state)
    assert not layout.run.exists()
    assert (layout.data / "kept").exists()
    assert load(layout.state).boot == "another"


def test_a_component_may_have_a_user_of_its_own(tmp_path, monkeypatch):
    monkeypatch.undo()
    own = isolation.enter(Layout("dev", 3, tmp_path), (101, 104))
    assert {"--setuid=101", "--setgid=104"} == set(own) - set(
        isolation.enter(Layout("dev", 3, tmp_path))
    )


def test_what_a_component_started_is_no_stray(layout, monkeypatch):
    """A server's child has its command line until it gives itself a name (PostgreSQL)."""
    link = layout.run / "bin" / "bash"
    link.symlink_to("/bin/bash")
    kept = processes.start([str(link), "-c", "(sleep 60; :) & wait"], layout.logs / "c")
    family = lambda: processes.with_descendants({kept.pid})  # noqa: E731
    deadline = time.monotonic() + 5
    while len(family()) < 3:  # the shell, its subshell, sleep
        assert time.monotonic() < deadline
    inside = [processes.identify(pid) for pid in family()]
    monkeypatch.setattr(isolation, "is_pinned", lambda _: True)
    monkeypatch.setattr(processes, "in_network_namespace", lambda _: inside)
    state = State(1)
    state.processes["kept"] = Process(kept, "")
    try:
        repair.end_strays(layout, state)
        assert all(one.alive for one in inside)
    finally:
        processes.kill(inside)


def test_strays_of_a_killed_up_are_ended_and_others_are_not(layout, monkeypatch):
    """A component that was started but not recorded would hold the port of the next one."""
    link = layout.run / "bin" / "sleep"
    link.symlink_to("/usr/bin/sleep")
    stray = processes.start([str(link), "60"], layout.logs / "a")
    other = processes.start(["sleep", "60"], layout.logs / "b")
    kept = processes.start([str(link), "61"], layout.logs / "c")
    monkeypatch.setattr(isolation, "is_pinned", lambda _: True)
    monkeypatch.setattr(processes, "in_network_namespace", lambda _: [stray, other, kept])
    state = State(1)
    state.processes["kept"] = Process(kept, "")
    time.sleep(0.1)
    try:
        repair.end_strays(layout, state)
        assert not stray.alive
        assert other.alive
        assert kept.alive
    finally:
        processes.kill([stray, other, kept])
