"""The Pulumi CLI on this checkout's program, with a backend and config of its own."""

import json
import os
import re
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
_EXPORT = re.compile(r"^export (\w+)=(.*)$")
_UP_SECONDS = 600


def toolchain_environment():
    """What `make env` sets, as a dict on top of this process's environment."""
    import shlex  # noqa: PLC0415 -- used here alone
    import sys  # noqa: PLC0415

    lines = subprocess.run(
        [sys.executable, "-m", "rig", "env"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    environment = dict(os.environ)
    for line in lines:
        found = _EXPORT.match(line)
        if found:
            value = " ".join(shlex.split(found[2]))
            environment[found[1]] = value.replace("$PATH", os.environ["PATH"])
    return environment


class PulumiCli:
    """One stack in a backend of its own, so that no test touches the user's."""

    def __init__(self, folder, stack, config):
        self.stack = stack
        self.config_file = folder / f"Pulumi.{stack}.yaml"
        self.config = config
        backend = folder / "backend"
        backend.mkdir(exist_ok=True)
        passphrase = folder / "passphrase"
        passphrase.write_text("of a test")
        self.environment = toolchain_environment() | {
            "PULUMI_BACKEND_URL": f"file://{backend}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
        }
        self.run("stack", "init", stack, config_file=False)
        self.write_config()

    def write_config(self):
        """Write self.config, keeping the encryption salt that Pulumi put beside it."""
        document = {"config": {f"tenantplane:{key}": v for key, v in self.config.items()}}
        if self.config_file.exists():
            old = yaml.safe_load(self.config_file.read_text()) or {}
            document |= {key: value for key, value in old.items() if key != "config"}
        self.config_file.write_text(yaml.safe_dump(document))

    def run(self, *args, check=True, config_file=True, env=None):
        """Run `pulumi <args>` on the stack; the result has stdout, stderr and returncode."""
        command = ["pulumi", *args, "--non-interactive"]
        if config_file:
            command += ["--stack", self.stack]
            if args[0] in {"up", "preview", "refresh", "destroy"}:
                command += ["--config-file", str(self.config_file)]
        result = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment | (env or {}),
            capture_output=True,
            text=True,
            timeout=_UP_SECONDS,
            check=False,
        )
        if check and result.returncode:
            raise AssertionError(f"{' '.join(command)}:\n{result.stdout}\n{result.stderr}")
        return result

    def up(self, *args, check=True):
        self.write_config()
        return self.run("up", "--yes", "--skip-preview", *args, check=check)

    def preview(self, *args, check=True):
        self.write_config()
        return self.run("preview", *args, check=check)

    def outputs(self, *, secrets=True):
        shown = ["--show-secrets"] if secrets else []
        return json.loads(self.run("stack", "output", "--json", *shown).stdout)

    def export(self):
        return self.run("stack", "export").stdout

    def kubeconfig(self, tenant, *, admin=False):
        return self.outputs()["adminKubeconfigs" if admin else "kubeconfigs"][tenant]
