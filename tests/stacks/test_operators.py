"""Operators of a stack: what its config says of each, and that nothing is made if one is wrong."""

import json

import pulumi
import pytest
import yaml

from components import _helm
from components.host_cluster import HostCluster
from core import names, versions
from core.operators import allowance
from core.operators.allowance import Allowance
from core.operators.budget import Budget
from tests.support import running
from tests.support.chart_repository import write_chart
from tests.support.fake_cluster import GOOD_HOST
from tests.support.mocks import declare_into
from tests.support.operator_objects import container, obj, template, workload

GHCR = ["ghcr.io"]


class Helm:
    """What is rendered, by the chart's path, and what was asked for."""

    def __init__(self):
        self.charts = {}
        self.asked = []

    def answer(self, args):
        self.asked.append(json.loads(args["jsonOpts"]))
        return {"result": self.charts[self.asked[-1]["path"]]}


@pytest.fixture
def helm(mocks):
    found = Helm()
    mocks.functions[_helm.FUNCTION] = found.answer
    return found


@pytest.fixture
def chart(helm, tmp_path):
    """Make a chart that renders to these objects; returns where it is."""

    def make(name, *objects):
        path = str(write_chart(tmp_path / name, {}))
        helm.charts[path] = list(objects)
        return {"path": path}

    return make


@pytest.fixture
def config(dev):
    """The config of a stack whose tenants have these operators."""

    def of(*operators, **others):
        tenants = [{"name": "acme", "operators": list(operators)}]
        tenants += [{"name": name, "operators": theirs} for name, theirs in others.items()]
        return dev | {"tenants": tenants}

    return of


def operator(chart=None, name="demo", **settings):
    given = {"registries": GHCR} | settings
    return {"name": name, **({"chart": chart} if chart else {}), **given}


def named(mocks, name):
    return mocks.named(name).inputs


def refused(up, config):
    with pytest.raises(pulumi.RunError) as caught:
        up(config)
    return str(caught.value)


def test_it_is_declared_for_its_tenant_on_the_stacks_host(up, mocks, config, chart, monitor):
    up(config(operator(chart("demo", workload()))))
    (deployment,) = (
        one for one in mocks.of_type(":Deployment") if one.name == "acme.demo-deployment-demo"
    )
    assert deployment.inputs["metadata"]["namespace"] == "tenant-acme"
    urns = [urn for urn in monitor.requests if "acme.demo-deployment-demo" in urn]
    assert "TenantOperator" in urns[0]


def test_what_it_is_made_of_is_an_output(up, config, chart):
    made = chart("demo", workload(), obj("ServiceAccount"))
    outputs = up(config(operator(made, namespace="ops")))
    assert outputs["operators"] == {
        "acme": {
            "demo": {
                "host": ["Deployment.apps demo"],
                "tenant": ["Namespace ops", "ServiceAccount ops/demo"],
                "hooks": [],
                "leftOut": {},
            }
        }
    }


def test_a_stack_without_operators_asks_helm_nothing(up, helm, dev):
    up(dev)
    assert helm.asked == []


def test_a_run_renders_each_chart_once(up, helm, config, chart):
    """All are checked before the first tenant is declared, and declared after the last."""
    up(config(operator(chart("demo", workload()))))
    assert len(helm.asked) == 1


def test_two_tenants_can_have_two_versions_of_one(up, mocks, config, chart):
    def of(version):
        pod = template(containers=[container(image=f"ghcr.io/acme/demo:{version}")])
        return operator(chart(f"demo-{version}", workload(pod=pod)))

    up(config(of("1"), globex=[of("2")]))
    images = [
        named(mocks, f"{tenant}.demo-deployment-demo")["spec"]["template"]["spec"]["containers"][0][
            "image"
        ]
        for tenant in ("acme", "globex")
    ]
    assert images == ["ghcr.io/acme/demo:1", "ghcr.io/acme/demo:2"]


