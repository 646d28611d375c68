"""Programs under the real engine, run by the offline language host."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes


def test_a_program_sees_what_the_official_host_would_give_it(workspace):
    project = workspace("""
import os, pathlib, sys, pulumi
import helper
config = pulumi.Config()
pulumi.export("seen", {
    "project": pulumi.get_project(), "stack": pulumi.get_stack(),
    "root": pulumi.get_root_directory(), "cwd": os.getcwd(), "name": __name__,
    "plain": config.require("plain"), "tree": config.require_object("tree"),
    "helper": helper.VALUE, "argv": sys.argv, "prefix": sys.prefix,
})
pulumi.export("token", config.require_secret("token"))
""")
    (project.folder / "helper.py").write_text("VALUE = 7\n")
    project.run("config", "set", "plain", "text")
    project.run("config", "set", "--path", "tree.a[0]", "b")
    project.run("config", "set", "--secret", "token", "hunter2")
    assert "hunter2" not in project.up().stdout
    outputs = project.outputs()
    folder = str(project.folder)
    assert outputs["seen"] == {
        "project": "test",
        "stack": "test",
        "root": folder,
        "cwd": folder,
        "name": "__main__",
        "plain": "text",
        "tree": {"a": ["b"]},
        "helper": 7,
        "argv": [folder],
        "prefix": sys.prefix,
    }
    assert outputs["token"] == "hunter2"
    assert "hunter2" not in project.export()


def test_preview_and_update_are_runs_of_their_own(workspace):
    """A program's modules must not remember the preview, though the SDK is loaded once."""
    project = workspace("""
import os, pulumi, memory
memory.RUNS.append(os.getpid())
pulumi.export("runs", len(memory.RUNS))
pulumi.export("dry", pulumi.runtime.is_dry_run())
""")
    (project.folder / "memory.py").write_text("RUNS = []\n")
    project.run("up", "--yes")
    assert project.outputs() == {"runs": 1, "dry": False}


def test_a_program_reads_what_its_own_stack_exported_before(workspace):
    """A host stack does, to check what runs with the kubeconfig of its last run."""
    project = workspace("""
import pulumi
async def main():
    own = "/".join((pulumi.get_organization(), pulumi.get_project(), pulumi.get_stack()))
    before = await pulumi.StackReference("before", own).outputs.future() or {}
    return {"found": before.get("token", "nothing"), "token": pulumi.Output.secret("hunter2")}
pulumi.run(main)
""")
    project.up()
    assert project.outputs()["found"] == "nothing"
    project.preview()
    project.up()
    assert project.outputs()["found"] == "hunter2"


def test_a_checkout_is_not_importable_from_other_programs(workspace):
    """The launcher puts it on the path for itself alone."""
    project = workspace("""
import importlib.util, os, pulumi
pulumi.export("found", importlib.util.find_spec("rig") is not None)
pulumi.export("path", os.environ.get("PYTHONPATH", ""))
""")
    project.up()
    outputs = project.outputs()
    assert outputs["found"] is False
    assert str(Path(__file__).parents[3]) not in outputs["path"].split(os.pathsep)


@pytest.mark.parametrize(
    ("program", "says", "not_said"),
    [
        (
            "import pulumi\ndef f():\n    raise KeyError('wrong')\nf()\n",
            ["Program failed with an unhandled exception", "__main__.py", "KeyError: 'wrong'"],
            ["runpy", "rig/plugins", "exit code"],
        ),
        (
            "import pulumi\nraise pulumi.RunError('tenants: too many, got 9; use less')\n",
            ["tenants: too many, got 9; use less"],
            ["Traceback", "exit code"],
        ),
        ("import absent\n", ["ModuleNotFoundError: No module named 'absent'"], ["rig/plugins"]),
        ("import sys\nsys.exit(3)\n", ["program: ended with exit code 3"], []),
        ("import os\nos.kill(os.getpid(), 9)\n", ["program: was ended by SIGKILL"], []),
        (
            "print('to be seen')\nimport pulumi\npulumi.log.warn('take care')\n",
            ["to be seen", "take care"],
            ["error"],
        ),
    ],
    ids=["exception", "run-error", "import", "exit", "killed", "prints"],
)
def test_what_a_program_says_is_shown(workspace, program, says, not_said):
    project = workspace(program)
    done = project.run("preview", check=False)
    text = done.stdout + done.stderr
    assert (done.returncode == 0) == ("to be seen" in says)
    for part in says:
        assert part in text
    for part in not_said:
        assert part not in text


def test_debug_messages_are_shown_on_request(workspace):
    """They are sent by a thread of its own, which must be done before the program ends."""
    project = workspace("import pulumi\nfor i in range(500):\n    pulumi.log.debug(f'step {i}.')\n")
    done = project.run("preview", "--debug")
    said = done.stdout + done.stderr
    assert [i for i in range(500) if f"step {i}." not in said] == []


