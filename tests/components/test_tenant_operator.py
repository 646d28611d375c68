"""TenantOperator: what is declared where, in which order, and what never is."""

import json

import pulumi
import pulumi_kubernetes
import pytest
from pulumi.runtime.rpc import UNKNOWN

from components import _helm
from components.tenant_operator import TenantOperator
from core import names
from core.errors import InvalidInputError
from core.manifests import agent, operator_fence
from core.manifests.crd_schemas import OBJECTS_KEY
from core.operator_settings import DEFAULT_INTERNET, NO_RUNTIME_CLASS
from core.operators import phases, pods
from core.operators.wiring import on_host
from tests.support.mocks import SECRET, SIGNATURE, declare_into, settled
from tests.support.operator_objects import (
    ADMISSION,
    RBAC,
    container,
    definition,
    hook,
    obj,
    service,
    template,
    workload,
)

CHART = [
    definition(),
    obj("ServiceAccount", "core"),
    obj("ClusterRole", "core", None, RBAC),
    obj("ClusterRoleBinding", "core", None, RBAC),
    obj("Secret", "certificates", stringData={"pin": "correct horse battery"}),
    service("webhook"),
    workload(
        pod=template(
            serviceAccountName="core",
            volumes=[{"name": "c", "secret": {"secretName": "certificates"}}],
        )
    ),
    obj("ValidatingWebhookConfiguration", "judge", None, ADMISSION),
    obj("Thing", "first", api_version="demo.test/v1"),
    hook(workload("Job", "migrate"), "pre-install,pre-upgrade"),
    hook(workload("Job", "check"), "post-install"),
    hook(workload("Job", "last-words"), "pre-delete"),
    hook(workload("Job", "wipe"), "post-delete"),
]
"""A chart with something of each kind."""


def declare(objects=CHART, name="acme-demo", **args):
    usual = {
        "objects": objects,
        "tenant": "acme",
        "domain": "tenants.test",
        "inside": "tenant-acme",
        "ca_pem": "authority",
        "agent_namespace": "tenantplane-system",
        "operator": "demo",
        "namespace": "ops",
        "registries": ["ghcr.io"],
        "memory_mib": 8192,
    }
    given = {key: value for key, value in (usual | args).items() if value is not None}
    provider = pulumi_kubernetes.Provider("host", kubeconfig="{}")
    found = TenantOperator(name, given, pulumi.ResourceOptions(provider=provider))
    settled(found.ready)
    return found


def inputs(mocks, name):
    return mocks.named(f"acme-demo-{name}").inputs


def resources(mocks):
    """All but the provider and the component itself."""
    return [one for one in mocks.resources if one.typ.startswith("kubernetes:")]


def pod_of(mocks, name="deployment-demo"):
    return inputs(mocks, name)["spec"]["template"]


def said(mocks, name):
    return inputs(mocks, name)["spec"]


class Order:
    """What is declared after what, whatever lies between."""

    def __init__(self, monitor):
        self._needs = {
            urn.rpartition("::")[2]: {one.rpartition("::")[2] for one in request.dependencies}
            for urn, request in monitor.requests.items()
        }

    def before(self, name):
        """Everything that has to be there before one resource is made, and goes after it."""
        found, new = set(), {f"acme-demo-{name}"}
        while new:
            found |= new
            new = {need for one in new for need in self._needs[one]} - found
        return {one.removeprefix("acme-demo-") for one in found} - {name}


@pytest.fixture
def order(mocks, monitor):
    declare()
    return Order(monitor)