class TestSettings:
    """What a config says of one arrives where it counts."""

    def test_the_tenants_namespace_has_room_for_it(self, up, mocks, config, chart):
        up(config())
        before = named(mocks, "acme-quota")["spec"]["hard"]
        mocks.resources.clear()
        declare_into(mocks)
        given = {"memoryMib": 1500, "pods": 3, "cpuMillicores": 700}
        up(config(operator(chart("demo", workload()), **given)))
        after = named(mocks, "acme-quota")["spec"]["hard"]
        mib = [int(one["limits.memory"].removesuffix("Mi")) for one in (before, after)]
        assert mib[1] - mib[0] == 1500
        assert int(after["pods"]) - int(before["pods"]) == 3
        assert named(mocks, "acme-operators-quota")["spec"]["hard"] == {
            "limits.memory": "1500Mi",
            "requests.memory": "1500Mi",
            "pods": "3",
            "requests.cpu": "700m",
        }

    def test_the_host_admits_images_from_its_registries_alone(self, up, mocks, config, chart):
        made = chart("demo", workload())
        other = chart("other", workload(name="other", namespace="other"))
        up(config(operator(made), operator(other, "other", registries=["quay.io", "ghcr.io"])))
        annotations = named(mocks, "acme-ns")["metadata"]["annotations"]
        assert annotations[names.ANNOTATION_REGISTRIES] == "ghcr.io,quay.io"

    def test_one_that_goes_keeps_its_room_until_it_is_gone(self, up, mocks, config, cluster):
        """Its removal hooks, and pods that end what it made, run after its quota is written."""
        allowed = Allowance(Budget(memory_mib=1500, pods=3, cpu_millicores=700), ("ghcr.io",))
        tenants = running.tenants(acme="1.37.2")
        cluster.documents = GOOD_HOST | tenants | running.operators(acme=allowed)
        up(config())
        hard = named(mocks, "acme-operators-quota")["spec"]["hard"]
        assert (hard["limits.memory"], hard["pods"]) == ("1500Mi", "3")
        annotations = named(mocks, "acme-ns")["metadata"]["annotations"]
        assert annotations[names.ANNOTATION_REGISTRIES] == "ghcr.io"

    def test_what_it_may_have_stands_on_the_host(self, up, mocks, config, chart):
        up(config(operator(chart("demo", workload()), memoryMib=1500, pods=3)))
        annotations = named(mocks, "acme.demo-mirror")["metadata"]["annotations"]
        assert allowance.read(annotations[names.ANNOTATION_ALLOWANCE]) == Allowance(
            Budget(memory_mib=1500, pods=3), ("ghcr.io",)
        )

    def test_the_tenants_namespace_needs_the_agent(self, up, mocks, config, chart, monitor):
        """Only the agent lets go of what an operator has: it goes after the namespace."""
        up(config(operator(chart("demo", workload()))))
        annotations = named(mocks, "acme-ns")["metadata"]["annotations"]
        assert annotations[names.ANNOTATION_AGENT] == names.AGENT_NAMESPACE
        (request,) = (one for urn, one in monitor.requests.items() if urn.endswith("::acme-ns"))
        assert any("HostAgent" in urn for urn in request.dependencies)

    def test_without_an_operator_it_does_not(self, up, mocks, config):
        up(config())
        annotations = named(mocks, "acme-ns")["metadata"]["annotations"]
        assert names.ANNOTATION_AGENT not in annotations

    def test_one_registry_takes_the_place_of_all(self, up, mocks, config, chart):
        given = config(operator(chart("demo", workload())))
        up(given | {"images": {"registry": "mirror.test/all"}})
        spec = named(mocks, "acme.demo-deployment-demo")["spec"]["template"]["spec"]
        assert spec["containers"][0]["image"] == "mirror.test/all/acme/demo:1"
        annotations = named(mocks, "acme-ns")["metadata"]["annotations"]
        assert annotations[names.ANNOTATION_REGISTRIES] == "mirror.test/all"

    @pytest.mark.parametrize(
        ("said", "found"), [("gvisor", "gvisor"), ("none", None), (None, None)]
    )
    def test_its_runtime_class_is_what_is_said(self, up, mocks, config, chart, said, found):
        given = {"runtimeClass": said} if said else {}
        up(config(operator(chart("demo", workload()), **given)))
        spec = named(mocks, "acme.demo-deployment-demo")["spec"]["template"]["spec"]
        assert spec.get("runtimeClassName") == found

    def test_values_namespace_and_version_of_the_tenant_reach_helm(self, up, helm, dev, chart):
        one = operator(chart("demo", workload()), values={"a": {"b": 1}}, namespace="ops")
        tenant = {"name": "acme", "version": "1.36", "operators": [one]}
        up(dev | {"tenants": [tenant]})
        (options,) = helm.asked
        assert options["values"] == {"a": {"b": 1}}
        assert options["namespace"] == "ops"
        assert options["kube_version"] == versions.KUBERNETES["1.36"]

    def test_the_rest_arrives_too(self, up, mocks, config, chart):
        unknown = obj("ServiceMonitor", api_version="monitoring.coreos.com/v1")
        up(
            config(
                operator(
                    chart("demo", workload(), obj("ConfigMap"), unknown),
                    sides={"ServiceMonitor.monitoring.coreos.com": "nowhere"},
                    packages=True,
                    tokenSeconds=900,
                    timeoutSeconds=77,
                    keep="all",
                    internet=[],
                    networks={"192.0.2.0/24": [5432]},
                )
            )
        )
        spec = named(mocks, "acme.demo-mirror")["spec"]
        assert (spec["packages"], spec["tokenSeconds"]) == ("demo", 900)
        objects = named(mocks, "acme.demo-objects-0")
        assert objects["spec"]["deletionPolicy"] == "Orphan"
        assert objects["metadata"]["annotations"]["pulumi.com/timeoutSeconds"] == "77"
        (_, network) = named(mocks, "acme.demo-policy")["spec"]["egress"]
        assert network["to"] == [{"ipBlock": {"cidr": "192.0.2.0/24"}}]

    def test_its_pods_come_before_tenants_and_after_the_platform(self, up, mocks, config, chart):
        up(config(operator(chart("demo", workload()))))
        spec = named(mocks, "acme.demo-deployment-demo")["spec"]["template"]["spec"]
        assert spec["priorityClassName"] == "tenantplane-operators"


