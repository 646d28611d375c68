"""Crossplane on a native host: what a config says of it, and what the example's user does with it.

The objects are those of examples/crossplane, in its words. Its packages come from the registry of a
host with what operators pull (`python -m rig up --operators`).
Not here: the chart (charts.py).
"""

from pathlib import Path

from tests.support import charts
from tests.support.kubectl import eventually
from tests.support.pulumi_cli import ROOT

NAMESPACE = "crossplane-system"
PACKAGES = ("provider/provider-kubernetes", "function/function-pythonic")
WORKSPACE = ("workspace", "rockets", "-n", "default")

_UPSTREAM = "xpkg.crossplane.io"
_PREFIX = "crossplane-contrib"
_PODS = "10.232.0.0/16"
"""Addresses of pods on all native hosts: provider-kubernetes gets to a tenant by the gateway's."""


def operator(registry):
    """Crossplane as it is configured where its packages come from another registry.

    Args:
        registry: How it is reached, as the rig wrote it down.
    """
    bundle = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "registry-ca", "namespace": NAMESPACE},
        "data": {"ca.crt": Path(registry["caFile"]).read_text()},
    }
    address, _, port = registry["address"].partition(":")
    return {
        "name": "crossplane",
        "chart": {"path": str(charts.crossplane())},
        "values": {
            "registryCaBundleConfig": {"name": "registry-ca", "key": "ca.crt"},
            "extraObjects": [bundle],
        },
        "registries": [_UPSTREAM, f"{registry['name']}/{_PREFIX}"],
        "networks": {f"{address}/32": [int(port)], _PODS: [8443]},
    }


def example(name):
    """A file of the example, as it stands there."""
    return (ROOT / "examples" / "crossplane" / name).read_text()


def install(tenant, registry):
    """Ask for the example's packages; they are healthy some time later."""
    tenant.apply(
        {
            "apiVersion": "pkg.crossplane.io/v1beta1",
            "kind": "ImageConfig",
            "metadata": {"name": "from-our-registry"},
            "spec": {
                "matchImages": [{"type": "Prefix", "prefix": f"{_UPSTREAM}/{_PREFIX}"}],
                "rewriteImage": {"prefix": f"{registry['name']}/{_PREFIX}"},
            },
        }
    )
    tenant.apply(example("packages.yaml"))


def wait_for_packages(tenant):
    """Wait until what `install` asked for is healthy."""
    for package in PACKAGES:
        tenant.run("wait", package, "--for=condition=Healthy", "--timeout=180s", timeout=200)


def claim(tenant, kubeconfig):
    """Have the example's Workspace, Ready, in a tenant with its packages.

    Args:
        tenant: By kubectl.
        kubeconfig: Of the cluster that the Workspace is in.
    """
    tenant.apply(example("definition.yaml"))
    secret = ("create", "secret", "generic", "elsewhere", "-n", NAMESPACE)
    tenant.run(*secret, "--from-file=kubeconfig=/dev/stdin", stdin=kubeconfig)
    eventually(lambda: tenant.apply(example("elsewhere.yaml")), "the provider's kinds", seconds=60)
    eventually(lambda: tenant.apply(example("workspace.yaml")), "the kind of our own", seconds=60)
    tenant.run("wait", *WORKSPACE, "--for=condition=Ready", "--timeout=180s", timeout=200)
