import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2

from tests.plugins.bridged.conftest import TOKEN
from tests.support.plugin import UNKNOWN, RefusedError, plain, secret_names

ROOT = Path(__file__).parents[3]


def test_the_engine_is_told_that_previews_work_and_secrets_are_not_wanted(plugin):
    """As the official plugins do: the engine then keeps the secrets' marks by itself."""
    assert plugin.configured == {"supportsPreview": True}


def test_a_resource_goes_through_its_life(plugin):
    inputs, failures = plugin.check(TOKEN, {"name": "n", "key": "k"})
    assert failures == {}
    assert secret_names(inputs) == {"key"}
    identifier, made = plugin.create(TOKEN, inputs)
    assert identifier == "thing-1"
    assert plugin.diff(TOKEN, made, inputs) == ([], [])
    updated = plugin.update(TOKEN, made, {"name": "n", "size": 5})
    assert plain(updated)["size"] == 5
    assert plugin.read(TOKEN, identifier, updated, {"name": "n", "size": 5})[1] == updated
    plugin.delete(TOKEN, identifier, updated)


def test_a_preview_makes_nothing(plugin):
    identifier, planned = plugin.create(TOKEN, {"name": UNKNOWN}, preview=True)
    assert identifier == ""
    assert planned["kept"] == UNKNOWN


def test_ignored_changes_are_ignored(plugin):
    _, made = plugin.create(TOKEN, {"name": "n"})
    assert plugin.diff(TOKEN, made, {"name": "m"}, ignore=["name"]) == ([], [])


def test_an_unknown_type_is_refused_with_those_that_are_offered(plugin):
    with pytest.raises(RefusedError, match=f"other:Other: is not offered .* use one of {TOKEN}"):
        plugin.check("test:index/other:Other", {})


def test_a_type_below_a_component_is_found(plugin):
    """URNs of children carry the types of their parents."""
    plugin.check(f"tenantplane:index:X${TOKEN}", {"name": "n"})


def test_an_import_of_what_exists_nowhere_is_refused(plugin):
    with pytest.raises(RefusedError, match="can't be imported, as it exists nowhere but in the"):
        plugin.read(TOKEN, "some-id")


def test_a_function_is_refused(plugin):
    with pytest.raises(RefusedError, match="function test:index/f:f: is not offered"):
        plugin._call(plugin.stub.Invoke, provider_pb2.InvokeRequest(tok="test:index/f:f"))


def test_a_setting_of_the_provider_is_refused(plugin):
    news = Struct()
    news.update({"proxy": "http://p", "version": "1.2.3"})
    answer = plugin.stub.CheckConfig(provider_pb2.CheckRequest(news=news))
    assert [failure.property for failure in answer.failures] == ["proxy"]


def test_a_bug_is_told_and_harms_no_other_call(plugin, thing):
    object.__setattr__(thing, "create", lambda _: {}["absent"])
    with pytest.raises(RefusedError, match="KeyError: 'absent'"):
        plugin.create(TOKEN, {"name": "n"})
    assert plugin.check(TOKEN, {"name": "n"})[1] == {}


@pytest.fixture
def start():
    """Start a plugin process; what is left is killed."""
    started = []

    def start(parent=()):
        command = [*parent, sys.executable, "-m", "rig.plugins.random", "127.0.0.1:1"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process, int(process.stdout.readline())

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_plugin_ends_quietly_when_the_engine_says_so(start, number):
    """The engine interrupts first, and kills what then still runs."""
    process, _ = start()
    process.send_signal(number)
    assert process.wait(timeout=30) == 0


@pytest.mark.processes
def test_a_plugin_ends_when_the_engine_was_killed(start):
    """Else each crash of an engine would leave processes behind."""
    script = (
        "import subprocess, sys\n"
        "plugin = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)\n"
        "plugin.stdout.readline()\n"
        "print(plugin.pid)\n"
        "plugin.wait()\n"
    )
    engine, pid = start([sys.executable, "-u", "-c", script])
    assert _runs(pid)
    engine.kill()
    deadline = time.monotonic() + 30
    while _runs(pid):
        assert time.monotonic() < deadline, "the plugin outlived its engine"
        time.sleep(0.1)


def _runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
