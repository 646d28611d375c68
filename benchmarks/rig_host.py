"""A native host and a stack of its own for one benchmark, removed again afterwards."""

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.support.probe import Target
from tests.support.pulumi_cli import ROOT, PulumiCli

HOST = "bench"
HOST_DIR = Path("/var/lib/tenantplane/hosts") / HOST


@contextlib.contextmanager
def stack(tenants: int) -> Iterator[PulumiCli]:
    """The dev stack on host `bench`, up with so many tenants."""
    rig("up")
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            PulumiCli(Path(folder), HOST, _config(tenants)) as cli,
        ):
            cli.up()
            yield cli
    finally:
        rig("down")


def rig(verb: str) -> None:
    """`python -m rig <verb> --host bench`."""
    subprocess.run([sys.executable, "-m", "rig", verb, "--host", HOST], cwd=ROOT, check=True)


def names(count: int) -> list[dict[str, str]]:
    """So many tenants, as the config lists them."""
    return [{"name": f"t{number}"} for number in range(count)]


def _config(tenants: int) -> dict[str, object]:
    document = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]
    config = {key.removeprefix("tenantplane:"): value for key, value in document.items()}
    config["host"] = {"name": HOST, "adopt": {"kubeconfig": str(HOST_DIR / "kubeconfig")}}
    config["tenants"] = names(tenants)
    return config


def answers(target: Target, path: str = "/readyz") -> bool:
    """Whether the tenant answers ready through its public address."""
    try:
        return bool(target.request("GET", path, identified=False, seconds=2)[0] == 200)  # noqa: PLR2004
    except OSError:
        return False


def seconds(start: float) -> float:
    """Seconds since a reading of time.monotonic()."""
    return time.monotonic() - start
