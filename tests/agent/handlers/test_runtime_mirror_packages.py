"""Programs that an operator installs inside a real tenant run on a real host.

There are no nodes: what a kubelet would say of a Deployment, the tests say.
"""

import pytest

from core import names
from core.manifests import admission
from core.operators.references import CONFIG_MAP, File
from core.operators.wiring import ROOT_CA
from tests.support.kubectl import eventually
from tests.support.operator_objects import container, template, wiring

pytestmark = pytest.mark.processes

CORE = "/api/v1/namespaces"
APPS = "/apis/apps/v1/namespaces"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
REVISIONS = "/apis/pkg.crossplane.io/v1/providerrevisions"
SPACE = "packages"
"""The tenant's namespace in which the operator installs."""
OPERATOR = "installer"


@pytest.fixture(scope="module")
def revisions(acme):
    """The kind that owns what Crossplane's package manager makes."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    spec = {
        "group": "pkg.crossplane.io",
        "scope": "Cluster",
        "names": {"plural": "providerrevisions", "kind": "ProviderRevision"},
        "versions": [version],
    }
    name = "providerrevisions.pkg.crossplane.io"
    body = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    body |= {"metadata": {"name": name}, "spec": spec}
    assert acme.masters.apply(f"{DEFINITIONS}/{name}", body).ok
    eventually(lambda: acme.masters.get(REVISIONS).ok, "revisions are served")
    yield
    acme.masters.delete(f"{DEFINITIONS}/{name}")


@pytest.fixture(scope="module")
def mirror(world, acme, revisions):
    assert acme.masters.create(CORE, {"metadata": {"name": SPACE}}).ok
    files = [(SPACE, File(CONFIG_MAP, ROOT_CA))]
    known = wiring(operator=OPERATOR)
    world.objects.mirror("acme", acme.server, files, known, packages=SPACE)
    yield world.objects.wait("RuntimeMirror", "acme", OPERATOR)
    world.objects.delete("RuntimeMirror", "acme", OPERATOR)
    world.objects.wait_gone("RuntimeMirror", "acme", OPERATOR)


class Package:
    """What the package manager makes of a provider in the tenant, and what is on the host."""

    def __init__(self, world, acme, name):
        self.host, self.tenant, self.name = world.objects.api, acme.masters, name
        self._labels = {"pkg.crossplane.io/revision": name}

    def install(self, pod=None, **spec):
        kind = {"apiVersion": "pkg.crossplane.io/v1", "kind": "ProviderRevision"}
        created = self.tenant.apply(
            f"{REVISIONS}/{self.name}", kind | {"metadata": {"name": self.name}}
        )
        owner = kind | {"name": self.name, "uid": created.body["metadata"]["uid"]}
        metadata = {"name": self.name, "ownerReferences": [owner | {"controller": True}]}
        pod = pod or template(dict(self._labels), serviceAccountName=self.name)
        spec = {"selector": {"matchLabels": self._labels}, "template": pod} | spec
        ports = [{"port": 9443, "targetPort": 9443, "protocol": "TCP"}]
        service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata}
        service["spec"] = {"selector": self._labels, "ports": ports}
        # First, as it changes the pods: what is said of a Deployment is said of its generation.
        assert self.tenant.apply(f"{CORE}/{SPACE}/services/{self.name}", service).ok
        body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
        answer = self.tenant.apply(f"{APPS}/{SPACE}/deployments/{self.name}", body)
        assert answer.ok, answer
        return self

    def remove(self):
        """As the user does; the tenant's own garbage collector does the rest."""
        self.tenant.delete(f"{REVISIONS}/{self.name}")

    def on_host(self, kind="deployments", name=None):
        group = APPS if kind == "deployments" else CORE
        return self.host.get(f"{group}/tenant-acme/{kind}/{name or self.name}")

    def runs(self):
        return eventually(lambda: self.on_host().ok and self.on_host().body, "it runs", seconds=10)

    def fares(self, **status):
        """Say what a kubelet and the Deployment controller would say."""
        generation = self.on_host().body["metadata"]["generation"]
        status = {"observedGeneration": generation, **status}
        path = f"{APPS}/tenant-acme/deployments/{self.name}/status"
        assert self.host.merge(path, {"status": status}).ok

    def status(self):
        found = self.tenant.get(f"{APPS}/{SPACE}/deployments/{self.name}")
        return found.body.get("status", {})

    def condition(self):
        (found,) = self.status().get("conditions") or [{}]
        return found


@pytest.fixture
def package(world, acme, mirror, request):
    made = []

    def of(name):
        made.append(Package(world, acme, name))
        return made[-1]

    yield of
    for one in made:
        one.remove()
        eventually(lambda one=one: one.on_host().status == 404, "it is gone from the host")


AVAILABLE = {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"}
COUNTS = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}


def test_it_runs_on_the_host_wired_to_the_tenant(package):
    """With all defaults that an API server fills in, and through the host's own checks."""
    found = package("wired").install().runs()
    spec = found["spec"]["template"]["spec"]
    assert spec["serviceAccountName"] == f"{SPACE}.wired"
    assert spec["automountServiceAccountToken"] is False
    assert found["metadata"]["labels"] == {
        names.LABEL_TENANT: "acme",
        names.LABEL_OPERATOR: OPERATOR,
        names.LABEL_MIRROR: OPERATOR,
    }


