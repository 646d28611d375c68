"""A Pulumi project of a test, run by the offline toolchain through the real CLI."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from rig import pulumi
from rig.progress import Silent

_SECONDS = 120


class Workspace:
    """One project with one stack, named test; everything is in one folder."""

    checkout = pulumi.ROOT

    def __init__(self, folder, program, *, options=None, name="test", stack="test"):
        """Prepare a project; with no stack the test makes its own."""
        self.folder = folder / "project"
        self.folder.mkdir()
        self.local = folder / ".tenantplane"
        os.environ[pulumi.CHOICE_VARIABLE] = "offline"
        try:
            pulumi.prepare(Silent(), self.local)
        finally:
            del os.environ[pulumi.CHOICE_VARIABLE]
        self.environment = os.environ | pulumi.environment(self.local)
        runtime = {"name": "python", "options": options or {}}
        (self.folder / "Pulumi.yaml").write_text(json.dumps({"name": name, "runtime": runtime}))
        self.program(program)
        if stack:
            self.run("stack", "init", stack)

    def program(self, text):
        """Replace the program."""
        (self.folder / "__main__.py").write_text(text)

    def use_plugin(self, name, path):
        """Use another plugin, an official one, from now on; None: the stand-in again."""
        plugins = self.local / "pulumi-home/plugins"
        (folder,) = [p for p in plugins.glob(f"resource-{name}-v*") if p.is_dir()]
        launcher = folder / f"pulumi-resource-{name}"
        kept = folder / "stand-in"
        if not kept.exists():
            launcher.rename(kept)
        launcher.unlink(missing_ok=True)
        launcher.symlink_to(Path(path) if path else kept)

    def run(self, *args, check=True, env=None):
        """Run `pulumi <args>`; the result has stdout, stderr and returncode."""
        result = subprocess.run(
            ["pulumi", *args, "--non-interactive"],
            cwd=self.folder,
            env=self.environment | (env or {}),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        if check and result.returncode:
            raise AssertionError(f"pulumi {args}:\n{result.stdout}\n{result.stderr}")
        return result

    def up(self, *args, check=True):
        return self.run("up", "--yes", "--skip-preview", *args, check=check)

    def preview(self, *args, check=True):
        """What a preview says: the operation by resource name."""
        text = self.run("preview", "--json", *args, check=check).stdout
        return {step["urn"].rpartition("::")[2]: step["op"] for step in json.loads(text)["steps"]}

    def outputs(self):
        return json.loads(self.run("stack", "output", "--json", "--show-secrets").stdout)

    def export(self, *args):
        """The exported state, as text; secrets are encrypted unless asked for."""
        return self.run("stack", "export", *args).stdout

    def state(self):
        """Resources by name, secrets in clear."""
        deployment = json.loads(self.export("--show-secrets"))["deployment"]
        resources = deployment.get("resources", [])
        return {resource["urn"].rpartition("::")[2]: resource for resource in resources}

    def remove(self):
        self.run("destroy", "--yes", "--skip-preview", check=False)
        shutil.rmtree(self.folder)
