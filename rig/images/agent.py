"""agent: the layers of the host agent's image, made without Docker: Debian's Python, and sources.

The expensive part (Python and the agent's packages) is cached apart from the sources, so that an
edit of agent/ costs no download. The image for everybody else has a Dockerfile: agent/Dockerfile.
Not here: how the Python is made (python.py), what the agent does (agent/), the other images
(catalog.py).
"""

from collections.abc import Iterator
from pathlib import Path

from rig.images import base
from rig.images.layers import File, Layer
from rig.images.oci import Config
from rig.images.python import Python
from rig.progress import Progress

_SOURCES = ("agent", "core")
_HOME = "/opt/agent"

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
    packages = f"{_HOME}/site-packages"
    return Python("agent-python", "the host agent", requirements, packages).layer(report)


def sources(project: Path) -> list[File]:
    """Return the files of the layer with the agent itself and what it takes from core."""
    return list(_sources(project))


def _sources(project: Path) -> Iterator[File]:
    for package in _SOURCES:
        for path in sorted((project / package).rglob("*.py")):
            yield File(f"{_HOME}/{path.relative_to(project)}", path.read_bytes())