class TestWithoutAChart:
    """Manifests, and operators that need no more than their name."""

    def test_manifests_are_read_from_files_of_the_project(self, up, mocks, config, tmp_path):
        file = tmp_path / "demo.yaml"
        file.write_text(
            yaml.safe_dump_all([workload(namespace=None), obj("ServiceAccount", namespace=None)])
        )
        up(config({"name": "demo", "manifests": str(file), "registries": GHCR}))
        assert "acme.demo-deployment-demo" in {one.name for one in mocks.resources}
        (space,) = named(mocks, "acme.demo-definitions-0")["spec"]["objects"]
        (account,) = named(mocks, "acme.demo-objects-0")["spec"]["objects"]
        assert account["metadata"]["namespace"] == "demo"
        assert space["metadata"]["name"] == "demo"

    def test_kubedebug_needs_no_more_than_its_name(self, up, mocks, config):
        up(config({"name": "kubedebug"}))
        spec = named(mocks, "acme.kubedebug-deployment-kubedebug")["spec"]["template"]["spec"]
        assert spec["containers"][0]["command"] == ["kubectl"]

    def test_its_image_comes_from_where_all_do(self, up, mocks, config):
        up(config({"name": "kubedebug"}) | {"images": {"registry": "mirror.test"}})
        spec = named(mocks, "acme.kubedebug-deployment-kubedebug")["spec"]["template"]["spec"]
        assert spec["containers"][0]["image"].startswith("mirror.test/")