def test_its_service_leads_from_the_tenant_to_the_host(package):
    """The API server gave it an address before, which the new kind must not have."""
    one = package("served").install()
    one.runs()
    there = one.on_host("services").body["spec"]
    assert (there["type"], there["ports"][0]["port"]) == ("ClusterIP", 9443)
    path = f"{CORE}/{SPACE}/services/served"
    twin = eventually(
        lambda: one.tenant.get(path).body["spec"].get("externalName") and one.tenant.get(path).body,
        "it is another name",
    )["spec"]
    assert twin["externalName"] == "served.tenant-acme.svc"
    assert not twin.get("clusterIP")


def test_how_it_fares_comes_back(package):
    """The package manager takes the Deployment's Available for the package's health."""
    one = package("healthy").install()
    one.runs()
    one.fares(**COUNTS, conditions=[AVAILABLE])
    eventually(lambda: one.condition().get("status") == "True", "it is available")
    assert {key: one.status()[key] for key in COUNTS} == COUNTS


def test_a_failure_comes_back_too(package):
    one = package("failing").install()
    one.runs()
    one.fares(**COUNTS, conditions=[AVAILABLE])
    eventually(lambda: one.condition().get("status") == "True", "it is available")
    one.fares(
        replicas=1,
        updatedReplicas=1,
        unavailableReplicas=1,
        readyReplicas=None,
        availableReplicas=None,
        conditions=[AVAILABLE | {"status": "False"}],
    )
    eventually(lambda: one.condition().get("status") == "False", "it is not", seconds=10)
    assert "availableReplicas" not in one.status()


def test_a_change_in_the_tenant_is_made_on_the_host(package):
    one = package("changing").install()
    one.runs()
    one.install(replicas=2)
    eventually(lambda: one.on_host().body["spec"]["replicas"] == 2, "it has two", seconds=10)


def test_a_hostile_one_is_refused_where_its_user_sees_it(package):
    evil = template(
        {"pkg.crossplane.io/revision": "evil"}, containers=[container(image="evil.test/x:1")]
    )
    one = package("evil").install(evil)
    eventually(lambda: one.condition().get("reason") == "RefusedByPlatform", "it is refused")
    assert one.condition()["message"] == (
        f"Deployment {SPACE}/evil, container main, image: comes from elsewhere, got 'evil.test/x:1'"
        "; take it from one of ghcr.io, or add its registry to `registries`"
    )
    assert one.on_host().status == 404


def test_one_with_a_taken_name_is_refused(world, package):
    """The tenant's own control plane is a Deployment in the same namespace."""
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "taken", "labels": {"app": "somebody"}},
        "spec": {
            "selector": {"matchLabels": {"app": "somebody"}},
            "template": template({"app": "somebody"}),
        },
    }
    path = f"{APPS}/tenant-acme/deployments/taken"
    assert world.objects.api.apply(path, body).ok
    one = package("taken").install()
    eventually(lambda: one.condition().get("reason") == "RefusedByPlatform", "it is refused")
    assert "Deployment taken: the name is taken on the host" in one.condition()["message"]
    assert one.on_host().body["metadata"]["labels"] == {"app": "somebody"}
    world.objects.api.delete(path)
    one.runs()


@pytest.fixture
def rule(world):
    """An admission rule of the host's own, like those that many hosts have."""
    on = admission.on(["apps"], ["deployments"])
    validation = admission.deny_unless("object.metadata.name != 'denied'", "not on this host")
    made = admission.renamed(admission.policy("denied", [on], [validation]), "denied")
    plurals = ("validatingadmissionpolicies", "validatingadmissionpolicybindings")
    paths = [f"/apis/{admission.GROUP}/v1/{plural}/denied" for plural in plurals]
    for path, document in zip(paths, made, strict=True):
        assert world.objects.api.apply(path, document).ok
    path = f"{APPS}/tenant-acme/deployments?dryRun=All"
    spec = {"selector": {"matchLabels": {"app": "demo"}}, "template": template()}
    body = {"metadata": {"name": "denied"}, "spec": spec}
    eventually(lambda: not world.objects.api.create(path, body).ok, "the rule is in force")
    yield
    for path in paths:
        world.objects.api.delete(path)


def test_what_the_host_refuses_says_so_and_others_run(package, rule):
    one, other = package("denied").install(), package("fine").install()
    eventually(lambda: one.condition().get("reason") == "RefusedByPlatform", "it is refused")
    assert f"Deployment {SPACE}/denied: its host refuses it (" in one.condition()["message"]
    assert "not on this host" in one.condition()["message"]
    other.runs()


def test_what_is_uninstalled_leaves_the_host_with_all_that_it_had(package):
    one = package("leaving").install()
    one.runs()
    assert one.on_host("serviceaccounts", f"{SPACE}.leaving").ok
    one.remove()
    for kind, name in (
        ("deployments", "leaving"),
        ("services", "leaving"),
        ("serviceaccounts", f"{SPACE}.leaving"),
    ):
        eventually(
            lambda kind=kind, name=name: one.on_host(kind, name).status == 404,
            f"its {kind} is gone",
        )


def test_files_that_it_reads_are_copied(world, acme, package):
    """The package manager makes a Secret with certificates for each."""
    volumes = [{"name": "tls", "secret": {"secretName": "reading-tls"}}]
    pod = template({"pkg.crossplane.io/revision": "reading"}, volumes=volumes)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "reading-tls"}}
    assert acme.masters.apply(f"{CORE}/{SPACE}/secrets/reading-tls", secret).ok
    one = package("reading").install(pod)
    one.runs()
    path = f"{CORE}/tenant-acme/secrets/{SPACE}.reading-tls"
    eventually(lambda: world.objects.api.get(path).ok, "its Secret is on the host")
    one.remove()
    eventually(lambda: world.objects.api.get(path).status == 404, "and goes with it")
