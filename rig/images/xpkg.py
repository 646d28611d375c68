"""xpkg: packages of Crossplane: what it installs, with the image that runs it inside.

Crossplane's own tool (rig/toolchain/crank) builds them, each once, into the cache.
Not here: these images (catalog.py, pythonic.py), pushing packages (rig/hosts/native/registry.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rig import cache, run
from rig.progress import Progress

BUILDER = "crank"
"""Recipe of the tool."""

_SHOWN_LINES = 8


@dataclass(frozen=True)
class Package:
    """A package that was built."""

    name: str
    """One of core.versions.CROSSPLANE_PACKAGES."""

    file: Path
    """Its path in the cache is another one if its content is."""


def build(name: str, folder: Path, runtime: Path, crank: Path, report: Progress) -> Package:
    """Return a package, built now if it isn't in the cache.

    Args:
        name: Of the package.
        folder: What is installed: crossplane.yaml, and definitions in folders of it.
        runtime: Archive of the image that runs it.
        crank: The tool.
        report: Where progress is shown.

    Raises:
        TenantplaneError: the tool refuses what it is given.
    """
    content = [
        part
        for path in sorted(folder.rglob("*.yaml"))
        for part in (str(path.relative_to(folder)), path.read_bytes())
    ]
    key = cache.key(str(crank), str(runtime), Path(__file__).read_bytes(), *content)

    def make(made: Path) -> None:
        with report.step(f"build package {name}"):
            call(
                crank, "build", f"--package-root={folder}", f"--package-file={made}/{name}.xpkg",
                f"--embed-runtime-image-tarball={runtime}", f"--examples-root={made}/examples",
            )  # fmt: skip

    return Package(name, cache.entry("packages", name, key, make) / f"{name}.xpkg")


def call(
    crank: Path, command: str, *arguments: str, environment: Mapping[str, str] | None = None
) -> None:
    """Run one of the tool's commands on packages.

    Raises:
        TenantplaneError: it failed; the message has its last lines.
    """
    run.quietly(
        [crank, "xpkg", command, *arguments],
        f"crank xpkg {command}: failed",
        env=environment,
        shown_lines=_SHOWN_LINES,
    )
