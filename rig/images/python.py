"""python: a layer with Debian's Python and packages from PyPI, made without Docker.

Not here: what is imported with it (agent.py, pythonic.py), how pip is called (rig/pypi.py).
"""

import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from core.errors import TenantplaneError
from rig import cache, pypi, run
from rig.images import layers
from rig.images.layers import Layer
from rig.progress import Progress

_SUITE = "bookworm"
_PYTHON = "3.11"  # the one of that suite
_GLIBC_MINOR = 36  # same
_UNWANTED = (
    *("/dev", "/proc", "/sys", "/var", "/etc/apt", "/etc/hostname", "/etc/resolv.conf"),
    *("/usr/share/doc", "/usr/share/locale", "/usr/share/man", "/usr/share/lintian"),
)


@dataclass(frozen=True)
class Python:
    """Python, and what one program needs of PyPI."""

    name: str
    """Of the layer in the cache."""

    owner: str
    """Whose it is, in messages."""

    requirements: Path
    """What pip installs."""

    packages: str
    """Folder of the packages in the image, absolute; no package in it is found by itself."""

    libraries: tuple[str, ...] = ()
    """Debian's packages with what the packages of PyPI are linked with."""

    def layer(self, report: Progress) -> Layer:
        """Return the layer, made now if it isn't in the cache.

        Raises:
            TenantplaneError: mmdebstrap or pip failed, or we may not make a root file system.
        """
        key = cache.key(
            self.requirements.read_bytes(), Path(__file__).read_bytes(),
            Path(layers.__file__).read_bytes(), platform.machine(), self.packages, *self.libraries,
        )  # fmt: skip
        entry = cache.entry("layers", self.name, key, lambda folder: self._make(folder, report))
        return layers.read(entry / "layer.tar")

    def _make(self, folder: Path, report: Progress) -> None:
        root = folder / "root"
        with report.step(f"prepare {self.owner}'s Python") as step:
            step.update("Debian packages")
            include = f"--include={','.join(('python3', *self.libraries))}"
            self._call("mmdebstrap", "--quiet", "--variant=extract", include, _SUITE, str(root))
            step.update("Python packages")
            pypi.install(self.requirements, root / self.packages[1:], *_for_image())
            step.update("byte code")
            self._compile(root)
            step.update("layer")
            layers.write_tree(folder / "layer.tar", root, _is_wanted)
            shutil.rmtree(root)

    def _compile(self, root: Path) -> None:
        """Compile everything: the container's file system is read-only, it can't do so itself.

        By hash, not by time, as files in a layer have none; unchecked, as nothing changes there.
        """
        self._call(
            *("chroot", str(root), "/usr/bin/python3", "-m", "compileall", "-q", "-j", "0"),
            *("--invalidation-mode", "unchecked-hash", "-x", "/(test|tests)/"),
            *(f"/usr/lib/python{_PYTHON}", self.packages),
        )

    def _call(self, program: str, *arguments: str) -> None:
        try:
            run.quietly([program, *arguments], f"{program}: can't make {self.owner}'s image")
        except FileNotFoundError as missing:
            raise TenantplaneError(
                f"{program}: is not on PATH, and {self.owner}'s image needs it; "
                f"`apt-get install {program}`"
            ) from missing


def _for_image() -> list[str]:
    """Return pip's options for the Python of the image, whichever runs the rig."""
    machine = platform.machine()
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(_GLIBC_MINOR, 4, -1)]
    options = ["--implementation", "cp", "--python-version", _PYTHON]
    for tag in (*tags, f"manylinux2014_{machine}", f"linux_{machine}"):
        options += ["--platform", tag]
    return options


def _is_wanted(path: str) -> bool:
    return path not in _UNWANTED and not path.endswith("/gconv")  # tables of old character sets
