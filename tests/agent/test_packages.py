"""What an operator installs inside its tenant runs on the host, and the tenant hears how it is."""

import pytest

from agent import installed, mirrored, packages
from agent.kube import ApiError
from agent.mirrored import Mirrored
from agent.packages import Packages
from core import names
from core.operators import pods
from core.operators.references import SECRET, File
from tests.support.fake_api import FakeApi
from tests.support.loop import run
from tests.support.operator_objects import container, template, wiring

NAMESPACE = "crossplane-system"
TENANT_APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
TENANT_CORE = f"/api/v1/namespaces/{NAMESPACE}"
APPS = "/apis/apps/v1/namespaces/tenant-acme/deployments"
CORE = "/api/v1/namespaces/tenant-acme"
REVISION = {
    "apiVersion": "pkg.crossplane.io/v1",
    "kind": "ProviderRevision",
    "name": "provider-1",
    "uid": "u",
    "controller": True,
}
LABELS = {"pkg.crossplane.io/revision": "provider-1"}

AVAILABLE = {
    "replicas": 1,
    "updatedReplicas": 1,
    "readyReplicas": 1,
    "availableReplicas": 1,
    "conditions": [{"type": "Available", "status": "True"}],
}


@pytest.fixture
def tenant():
    return FakeApi()


@pytest.fixture
def host():
    return FakeApi()


def install(tenant, name="provider-1", pod=None, owner=REVISION, **spec):
    """What the package manager makes of a Deployment."""
    pod = pod or template(
        dict(LABELS),
        serviceAccountName="provider",
        volumes=[{"name": "tls", "secret": {"secretName": "provider-tls"}}],
    )
    spec = {"replicas": 1, "selector": {"matchLabels": LABELS}, "template": pod} | spec
    owners = {"ownerReferences": [owner]} if owner else {}
    tenant.put(f"{TENANT_APPS}/{name}", metadata={"generation": 3, **owners}, spec=spec)


def expose(tenant, name="provider-1", **spec):
    spec = {"ports": [{"port": 9443, "nodePort": 30001}], "selector": LABELS} | spec
    metadata = {"ownerReferences": [REVISION]}
    tenant.put(f"{TENANT_CORE}/services/{name}", metadata=metadata, spec=spec)


def running(tenant, host, ca_hash="ca"):
    """What came of one look."""

    async def look():
        made = await Mirrored(host, "acme", "crossplane").look()
        found = await Packages(
            tenant, made, wiring(operator="crossplane"), NAMESPACE, ca_hash
        ).run()
        await made.prune(found.placed)
        return found

    return run(look())


def fares(host, name="provider-1", **status):
    """Have a Deployment of the host be like that."""
    generation = host.objects[f"{APPS}/{name}"]["metadata"]["generation"]
    host.objects[f"{APPS}/{name}"]["status"] = {"observedGeneration": generation, **status}


def status(tenant, name="provider-1"):
    return tenant.objects[f"{TENANT_APPS}/{name}"].get("status", {})


def refusal(tenant, name="provider-1"):
    (condition,) = status(tenant, name)["conditions"]
    assert (condition["type"], condition["status"]) == ("Available", "False")
    assert condition["reason"] == "RefusedByPlatform"
    return condition["message"]


