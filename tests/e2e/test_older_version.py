"""A tenant of an older Kubernetes, and its way up.

Its images are compiled only when asked for, so this runs where they are; `make test` asks for them.
"""

import pytest

from core import versions
from tests.e2e.test_lifecycle import one_more
from tests.support.kubectl import Kubectl

OLDER = versions.KUBERNETES["1.36"]


@pytest.fixture
def older(host):
    """The version, where the host has it."""
    wanted = versions.image("kube-apiserver", version=OLDER)
    nodes = host.json("get", "nodes")["items"]
    names = {
        name for node in nodes for image in node["status"]["images"] for name in image["names"]
    }
    if wanted not in names:
        pytest.skip(f"the host has no image {wanted}")
    return OLDER


def version_of(tenant):
    return tenant.json("version")["serverVersion"]["gitVersion"]


def test_it_is_the_same_to_its_users_and_goes_up_with_its_data(stack, older):
    with one_more(stack, "vintage", version=older):
        stack.up()
        user = Kubectl(stack.kubeconfig("vintage"))
        assert version_of(user) == f"v{older}"
        user.run("create", "namespace", "kept")
        assert not user.can_i("list", "nodes")
        platform = user.names("clusterroles", "-l", "tenantplane.dev/platform=true")
        assert "denied request" in user.refused("delete", "clusterrole", platform[0])
        stack.config["tenants"][-1]["version"] = versions.DEFAULT_KUBERNETES
        stack.up()
        assert version_of(user) == f"v{versions.DEFAULT_KUBERNETES}"
        assert user.names("namespace", "kept") == ["kept"]
        stack.config["tenants"][-1]["version"] = older
        refused = stack.up(check=False)
        assert "can't go down from" in refused.stdout + refused.stderr
        stack.config["tenants"][-1]["version"] = versions.DEFAULT_KUBERNETES
