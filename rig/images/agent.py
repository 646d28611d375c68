"""agent: the layers of the host agent's image, made without Docker: Debian's Python, and sources.

The expensive part (Python and the agent's packages) is cached apart from the sources, so that an
edit of agent/ costs no download. The image for everybody else has a Dockerfile: agent/Dockerfile.
Not here: what the agent does (agent/), the other images (catalog.py).
"""

import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from core.errors import TenantplaneError
from rig import cache, pypi
from rig.images import base, layers
from rig.images.layers import File, Layer
from rig.images.oci import Config
from rig.progress import Progress

_SUITE = "bookworm"
_PYTHON = "3.11"  # the one of that suite
_GLIBC_MINOR = 36  # same
_SOURCES = ("agent", "core")
_HOME = "/opt/agent"
_SHOWN_LINES = 20
_UNWANTED = (
    *("/dev", "/proc", "/sys", "/var", "/etc/apt", "/etc/hostname", "/etc/resolv.conf"),
    *("/usr/share/doc", "/usr/share/locale", "/usr/share/man", "/usr/share/lintian"),
)

CONFIG = Config(
    entrypoint=("python3", "-m", "agent"),
    environment={
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": f"{_HOME}:{_HOME}/site-packages",
        "PYTHONUNBUFFERED": "1",
        "SSL_CERT_FILE": base.CERTIFICATES,
    },
    working_dir=_HOME,
)


def python_layer(project: Path, report: Progress) -> Layer:
    """Return the layer with Python and the packages of agent/requirements.txt.

    Raises:
        TenantplaneError: mmdebstrap or pip failed, or we may not make a root file system.
    """
    requirements = project / "agent" / "requirements.txt"

    def make(folder: Path) -> None:
        root = folder / "root"
        with report.step("prepare the host agent's Python") as step:
            step.update("Debian packages")
            _debootstrap(root)
            step.update("Python packages")
            pypi.install(requirements, root / f"{_HOME[1:]}/site-packages", *_for_image())
            step.update("byte code")
            _compile(root)
            step.update("layer")
            layers.write_tree(folder / "layer.tar", root, _is_wanted)
            shutil.rmtree(root)

    key = cache.key(
        requirements.read_bytes(), Path(__file__).read_bytes(), Path(layers.__file__).read_bytes(),
        platform.machine(),
    )  # fmt: skip
    return layers.read(cache.entry("layers", "agent-python", key, make) / "layer.tar")


def sources(project: Path) -> list[File]:
    """Return the files of the layer with the agent itself and what it takes from core."""
    return list(_sources(project))


def _sources(project: Path) -> Iterator[File]:
    for package in _SOURCES:
        for path in sorted((project / package).rglob("*.py")):
            yield File(f"{_HOME}/{path.relative_to(project)}", path.read_bytes())


def _debootstrap(root: Path) -> None:
    _checked("mmdebstrap", "--quiet", "--variant=extract", "--include=python3", _SUITE, str(root))


def _for_image() -> list[str]:
    """Return pip's options for the Python of the image, whichever runs the rig."""
    machine = platform.machine()
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(_GLIBC_MINOR, 4, -1)]
    options = ["--implementation", "cp", "--python-version", _PYTHON]
    for tag in (*tags, f"manylinux2014_{machine}", f"linux_{machine}"):
        options += ["--platform", tag]
    return options


def _compile(root: Path) -> None:
    """Compile everything: the container's file system is read-only, it can't do so itself.

    By hash, not by time, as files in a layer have none; unchecked, as nothing changes there.
    """
    _checked(
        *("chroot", str(root), "/usr/bin/python3", "-m", "compileall", "-q", "-j", "0"),
        *("--invalidation-mode", "unchecked-hash", "-x", "/(test|tests)/"),
        *(f"/usr/lib/python{_PYTHON}", f"{_HOME}/site-packages"),
    )


def _is_wanted(path: str) -> bool:
    return path not in _UNWANTED and not path.endswith("/gconv")  # tables of old character sets


def _checked(program: str, *arguments: str) -> None:
    try:
        done = subprocess.run(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as missing:
        raise TenantplaneError(
            f"{program}: is not on PATH, and the host agent's image needs it; "
            f"`apt-get install {program}`"
        ) from missing
    if done.returncode != 0:
        shown = "\n".join(f"  {line}" for line in done.stdout.splitlines()[-_SHOWN_LINES:])
        raise TenantplaneError(
            f"{program}: can't make the host agent's image, got exit code {done.returncode}; "
            f"its last lines are below\n{shown}"
        )
