import json
import os
import stat
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.errors import TenantplaneError
from rig import build, toolchain
from rig.progress import Silent
from rig.toolchain import Recipe

# A Go that answers as the real one does, notes each call with its times, and obeys `fake.json`.
GO = f"""#!{sys.executable}
import json, pathlib, sys, time
here = pathlib.Path(__file__).parent
say = json.loads((here / "fake.json").read_text())
command = sys.argv[1]
name = pathlib.Path.cwd().name
start = time.monotonic()
if command == "env":
    print(json.dumps({{"GOVERSION": say["version"], "GOOS": "linux", "GOARCH": "amd64"}}))
    sys.exit()
if command == "list" and "Stale" in " ".join(sys.argv):
    command = "stale"
    print("example.com/a\\nexample.com/b\\ntenantplane/" + name)
if command == "list":
    print("go: downloading example.com/a v1.0.0", file=sys.stderr)
if command == "build":
    print("example.com/a\\nexample.com/b", file=sys.stderr, flush=True)
time.sleep(say.get("seconds", {{}}).get(name, {{}}).get(command, 0))
if command == "build":
    if name in say.get("broken", []):
        print("# example.com/b", file=sys.stderr)
        for number in range(30):
            print(f"b.go:{{number}}: undefined: x", file=sys.stderr)
        print("example.com/c", file=sys.stderr)  # one that was under way beside it
        sys.exit(1)
    print("tenantplane/" + name, file=sys.stderr)
    pathlib.Path(sys.argv[sys.argv.index("-o") + 1]).write_text("binary of " + name)
with (here / "calls").open("a") as calls:
    print(json.dumps([command, name, sys.argv, start, time.monotonic()]), file=calls)
"""


class FakeGo:
    def __init__(self, folder):
        self.folder = folder
        self.says(version="go1.26.8")

    def says(self, **what):
        (self.folder / "fake.json").write_text(json.dumps({"version": "go1.26.8", **what}))

    def calls(self, command):
        path = self.folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [call for call in map(json.loads, lines) if call[0] == command]


@pytest.fixture
def go(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "go").write_text(GO)
    (folder / "go").chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return FakeGo(folder)


@pytest.fixture(autouse=True)
def modules(tmp_path, monkeypatch):
    """Two little modules instead of Kubernetes."""
    monkeypatch.setenv("TENANTPLANE_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "toolchain"
    for name in ("one", "two"):
        (folder / name).mkdir(parents=True)
        (folder / name / "go.mod").write_text("module x\n\ngo 1.26.0\n\nrequire a.io/a v1.2.3\n")
        (folder / name / "go.sum").write_text("a.io/a v1.2.3 h1:x\n")
        (folder / name / "main.go").write_text("package main\n")
    recipes = {
        "one": Recipe("one", pinned="a.io/a", programs=("uno",), stamps={"a.io/a.V": "{version}"}),
        "two": Recipe("two", pinned="a.io/a"),
    }
    monkeypatch.setattr(toolchain, "_FOLDER", folder)
    monkeypatch.setattr(toolchain, "RECIPES", recipes)
    return folder


def test_a_binary_is_compiled_once_and_has_its_other_names_beside_it(go):
    path = build.binary("one", Silent())
    assert path.read_text() == "binary of one"
    assert (path.parent / "uno").read_text() == "binary of one"
    report = Silent()
    assert build.binary("one", report) == path
    assert len(go.calls("build")) == 1
    assert report.started == []


def test_go_is_called_with_the_stamps_and_nothing_of_the_machine(go):
    build.binary("one", Silent())
    ((_, _, arguments, _, _),) = go.calls("build")
    assert arguments[arguments.index("-ldflags") + 1] == "-s -w -X a.io/a.V=v1.2.3"
    assert {"-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false"} <= set(arguments)


@pytest.mark.parametrize("name", ["go.mod", "go.sum", "main.go", "other.go"])
def test_an_edit_of_any_input_makes_another_binary(go, modules, name):
    before = build.binary("one", Silent())
    with (modules / "one" / name).open("a") as file:
        file.write("// edited\n")
    assert build.binary("one", Silent()) != before
    assert len(go.calls("build")) == 2


def test_another_go_makes_another_binary(go):
    before = build.binary("one", Silent())
    go.says(version="go1.27.0")
    assert build.binary("one", Silent()) != before


def test_progress_counts_what_really_has_to_be_compiled(go):
    report = Silent()
    build.binary("one", report)
    assert report.started == ["download one", "compile one"]
    assert report.updates == [
        ("download one", "1 modules", None),
        ("compile one", "package 1 of 3", 0.0),
        ("compile one", "package 2 of 3", 1 / 3),
        ("compile one", "package 3 of 3", 2 / 3),
    ]


def test_a_failed_build_shows_its_end_and_where_the_rest_is(go, tmp_path):
    go.says(broken=["one"])
    with pytest.raises(TenantplaneError) as caught:
        build.binary("one", Silent())
    first, *shown = str(caught.value).splitlines()
    log = tmp_path / "cache" / "logs" / "build-one.log"
    assert first.startswith("one: the build failed, got exit code 1;")
    assert str(log) in first
    assert shown == [f"  b.go:{number}: undefined: x" for number in range(10, 30)]
    assert log.read_text().count("undefined") == 30
    go.says()
    assert build.binary("one", Silent()).exists()


def test_without_go_the_error_says_which_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TenantplaneError, match=r"go: is not on PATH.*install Go 1\.26\.0 or newer"):
        build.binary("one", Silent())