class TestRunning:
    """On the host it is what the program would have made of it."""

    def test_its_pods_are_wired_to_the_tenant(self, tenant, host):
        install(tenant)
        found = running(tenant, host)
        spec = host.objects[f"{APPS}/provider-1"]["spec"]["template"]["spec"]
        assert spec["serviceAccountName"] == f"{NAMESPACE}.provider"
        assert spec["automountServiceAccountToken"] is False
        assert found.workloads == 1
        assert found.files == {(NAMESPACE, File(SECRET, "provider-tls"))}

    def test_it_chooses_its_own_pods_alone(self, tenant, host):
        install(tenant)
        running(tenant, host)
        assert host.objects[f"{APPS}/provider-1"]["spec"]["selector"]["matchLabels"] == {
            **LABELS,
            names.LABEL_OPERATOR: "crossplane",
        }

    def test_its_account_has_no_token_of_the_host(self, tenant, host):
        install(tenant)
        running(tenant, host)
        account = host.objects[f"{CORE}/serviceaccounts/{NAMESPACE}.provider"]
        assert account["automountServiceAccountToken"] is False

    def test_all_of_it_says_whose_it_is(self, tenant, host):
        install(tenant)
        expose(tenant)
        running(tenant, host)
        labels = mirrored.labels("acme", "crossplane")
        assert len(host.objects) == 3
        assert all(one["metadata"]["labels"] == labels for one in host.objects.values())

    def test_another_authority_rolls_it(self, tenant, host):
        install(tenant)
        for ca_hash in ("old", "new"):
            running(tenant, host, ca_hash=ca_hash)
            found = host.objects[f"{APPS}/provider-1"]["spec"]["template"]["metadata"]
            assert found["annotations"][pods.ANNOTATION_CA] == ca_hash

    @pytest.mark.parametrize(
        "owner",
        [
            None,
            REVISION | {"controller": False},
            REVISION | {"apiVersion": "apps/v1"},
            REVISION | {"apiVersion": "pkg.crossplane.io.evil.test/v1"},
        ],
        ids=["nobody", "no controller", "another kind", "another group"],
    )
    def test_what_others_made_is_not_run(self, tenant, host, owner):
        install(tenant, owner=owner)
        assert running(tenant, host).workloads == 0
        assert host.objects == {}
        assert status(tenant) == {}

    def test_what_is_going_is_not_run(self, tenant, host):
        install(tenant)
        tenant.objects[f"{TENANT_APPS}/provider-1"]["metadata"]["deletionTimestamp"] = "now"
        assert running(tenant, host).workloads == 0

    def test_what_is_installed_no_more_goes_with_all_that_it_had(self, tenant, host):
        install(tenant)
        expose(tenant)
        running(tenant, host)
        tenant.objects.clear()
        running(tenant, host)
        assert host.objects == {}


class TestServices:
    """The API server of the tenant calls them; pods look for each other by them."""

    def test_it_leads_to_the_pods_on_the_host(self, tenant, host):
        install(tenant)
        expose(tenant)
        running(tenant, host)
        assert host.objects[f"{CORE}/services/provider-1"]["spec"] == {
            "type": "ClusterIP",
            "ports": [{"port": 9443}],
            "selector": {**LABELS, names.LABEL_OPERATOR: "crossplane"},
        }

    def test_in_the_tenant_it_becomes_another_name_for_that(self, tenant, host):
        install(tenant)
        expose(tenant, clusterIP="10.255.0.7")
        running(tenant, host)
        spec = tenant.objects[f"{TENANT_CORE}/services/provider-1"]["spec"]
        assert spec == {"type": "ExternalName", "externalName": "provider-1.tenant-acme.svc"}
        writes = list(tenant.written)
        running(tenant, host)
        assert tenant.written == writes  # nothing new to say

    def test_a_headless_one_stays_what_it_is_in_the_tenant(self, tenant, host):
        """Crossplane calls functions by the names of their pods."""
        install(tenant)
        expose(tenant, clusterIP="None")
        running(tenant, host)
        assert host.objects[f"{CORE}/services/provider-1"]["spec"]["clusterIP"] == "None"
        assert tenant.objects[f"{TENANT_CORE}/services/provider-1"]["spec"]["clusterIP"] == "None"

    def test_its_pods_are_found_by_the_name_in_the_tenant(self, tenant, host):
        install(tenant)
        expose(tenant)
        running(tenant, host)
        spec = host.objects[f"{APPS}/provider-1"]["spec"]["template"]["spec"]
        assert (spec["hostname"], spec["subdomain"]) == ("provider-1", NAMESPACE)

    def test_one_of_other_pods_is_left(self, tenant, host):
        install(tenant)
        expose(tenant, "other", selector={"pkg.crossplane.io/revision": "other"})
        expose(tenant, "nobody", selector=None)
        running(tenant, host)
        assert not [path for path in host.objects if "/services/" in path]


