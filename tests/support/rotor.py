"""Tenants whose keys are replaced while a probe asks each of them."""

import json
import time
from contextlib import ExitStack, contextmanager

from tests.support.kubectl import Kubectl, eventually
from tests.support.probe import Probe, Target

TENANTS = ("two", "own", "one")
ETCDS = {"two": "tenantplane-etcd-turning", "own": "tenant-own"}
"""Namespaces of the etcds that tenants are in; `one` is on an SQL server where there is one."""

QUIET_SECONDS = 15
"""An outage is over when nothing failed for so long: while its store is away an API server leaves
and comes back by its readiness probe, which looks every ten seconds."""


class Rotor:
    """Keys of tenants and of the pool, changed by one `pulumi up` at a time."""

    def __init__(self, stack):
        self.stack = stack

    def tenants(self, keys):
        for tenant in self.stack.config["tenants"]:
            if tenant["name"] in TENANTS:
                tenant["keys"] = keys
        self.replaces_only_certificates()
        self.stack.up()

    def pool(self, keys):
        self.stack.config["etcd"]["turning"]["keys"] = keys
        self.replaces_only_certificates()
        self.stack.up()

    def replaces_only_certificates(self):
        """No provider, no tenant object, no pod's owner is made anew."""
        steps = json.loads(self.stack.preview("--json").stdout)["steps"]
        replaced = {one["urn"].split("::")[2] for one in steps if "replace" in one["op"]}
        assert all(kind.endswith(":LocallySignedCert") for kind in replaced), replaced

    @contextmanager
    def probed(self):
        """Ask all tenants all the while, and until they answer again."""
        with ExitStack() as probing:
            probes = {name: probing.enter_context(Probe(self.target(name))) for name in TENANTS}
            yield probes
            for name, probe in probes.items():
                eventually(lambda one=probe: is_quiet(one), f"{name} answers again", seconds=120)

    def user(self, name):
        return Kubectl(self.stack.kubeconfig(name))

    def target(self, name):
        return Target(self.stack.kubeconfig(name))

    def leaves(self, *prefixes):
        """Options of `pulumi up` that renew all leaves whose names begin so, by their names."""
        state = json.loads(self.stack.export())["deployment"]["resources"]
        found = {
            one["urn"].rpartition("::")[2]: f"--replace={one['urn']}"
            for one in state
            if one["type"].endswith(":LocallySignedCert")
        }
        return {name: option for name, option in found.items() if name.startswith(prefixes)}


def is_quiet(probe):
    return not probe.failures or time.time() - probe.failures[-1][0] > QUIET_SECONDS


def outage(probe):
    """For how many seconds in all nobody answered."""
    return len(probe.failures) * probe.period
