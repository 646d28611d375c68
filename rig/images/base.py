"""base: the lowest layer of the images: the few files that every program looks up.

Not here: the programs (catalog.py), the host agent's Python (agent.py).
"""

import stat
from pathlib import Path

from core.errors import TenantplaneError
from rig.images.layers import File
from rig.images.oci import NONROOT

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
"""Where an image has the certificate authorities that it trusts."""

_MOZILLA = Path("/usr/share/ca-certificates/mozilla")


def files() -> list[File]:
    """Return users, name lookup, trusted certificates and a place for temporary files."""
    user = f"nonroot:x:{NONROOT}:{NONROOT}:nonroot:/home/nonroot:/sbin/nologin"
    return [
        File("/etc/group", f"root:x:0:\nnonroot:x:{NONROOT}:\n".encode()),
        File("/etc/nsswitch.conf", b"hosts: files dns\n"),
        File("/etc/passwd", f"root:x:0:0:root:/root:/sbin/nologin\n{user}\n".encode()),
        File(CERTIFICATES, certificates(_MOZILLA)),
        File("/home/nonroot", mode=stat.S_IFDIR | 0o755),
        File("/tmp", mode=stat.S_IFDIR | stat.S_ISVTX | 0o777),  # noqa: S108 (in the image)
    ]


def certificates(folder: Path) -> bytes:
    """Return Mozilla's certificate authorities as Debian packs them, in one file.

    Not the machine's own bundle: what an administrator trusts here is no business of an image.

    Raises:
        TenantplaneError: the folder has none.
    """
    found = sorted(folder.glob("*.crt"))
    if not found:
        raise TenantplaneError(
            f"certificates: there are none in {folder}; `apt-get install ca-certificates`"
        )
    return b"".join(path.read_bytes().rstrip(b"\n") + b"\n" for path in found)
