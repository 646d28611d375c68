import os
import signal
import subprocess
import sys
import time

import pytest

from rig.hosts.native import processes
from rig.hosts.native.processes import Identity

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")


@pytest.fixture
def sleeper():
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def test_a_process_is_known_until_it_ends(sleeper):
    identity = processes.identify(sleeper.pid)
    assert identity.alive
    sleeper.kill()
    sleeper.wait()
    assert not identity.alive
    assert processes.identify(sleeper.pid) is None


@pytest.mark.parametrize("end", [processes.stop, processes.kill])
def test_a_pid_that_was_used_again_is_never_killed(sleeper, end):
    """The same pid, started at another time or in another boot, is somebody else's process."""
    real = processes.identify(sleeper.pid)
    end([Identity(real.pid, real.started - 1, real.boot), Identity(real.pid, real.started, "old")])
    time.sleep(0.05)
    assert sleeper.poll() is None


def test_one_that_waits_to_be_reaped_is_not_alive(sleeper):
    identity = processes.identify(sleeper.pid)
    sleeper.kill()
    deadline = time.monotonic() + 30
    while identity.alive and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not identity.alive  # though nobody has waited for it


def test_one_is_waited_for_until_it_is_reaped(tmp_path):
    """A server that finds its predecessor's pid in use doesn't start."""
    identity = processes.start(
        [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "log"
    )
    os.kill(identity.pid, signal.SIGKILL)
    processes.wait_reaped(identity)
    with pytest.raises(ProcessLookupError):
        os.kill(identity.pid, 0)


def test_one_that_ignores_being_asked_is_killed(tmp_path):
    program = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print(1, flush=True); time.sleep(60)"
    )
    log = tmp_path / "log"
    identity = processes.start([sys.executable, "-c", program], log)
    while not log.read_text():
        time.sleep(0.01)
    processes.stop([identity], patience_seconds=0.2)
    assert not identity.alive


def test_what_is_started_is_a_session_of_its_own_and_appends_to_its_log(tmp_path):
    log = tmp_path / "log"
    log.write_text("before\n")
    began = time.monotonic()
    identity = processes.start(["sh", "-c", "echo out; echo err >&2; sleep 60"], log)
    try:
        deadline = time.monotonic() + 30
        while "err" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert log.read_text() == "before\nout\nerr\n"
        assert os.getsid(identity.pid) == identity.pid
        age = identity.age_seconds
        assert 0 <= age <= time.monotonic() - began + _TICK_SECONDS
    finally:
        processes.stop([identity])


def test_secrets_of_the_caller_do_not_reach_what_is_started(tmp_path, monkeypatch):
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "hidden")
    identity = processes.start(["sleep", "60"], tmp_path / "log")
    try:
        environment = open(f"/proc/{identity.pid}/environ").read()  # noqa: PTH123, SIM115
        assert "hidden" not in environment
    finally:
        processes.stop([identity])


def test_descendants_are_found_through_all_generations():
    with subprocess.Popen(["sh", "-c", "sh -c 'sleep 60; true'; true"]) as process:
        deadline = time.monotonic() + 30
        while len(found := processes.with_descendants({process.pid})) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert process.pid in found
        for pid in found:
            os.kill(pid, signal.SIGKILL)


def test_a_process_is_asked_in_its_own_way_to_end(tmp_path):
    """PostgreSQL takes SIGTERM as: when the last client has gone."""
    log = tmp_path / "log"
    script = "trap '' TERM; trap 'echo asked; exit' INT; echo ready; while :; do sleep 0.01; done"
    identity = processes.start(["sh", "-c", script], log)
    while "ready" not in log.read_text():
        assert identity.alive
    processes.stop([identity], asked_by=signal.SIGINT)
    assert log.read_text() == "ready\nasked\n"