@pytest.mark.parametrize("version", ["go1.25.9", "go1.9"])
def test_a_go_that_is_too_old_is_refused_before_it_compiles(go, version):
    go.says(version=version)
    with pytest.raises(TenantplaneError, match=rf"too old.*got {version}; install Go 1\.26\.0"):
        build.binary("one", Silent())
    assert go.calls("list") == []


def test_several_are_downloaded_together_and_compiled_in_turn(go):
    """Each compiler uses every core: two at a time would only need twice the memory."""
    slow = {"list": 0.4, "build": 0.2}
    go.says(seconds={"one": slow, "two": slow})
    paths = build.binaries(["one", "two"], Silent())
    assert [path.read_text() for path in paths.values()] == ["binary of one", "binary of two"]
    (_, _, _, start, end), (_, _, _, other_start, other_end) = go.calls("list")
    assert start < other_end
    assert other_start < end
    first, second = sorted(go.calls("build"), key=lambda call: call[3])
    assert first[4] <= second[3]


def test_the_first_failure_ends_the_other_builds(go):
    """A user who waits five minutes for the others learns too late what went wrong."""
    go.says(seconds={"two": {"list": 60}}, broken=["one"])
    with pytest.raises(TenantplaneError, match="one: the build failed"):
        build.binaries(["one", "two"], Silent())
    assert [call[1] for call in go.calls("list")] == ["one"]  # a call is noted when it is done


def test_two_that_want_the_same_compile_it_once(go):
    go.says(seconds={"one": {"build": 0.3}})
    with ThreadPoolExecutor() as pool:
        results = [pool.submit(build.binary, "one", Silent()) for _ in range(3)]
    assert len({future.result() for future in results}) == 1
    assert len(go.calls("build")) == 1


def test_gos_own_caches_are_shared_unless_the_cache_has_a_place_of_its_own(monkeypatch, tmp_path):
    for name in ("GOCACHE", "GOMODCACHE"):
        monkeypatch.delenv(name, raising=False)
    custom = build.go_environment()
    assert custom["GOCACHE"] == str(tmp_path / "cache" / "go" / "build")
    assert custom["GOMODCACHE"] == str(tmp_path / "cache" / "go" / "modules")
    monkeypatch.delenv("TENANTPLANE_CACHE")
    assert not {"GOCACHE", "GOMODCACHE"} & set(build.go_environment())


@pytest.mark.processes
def test_the_real_go_takes_the_same_commands_as_the_fake(monkeypatch, modules):
    """The program is pause, which must block until it is told to end."""
    for name in ("GOCACHE", "GOMODCACHE"):
        asked = subprocess.run(["go", "env", name], capture_output=True, text=True, check=True)
        monkeypatch.setenv(name, asked.stdout.strip())
    source = Path(toolchain.__file__).parent / "pause" / "main.go"
    (modules / "one" / "main.go").write_text(f"{source.read_text()}\n// {uuid.uuid4()}\n")
    (modules / "one" / "go.mod").write_text("module tenantplane/one\n\ngo 1.26.0\n")
    monkeypatch.setattr(toolchain, "RECIPES", {"one": Recipe("one", pinned="")})
    report = Silent()
    path = build.binary("one", report)
    total = report.updates[-1][1].rpartition(" ")[2]
    last = f"package {total} of {total}"
    assert report.updates[-1] == ("compile one", last, (int(total) - 1) / int(total))
    pause = subprocess.Popen([path])
    with pytest.raises(subprocess.TimeoutExpired):
        pause.wait(0.3)
    pause.terminate()
    assert pause.wait(5) == 0