class TestOrder:
    """What pods need is there when they start, and goes when they are gone."""

    def test_its_kinds_are_there_before_what_uses_them(self, order):
        assert "definitions-0" in order.before("objects-0")

    def test_the_agent_may_work_before_it_has_to(self, order):
        for one in ("definitions-0", "objects-0", "mirror"):
            assert "agent-binding" in order.before(one)

    def test_files_are_mirrored_once_the_tenant_has_them(self, order):
        assert {"objects-0", "definitions-0"} <= order.before("mirror")

    @pytest.mark.parametrize("name", ["job-migrate", "deployment-demo"])
    def test_no_pod_starts_before_its_fence_its_files_and_its_account(self, mocks, order, name):
        (found,) = (one.name for one in mocks.resources if one.name.startswith(f"acme-demo-{name}"))
        needed = {"policy", "mirror", "objects-0", "account-ops.core"}
        assert needed <= order.before(found.removeprefix("acme-demo-"))

    def test_hooks_run_in_their_places(self, mocks, order):
        jobs = {one.name.removeprefix("acme-demo-") for one in mocks.of_type(":Job")}
        (migrate,) = (one for one in jobs if one.startswith("job-migrate"))
        (check,) = (one for one in jobs if one.startswith("job-check"))
        assert len(jobs) == 2
        assert migrate in order.before("deployment-demo")
        assert "deployment-demo" in order.before(check)
        assert "served-0" in order.before(check)

    def test_webhooks_are_beside_the_pods_and_go_with_them(self, order):
        assert "deployment-demo" not in order.before("served-0")
        assert "objects-0" in order.before("served-0")

    def test_custom_resources_come_last_and_go_first(self, mocks, order):
        """Webhooks may judge them, and finalizers need the operator."""
        needed = order.before("resources-0")
        assert {"deployment-demo", "served-0", "pre-delete"} <= needed
        assert any(one.startswith("job-check") for one in needed)

    def test_jobs_of_its_end_run_while_what_they_need_is_there(self, order):
        """It is made after, so that it goes before."""
        assert "deployment-demo" in order.before("pre-delete")
        assert "post-delete" in order.before("deployment-demo")
        assert {"mirror", "account-ops.core"} <= order.before("post-delete")


