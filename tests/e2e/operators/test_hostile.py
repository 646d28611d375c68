"""Charts that would take more than they may: refused in the preview, and by the host itself."""

import copy
import json

import pytest
import yaml

from tests.e2e.operators.conftest import OPS, pod_of_operator

CONTAINER = {"name": "miner", "image": "registry.example.com/miner:v1"}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "miner"},
    "spec": {
        "selector": {"matchLabels": {"app": "miner"}},
        "template": {
            "metadata": {"labels": {"app": "miner"}},
            "spec": {
                "hostNetwork": True,
                "nodeSelector": {"node-role.kubernetes.io/control-plane": ""},
                "tolerations": [{"operator": "Exists"}],
                "containers": [
                    {
                        **CONTAINER,
                        "securityContext": {"privileged": True},
                        "resources": {"limits": {"memory": "512Gi"}},
                    }
                ],
                "volumes": [{"name": "node", "hostPath": {"path": "/"}}],
            },
        },
    },
}
SAID = (
    "hostNetwork: would share it with its node; set it to false",
    "volume node: is of a kind that no operator may have, got 'hostPath'",
    "securityContext.privileged: would be root on its node",
    "tolerations: would choose nodes kept for others",
    "nodeSelector node-role.kubernetes.io/control-plane: would choose its node",
    "image: comes from elsewhere, got 'registry.example.com/miner:v1'",
    "may use more memory together than the operator may, in MiB, got",
)


@pytest.fixture
def hostile(operated, tmp_path):
    """The stack's config with one more operator in tenant `older`, of these objects."""
    before = operated.config["tenants"]

    def preview(*objects, **settings):
        path = tmp_path / "hostile.yaml"
        path.write_text(yaml.safe_dump_all(objects))
        changed = copy.deepcopy(before)
        changed[-1]["operators"].append({"name": "hostile", "manifests": str(path), **settings})
        operated.config["tenants"] = changed
        return operated.preview(check=False)

    yield preview
    operated.config["tenants"] = before
    operated.write_config()


def test_all_that_is_wrong_is_said_at_once_before_anything_is_made(hostile):
    result = hostile(DEPLOYMENT)
    assert result.returncode != 0
    assert "tenant older: operator hostile, Deployment.apps hostile/miner" in result.stdout
    for text in SAID:
        assert text in result.stdout


def test_a_kind_that_nobody_knows_is_named_with_a_way_out(hostile):
    widget = {"apiVersion": "example.org/v1", "kind": "Widget", "metadata": {"name": "w"}}
    result = hostile(widget)
    assert "Widget.example.org hostile/w: nothing is known about where this kind belongs" in (
        result.stdout
    )
    assert "`Widget.example.org: tenant`" in result.stdout
    assert hostile(widget, sides={"Widget.example.org": "nowhere"}).returncode == 0


def test_rights_of_a_chart_never_land_on_the_host(hostile):
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "all"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "cluster-admin",
        },
        "subjects": [{"kind": "ServiceAccount", "name": "x", "namespace": "hostile"}],
    }
    sides = {"ClusterRoleBinding.rbac.authorization.k8s.io": "host"}
    assert "is of a kind that can't be on the host" in hostile(binding, sides=sides).stdout


def test_a_chart_that_is_not_there_is_named(hostile, operated):
    changed = copy.deepcopy(operated.config["tenants"])
    changed[-1]["operators"].append({"name": "absent", "chart": {"path": "charts/absent"}})
    operated.config["tenants"] = changed
    said = operated.preview(check=False).stdout
    assert "operator absent: chart charts/absent: is not there" in said


FOREIGN = {"audience": "https://kubernetes.default.svc", "path": "token"}
HOST_RULES = {
    "hostNetwork": ({"hostNetwork": True}, "hostNetwork"),
    "hostPath": ({"volumes": [{"name": "n", "hostPath": {"path": "/"}}]}, "hostPath"),
    "keys of the tenant": (
        {"volumes": [{"name": "k", "secret": {"secretName": "kube-apiserver"}}]},
        "reads copies of the tenant's ConfigMaps and Secrets",
    ),
    "nodeSelector": ({"nodeSelector": {"pool": "theirs"}}, "can choose nodes by"),
    "tolerations": ({"tolerations": [{"operator": "Exists"}]}, "nodes that are kept for others"),
    "nodeName": ({"nodeName": "tp-e2e"}, "can't choose its node"),
    "token of the host": ({"automountServiceAccountToken": True}, "has no token of the host"),
    "account of the host": ({"serviceAccountName": "default"}, "is called after one of the tenant"),
    "token for somebody else": (
        {"volumes": [{"name": "t", "projected": {"sources": [{"serviceAccountToken": FOREIGN}]}}]},
        "tokens are for its own tenant alone",
    ),
    "image": (
        {"container": {"image": CONTAINER["image"]}},
        "not from a registry that this tenant's operators may use",
    ),
    "privileged": (
        {"container": {"securityContext": {"privileged": True}}},
        "violates PodSecurity",
    ),
    "memory without a limit": (
        {"container": {"resources": {"limits": {"memory": "0"}, "requests": {"memory": "0"}}}},
        "has a limit of memory, above 0",
    ),
}


@pytest.fixture
def good(host, operated):
    """A pod as the platform makes them."""
    pod = pod_of_operator(host, OPS, "kubedebug")
    for key in ("nodeName", "tolerations", "priority", "preemptionPolicy", "hostname"):
        pod["spec"].pop(key, None)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "by-hand",
            "namespace": f"tenant-{OPS}",
            "labels": {"tenantplane.dev/operator": "kubedebug"},
            "annotations": pod["metadata"]["annotations"],
        },
        "spec": pod["spec"],
    }


def create(host, pod):
    """Try it as the host's administrator, whom no RBAC stops; nothing is made."""
    return host.run("create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod), check=False)


def test_the_host_takes_a_pod_as_the_platform_makes_them(host, good):
    assert create(host, good).returncode == 0


@pytest.mark.parametrize("rule", HOST_RULES)
def test_the_host_refuses_what_comes_another_way(host, good, rule):
    change, text = HOST_RULES[rule]
    if "container" in change:
        change = {"containers": [{**good["spec"]["containers"][0], **change["container"]}]}
    if "volumes" in change:
        change = {"volumes": [*good["spec"]["volumes"], *change["volumes"]]}
    refused = create(host, {**good, "spec": {**good["spec"], **change}})
    assert refused.returncode != 0
    assert text in refused.stderr


def test_huge_requests_are_the_quotas(host, good):
    container = {**good["spec"]["containers"][0]}
    container["resources"] = {"limits": {"memory": "512Gi"}, "requests": {"memory": "512Gi"}}
    refused = create(host, {**good, "spec": {**good["spec"], "containers": [container]}})
    assert "exceeded quota" in refused.stderr