class TestFaring:
    """The package manager waits for the Deployment in the tenant to be available."""

    def test_its_status_comes_back(self, tenant, host):
        install(tenant)
        assert not running(tenant, host).settled
        fares(host, **AVAILABLE)
        assert running(tenant, host).settled
        assert status(tenant) == {**AVAILABLE, "observedGeneration": 3}

    def test_what_is_no_more_is_taken_back(self, tenant, host):
        install(tenant)
        running(tenant, host)
        fares(host, **AVAILABLE)
        running(tenant, host)
        fares(host, replicas=1, unavailableReplicas=1)
        assert not running(tenant, host).settled
        assert status(tenant) == {"replicas": 1, "unavailableReplicas": 1, "observedGeneration": 3}

    def test_the_same_is_not_said_twice(self, tenant, host):
        """Each write wakes the watch, and this again."""
        install(tenant)
        running(tenant, host)
        fares(host, **AVAILABLE)
        running(tenant, host)
        writes = list(tenant.written)
        running(tenant, host)
        assert tenant.written == writes

    def test_of_an_older_form_nothing_is_said(self, tenant, host):
        """It would be taken for the status of what was asked for since."""
        install(tenant)
        running(tenant, host)
        fares(host, **AVAILABLE)
        host.objects[f"{APPS}/provider-1"]["metadata"]["generation"] = 2
        assert not running(tenant, host).settled
        assert status(tenant) == {}

    def test_one_that_is_scaled_to_nothing_is_settled(self, tenant, host):
        install(tenant, replicas=0)
        running(tenant, host)
        fares(host)
        assert running(tenant, host).settled

    def test_one_that_crashes_for_ever_is_settled(self, tenant, host):
        """Nobody expects more of it, and what it does next is told by the watch."""
        install(tenant)
        running(tenant, host)
        late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
        unready = {"replicas": 1, "updatedReplicas": 1, "unavailableReplicas": 1}
        fares(host, **unready, conditions=[late | {"status": "True"}])
        assert not running(tenant, host).settled
        fares(host, **unready, conditions=[late])
        assert running(tenant, host).settled
        assert status(tenant)["conditions"] == [late]

    def test_one_that_went_meanwhile_is_no_trouble(self, tenant, host):
        install(tenant)
        running(tenant, host)
        fares(host, **AVAILABLE)
        gone = ApiError("PATCH status", 404, "NotFound", "")
        tenant.refused[f"{TENANT_APPS}/provider-1/status"] = gone
        assert running(tenant, host).workloads == 1


