"""gateway_api: the Gateway API's definitions, standard channel, as its Go module ships them.

Not here: which version (rig/toolchain/gateway-api/go.mod), the Gateway itself (components/).
"""

import re
from pathlib import Path

from core.errors import HostError
from rig import build, modules
from rig.hosts.native import api

_MODULE = "sigs.k8s.io/gateway-api"
_FOLDER = Path(__file__).parents[2] / "toolchain" / "gateway-api"
_VERSION = re.compile(rf"{re.escape(_MODULE)} (v\S+)")
_GO = re.compile(r"^go (\S+)$", re.MULTILINE)
_ANNOTATION = "gateway.networking.k8s.io/bundle-version"
_DOCUMENTS = re.compile(r"^---$", re.MULTILINE)
_HEAD = re.compile(r"^(apiVersion|kind): (\S+)$", re.MULTILINE)
_NAME = re.compile(r'^metadata:\n(?:  .*\n)*?  name: "?([^\s"]+)"?$', re.MULTILINE)


def version() -> str:
    """Return the pinned version."""
    return _required(_VERSION, _MODULE)


def go_version() -> str:
    """Return the oldest Go that downloads it."""
    return _required(_GO, "a version of Go")


def _required(pattern: re.Pattern[str], what: str) -> str:
    found = pattern.search((_FOLDER / "go.mod").read_text())
    if not found:
        raise HostError(f"gateway API: {_FOLDER}/go.mod does not require {what}; restore the file")
    return found[1]


def install(client: api.Api) -> int:
    """Apply the definitions that aren't there in this version; return how many those were."""
    missing = []
    for file in files():
        for document in documents(file.read_text()):
            present = client.metadata(path(document))
            if not present or present.get("annotations", {}).get(_ANNOTATION) != version():
                missing.append(document)
    for document in missing:
        client.apply(path(document), document)
    return len(missing)


def files() -> list[Path]:
    """Return the files of the definitions."""
    return sorted(_download().glob("gateway.networking.k8s.io_*.yaml"))


def documents(text: str) -> list[str]:
    """Return the YAML documents of a file; they are applied as they are, not parsed: it is 1 MB."""
    return [part for part in _DOCUMENTS.split(text) if _HEAD.search(part)]


def path(document: str) -> str:
    """Return the path of a document's object."""
    head = dict(_HEAD.findall(document))
    name = _NAME.search(document)
    if not name or {"apiVersion", "kind"} - head.keys():
        raise HostError(f"gateway API: a document names no object, got {document[:80]!r}")
    return api.path({**head, "metadata": {"name": name[1]}})


def _download() -> Path:
    """Return the folder of the definitions in Go's module cache; go.sum vouches for them."""
    build.check_go("the Gateway API", go_version())
    return modules.folder(_FOLDER, _MODULE) / "config" / "crd" / "standard"
