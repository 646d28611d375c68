"""`pulumi up` is killed while it makes a tenant: what is left, what it says, what repairs it."""

import subprocess
from pathlib import Path

import pytest

from tests.support.kubectl import eventually
from tests.support.probe import Target
from tests.support.pulumi_cli import ROOT, PulumiCli, errors

TAKE_OVER = {
    "PULUMI_K8S_UPSERT_EXISTING_OBJECTS": "true",
    "PULUMI_K8S_ENABLE_PATCH_FORCE": "true",
}
"""Objects that exist are taken over, with what a killed run wrote into them."""


@pytest.fixture(scope="module")
def killed(stack, host, tmp_path_factory):
    """A stack whose first up was killed after it made the Deployment, before it wrote that down."""
    config = {
        "kind": "tenants",
        "hostStack": f"organization/tenantplane/{stack.stack}",
        "tenants": [{"name": "piper"}],
    }
    folder = tmp_path_factory.mktemp("killed")
    with PulumiCli(folder, "e2e-killed", config, beside=stack) as cli, cli.with_checkpoints():
        try:
            process = start_up(cli, folder / "said")
            eventually(
                lambda: "control-plane" in host.names("deployments", "-n", "tenant-piper"),
                "the Deployment",
                seconds=60,
            )
            cli.orphans = children(process.pid)
            process.kill()
            process.wait()
            yield cli
        finally:
            cli.run("cancel", "--yes", check=False)
            cli.run("destroy", "--yes", "--skip-preview", check=False, env=TAKE_OVER)


def start_up(cli, log):
    with log.open("w") as out:
        return subprocess.Popen(
            ["pulumi", "up", "--yes", "--skip-preview", "--stack", cli.stack, "--non-interactive"],
            cwd=ROOT,
            env=cli.environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )


def children(pid):
    """Ids of the processes that a process started, and of theirs."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text().split():
            found += [int(child), *children(int(child))]
    return found


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_its_plugins_end_with_it(killed):
    assert killed.orphans
    eventually(lambda: not [pid for pid in killed.orphans if alive(pid)], "the plugins ended")


def test_the_next_up_says_who_holds_the_lock_and_how_to_take_it(killed):
    refused = killed.up(check=False)
    assert refused.returncode
    assert "currently locked by 1 lock" in refused.stderr
    assert "pulumi cancel" in refused.stderr
    killed.run("cancel", "--yes")


def test_up_takes_over_what_was_made_when_it_is_told_to(killed):
    """Else it refuses, since another stack may have a tenant of that name."""
    killed.run("cancel", "--yes", check=False)
    refused = killed.up(check=False)
    assert refused.returncode
    (reason,) = errors(refused)["piper-control-plane"]
    assert reason.startswith("Deployment tenant-piper/control-plane: it exists already")
    assert all(f"{name}={value}" in reason for name, value in TAKE_OVER.items())

    killed.run("up", "--yes", "--skip-preview", env=TAKE_OVER)
    killed.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
    killed.up()  # the provider, which remembers that it took over, is as before
    last = killed.up("--expect-no-changes")
    assert "pending" not in last.stdout
    assert Target(killed.kubeconfig("piper")).request("GET", "/readyz") == (200, "ok")


def test_its_tenant_is_removed_like_any_other(killed, host, etcdctl):
    killed.config["tenants"] = []
    killed.up()
    assert etcdctl("get", "/t/piper/", "--prefix", "--keys-only").stdout.split() == []
    assert "tenant-piper" not in host.names("namespaces")
