"""A chart's objects are told apart, by their kinds and by what the user says."""

import pytest

from core import names
from core.operators import objects, pods, sides
from core.operators.budget import Demand
from core.operators.references import CONFIG_MAP, SECRET, File
from core.operators.wiring import ROOT_CA
from tests.support.operator_objects import (
    ADMISSION,
    IMAGE,
    NAMESPACE,
    RBAC,
    container,
    definition,
    hook,
    obj,
    service,
    template,
    workload,
)
from tests.support.splitting import THING, parts, problems


def labels(manifests):
    return [objects.label(one) for one in manifests]


def on_host(found, kind):
    (one,) = (one for one in found.host if one["kind"] == kind)
    return one


def pod_of(found, kind="Deployment"):
    return objects.template(on_host(found, kind))


class TestSides:
    """By its kind, but for what the user says."""

    @pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "CronJob", "Job"])
    def test_what_has_pods_is_on_the_host(self, kind):
        found = parts(workload(kind))
        assert labels(found.host) == [objects.label(workload(kind, namespace=None))]
        assert labels(found.tenant) == ["Namespace ops"]

    @pytest.mark.parametrize(
        "given",
        [
            obj("ClusterRole", namespace=None, api_version=RBAC),
            obj("ClusterRoleBinding", namespace=None, api_version=RBAC),
            obj("Role", api_version=RBAC),
            obj("RoleBinding", api_version=RBAC),
            obj("ServiceAccount"),
            obj("ConfigMap"),
            obj("Secret"),
            obj("MutatingWebhookConfiguration", namespace=None, api_version=ADMISSION),
            obj("ValidatingWebhookConfiguration", namespace=None, api_version=ADMISSION),
            obj("ValidatingAdmissionPolicy", namespace=None, api_version=ADMISSION),
            obj("APIService", namespace=None, api_version="apiregistration.k8s.io/v1"),
            obj("Lease", api_version="coordination.k8s.io/v1"),
            definition(),
        ],
        ids=lambda given: given["kind"],
    )
    def test_what_gives_rights_and_what_the_tenant_sees_is_in_the_tenant(self, given):
        found = parts(given)
        assert objects.label(given) in labels(found.tenant)
        assert found.host == ()

    def test_a_service_is_on_both(self):
        found = parts(workload(), service())
        assert "Service demo" in labels(found.host)
        (twin,) = (one for one in found.tenant if one["kind"] == "Service")
        assert twin["spec"]["externalName"] == "demo.tenant-acme.svc"

    def test_a_service_that_is_only_a_name_is_in_the_tenant_alone(self):
        given = service(type="ExternalName", externalName="db.example.com", selector=None)
        found = parts(given)
        assert found.host == ()
        assert given in found.tenant

    def test_custom_resources_go_where_their_definition_goes(self):
        resource = obj("Thing", api_version="demo.test/v1")
        assert objects.label(resource) in labels(parts(resource, definition()).tenant)

    def test_what_the_platform_has_itself_goes_nowhere_and_the_reason_is_told(self):
        policy = obj("NetworkPolicy", api_version="networking.k8s.io/v1")
        assert parts(policy).left_out == {
            "NetworkPolicy.networking.k8s.io ops/demo": "the platform's own say what its pods "
            "reach, and policies only add"
        }

    def test_tests_of_the_chart_go_nowhere(self):
        found = parts(hook(workload("Pod"), "test"), hook(obj("ConfigMap"), "test-success"))
        assert found.host == ()
        assert labels(found.tenant) == ["Namespace ops"]
        assert set(found.left_out.values()) == {"it is there for `helm test` alone"}

    def test_an_unknown_kind_is_an_error_that_says_how_to_go_on(self):
        assert problems(obj("Ingress", api_version="networking.k8s.io/v1")) == [
            (
                f"{THING}, Ingress.networking.k8s.io ops/demo: nothing is known about where this "
                "kind belongs; say so in `sides`: `Ingress.networking.k8s.io: tenant`, or "
                "`Ingress.networking.k8s.io: nowhere` to leave it out"
            )
        ]


