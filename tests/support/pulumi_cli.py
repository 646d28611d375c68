"""The Pulumi CLI on this checkout's program, with a backend and config of its own."""

import json
import os
import re
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

import yaml

from rig import pulumi
from rig.progress import Silent

ROOT = pulumi.ROOT
RUNTIME_CLASS = os.environ.get("TENANTPLANE_E2E_RUNTIME_CLASS")
"""RuntimeClass of every tenant that says none: all tests against tenants in gVisor, say."""

SKIP_CHECKPOINTS = "PULUMI_SKIP_CHECKPOINTS"
"""Set to "true", an update that is killed leaves nothing of what it did in the state."""

_UP_SECONDS = 600
_HEADING = re.compile(r"  \S+ \((.+)\):")


def dev_config(kubeconfig):
    """Pulumi.dev.yaml on the host of a kubeconfig, as plain values to change per stack."""
    document = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]
    plain = {key.removeprefix("tenantplane:"): value for key, value in document.items()}
    plain["host"]["adopt"] = {"kubeconfig": str(kubeconfig)}
    return plain


def toolchain_environment():
    """What `make env` sets, on top of this process's environment."""
    if not pulumi.is_ready():
        pulumi.prepare(Silent())
    return os.environ | pulumi.environment()


def errors(result):
    """The errors among a run's diagnostics, by the name of the resource that they are about."""
    _, _, text = result.stdout.partition("\nDiagnostics:\n")
    found, name = {}, None
    is_error = False
    for line in text.splitlines():
        if line and not line.startswith(" "):
            break  # outputs and counts
        if heading := _HEADING.fullmatch(line):
            name = heading[1]
        elif line.startswith("    error: "):
            is_error = True
            found.setdefault(name, []).append(line.removeprefix("    error: "))
        elif line[4:5].strip():
            is_error = False  # a warning, or what the program printed
        elif is_error and line.strip():
            found[name][-1] += f"\n{line.strip()}"
    return found


@dataclass(frozen=True)
class Said:
    """What one run of `pulumi` wrote for everybody to see."""

    command: str
    returncode: int
    text: str


class PulumiCli:
    """One stack in a backend of its own, so that no test touches the user's.

    Its config file stands in the checkout, where Pulumi looks for it, until the context ends.
    """

    transcript: ClassVar[list[Said]] = []
    """All that all runs of this process said; but those that were asked for secrets."""

    def __init__(self, folder, stack, config, *, beside=None):
        """Make the stack; `beside` another one, in its backend, so that it can refer to it."""
        self.stack = stack
        self.config_file = ROOT / f"Pulumi.{stack}.yaml"
        self.config = config
        backend = folder / "backend"
        backend.mkdir(exist_ok=True)
        passphrase = folder / "passphrase"
        passphrase.write_text("of a test")
        self.environment = toolchain_environment() | {
            # No .attrs files: one that is half written when a run is killed bars the whole stack.
            "PULUMI_BACKEND_URL": f"file://{backend}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
        }
        if beside is not None:
            self.environment = beside.environment
        self.config_file.unlink(missing_ok=True)
        self._outputs = None
        self.run("stack", "init", stack)
        self.write_config()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.config_file.unlink(missing_ok=True)

    @contextmanager
    def with_checkpoints(self):
        """Its state is written after each step, as users have it; that of stacks beside it too."""
        skips = self.environment.pop(SKIP_CHECKPOINTS, None)
        try:
            yield
        finally:
            if skips:
                self.environment[SKIP_CHECKPOINTS] = skips

    def write_config(self):
        """Write self.config, keeping the encryption salt that Pulumi put beside it."""
        config = dict(self.config)
        if RUNTIME_CLASS:
            config["tenants"] = [
                {"runtimeClass": RUNTIME_CLASS, **one} for one in config.get("tenants", [])
            ]
        document = {"config": {f"tenantplane:{key}": v for key, v in config.items()}}
        old = yaml.safe_load(self.config_file.read_text()) if self.config_file.exists() else {}
        document |= {key: value for key, value in (old or {}).items() if key != "config"}
        self.config_file.write_text(yaml.safe_dump(document))

    def run(self, *args, check=True, env=None):
        """Run `pulumi <args>` on the stack; the result has stdout, stderr and returncode."""
        command = ["pulumi", *args, "--non-interactive"]
        if args[:2] != ("stack", "init"):
            command += ["--stack", self.stack]
        if args[0] != "preview" and args[:2] not in (("stack", "output"), ("stack", "export")):
            self._outputs = None
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
        if "--show-secrets" not in args:
            text = f"{result.stdout}\n{result.stderr}"
            self.transcript.append(Said(" ".join(command), result.returncode, text))
        if check and result.returncode:
            raise AssertionError(f"{' '.join(command)}:\n{result.stdout}\n{result.stderr}")
        return result

    def up(self, *args, check=True):
        self.write_config()
        return self.run("up", "--yes", "--skip-preview", *args, check=check)

    def preview(self, *args, check=True):
        self.write_config()
        return self.run("preview", *args, check=check)

    def outputs(self):
        """What the stack gives out; read once after each change, as Pulumi takes seconds for it."""
        if self._outputs is None:
            text = self.run("stack", "output", "--json", "--show-secrets").stdout
            self._outputs = json.loads(text)
        return self._outputs

    def export(self, *args):
        return self.run("stack", "export", *args).stdout

    def kubeconfig(self, tenant):
        return self.outputs()["kubeconfigs"][tenant]
