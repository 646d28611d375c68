"""registry: a registry of images beside a native host, in the place of one on the internet.

It starts with the packages of Crossplane that the rig builds; whoever reaches it may push others.
Not here: how packages are built (rig/images), Debian's package (rig/packages.py), its name in the
host's DNS (addons.py).
"""

import json
import os
import pwd
import shutil
from collections.abc import Sequence
from pathlib import Path

from core import versions
from rig import files
from rig.hosts.native import private, state
from rig.hosts.native.components import Component
from rig.hosts.native.layout import REGISTRY_NAME, Layout
from rig.images import xpkg
from rig.images.xpkg import Package

FACTS = "registry.json"
"""File in a host's folder that says how its registry is reached."""

NAME = f"{REGISTRY_NAME}:5000"
"""What the references of its images begin with."""

_COMPONENT = "registry"
_PORT = 5000

_CONFIG = """\
version: 0.1
log:
  level: warn
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: {data}
  delete:
    enabled: true
http:
  addr: {address}
  tls:
    certificate: {run}/server.crt
    key: {run}/server.key
    minimumtls: tls1.2
"""

_MIRROR = """\
server = "https://{address}"

[host."https://{address}"]
  capabilities = ["pull", "resolve"]
  ca = "{authority}"
"""
"""containerd's way there: it asks the machine's resolver for names, which doesn't know this one."""


def binaries() -> dict[str, Path]:
    """Return the registry's program, by the first word of its command line."""
    return {"docker-registry": Path(shutil.which("docker-registry") or "/usr/bin/docker-registry")}


def components(layout: Layout) -> dict[str, Component]:
    """Return the registry as a component of a host."""
    folder = private.folder(layout, _COMPONENT)
    config = folder / "config.yml"
    made = Component(
        _COMPONENT,
        ("docker-registry", "serve", str(config)),
        f"https://{_address(layout)}/v2/",
        (config, folder / "server.crt"),
        user=_user,
        authority=_authority(layout).stem,
    )
    return {made.name: made}


def prepare(layout: Layout) -> None:
    """Make what is missing: its files, the folder of its images, and containerd's way there."""
    data, address = layout.data / _COMPONENT, _address(layout)
    config = _CONFIG.format(data=data, address=address, run=private.folder(layout, _COMPONENT))
    private.write(layout, _COMPONENT, {"config.yml": config}, _user(), data)
    data.mkdir(mode=0o700, exist_ok=True)
    os.chown(data, *_user())
    way = _MIRROR.format(address=address, authority=_authority(layout))
    files.write(layout.mirrors / NAME / "hosts.toml", way)
    text = json.dumps(facts(layout), indent=2, sort_keys=True) + "\n"
    files.write(layout.root / FACTS, text)


def facts(layout: Layout) -> dict[str, object]:
    """Return what a client must know of it."""
    return {
        "name": NAME,
        "address": _address(layout),
        "caFile": str(_authority(layout)),
        "packages": {name: reference(name) for name in versions.CROSSPLANE_PACKAGES},
    }


def reference(package: str) -> str:
    """Return the reference of one of the rig's packages in it."""
    return versions.image(package, registry=NAME)


def push(layout: Layout, known: state.State, packages: Sequence[Package], crank: Path) -> list[str]:
    """Push the packages that aren't in it yet, or not as they are now; return their references."""
    new = [one for one in packages if known.pushed.get(reference(one.name)) != str(one.file)]
    # Of the user it has neither credentials nor a proxy, as for everything on this machine.
    environment = {"HOME": str(layout.root), "SSL_CERT_FILE": str(_authority(layout))}
    for package in new:
        target = versions.image(package.name, registry=_address(layout))
        arguments = (f"--package-files={package.file}", target)
        xpkg.call(crank, "push", *arguments, environment=environment)
        known.pushed[reference(package.name)] = str(package.file)
        known.save(layout)
    return [reference(package.name) for package in new]


def _address(layout: Layout) -> str:
    return f"{layout.node_address}:{_PORT}"


def _authority(layout: Layout) -> Path:
    return layout.pki / "registry-ca.crt"


def _user() -> tuple[int, int]:
    """Return the user that Debian's package makes."""
    found = pwd.getpwnam("docker-registry")
    return found.pw_uid, found.pw_gid
