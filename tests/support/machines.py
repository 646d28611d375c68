"""Machines for tests of the doctor: what they get as a host, and what they lack."""

import os
from pathlib import Path
from typing import NamedTuple

from rig import doctor, packages
from rig.hosts import choose, kernel
from rig.hosts.choose import Machine
from rig.hosts.native import machine, state


class Usage(NamedTuple):
    total: int
    used: int
    free: int


GIB = 1024**3
KUBECONFIG = """
current-context: c
clusters: [{name: c, cluster: {server: "https://one.test"}}]
contexts: [{name: c, context: {cluster: c, user: c}}]
"""


def well(monkeypatch):
    """Make this a machine that gets a native host, and has all that it needs."""
    choice(monkeypatch)
    monkeypatch.setattr(kernel, "try_all", lambda: iter([(kernel.FEATURES[0], "")]))
    monkeypatch.setattr(packages, "missing", list)
    monkeypatch.setattr(machine, "to_change", dict)
    monkeypatch.setattr(state, "routed", set)
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def choice(monkeypatch, *, kubeconfig="", docker=False, linux=True, root=True):
    seen = Machine(kubeconfig=kubeconfig, docker=docker, linux=linux, root=root)
    monkeypatch.setattr(choose, "this_machine", lambda: seen)


def meminfo(patch, free_mib):
    read = Path.read_text

    def fake(path, *arguments, **options):
        if str(path) == "/proc/meminfo":
            return f"MemTotal: 1 kB\nMemAvailable: {free_mib * 1024} kB\n"
        return read(path, *arguments, **options)

    patch.setattr(Path, "read_text", fake)


def room(patch, free_gib):
    patch.setattr(doctor.shutil, "disk_usage", lambda _: Usage(0, 0, free_gib * GIB))
