"""The Pulumi CLI on this checkout's program, with a backend and config of its own."""

import json
import os
import subprocess

import yaml

from rig import pulumi
from rig.progress import Silent

ROOT = pulumi.ROOT
_UP_SECONDS = 600


def toolchain_environment():
    """What `make env` sets, on top of this process's environment."""
    if not pulumi.is_ready():
        pulumi.prepare(Silent())
    return os.environ | pulumi.environment()


class PulumiCli:
    """One stack in a backend of its own, so that no test touches the user's.

    Its config file stands in the checkout, where Pulumi looks for it, until the context ends.
    """

    def __init__(self, folder, stack, config):
        self.stack = stack
        self.config_file = ROOT / f"Pulumi.{stack}.yaml"
        self.config = config
        backend = folder / "backend"
        backend.mkdir(exist_ok=True)
        passphrase = folder / "passphrase"
        passphrase.write_text("of a test")
        self.environment = toolchain_environment() | {
            "PULUMI_BACKEND_URL": f"file://{backend}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
        }
        self.config_file.unlink(missing_ok=True)
        self.run("stack", "init", stack)
        self.write_config()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.config_file.unlink(missing_ok=True)

    def write_config(self):
        """Write self.config, keeping the encryption salt that Pulumi put beside it."""
        document = {"config": {f"tenantplane:{key}": v for key, v in self.config.items()}}
        old = yaml.safe_load(self.config_file.read_text()) if self.config_file.exists() else {}
        document |= {key: value for key, value in (old or {}).items() if key != "config"}
        self.config_file.write_text(yaml.safe_dump(document))

    def run(self, *args, check=True, env=None):
        """Run `pulumi <args>` on the stack; the result has stdout, stderr and returncode."""
        command = ["pulumi", *args, "--non-interactive"]
        if args[:2] != ("stack", "init"):
            command += ["--stack", self.stack]
        result = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment | (env or {}),
            capture_output=True,
            text=True,
            timeout=_UP_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
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
