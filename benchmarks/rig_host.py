"""A native host and a stack of its own for one benchmark, removed again afterwards."""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rig.hosts.native.layout import Layout
from tests.support.kubectl import Kubectl
from tests.support.probe import Target
from tests.support.pulumi_cli import ROOT, PulumiCli
from tests.support.sql_servers import sql_settings

HOST = "bench"
HOST_DIR = Layout(HOST, 0).root


@contextlib.contextmanager
def stack(tenants: int, *, sql: bool = False, operators: bool = False) -> Iterator[PulumiCli]:
    """A stack of so many tenants, up, on host `bench`, which has a stack of its own.

    Args:
        tenants: How many, named as `names` does.
        sql: With SQL servers beside the host.
        operators: With what operators pull, and a registry beside the host.
    """
    wanted = {"--sql": sql, "--operators": operators}
    try:
        rig("up", *(option for option, is_wanted in wanted.items() if is_wanted))
        with (
            tempfile.TemporaryDirectory() as folder,
            PulumiCli(Path(folder), HOST, _host_config(sql=sql)) as host,
            PulumiCli(Path(folder), f"{HOST}-tenants", _config(tenants), beside=host) as cli,
        ):
            host.up()
            cli.up()
            yield cli
    finally:
        rig("down")


def rig(verb: str, *options: str) -> None:
    """`python -m rig <verb> --host bench`."""
    command = [sys.executable, "-m", "rig", verb, "--host", HOST, *options]
    subprocess.run(command, cwd=ROOT, check=True)


def kubectl() -> Kubectl:
    """The host, by kubectl."""
    return Kubectl((HOST_DIR / "kubeconfig").read_text())


def registry() -> dict[str, Any]:
    """How the registry of a host with operators is reached, as the rig wrote it down."""
    found: dict[str, Any] = json.loads((HOST_DIR / "registry.json").read_text())
    return found


def names(count: int) -> list[dict[str, str]]:
    """So many tenants, as the config lists them."""
    return [{"name": f"t{number}"} for number in range(count)]


def _host_config(*, sql: bool) -> dict[str, object]:
    adopt = {"kubeconfig": str(HOST_DIR / "kubeconfig")}
    return {
        "kind": "host",
        "domain": "tenants.test",
        "host": {"name": HOST, "adopt": adopt},
        "etcd": {"shared": {"members": 1}},  # it has one node
        "sql": sql_settings(HOST) if sql else {},
    }


def _config(tenants: int) -> dict[str, object]:
    host = f"organization/tenantplane/{HOST}"
    return {"kind": "tenants", "hostStack": host, "tenants": names(tenants)}


def answers(target: Target, path: str = "/readyz") -> bool:
    """Whether the tenant answers ready through its public address."""
    try:
        return bool(target.request("GET", path, identified=False, seconds=2)[0] == 200)  # noqa: PLR2004
    except OSError:
        return False


def seconds(start: float) -> float:
    """Seconds since a reading of time.monotonic()."""
    return time.monotonic() - start
