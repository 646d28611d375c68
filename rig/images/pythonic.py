"""pythonic: the image that runs function-pythonic, a composition function from PyPI.

Not here: how its Python is made (python.py), the package that it is in (xpkg.py).
"""

from pathlib import Path

from rig.images import base
from rig.images.layers import Layer
from rig.images.oci import Config
from rig.images.python import Python
from rig.progress import Progress

PACKAGE = Path(__file__).parent / "function-pythonic"
"""Folder of the package's metadata, and of what pip installs."""

_PACKAGES = "/opt/function/site-packages"

CONFIG = Config(
    entrypoint=("python3", "-m", "crossplane.pythonic.main"),
    environment={
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": _PACKAGES,
        "PYTHONUNBUFFERED": "1",
        "SSL_CERT_FILE": base.CERTIFICATES,
    },
)


def python_layer(report: Progress) -> Layer:
    """Return the layer with Python, the function and all that it imports.

    Raises:
        TenantplaneError: mmdebstrap or pip failed, or we may not make a root file system.
    """
    requirements = PACKAGE / "requirements.txt"
    libraries = ("libstdc++6",)  # of grpcio
    wanted = Python("pythonic-python", "function-pythonic", requirements, _PACKAGES, libraries)
    return wanted.layer(report)