class TestOnTheHost:
    """In the tenant's namespace, wired to the tenant, and nobody there."""

    def test_all_of_it_is_in_the_tenants_namespace_and_says_whose_it_is(self, mocks):
        declare()
        for one in resources(mocks):
            metadata = one.inputs["metadata"]
            assert metadata["namespace"] == "tenant-acme", one.name
            assert metadata["labels"][names.LABEL_OPERATOR] == "demo", one.name
            assert metadata["labels"][names.LABEL_TENANT] == "acme", one.name

    def test_nothing_that_gives_rights_but_to_the_agent(self, mocks):
        declare()
        kinds = {one.typ.rpartition(":")[2] for one in resources(mocks)}
        assert kinds == {
            "Deployment",
            "Job",
            "NetworkPolicy",
            "RemovalHooks",
            "RoleBinding",
            "RuntimeMirror",
            "Secret",
            "Service",
            "ServiceAccount",
            "TenantManifests",
        }
        binding = inputs(mocks, "agent-binding")
        assert binding["roleRef"]["name"] == agent.OPERATORS_ROLE
        assert binding["subjects"] == [
            {"kind": "ServiceAccount", "name": agent.NAME, "namespace": "tenantplane-system"}
        ]

    def test_its_pods_are_rewritten(self, mocks):
        declare(runtime_class="gvisor", priority_class="operators")
        spec = pod_of(mocks)["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["serviceAccountName"] == "ops.core"
        assert (spec["runtimeClassName"], spec["priorityClassName"]) == ("gvisor", "operators")

    def test_its_accounts_have_no_token_of_the_host(self, mocks):
        declare()
        accounts = {one.name: one.inputs for one in mocks.of_type(":ServiceAccount")}
        assert set(accounts) == {"acme-demo-account-ops.core", "acme-demo-account-ops.default"}
        assert all(not one["automountServiceAccountToken"] for one in accounts.values())

    def test_another_authority_rolls_its_pods(self, mocks):
        declare()
        first = pod_of(mocks)["metadata"]["annotations"][pods.ANNOTATION_CA]
        declare_into(mocks)
        mocks.resources.clear()
        declare(ca_pem="another")
        second = pod_of(mocks)["metadata"]["annotations"][pods.ANNOTATION_CA]
        assert first != second

    def test_whom_its_pods_reach_is_what_is_said(self, mocks):
        declare(internet=[443.0], networks={"192.0.2.0/24": [5432.0]})
        expected = operator_fence.network_policy("demo", [443], {"192.0.2.0/24": [5432]})
        assert said(mocks, "policy") == expected

    def test_by_default_its_pods_reach_what_the_settings_have_as_default(self, mocks):
        declare()
        assert said(mocks, "policy") == operator_fence.network_policy("demo", DEFAULT_INTERNET, {})

    @pytest.mark.parametrize(
        ("keep", "own", "found"),
        [
            ("definitions", None, None),
            ("all", None, None),
            ("nothing", None, {"whenDeleted": "Delete"}),
            ("nothing", {"whenDeleted": "Retain"}, {"whenDeleted": "Retain"}),
        ],
    )
    def test_volumes_go_where_nothing_is_kept(self, mocks, keep, own, found):
        """A StatefulSet that is replaced would take them along, and data that nobody gave up."""
        claims = {"volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {}}]}
        own = {"persistentVolumeClaimRetentionPolicy": own} if own else {}
        declare([workload("StatefulSet", spec=claims | own)], keep=keep)
        made = said(mocks, "statefulset-demo")
        assert made.get("persistentVolumeClaimRetentionPolicy") == found

    def test_no_runtime_class_is_the_hosts_own(self, mocks):
        declare(runtime_class=NO_RUNTIME_CLASS)
        assert "runtimeClassName" not in pod_of(mocks)["spec"]

    def test_one_registry_takes_the_place_of_all(self, mocks):
        declare(registry="mirror.test", registries=["ghcr.io"])
        assert pod_of(mocks)["spec"]["containers"][0]["image"] == "mirror.test/acme/demo:1"
        assert said(mocks, "mirror")["registries"] == ["mirror.test"]

    def test_the_wait_is_bounded_and_a_service_is_waited_for_by_nobody(self, mocks):
        declare(timeout_seconds=42.0)
        for name in ("deployment-demo", "mirror", "objects-0"):
            annotations = inputs(mocks, name)["metadata"]["annotations"]
            assert annotations["pulumi.com/timeoutSeconds"] == "42"
        annotations = inputs(mocks, "service-webhook")["metadata"]["annotations"]
        assert annotations == {"pulumi.com/skipAwait": "true"}

    def test_of_its_own_annotations_those_stay_that_harm_nobody(self, mocks):
        """One could say to Pulumi what it does with the object, or to a controller of the host."""
        kept = {"checksum/config": "b"}
        declare([workload(annotations=kept | {"pulumi.com/patchForce": "true", "a": "b"})])
        found = inputs(mocks, "deployment-demo")["metadata"]["annotations"]
        assert found["checksum/config"] == "b"
        assert not {"pulumi.com/patchForce", "a"} & found.keys()

    def test_jobs_of_its_end_are_the_agents(self, mocks):
        declare()
        for event, job in (("pre-delete", "last-words"), ("post-delete", "wipe")):
            spec = said(mocks, event)
            assert (spec["tenant"], spec["operator"]) == ("acme", "demo")
            (found,) = spec["jobs"]
            assert found["metadata"]["name"].startswith(f"{job}-")

    def test_a_chart_without_hooks_needs_none(self, mocks):
        declare([workload()])
        assert mocks.of_type(":RemovalHooks") == []

    def test_a_job_of_two_times_is_declared_once(self, mocks):
        declare([hook(workload("Job", "both"), "post-install,pre-upgrade"), workload()])
        assert len(mocks.of_type(":Job")) == 1


class TestMirror:
    """The agent copies what pods read, and runs what the operator installs."""

    def test_it_has_the_files_and_the_wiring(self, mocks):
        declare(token_seconds=600.0)
        spec = said(mocks, "mirror")
        assert spec["tenant"] == "acme"
        assert spec["server"] == "https://kube-apiserver.tenant-acme.svc:6443"
        assert spec["audience"] == "https://acme.tenants.test"
        assert spec["tokenSeconds"] == 600
        assert spec["registries"] == ["ghcr.io"]
        assert [(one["kind"], one["name"]) for one in spec["files"]] == [
            ("ConfigMap", "kube-root-ca.crt"),
            ("Secret", "certificates"),
        ]

    def test_it_runs_nothing_unless_that_is_said(self, mocks):
        declare()
        assert "packages" not in said(mocks, "mirror")

    def test_it_runs_what_is_installed_in_the_operators_namespace(self, mocks):
        declare(packages=True)
        assert said(mocks, "mirror")["packages"] == "ops"
        assert said(mocks, "service-ops")["clusterIP"] == "None"  # by which they find each other

    def test_pulumi_waits_for_it(self, mocks):
        declare()
        annotations = inputs(mocks, "mirror")["metadata"]["annotations"]
        assert annotations["pulumi.com/waitFor"] == "condition=Ready"


class TestInTheTenant:
    """The agent puts it there, in phases; what stays is said by `keep`."""

    def test_each_phase_has_its_objects(self, mocks):
        declare()
        kinds = {
            phase: [one["kind"] for one in said(mocks, f"{phase}-0")["objects"]]
            for phase in ("definitions", "objects", "served", "resources")
        }
        assert kinds == {
            "definitions": ["Namespace", "CustomResourceDefinition"],
            "objects": ["ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Service"],
            "served": ["ValidatingWebhookConfiguration"],
            "resources": ["Thing"],
        }

    @pytest.mark.parametrize(
        ("keep", "definitions", "others"),
        [
            (None, "Keep", "Delete"),
            ("definitions", "Keep", "Delete"),
            ("all", "Keep", "Orphan"),
            ("nothing", "Delete", "Delete"),
        ],
    )
    def test_what_stays_is_what_is_said(self, mocks, keep, definitions, others):
        """Webhooks never stay: with nobody behind them they would refuse all writes."""
        declare(**({"keep": keep} if keep else {}))
        policies = {
            one.name.split("-")[2]: one.inputs["spec"]["deletionPolicy"]
            for one in mocks.of_type(":TenantManifests")
        }
        assert policies == {
            "definitions": definitions,
            "objects": others,
            "served": "Delete",
            "resources": others,
        }

    def test_many_objects_are_in_several_pieces(self, mocks):
        """Of 60 definitions some have 300 KiB; one object of the host holds 1.5 MiB."""
        large = [
            obj("ConfigMap", f"c{number}", data={"a": "x" * (phases.LARGEST // 2)})
            for number in range(3)
        ]
        declare(large)
        pieces = [one for one in mocks.of_type(":TenantManifests") if "-objects-" in one.name]
        numbers = sorted(phases.pieces(large), reverse=True)
        assert len(numbers) > 1
        assert [one.name for one in pieces] == [f"acme-demo-objects-{n}" for n in numbers]
        assert [one.inputs["metadata"]["name"] for one in pieces] == [
            f"demo-objects-{number}" for number in numbers
        ]

    def test_a_piece_comes_after_those_that_its_objects_may_have_moved_to(self, mocks, monitor):
        """The one that lost an object takes it away, unless another has it by then."""
        large = [
            obj("ConfigMap", f"c{number}", data={"a": "x" * (phases.LARGEST // 2)})
            for number in range(5)
        ]
        declare(large)
        order, numbers = Order(monitor), list(phases.pieces(large))
        for number in numbers:
            others = {one for one in order.before(f"objects-{number}") if "objects-" in one}
            assert others == {f"objects-{one}" for one in numbers if one > number}

    def test_secrets_are_in_a_piece_that_is_always_the_same(self, mocks):
        """They would move with other objects else, in any direction."""
        large = [
            obj("ConfigMap", f"c{number}", data={"a": "x" * (phases.LARGEST // 2)})
            for number in range(3)
        ]
        numbers = phases.pieces(large).keys()
        assert 0 not in numbers
        declare([*large, obj("Secret", stringData={"pin": "correct horse battery"})])
        assert said(mocks, "objects-0")["objects"] == []
        assert "objectsSecret" in said(mocks, "objects-0")
        assert not any("objectsSecret" in said(mocks, f"objects-{number}") for number in numbers)

    def test_a_secret_is_in_no_list_and_in_no_plain_state(self, mocks):
        declare()
        assert "correct horse battery" not in str(said(mocks, "objects-0"))
        hidden = inputs(mocks, "objects-secret")
        assert hidden["stringData"][SIGNATURE] == SECRET
        (found,) = json.loads(hidden["stringData"]["value"][OBJECTS_KEY])
        assert found["metadata"]["name"] == "certificates"
        spec = said(mocks, "objects-0")
        assert spec["objectsSecret"] == hidden["metadata"]["name"] == "operator-demo-objects"

    def test_another_value_of_a_secret_is_seen(self, mocks):
        """The agent doesn't watch it: the hash tells."""
        hashes = set()
        for text in ("one", "two"):
            declare_into(mocks)
            mocks.resources.clear()
            declare([obj("Secret", stringData={"pin": text}), workload()])
            hashes.add(said(mocks, "objects-0")["objectsHash"])
        assert len(hashes) == 2

    def test_secrets_alone_are_in_a_list_too(self, mocks):
        declare([obj("Secret", namespace="default", stringData={"a": "b"})], namespace="default")
        assert said(mocks, "objects-0")["objects"] == []

    def test_without_objects_of_a_phase_there_is_none(self, mocks):
        declare([workload()])
        assert [one.name for one in mocks.of_type(":TenantManifests")] == [
            "acme-demo-definitions-0"
        ]


class TestIdentity:
    """By default the host issues its tokens; the tenant can."""

    def test_a_token_of_the_host_needs_nobody_to_keep_it(self, mocks):
        declare()
        assert mocks.of_type(":TenantToken") == []

    def test_each_account_gets_a_token_of_the_tenant(self, mocks):
        declare(identity="tenant", token_seconds=900)
        tokens = {one.inputs["spec"]["secret"]: one.inputs for one in mocks.of_type(":TenantToken")}
        assert set(tokens) == {"tenantplane-tokens.ops.core", "tenantplane-tokens.ops.default"}
        spec = tokens["tenantplane-tokens.ops.core"]["spec"]
        assert (spec["namespace"], spec["serviceAccount"], spec["seconds"]) == ("ops", "core", 900)

    def test_its_pods_read_that_one_and_have_none_of_the_host(self, mocks):
        declare(identity="tenant")
        volumes = {one["name"]: one for one in pod_of(mocks)["spec"]["volumes"]}
        token, *_ = volumes[pods.ACCESS_VOLUME]["projected"]["sources"]
        assert token["secret"]["name"] == "tenantplane-tokens.ops.core"
        assert "serviceAccountToken" not in str(volumes)

    def test_a_secret_of_the_tenant_is_never_the_token(self, mocks):
        """A copy of it would take the token's place in the pods."""
        reads = [{"name": "own", "secret": {"secretName": "token-core"}}]
        pod = template(serviceAccountName="core", volumes=reads)
        declare([workload(pod=pod)], identity="tenant")
        (mirror,) = mocks.of_type(":RuntimeMirror")
        read = {on_host(one["namespace"], one["name"]) for one in mirror.inputs["spec"]["files"]}
        (token,) = mocks.of_type(":TenantToken")
        assert "ops.token-core" in read
        assert token.inputs["spec"]["secret"] not in read

    def test_no_pod_starts_before_its_token_is_there(self, mocks, monitor):
        declare(identity="tenant")
        assert "ops.token-core-token" in Order(monitor).before("deployment-demo")


class TestCharts:
    """A chart is rendered for the tenant, with what is usual for a name that is known."""

    @pytest.fixture
    def asked(self, mocks):
        found = []

        def answer(args):
            found.append(json.loads(args["jsonOpts"]))
            return {"result": [workload()]}

        mocks.functions[_helm.FUNCTION] = answer
        return found

    def test_it_is_rendered_as_the_release_of_the_operator(self, asked, tmp_path):
        (tmp_path / "Chart.yaml").touch()
        chart = {"path": str(tmp_path)}
        declare(None, chart=chart, values={"replicas": 2}, version="1.36.3")
        (options,) = asked
        assert (options["release_name"], options["namespace"]) == ("demo", "ops")
        assert options["values"] == {"replicas": 2}
        assert options["kube_version"] == "1.36.3"

    def test_crossplane_needs_no_more_than_its_name(self, asked, mocks):
        declare(None, operator="crossplane", namespace=None, memory_mib=None, registries=None)
        (options,) = asked
        assert options["chart"] == "crossplane"
        assert options["namespace"] == "crossplane-system"
        assert options["values"]["provider"] == {"defaultActivations": []}
        assert said(mocks, "mirror")["packages"] == "crossplane-system"

    def test_what_is_said_of_crossplane_wins(self, asked):
        declare(
            None,
            operator="crossplane",
            values={"provider": {"defaultActivations": ["*"]}, "replicas": 2},
        )
        (options,) = asked
        assert options["values"]["provider"] == {"defaultActivations": ["*"]}
        assert options["values"]["replicas"] == 2
        assert options["values"]["leaderElection"] is False

    def test_kubedebug_needs_no_chart(self, mocks):
        declare(None, operator="kubedebug", registries=["docker.io", "registry.k8s.io", "ghcr.io"])
        assert [one.typ.rpartition(":")[2] for one in mocks.of_type(":Deployment")] == [
            "Deployment"
        ]


class TestRefusals:
    """Nothing of it is declared when anything of it is wrong."""

    def refused(self, mocks, *args, **kwargs):
        with pytest.raises(InvalidInputError) as caught:
            declare(*args, **kwargs)
        assert resources(mocks) == []
        return caught.value.problems

    def test_a_hostile_pod(self, mocks):
        evil = workload(pod=template(hostNetwork=True, containers=[container(image="evil.test/x")]))
        first, second = self.refused(mocks, [evil])
        assert first.startswith(
            "tenant acme: operator demo, Deployment.apps ops/demo, hostNetwork: would share it"
        )
        assert "container main, image: comes from elsewhere, got 'evil.test/x'; take" in second

    def test_a_chart_that_is_not_there(self, mocks, tmp_path):
        (problem,) = self.refused(mocks, None, chart={"path": str(tmp_path / "none")})
        assert problem.startswith(
            f"tenant acme: operator demo: chart {tmp_path}/none: is not there"
        )

    def test_an_object_of_a_chart_is_named_with_the_chart(self, mocks, tmp_path):
        (tmp_path / "Chart.yaml").touch()
        unknown = obj("Ingress", api_version="networking.k8s.io/v1")
        mocks.functions[_helm.FUNCTION] = lambda _: {"result": [unknown]}
        (problem,) = self.refused(mocks, None, chart={"path": str(tmp_path)})
        assert problem.startswith(
            f"tenant acme: operator demo, chart {tmp_path}, Ingress.networking.k8s.io ops/demo: "
            "nothing is known about where this kind belongs; say so in `sides`"
        )

    @pytest.mark.parametrize(
        ("args", "problem"),
        [
            ({"operator": "De mo"}, "tenant acme: operator De mo.name: is not a name"),
            ({"namespace": "kube-system"}, "demo.namespace: is not the name of a namespace"),
            ({"keep": "some"}, "demo.keep: is not one of the values it can have, got 'some'"),
            ({"identity": "me"}, "demo.identity: is not one of the values it can have, got 'me'"),
            ({"token_seconds": 60}, "demo.tokenSeconds: is too small, got 60"),
            ({"pods": 0}, "demo.pods: is too small, got 0"),
            ({"cpu_millicores": 9}, "demo.cpuMillicores: is too small, got 9"),
            ({"cpu_millicores": 10}, "demo: its containers ask for more CPU together than the op"),
            ({"namespace": "tenantplane-system"}, "demo.namespace: is not the name of a namespace"),
            ({"sides": {"Secret": "moon"}}, "demo.sides.Secret: is not one of the values it can"),
            ({"networks": {"169.254.169.254/32": [80]}}, "/32: has link-local addresses, where"),
            ({"networks": {"192.0.2.0/24": [0]}}, "demo.networks.192.0.2.0/24[0]: is too small"),
            ({"internet": [65536]}, "demo.internet[0]: is too large, got 65536"),
            ({"registries": ["https://ghcr.io"]}, "demo.registries[0]: is not a registry or an im"),
            ({"identity": "tenant", "packages": True}, "demo.identity: can't be tenant where the"),
            ({"values": {"a": 1}}, "demo.values: belong to a chart; leave them out, or set chart"),
            ({"chart": {"path": "x"}}, "demo: has both chart and objects; keep chart or objects"),
            ({"objects": None}, "demo: has neither chart nor objects; set chart.path, chart.repos"),
            ({"tenant": "Acme"}, "tenant Acme: is not a tenant id"),
            ({"version": "1.2.3"}, "tenant acme: operator demo"),
        ],
        ids=str,
    )
    def test_a_value_that_can_not_be(self, mocks, args, problem):
        """A program that declares it has no schema of a config before it."""
        (said_,) = self.refused(mocks, **args)
        assert problem in said_

    def test_no_registry_is_another_thing_than_none_said(self, mocks):
        (problem, *_) = self.refused(mocks, [workload()], registries=[])
        assert "take it from one of none" in problem

    def test_a_component_without_the_hosts_provider(self, mocks):
        with pytest.raises(TypeError, match=r"opts\.provider is the kubernetes Provider of the h"):
            TenantOperator("x", {"operator": "demo"}, pulumi.ResourceOptions())


def test_what_it_is_made_of_is_known_in_a_preview(first_preview):
    """A user sees what would become of a chart before anything is made."""
    found = declare(inside=UNKNOWN, ca_pem=UNKNOWN)
    assert found.objects["host"] == ["Deployment.apps demo", "Service webhook"]
    assert "ClusterRole.rbac.authorization.k8s.io core" in found.objects["tenant"]
    assert [one.rpartition("-")[0] for one in found.objects["hooks"]] == [
        "check",
        "last-words",
        "migrate",
        "wipe",
    ]
    assert found.objects["leftOut"] == {}


def test_every_resource_has_the_name_and_parent_it_always_had(mocks, monitor, golden):
    """A rename would replace what runs."""
    declare()
    golden("urns/operator.txt", "\n".join(monitor.urns) + "\n")