class TestRefusals:
    """One that can't be made ends the run before the first tenant is declared."""

    def test_everything_that_is_wrong_with_any_of_them_is_said_at_once(
        self, up, mocks, config, chart, tmp_path
    ):
        evil = chart("evil", workload(pod=template(hostNetwork=True)))
        missing = {"path": str(tmp_path / "none")}
        said = refused(
            up, config(operator(evil, "evil"), operator(missing, "gone"), globex=[operator(evil)])
        )
        assert said.startswith("3 problems:")
        assert f"tenant acme: operator evil, chart {evil['path']}, Deployment.apps ops/demo" in said
        assert f"tenant acme: operator gone: chart {tmp_path}/none: is not there" in said
        assert "tenant globex: operator demo, chart" in said
        assert mocks.of_type(":TenantControlPlane") == []

    def test_two_that_would_be_one_on_the_host_are_told(self, up, mocks, config, chart):
        said = refused(
            up,
            config(
                operator(chart("a", workload(namespace="a")), "a"),
                operator(chart("b", workload(namespace="b")), "b"),
            ),
        )
        assert said == (
            "tenant acme: operator b, Deployment demo: has the name of a Deployment of operator a "
            "on the host; give it another name by the values, or use another tenant for it"
        )
        assert mocks.of_type(":TenantControlPlane") == []

    @pytest.mark.parametrize("account", ["core", "other"])
    def test_two_with_pods_in_one_namespace_are_told(self, up, mocks, config, chart, account):
        """Accounts, and copies of what pods read, would be both's: each would take the other's."""
        theirs = workload(name="b", pod=template(serviceAccountName=account))
        said = refused(
            up,
            config(
                operator(chart("a", workload(pod=template(serviceAccountName="core"))), "a"),
                operator(chart("b", theirs), "b"),
            ),
        )
        assert said == (
            "tenant acme: operator b, namespace ops: has pods of operator a: accounts and files "
            "would be one; give each a namespace of its own, by `namespace` or the values"
        )
        assert mocks.of_type(":TenantControlPlane") == []

    def test_programs_that_one_installs_are_in_no_namespace_of_another(self, up, config, chart):
        installer = operator(chart("a", obj("ConfigMap")), "a", packages=True, namespace="ops")
        said = refused(up, config(installer, operator(chart("b", workload()), "b")))
        assert said.startswith("tenant acme: operator b, namespace ops: has pods of operator a")

    @pytest.fixture
    def no_issuer(self, monkeypatch):
        monkeypatch.setattr(HostCluster, "issuer", None)

    def test_one_whose_tokens_no_tenant_could_check_is_refused(
        self, up, mocks, config, chart, no_issuer
    ):
        """Its pods would run, and be nobody in the tenant."""
        assert refused(up, config(operator(chart("demo", workload())))) == (
            "tenant acme: operator demo: identity: its host doesn't say who issues the tokens of "
            "its pods; set it to tenant, or let the user of the host's kubeconfig read "
            "/.well-known/openid-configuration there"
        )
        assert mocks.of_type(":TenantControlPlane") == []

    def test_with_tokens_of_the_tenant_nobody_has_to_know_the_hosts_issuer(
        self, up, mocks, config, chart, no_issuer
    ):
        up(config(operator(chart("demo", workload()), identity="tenant")))
        assert mocks.of_type(":TenantToken")

    @pytest.mark.parametrize(
        ("given", "path"),
        [
            ({"name": "demo"}, "tenants[0].operators[0]: has neither chart nor manifests"),
            ({"name": "demo", "chart": {"path": "x"}, "pods": 0}, "tenants[0].operators[0].pods"),
            (
                {"name": "demo", "chart": {"path": "x"}, "sides": {"Secret": "both"}},
                "tenants[0].operators[0].sides.Secret",
            ),
        ],
        ids=["no source", "no pods", "no side"],
    )
    def test_a_wrong_setting_is_told_with_its_path(self, up, config, given, path):
        assert refused(up, config(given)).startswith(path)