class TestRefusing:
    """One that can't be run says why, and the others run."""

    def test_a_hostile_one_says_all_that_is_wrong(self, tenant, host):
        evil = template(dict(LABELS), hostNetwork=True, containers=[container(image="evil.test/x")])
        install(tenant, "evil", evil)
        install(tenant)
        assert running(tenant, host).workloads == 1
        said = refusal(tenant, "evil")
        assert said.startswith(f"Deployment {NAMESPACE}/evil, hostNetwork: would share it with")
        assert "; Deployment crossplane-system/evil, container main, image: comes from" in said
        assert f"{APPS}/evil" not in host.objects

    def test_one_that_runs_and_becomes_hostile_is_taken_away(self, tenant, host):
        install(tenant)
        running(tenant, host)
        install(tenant, pod=template(dict(LABELS), hostPID=True))
        running(tenant, host)
        assert host.objects == {}
        assert "hostPID" in refusal(tenant)

    @pytest.mark.parametrize("name", ["control-plane", "declared"])
    def test_a_taken_name_is_not_taken_over(self, tenant, host, name):
        """Of the tenant's own control plane, and of what the program declared for the operator."""
        there = host.put(f"{APPS}/{name}", metadata={"labels": {"a": "b"}}, spec={"replicas": 1})
        before = dict(there)
        install(tenant, name)
        assert running(tenant, host).workloads == 0
        assert refusal(tenant, name) == (
            f"Deployment {name}: the name is taken on the host; choose another one"
        )
        assert host.objects == {f"{APPS}/{name}": before}

    def test_a_reserved_name_is_taken_even_while_it_is_free(self, tenant, host):
        """A tenant may get an etcd of its own, or replicas, later."""
        install(tenant)
        expose(tenant, "etcd")
        running(tenant, host)
        assert refusal(tenant).startswith("Service etcd: the name is taken")
        assert host.objects == {}

    def test_no_more_run_than_one_operator_may_have(self, tenant, host, monkeypatch):
        """A tenant's users install them; each costs the host objects, even with no replicas."""
        monkeypatch.setattr(packages, "_MOST", 1)
        install(tenant, "a")
        install(tenant, "b")
        assert running(tenant, host).workloads == 1
        assert refusal(tenant, "b") == "1 programs of the operator run already; uninstall some"
        assert f"{APPS}/b" not in host.objects

    def test_those_that_are_refused_take_no_room_of_others(self, tenant, host, monkeypatch):
        """Whoever installs a wrong one keeps nobody's right one from running."""
        monkeypatch.setattr(packages, "_MOST", 1)
        install(tenant, "a", template(dict(LABELS), hostNetwork=True))
        install(tenant, "control-plane")
        install(tenant, "z")
        host.put(f"{APPS}/control-plane")
        assert running(tenant, host).workloads == 1
        assert f"{APPS}/z" in host.objects
        assert "hostNetwork" in refusal(tenant, "a")
        assert "the name is taken" in refusal(tenant, "control-plane")

    def test_one_that_the_host_refuses_takes_room(self, tenant, host, monkeypatch):
        """Its ServiceAccount and Services are there, and each look asks the host again."""
        monkeypatch.setattr(packages, "_MOST", 1)
        host.refused_writes[f"{APPS}/a"] = ApiError("PATCH x", 422, "Invalid", "immutable")
        install(tenant, "a")
        install(tenant, "b")
        assert running(tenant, host).workloads == 0
        assert refusal(tenant, "b") == "1 programs of the operator run already; uninstall some"

    @pytest.mark.parametrize("status_code", [400, 413, 422])
    def test_what_the_host_refuses_says_so_and_the_others_run(self, tenant, host, status_code):
        """An admission rule, a field that can't be changed."""
        error = ApiError("PATCH x", status_code, "Invalid", "field is immutable")
        host.refused_writes[f"{APPS}/bad"] = error
        install(tenant, "bad")
        install(tenant)
        assert running(tenant, host).workloads == 1
        assert refusal(tenant, "bad") == (
            f"Deployment {NAMESPACE}/bad: its host refuses it ({error})"
        )
        assert f"{APPS}/provider-1" in host.objects

    def test_what_the_host_refused_is_not_taken_away(self, tenant, host):
        """A change that can't be made leaves what runs running."""
        install(tenant)
        running(tenant, host)
        host.refused_writes[f"{APPS}/provider-1"] = ApiError("PATCH x", 422, "Invalid", "immutable")
        running(tenant, host)
        assert f"{APPS}/provider-1" in host.objects
        assert host.deleted == []

    @pytest.mark.parametrize("status_code", [401, 403, 409, 429, 500])
    def test_what_passes_is_not_told_as_a_refusal(self, tenant, host, status_code):
        install(tenant)
        host.refused_writes[f"{APPS}/provider-1"] = ApiError("PATCH x", status_code, "Busy", "")
        with pytest.raises(ApiError):
            running(tenant, host)
        assert status(tenant) == {}


class TestReading:
    """Nothing of the host's is mounted that isn't the tenant's."""

    def test_one_that_reads_what_the_program_declared_is_refused(self, tenant, host):
        """Who installs packages would read the operator's own Secret."""
        declared = {names.LABEL_TENANT: "acme", names.LABEL_OPERATOR: "crossplane"}
        path = f"{CORE}/secrets/{NAMESPACE}.provider-tls"
        host.put(path, metadata={"labels": declared})
        install(tenant)
        found = running(tenant, host)
        assert (found.workloads, found.files, list(host.objects)) == (0, set(), [path])
        assert refusal(tenant) == (
            f"Secret {NAMESPACE}/provider-tls: the host has something else of that name; choose "
            "another one"
        )

    def test_one_that_reads_a_copy_runs(self, tenant, host):
        labels = mirrored.labels("acme", "crossplane")
        host.put(f"{CORE}/secrets/{NAMESPACE}.provider-tls", metadata={"labels": labels})
        install(tenant)
        assert running(tenant, host).workloads == 1

    def test_one_with_a_claim_is_refused(self, tenant, host):
        """On the host are those of the operator's chart alone."""
        volume = {"name": "data", "persistentVolumeClaim": {"claimName": "cache"}}
        install(tenant, pod=template(dict(LABELS), volumes=[volume]))
        assert running(tenant, host).workloads == 0
        assert refusal(tenant) == (
            "volume data: the host has no claims of packages; use an emptyDir"
        )


