"""A project whose tenants are made of keys and certificates, so that no host is needed.

Its components have the product's types and names, its outputs the product's shapes.
"""

import pytest

from automation import Installation, Settings
from core.settings import AdoptSettings, HostSettings
from tests.support.workspace import Workspace

PROGRAM = """
import json, pathlib, sys, time
sys.path.insert(0, CHECKOUT)
import pulumi, pulumi_tls as tls
from stacks import config, failures

RSA_BITS = {"small": 2048, "medium": 3072, "large": 9}  # 9 can't be made

class TenantControlPlane(pulumi.ComponentResource):
    def __init__(self, tenant):
        name = tenant["name"]
        super().__init__("tenantplane:index:TenantControlPlane", name)
        child = pulumi.ResourceOptions(parent=self)
        bits = RSA_BITS[tenant.get("profile", "small")]
        key = tls.PrivateKey(f"{name}-key", algorithm="RSA", rsa_bits=bits, opts=child)
        self.public = key.public_key_openssh
        self.kubeconfig = key.private_key_pem
        cert = tls.SelfSignedCert(
            f"{name}-cert", private_key_pem=key.private_key_pem, allowed_uses=[],
            validity_period_hours=1, subject={"common_name": name}, opts=child,
        )
        self.expiry = cert.validity_end_time
        self.register_outputs({})

class HostCluster(pulumi.ComponentResource):
    def __init__(self, server):
        super().__init__("tenantplane:index:HostCluster", "dev")
        self.register_outputs({"server": server, "kubeconfig": pulumi.Output.secret("x")})

async def main():
    if pathlib.Path("server").exists():
        HostCluster(pathlib.Path("server").read_text())
    tenants = config.read().get("tenants", [])
    for tenant in tenants:
        if tenant["name"] == "refused":
            raise pulumi.RunError("tenants[0].name: is refused, got 'refused'; use another")
        while tenant["name"] == "slow" and not pathlib.Path("go").exists():
            pathlib.Path("waits").touch()
            time.sleep(0.05)
    made = {tenant["name"]: TenantControlPlane(tenant) for tenant in tenants}

    def each(output):
        return failures.each_or_none({name: output(name, made[name]) for name in made})

    def secrets():
        return each(lambda name, tenant: pulumi.Output.secret(tenant.kubeconfig))

    outputs = {
        "kubeconfigs": secrets(),
        "adminKubeconfigs": secrets(),
        "endpoints": each(lambda name, tenant: pulumi.Output.format(
            "https://{}.test", tenant.public.apply(lambda _: name)
        )),
        "versions": each(lambda name, tenant: tenant.public.apply(lambda _: "1.37.2")),
        "certificateExpiry": each(lambda name, tenant: tenant.expiry),
    }
    await failures.settle()
    return outputs

pulumi.run(main)
"""
SETTINGS = Settings(
    kind="dev",
    domain="tenants.test",
    host=HostSettings(name="dev", adopt=AdoptSettings(kubeconfig="some/path")),
)


@pytest.fixture
def project(tmp_path):
    """The project, in a folder of its own."""
    root = repr(str(Workspace.checkout))
    return Workspace(tmp_path, PROGRAM.replace("CHECKOUT", root), name="tenantplane", stack=None)


@pytest.fixture
def installation(project):
    """A stack of it that was created; what it made is only in its state."""
    made = Installation(project.folder, "test", project.environment)
    made.create(SETTINGS)
    return made
