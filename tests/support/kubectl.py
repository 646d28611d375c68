"""kubectl against one API server."""

import json
import subprocess
import tempfile
import time

CLUSTER_WIDE = (
    "namespaces,customresourcedefinitions,clusterroles,clusterrolebindings,gatewayclasses,"
    "persistentvolumes,priorityclasses,validatingadmissionpolicies,storageclasses"
)
"""Kinds of objects of which a host has some before anything of ours is on it."""


class Kubectl:
    """kubectl with one kubeconfig: the host's, a tenant's user's or the platform's in a tenant."""

    def __init__(self, kubeconfig, environment=None):
        self._file = tempfile.NamedTemporaryFile("w", suffix=".yaml")  # noqa: SIM115 -- lives as long as self
        self._file.write(kubeconfig)
        self._file.flush()
        self.kubeconfig = kubeconfig
        self.environment = environment

    def run(self, *args, check=True, stdin=None, timeout=60):
        """Run `kubectl <args>`; returns the finished process."""
        command = ["kubectl", "--kubeconfig", self._file.name, *args]
        result = subprocess.run(
            command,
            input=stdin,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and result.returncode:
            raise AssertionError(f"kubectl {' '.join(args)}: {result.stderr or result.stdout}")
        return result

    def out(self, *args, **kwargs):
        return self.run(*args, **kwargs).stdout.strip()

    def json(self, *args):
        return json.loads(self.out(*args, "-o", "json"))

    def names(self, *args):
        """Names of the objects that `get <args>` lists."""
        return [line.partition("/")[2] for line in self.out("get", *args, "-o", "name").split()]

    def inventory(self):
        """Names of all cluster-wide objects of a host."""
        return set(self.out("get", CLUSTER_WIDE, "-o", "name").split())

    def apply(self, manifest, *, check=True):
        text = manifest if isinstance(manifest, str) else json.dumps(manifest)
        return self.run("apply", "-f", "-", stdin=text, check=check)

    def refused(self, *args, stdin=None):
        """The message with which the server refuses `kubectl <args>`."""
        result = self.run(*args, check=False, stdin=stdin)
        assert result.returncode, f"was allowed: kubectl {' '.join(args)}"
        return result.stderr

    def can_i(self, *args):
        return self.run("auth", "can-i", *args, check=False).stdout.strip() == "yes"


def eventually(condition, what, *, seconds=30.0):
    """Wait until a condition holds; its last value or error stands in the failure."""
    deadline = time.monotonic() + seconds
    last = None
    while time.monotonic() < deadline:
        try:
            last = condition()
            if last:
                return last
        except AssertionError as error:
            last = error
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s; last seen: {last}")