class TestBounds:
    """All tenants share the agent's memory, and each may fill its namespaces with what it likes."""

    def test_of_what_others_made_the_metadata_alone_is_read(self, tenant, host):
        for number in range(3):
            install(tenant, f"theirs-{number}", owner=None)
            tenant.put(f"{TENANT_CORE}/services/theirs-{number}", spec={"selector": LABELS})
        install(tenant)
        running(tenant, host)
        whole = [path for path in tenant.asked if path not in tenant.asked_metadata]
        assert whole == [f"{TENANT_APPS}/provider-1"]

    @pytest.mark.parametrize("kind", ["Deployment", "Service"])
    def test_no_more_are_read_than_may_be(self, tenant, host, monkeypatch, kind):
        monkeypatch.setattr(installed, "MOST_READ", 2)
        for name in "abc":
            install(tenant, name) if kind == "Deployment" else expose(tenant, name)
        assert running(tenant, host).unread == [kind]
        assert len([path for path in tenant.asked if path not in tenant.asked_metadata]) == 2

    def test_as_many_as_may_be_are_read(self, tenant, host, monkeypatch):
        monkeypatch.setattr(installed, "MOST_READ", 2)
        for name in "ab":
            install(tenant, name)
        found = running(tenant, host)
        assert (found.workloads, found.unread) == (2, [])

    def test_lists_of_many_pages_are_read(self, tenant, host):
        for number in range(150):
            install(tenant, f"a{number}", owner=None)
        install(tenant)
        assert running(tenant, host).workloads == 1

    def test_one_that_goes_while_it_is_read_is_no_trouble(self, tenant, host):
        install(tenant)
        tenant.refused[f"{TENANT_APPS}/provider-1"] = ApiError("GET x", 404, "NotFound", "")
        assert running(tenant, host).workloads == 0

    def test_one_that_is_too_large_is_refused(self, tenant, host):
        """The host's lists have it too."""
        env = [{"name": f"A{number}", "value": "x" * 1000} for number in range(70)]
        install(tenant, pod=template(dict(LABELS), containers=[container(env=env)]))
        found = running(tenant, host)
        assert (found.workloads, found.files, host.objects) == (0, set(), {})
        assert refusal(tenant).startswith(
            f"Deployment {NAMESPACE}/provider-1: its spec has more than 64 KiB on the host, got 7"
        )

    def test_a_service_that_is_too_large_is_left_out(self, tenant, host):
        ports = [{"port": 1, "name": "x" * 1000} for _ in range(70)]
        install(tenant)
        expose(tenant, ports=ports)
        assert running(tenant, host).workloads == 1
        assert not [path for path in host.objects if "/services/" in path]

    def test_of_many_problems_the_first_are_told(self, tenant, host):
        """A pod can have thousands, and its status would grow with them."""
        bad = [container(name=f"c{number}", image="evil.test/x") for number in range(100)]
        install(tenant, pod=template(dict(LABELS), containers=bad))
        running(tenant, host)
        assert refusal(tenant).endswith("; and 90 more")


class TestAccounts:
    """The account of the operator itself, which the program declared, is no package's."""

    ACCOUNT = f"{CORE}/serviceaccounts/{NAMESPACE}.crossplane"

    @pytest.fixture(autouse=True)
    def labels(self, tenant, host):
        labels = {names.LABEL_TENANT: "acme", names.LABEL_OPERATOR: "crossplane"}
        host.put(self.ACCOUNT, metadata={"labels": labels}, automountServiceAccountToken=False)
        install(tenant, pod=template(dict(LABELS), serviceAccountName="crossplane"))
        return labels

    def test_a_package_that_has_it_is_refused(self, tenant, host):
        """Whoever installs packages would have the operator's rights in the tenant."""
        assert running(tenant, host).workloads == 0
        assert refusal(tenant) == (
            f"ServiceAccount {NAMESPACE}.crossplane: the name is taken on the host; choose "
            "another one"
        )

    def test_it_stays_the_programs(self, tenant, host, labels):
        """The tokens of the operator's own pods would end with it."""
        running(tenant, host)
        tenant.objects.clear()
        running(tenant, host)
        assert list(host.objects) == [self.ACCOUNT]
        assert host.objects[self.ACCOUNT]["metadata"]["labels"] == labels