def test_a_program_without_main_is_refused(workspace):
    project = workspace("")
    (project.folder / "__main__.py").unlink()
    done = project.run("preview", check=False)
    assert done.returncode != 0
    assert "has no __main__.py" in done.stdout + done.stderr


def test_a_wrong_runtime_option_is_refused_with_a_reason(workspace):
    project = workspace("", options={"typechecker": "mypy"})
    done = project.run("preview", check=False)
    assert done.returncode != 0
    assert "runtime option typechecker: is not offered" in done.stdout + done.stderr


def test_resources_are_declared_concurrently(workspace):
    """32 outputs that wait for each other need more threads than a default loop has."""
    project = workspace("""
import pulumi, pulumi_random as random
made = [random.RandomId(f"id{i}", byte_length=2) for i in range(32)]
pulumi.export("ids", pulumi.Output.all(*[item.hex for item in made]))
""")
    project.up("--parallel", "32")
    assert len(set(project.outputs()["ids"])) > 1


def test_an_interrupted_update_leaves_no_process(workspace):
    """Ctrl-C while the program runs."""
    project = workspace("""
import pathlib, time, os
pathlib.Path("pid").write_text(str(os.getpid()))
time.sleep(600)
""")
    update = subprocess.Popen(
        ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive"],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    pid = project.folder / "pid"
    _wait_until(lambda: pid.exists() and pid.read_text(), "the program runs")
    program = int(pid.read_text())
    group = os.getpgid(program)
    update.send_signal(signal.SIGINT)
    update.wait(timeout=60)
    _wait_until(lambda: not _group_runs(group), "its processes end")


PACK = """
import os, pathlib, sys
from pulumi_policy import EnforcementLevel, PolicyPack, StackValidationPolicy
pathlib.Path("pid").write_text(str(os.getpid()))
print("to be seen", file=sys.stderr)
def refuse(args, report):
    report(f"{os.getcwd()} with {sys.prefix}", None)
PolicyPack("pack", [StackValidationPolicy("no", "Nothing.", refuse, EnforcementLevel.MANDATORY)])
"""


@pytest.fixture
def preview_with(workspace):
    """Preview an empty program with a pack; returns exit code, what it said, the pack's folder."""

    def run(pack):
        project = workspace("")
        folder = project.folder / "pack"
        folder.mkdir()
        (folder / "PulumiPolicy.yaml").write_text("runtime: python\nname: pack\n")
        (folder / "__main__.py").write_text(pack)
        done = project.run("preview", "--policy-pack", str(folder), check=False)
        return done.returncode, done.stdout + done.stderr, folder

    return run


def test_a_policy_pack_runs_in_its_folder_and_ends_with_the_preview(preview_with):
    code, said, folder = preview_with(PACK)
    assert code != 0
    assert "[mandatory]  no" in said
    assert f"{folder} with {sys.prefix}" in said
    assert "to be seen" in said
    pid = int((folder / "pid").read_text())
    _wait_until(lambda: not Path(f"/proc/{pid}").exists(), "the pack ends")


def test_a_policy_pack_that_fails_is_told(preview_with):
    code, said, _ = preview_with("raise KeyError('wrong')")
    assert code != 0
    assert "KeyError: 'wrong'" in said


def test_a_component_in_python_is_refused_with_a_reason(workspace):
    project = workspace("")
    plugin = project.folder / "plugin"
    plugin.mkdir()
    (plugin / "PulumiPlugin.yaml").write_text("runtime: python\nname: plugin\n")
    (plugin / "__main__.py").touch()
    done = project.run("package", "get-schema", str(plugin), check=False)
    assert done.returncode != 0
    assert "of plugins in Python the offline language host runs policy packs alone" in (
        done.stdout + done.stderr
    )


def test_dependencies_are_installed_into_the_environment_that_programs_run_in(workspace):
    project = workspace("")
    (project.folder / "requirements.txt").write_text("pulumi\n")
    assert "already satisfied: pulumi" in project.run("install", "--no-plugins").stdout
    (project.folder / "requirements.txt").write_text("pulumi==0.0.1\n")
    failed = project.run("install", "--no-plugins", check=False)
    assert failed.returncode != 0
    assert "pip could not install it" in failed.stdout + failed.stderr


def test_the_language_is_described(workspace):
    project = workspace("")
    about = json.loads(project.run("about", "--json").stdout)
    assert about["runtime"]["executable"] == sys.executable
    assert any(item["name"] == "pulumi" for item in about["dependencies"])


def _wait_until(condition, what):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"not within 60 s: {what}"
        time.sleep(0.05)


def _group_runs(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
