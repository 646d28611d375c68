"""What an example's script says, compared with what its README shows.

Not here: how a page shows a session (docs/console.py).
"""

import os
import re

import yaml

from docs import console, pictures
from tests.conftest import REGENERATE
from tests.support.pulumi_cli import ROOT

EXAMPLES = ROOT / "examples"

_ANOTHER_EACH_TIME = (
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:]{8}Z"), "<time>"),
    (re.compile(r"(?<= )(\d+[dhms]){1,2}$"), "<age>"),
    (re.compile(r"(?<=Running) +\d+( \(\w+ ago\))?"), " <restarts>"),
    (re.compile(r"JTI=[-0-9a-f]{36}|X509SHA256=[0-9a-f]{64}"), "<credential>"),
    (re.compile(r"(?<=-)[a-z0-9]{6,10}-[a-z0-9]{5}(?= )"), "<pod>"),
    (re.compile(r"(?<=-)[0-9a-f]{12}(?=[- ])"), "<hash>"),
    (re.compile(r"(?<=deleted) from \S+ namespace$"), ""),  # kubectl 1.33 and newer
    (re.compile(r" +"), " "),  # columns are as wide as what is in them
)


def readme(example):
    """Path of an example's README."""
    return EXAMPLES / example / "README.md"


def shown(example):
    """Return all commands that the README shows, with what they say there."""
    page = readme(example).read_text()
    return [step for session in console.sessions(page) for step in session.steps]


def tenants(example):
    """Return the tenants of the example's stack."""
    document = yaml.safe_load((EXAMPLES / example / "Pulumi.dev.yaml").read_text())
    return document["config"]["tenantplane:tenants"]


def check(example, output):
    """Compare; with TENANTPLANE_REGENERATE_GOLDEN=1, write README and pictures anew before."""
    told = console.steps(output)
    assert [one.command for one in told] == [one.command for one in shown(example)]
    if os.environ.get(REGENERATE):
        page = readme(example)
        page.write_text(console.retold(page.read_text(), told))
        pictures.main()
    for wanted, found in zip(shown(example), told, strict=True):
        if wanted.said != console.NOT_SHOWN:
            assert masked(found.said) == masked(wanted.said), f"$ {wanted.command}"


def masked(lines):
    """Return lines without what is another one each time."""
    found = []
    for line in lines:
        text = line
        for pattern, name in _ANOTHER_EACH_TIME:
            text = pattern.sub(name, text)
        found.append(text)
    return found
