"""What README promises a newcomer, by the commands that stand in it.

On a host named dev, as theirs is: skipped where there is one, or anything else of somebody's.
"""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support import newcomer
from tests.support.native_host import machine
from tests.support.pulumi_cli import ROOT

pytestmark = pytest.mark.processes

_SECONDS = 900
ROW = re.compile(r"^(\S+) +(https://\S+) +(\d+\.\d+\.\d+) +(\d+\.\d) s$", re.MULTILINE)


TENANTS = {
    tenant["name"]
    for tenant in yaml.safe_load(Path(ROOT, "Pulumi.dev.yaml").read_text())["config"][
        "tenantplane:tenants"
    ]
}


def sh(command, folder=ROOT):
    """A command line as a person types it, in a shell that `make test` did not start."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=plain,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        check=True,
    ).stdout


def printed(line, files, folder=ROOT):
    """What a line that `make up` printed says, its files put where `files` is."""
    moved = re.sub(r"(\w+\.yaml)", rf"{shlex.quote(str(files))}/\1", line)
    return sh(f'eval "$(make env)"; {moved}', folder)


@pytest.fixture(scope="module")
def made():
    """What `make up` says."""
    if why := newcomer.obstacle():
        pytest.skip(why)
    before, config = machine("dev"), Path(ROOT, "Pulumi.dev.yaml").read_text()
    try:
        yield sh("make up")
    finally:
        sh("make down")
    assert machine("dev") == before
    assert Path(ROOT, "Pulumi.dev.yaml").read_text() == config


def test_it_ends_with_each_tenants_address_version_and_time(made):
    rows = {row[0]: row[1:] for row in ROW.findall(made)}
    assert set(rows) == TENANTS
    assert "host dev: native, because" in made
    assert "pulumi: " in made


def test_the_lines_that_it_prints_work(made, tmp_path):
    lines = [line for line in made.splitlines() if line.startswith("make kubeconfig TENANT=")]
    assert len(lines) == len(TENANTS)
    for line in lines:
        assert "customresourcedefinitions" in printed(line, tmp_path)


def test_plain_pulumi_works(made):
    shown = sh('eval "$(make env)"; pulumi stack output kubeconfigs --show-secrets --json')
    assert set(json.loads(shown)) == TENANTS
    assert "unchanged" in sh('eval "$(make env)"; pulumi preview --expect-no-changes')