class TestWhatTheUserSays:
    """`sides`, by kind or by object; the object's own wins."""

    MONITOR = obj("ServiceMonitor", api_version="monitoring.coreos.com/v1")
    KIND = "ServiceMonitor.monitoring.coreos.com"

    def test_a_kind_is_left_out(self):
        found = parts(self.MONITOR, **{self.KIND: "nowhere"})
        assert found.left_out == {objects.label(self.MONITOR): "as `sides` says"}

    def test_what_its_pods_would_need_is_left_out_with_them(self):
        pod = template(serviceAccountName="core", volumes=[{"configMap": {"name": "a"}}])
        found = parts(workload(pod=pod), **{"Deployment.apps": "nowhere"})
        assert (found.files, found.accounts) == ((), ())

    def test_one_object_is_told_from_its_kind(self):
        other = obj("ServiceMonitor", "other", api_version="monitoring.coreos.com/v1")
        found = parts(self.MONITOR, other, **{self.KIND: "nowhere", f"{self.KIND}/other": "tenant"})
        assert objects.label(other) in labels(found.tenant)
        assert list(found.left_out) == [objects.label(self.MONITOR)]

    def test_a_service_that_the_tenant_alone_has_stays_as_it_is(self):
        given = service()
        found = parts(given, Service="tenant")
        assert given in found.tenant
        assert found.host == ()

    def test_a_configmap_of_the_host_alone_has_the_name_that_pods_know(self):
        given = obj("ConfigMap", "config", data={"a": "b"})
        pod = template(volumes=[{"name": "c", "configMap": {"name": "config"}}])
        found = parts(given, workload(pod=pod), ConfigMap="host")
        assert on_host(found, "ConfigMap")["metadata"]["name"] == "ops.config"
        assert found.files == ((NAMESPACE, File(CONFIG_MAP, ROOT_CA)),)

    @pytest.mark.parametrize(
        ("given", "kind"),
        [
            (obj("ClusterRole", namespace=None, api_version=RBAC), f"ClusterRole.{RBAC[:-3]}"),
            (obj("RoleBinding", api_version=RBAC), f"RoleBinding.{RBAC[:-3]}"),
            (obj("ServiceAccount"), "ServiceAccount"),
            (
                obj("ValidatingWebhookConfiguration", namespace=None, api_version=ADMISSION),
                f"ValidatingWebhookConfiguration.{ADMISSION[:-3]}",
            ),
            (obj("Ingress", api_version="networking.k8s.io/v1"), "Ingress.networking.k8s.io"),
            (obj("DaemonSet", api_version="apps/v1"), "DaemonSet.apps"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_nobody_can_say_that_it_is_on_the_host(self, given, kind):
        assert problems(given, **{kind: "host"}) == [
            (
                f"{THING}, {objects.label(given)}: is of a kind that can't be on the host; say "
                "`tenant` or `nowhere` in `sides`"
            )
        ]

    def test_what_is_not_there_is_a_typing_error(self):
        assert problems(obj("ConfigMap"), **{"ConfigMap/typo": "host", "configmap": "host"}) == [
            (
                f"{THING}, sides: names no object of the chart, got 'ConfigMap/typo'; write "
                "Kind.group or Kind.group/name of an object of the chart"
            ),
            (
                f"{THING}, sides: names no object of the chart, got 'configmap'; write "
                "Kind.group or Kind.group/name of an object of the chart"
            ),
        ]

    @pytest.mark.parametrize("side", ["both", "Host", ""])
    def test_there_are_three_things_to_say(self, side):
        """A component has no schema of a config before it."""
        assert problems(obj("ConfigMap"), ConfigMap=side) == [
            f"{THING}, sides: ConfigMap is on no side; say host, tenant, nowhere"
        ]


class TestTheHost:
    """What an object is like there."""

    def test_it_has_no_namespace_and_says_whose_it_is(self):
        metadata = on_host(parts(workload(labels={"app": "x"})), "Deployment")["metadata"]
        assert "namespace" not in metadata
        assert metadata["labels"] == {
            "app": "x",
            names.LABEL_TENANT: "acme",
            names.LABEL_OPERATOR: "demo",
        }

    @pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
    def test_it_chooses_pods_of_the_operator_alone(self, kind):
        given = workload(kind, spec={"selector": {"matchLabels": {"app": "demo"}}})
        assert on_host(parts(given), kind)["spec"]["selector"]["matchLabels"] == {
            "app": "demo",
            names.LABEL_OPERATOR: "demo",
        }

    def test_a_budget_of_disruption_protects_its_own_pods_alone(self):
        given = obj("PodDisruptionBudget", api_version="policy/v1", spec={"minAvailable": 1})
        assert on_host(parts(given), "PodDisruptionBudget")["spec"]["selector"] == {
            "matchLabels": {names.LABEL_OPERATOR: "demo"}
        }

    @pytest.mark.parametrize("spec", [{"minAvailable": 1}, {"maxUnavailable": 0}, {}], ids=str)
    def test_a_budget_of_disruption_lets_nodes_drain(self, spec):
        """With one replica that is to be there, the host's administrators couldn't drain a node."""
        given = obj("PodDisruptionBudget", api_version="policy/v1", spec=dict(spec))
        found = on_host(parts(given), "PodDisruptionBudget")["spec"]
        assert found["maxUnavailable"] == 1
        assert "minAvailable" not in found

    @pytest.mark.parametrize("kind", list(sides.TEMPLATES), ids=lambda kind: kind[1])
    def test_all_pods_are_rewritten(self, kind):
        found = parts(workload(kind[1]))
        assert pod_of(found, kind[1])["spec"]["serviceAccountName"] == "ops.default"

    def test_a_pod_alone_keeps_its_labels_and_is_the_operators(self):
        found = on_host(parts(workload("Pod", pod=template({"app": "x"}))), "Pod")
        assert found["metadata"]["labels"][names.LABEL_OPERATOR] == "demo"
        assert found["metadata"]["labels"]["app"] == "x"
        assert found["metadata"]["annotations"] == {pods.ANNOTATION_NAMESPACE: "ops"}
        assert "namespace" not in found["metadata"]

    def test_pods_behind_a_service_have_the_names_that_they_have_without_it(self):
        """Replicas that elect a leader by their hostnames would all be it."""
        found = parts(workload(), service("webhook"))
        assert not {"hostname", "subdomain"} & pod_of(found)["spec"].keys()
        assert labels(found.host) == ["Deployment.apps demo", "Service webhook"]

    def test_programs_that_it_installs_are_found_by_the_namespace_that_they_are_in(self):
        """The host agent gives them their hostnames; the Service of the namespace is ours."""
        found = parts(workload(), packages=True)
        assert labels(found.host) == ["Deployment.apps demo", "Service ops"]
        assert on_host(found, "Service")["spec"] == {
            "clusterIP": "None",
            "selector": {names.LABEL_OPERATOR: "demo"},
        }

    def test_a_service_that_is_called_like_the_namespace_stays_the_charts(self):
        found = parts(workload(), service("ops", port=1), packages=True)
        assert labels(found.host) == ["Deployment.apps demo", "Service ops"]
        assert on_host(found, "Service")["spec"]["port"] == 1

    def test_nothing_that_others_of_the_host_obey_is_said_of_it(self):
        said = {"external-dns.alpha.kubernetes.io/hostname": "bank.test", "prometheus.io/port": "1"}
        given = obj("ConfigMap", annotations=said, data={})
        given["metadata"]["finalizers"] = ["chart.test/stay"]
        metadata = on_host(parts(given, ConfigMap="host"), "ConfigMap")["metadata"]
        assert metadata.keys() == {"name", "labels", "annotations"}
        assert metadata["annotations"] == {"prometheus.io/port": "1"}

    def test_in_the_tenant_all_of_it_is_said(self):
        given = obj("ConfigMap", annotations={"mine": "yes"}, data={})
        assert given in parts(given).tenant

    def test_a_claim_is_called_after_its_namespace_and_pods_find_it(self):
        volumes = [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]
        found = parts(
            obj("PersistentVolumeClaim", "data", spec={}), workload(pod=template(volumes=volumes))
        )
        assert on_host(found, "PersistentVolumeClaim")["metadata"]["name"] == "ops.data"
        (volume, *_) = pod_of(found)["spec"]["volumes"]
        assert volume["persistentVolumeClaim"]["claimName"] == "ops.data"

    def test_claims_of_a_statefulset_are_called_as_its_controller_wants_it(self):
        """After the volume and the pod: a volume's name can have no dot."""
        templates = [{"metadata": {"name": "data"}, "spec": {}}]
        found = parts(workload("StatefulSet", spec={"volumeClaimTemplates": templates}))
        assert on_host(found, "StatefulSet")["spec"]["volumeClaimTemplates"] == templates

    def test_claims_of_a_statefulset_say_no_more_than_its_other_objects(self):
        """A finalizer that nobody takes away would keep the tenant's namespace for ever."""
        said = {"annotations": {"mine": "yes"}, "labels": {"app": "x"}, "name": "data"}
        templates = [{"metadata": {**said, "finalizers": ["chart.test/stay"]}, "spec": {}}]
        found = parts(workload("StatefulSet", spec={"volumeClaimTemplates": templates}))
        (claim,) = on_host(found, "StatefulSet")["spec"]["volumeClaimTemplates"]
        assert claim["metadata"] == {"name": "data", "labels": {"app": "x"}}

    def test_secrets_that_the_account_pulls_with_are_its_pods(self):
        account = obj("ServiceAccount", "core", imagePullSecrets=[{"name": "pull"}])
        given = workload(pod=template(serviceAccountName="core"))
        found = parts(account, given)
        assert pod_of(found)["spec"]["imagePullSecrets"] == [{"name": "ops.pull"}]
        assert (NAMESPACE, File(SECRET, "pull")) in found.files

    def test_secrets_that_a_pod_pulls_with_itself_win(self):
        account = obj("ServiceAccount", "default", imagePullSecrets=[{"name": "pull"}])
        found = parts(account, workload(pod=template(imagePullSecrets=[{"name": "own"}])))
        assert pod_of(found)["spec"]["imagePullSecrets"] == [{"name": "ops.own"}]

    def test_what_scales_a_workload_of_the_chart_goes_with_it(self):
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "demo"}
        scaler = obj(
            "HorizontalPodAutoscaler",
            api_version="autoscaling/v2",
            spec={"scaleTargetRef": target, "maxReplicas": 3},
        )
        assert labels(parts(workload(), scaler).host) == [
            "Deployment.apps demo",
            "HorizontalPodAutoscaler.autoscaling demo",
        ]


class TestHooks:
    """Jobs run at times; what else is a hook is put in place like the rest of the chart."""

    def test_jobs_are_hooks_in_their_order(self):
        given = [
            hook(workload("Job", "late"), "post-install,post-upgrade", 5),
            hook(workload("Job", "early"), "pre-install", -5),
        ]
        early, late = parts(*given).hooks
        assert early.job["metadata"]["name"].startswith("early-")
        assert late.job["metadata"]["name"].startswith("late-")
        assert (late.events, late.weight) == ({"post-install", "post-upgrade"}, 5)
        assert "annotations" not in early.job["metadata"]

    def test_they_run_anew_when_they_do_something_else(self):
        def name(image):
            pod = template(containers=[container(image=image)])
            (found,) = parts(hook(workload("Job", pod=pod), "pre-install,pre-upgrade")).hooks
            return found.job["metadata"]["name"]

        assert name(IMAGE) == name(IMAGE)
        assert name(IMAGE) != name(f"{IMAGE}.1")

    @pytest.mark.parametrize("key", ["Job.batch/demo", "Job.batch"])
    def test_one_for_upgrades_alone_runs_if_the_user_says_so(self, key):
        (found,) = parts(hook(workload("Job"), "pre-upgrade"), **{key: "host"}).hooks
        assert found.events == {"pre-upgrade"}

    def test_one_for_upgrades_alone_is_left_out_if_the_user_says_so(self):
        found = parts(hook(workload("Job"), "post-upgrade"), **{"Job.batch/demo": "nowhere"})
        assert found.hooks == ()
        assert found.left_out == {"Job.batch ops/demo": "as `sides` says"}

    def test_what_is_there_for_upgrades_and_is_no_job_is_put_in_place(self):
        given = hook(obj("ConfigMap"), "pre-upgrade")
        assert "ConfigMap ops/demo" in [objects.label(one) for one in parts(given).tenant]

    def test_they_are_there_until_their_end_was_seen(self):
        """One that Kubernetes takes away by itself would be waited for, and run again."""
        given = hook(workload("Job", spec={"ttlSecondsAfterFinished": 0}), "pre-install")
        (found,) = parts(given).hooks
        assert "ttlSecondsAfterFinished" not in found.job["spec"]

    def test_a_long_name_stays_one(self):
        (found,) = parts(hook(workload("Job", "x" * 63), "pre-install")).hooks
        assert len(found.job["metadata"]["name"]) == 59

    def test_their_pods_are_rewritten_and_counted(self):
        found = parts(hook(workload("Job"), "pre-delete"))
        (one,) = found.hooks
        assert objects.template(one.job)["spec"]["automountServiceAccountToken"] is False
        assert found.demand == Demand(memory_mib=512, pods=1, cpu_millicores=10)
        assert found.accounts == ((NAMESPACE, "default"),)

    @pytest.mark.parametrize(
        "given",
        [
            obj("ServiceAccount"),
            obj("Role", api_version=RBAC),
            obj("ConfigMap"),
        ],
        ids=lambda given: given["kind"],
    )
    def test_what_they_need_in_the_tenant_is_there_before(self, given):
        found = parts(hook(given, "pre-install"))
        (there,) = (one for one in found.tenant if one["kind"] == given["kind"])
        assert "annotations" not in there["metadata"]

    def test_what_they_need_on_the_host_is_not_lost(self):
        found = parts(hook(service("hooked"), "pre-install"), hook(workload("Job"), "pre-install"))
        assert "Service hooked" in labels(found.host)


class TestWhatTheAgentCopies:
    """ConfigMaps and Secrets of the tenant that pods read, wherever they come from."""

    def test_files_of_the_chart_and_files_that_the_operator_makes_later(self):
        volumes = [
            {"name": "a", "configMap": {"name": "config"}},
            {"name": "b", "secret": {"secretName": "made-later"}},
        ]
        found = parts(obj("ConfigMap", "config"), workload(pod=template(volumes=volumes)))
        assert found.files == (
            (NAMESPACE, File(CONFIG_MAP, "config")),
            (NAMESPACE, File(CONFIG_MAP, ROOT_CA)),
            (NAMESPACE, File(SECRET, "made-later")),
        )

    def test_files_of_hooks_too(self):
        pod = template(imagePullSecrets=[{"name": "pull"}])
        found = parts(hook(workload("Job", pod=pod), "pre-install"))
        assert (NAMESPACE, File(SECRET, "pull")) in found.files

    def test_no_file_of_a_test(self):
        pod = template(volumes=[{"name": "b", "secret": {"secretName": "of-a-test"}}])
        assert parts(hook(workload("Pod", pod=pod), "test")).files == ()

    def test_the_authority_of_each_namespace_with_pods(self):
        found = parts(workload(namespace="a"), workload(name="other", namespace="b"))
        assert found.files == (("a", File(CONFIG_MAP, ROOT_CA)), ("b", File(CONFIG_MAP, ROOT_CA)))
        assert found.accounts == (("a", "default"), ("b", "default"))


class TestNamespaces:
    """Each that is used is there, and none is made that Kubernetes makes."""

    def test_those_that_are_used_are_made_first(self):
        found = parts(obj("ConfigMap", namespace="other"), workload(namespace="third"))
        assert labels(found.tenant)[:3] == ["Namespace ops", "Namespace other", "Namespace third"]

    def test_one_of_the_chart_is_the_charts(self):
        own = obj("Namespace", NAMESPACE, None, labels={"a": "b"})
        assert [one for one in parts(own).tenant if one["kind"] == "Namespace"] == [own]

    def test_kubernetes_own_are_there(self):
        found = parts(obj("Role", namespace="kube-system", api_version=RBAC), namespace="default")
        assert labels(found.tenant) == ["Role.rbac.authorization.k8s.io kube-system/demo"]
