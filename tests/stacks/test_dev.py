"""A dev stack: a host and its tenants, declared from one config."""

import re

import pulumi
import pytest
import yaml
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.rpc import UNKNOWN

from core import host_contract
from core.settings import TenantSettings
from tests.support import running
from tests.support.fake_cluster import GOOD_HOST
from tests.support.mocks import SECRET, SIGNATURE, is_known, is_secret, settled


def names_of(count):
    return [{"name": f"tenant-{number}"} for number in range(count)]


def test_every_resource_has_the_name_and_parent_it_always_had(up, dev, monitor, golden):
    """A URN that changes without an alias replaces what runs: it must be seen in a review."""
    up(dev)
    golden("urns/dev.txt", "\n".join(monitor.urns) + "\n")


def test_no_name_of_a_tenant_or_pool_can_make_two_resources_one(up, dev, monitor):
    """Tenants t and t-x must not meet: no child's suffix may end in another's of its type.

    A Service t-route-service of tenant t was the Service of tenant t-route (2026-11-23).
    """
    dev["tenants"] = [{"name": "t", "datastore": "t"}]
    dev["etcd"] = {"t": None}
    up(dev)
    suffixes = {}
    for urn in monitor.urns:
        kind, _, name = urn.rpartition("::")
        for owner in ("t-", "etcd-t-"):
            if "$" in kind and name.startswith(owner):
                suffixes.setdefault(kind, []).append(name.removeprefix(owner))
    assert len(suffixes) > 10
    for kind, found in suffixes.items():
        for one in found:
            assert not [other for other in found if other.endswith(f"-{one}")], kind


def test_each_tenant_is_the_same_number_of_resources(up, dev, monitor):
    """The state is rewritten with every resource: a hundred tenants must not cost more each."""
    dev["tenants"] = names_of(5)
    up(dev)
    counts = {
        one["name"]: sum(
            urn.endswith(f"::{one['name']}") or f"::{one['name']}-" in urn for urn in monitor.urns
        )
        for one in dev["tenants"]
    }
    assert len(set(counts.values())) == 1
    assert counts["tenant-0"] <= 45


def test_the_order_of_tenants_in_the_config_changes_nothing(up, dev, mocks, monitor):
    up(dev)
    before = {urn: MessageToDict(request.object) for urn, request in monitor.requests.items()}
    monitor.requests.clear()
    up(dev | {"tenants": dev["tenants"][::-1]})
    after = {urn: MessageToDict(request.object) for urn, request in monitor.requests.items()}
    assert after == before


def test_everything_of_a_tenant_is_declared_under_it_and_on_its_host(up, dev, mocks, monitor):
    up(dev)
    for urn, request in monitor.requests.items():
        if "TenantControlPlane$" in urn:
            assert "::acme" in request.parent or "::globex" in request.parent
        if request.type.startswith("kubernetes:"):
            assert "::dev-kubernetes::" in request.provider, urn


def test_nothing_depends_on_a_component(up, dev, monitor):
    """It would depend on each of its children: 80,000 edges for 200 tenants (pulumi#7742)."""
    up(dev)
    components = {urn for urn in monitor.requests if re.search(r"tenantplane:index:\w+::", urn)}
    for urn, request in monitor.requests.items():
        assert not components & set(request.dependencies), urn


def test_kubeconfigs_are_secret_and_endpoints_are_not(up, dev):
    outputs = up(dev)
    for tenant in ("acme", "globex"):
        assert is_secret(outputs["kubeconfigs"][tenant])
        assert is_secret(outputs["adminKubeconfigs"][tenant])
        assert not is_secret(outputs["endpoints"][tenant])
        assert not is_secret(outputs["certificateExpiry"][tenant])


def test_a_kubeconfig_leads_to_the_host_and_names_the_tenant(up, dev):
    """It works with no DNS at all: the address is the host's, the name is sent as SNI."""
    text = settled(up(dev)["kubeconfigs"]["acme"])
    cluster = yaml.safe_load(text)["clusters"][0]["cluster"]
    assert cluster["server"] == "https://127.0.0.1:8443"
    assert cluster["tls-server-name"] == "acme.tenants.test"


def test_outputs_say_where_everything_is(up, dev):
    outputs = up(dev)
    assert settled(outputs["endpoints"]) == {
        "acme": "https://127.0.0.1:8443",
        "globex": "https://127.0.0.1:8443",
    }
    assert settled(outputs["versions"]) == {"acme": "1.37.2", "globex": "1.37.2"}
    assert set(outputs["certificateExpiry"]) == {"acme", "globex", "etcd/shared", "host-agent"}
    host = settled(outputs["hosts"])["dev"]
    assert (host["address"], host["port"], host["etcdPools"]) == ("127.0.0.1", 8443, ["shared"])


def test_no_key_is_sent_to_the_engine_in_clear(up, dev, monitor):
    """What isn't marked secret here stands in clear in the state file."""
    up(dev)
    for urn, request in monitor.requests.items():
        for text in clear_texts(MessageToDict(request.object)):
            assert "PRIVATE KEY" not in text, urn
            assert "client-key-data" not in text, urn


def clear_texts(value):
    """Every text, keys too, that is outside of a secret."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from clear_texts(item)
    elif isinstance(value, dict) and value.get(SIGNATURE) != SECRET:
        for key, item in value.items():
            yield key
            yield from clear_texts(item)


def test_a_first_preview_knows_what_it_can(up, dev, first_preview):
    """Keys are the future; addresses and versions are not."""
    outputs = up(dev)
    assert is_known(outputs["versions"]["acme"])
    assert is_known(outputs["hosts"]["dev"]["server"])
    assert not is_known(outputs["kubeconfigs"]["acme"])
    assert is_secret(outputs["kubeconfigs"]["acme"])


def test_images_come_from_where_the_config_says(up, dev, mocks):
    dev["images"] = {
        "registry": "mirror.test/k8s",
        "overrides": {"traefik": "other.test/traefik@sha256:abc"},
    }
    dev["tenants"] = [{"name": "acme", "version": "1.36"}]
    up(dev)
    images = {
        container["image"]
        for one in mocks.resources
        if one.typ.endswith((":Deployment", ":StatefulSet"))
        for kind in ("containers", "initContainers")
        for container in one.inputs["spec"]["template"]["spec"].get(kind, [])
    }
    assert images == {
        "mirror.test/k8s/kube-apiserver:v1.36.3",
        "mirror.test/k8s/kube-controller-manager:v1.36.3",
        "mirror.test/k8s/etcd:v3.7.3",
        "mirror.test/k8s/tenantplane/host-agent:0.1.0",
        "other.test/traefik@sha256:abc",
    }


def test_a_tenants_image_is_of_its_version(up, dev, mocks):
    """A digest of one version for all: an upgrade that changes the label and not the binary."""
    pinned = {"kube-apiserver:1.36.3": "m.test/a@sha256:abc", "etcd:3.7.3": "m.test/e@sha256:def"}
    dev["images"] = {"overrides": pinned}
    dev["tenants"] = [{"name": "acme", "version": "1.36"}, {"name": "globex"}]
    up(dev)
    images = {
        name: first_image(mocks.named(f"{name}-control-plane")) for name in ("acme", "globex")
    }
    assert images == {
        "acme": "m.test/a@sha256:abc",
        "globex": "registry.k8s.io/kube-apiserver:v1.37.2",
    }
    etcd = mocks.named("etcd-shared-members").inputs["spec"]["template"]["spec"]
    assert etcd["containers"][0]["image"] == "m.test/e@sha256:def"


def first_image(deployment):
    (container,) = [
        one
        for kind in ("initContainers", "containers")
        for one in deployment.inputs["spec"]["template"]["spec"].get(kind, [])
        if one["name"] == "kube-apiserver"
    ]
    return container["image"]


def test_a_dev_stack_can_be_the_host_of_more_tenants(up, dev, cluster):
    """Another stack reads the same contract as that of a stack of kind host."""
    output = up(dev)["hostContract"]
    assert is_secret(output)
    contract = host_contract.parse(settled(output), "dev")
    assert (contract.name, contract.domain) == ("dev", "tenants.test")
    assert contract.gateway.address == "127.0.0.1"
    assert "PRIVATE KEY" in contract.stores["shared"].ca_key_pem


def test_settings_reach_the_components(up, dev, mocks):
    dev["etcd"] = {
        "shared": {"members": 3, "storageGib": 8, "defragmentationHour": 22},
        "fast": None,
    }
    dev["gateway"] = {"exposure": "NodePort", "port": 30443, "address": "192.0.2.1"}
    tenant = {"datastore": "fast", "replicas": 2, "profile": "large", "timeoutSeconds": 20}
    dev["tenants"] = [{"name": "acme"} | tenant]
    outputs = up(dev)
    assert settled(outputs["endpoints"]["acme"]) == "https://192.0.2.1:30443"
    assert mocks.named("etcd-shared-members").inputs["spec"]["replicas"] == 3
    keys = mocks.named("host-agent-store-shared").inputs["stringData"]["value"]
    assert keys["defragmentation-hour"] == "22"
    assert mocks.named("acme-store").inputs["spec"] == {
        "store": "fast",
        "tenant": "acme",
        "limitMib": 256,
        "readOnlyWhenFull": True,
    }
    deployment = mocks.named("acme-control-plane").inputs
    assert deployment["spec"]["replicas"] == 2
    assert deployment["metadata"]["annotations"]["pulumi.com/timeoutSeconds"] == "20"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tenants": [{"name": "acme"}, {"name": "acme"}]}, r"tenants\[1\]\.name: is the name of"),
        ({"tenants": [{"name": "Acme"}]}, r"tenants\[0\]\.name: is not a tenant id"),
        ({"tenants": [{"name": "acme", "colour": "red"}]}, r"tenants\[0\]\.colour: is not a key"),
        (
            {"tenants": [{"name": "acme", "version": "1.33.0"}]},
            r"tenants\[0\]\.version: .* use one",
        ),
        (
            {"tenants": [{"name": "acme", "profile": "huge"}]},
            r"tenants\[0\]\.profile: .* use small",
        ),
        ({"etcd": {"shared": {"members": 2}}}, r"etcd\.shared\.members: .* got 2; use 1 or 3"),
        ({"tennants": []}, None),
        ({"tennants": [{}]}, r"tennants: is not a key that is known here; did you mean tenants"),
        (
            {"host": {"name": "dev", "gke": {"project": "p", "region": "r"}}}
            | {"gateway": {"exposure": "LoadBalancer"}},
            r"host\.gke: a stack of kind dev has a host that exists already; make the host in a",
        ),
        ({"host": {"name": "dev"}}, "host: neither adopt nor gke is given; keep exactly one"),
        (
            {"host": {"name": "dev", "adopt": {"kubeconfig": "gone.yaml"}}},
            r"host\.adopt\.kubeconfig: the file can't be read \(No such file .*\), got 'gone.yaml'",
        ),
    ],
)
def test_wrong_input_is_refused_before_anything_is_declared(up, dev, mocks, change, message):
    if message is None:  # an empty value is a default of Pulumi.yaml: not set
        up(dev | change)
        return
    with pytest.raises(pulumi.RunError, match=message):
        up(dev | change)
    assert mocks.resources == []


def test_a_host_without_the_gateway_api_is_refused(up, dev, cluster, mocks):
    cluster.documents = {
        path: found for path, found in GOOD_HOST.items() if "gateway.networking" not in path
    }
    with pytest.raises(pulumi.RunError, match=r"host dev: the Gateway API of 1\.5 or newer"):
        up(dev)
    assert mocks.resources == []


def test_a_host_that_does_not_answer_is_refused_with_its_address(up, dev, cluster, mocks):
    cluster.stop()
    with pytest.raises(pulumi.RunError, match=f"can't be reached at {cluster.server}"):
        up(dev)
    assert mocks.resources == []


def test_a_tenant_cannot_go_down_or_skip_a_minor(up, dev, cluster, mocks):
    """All at once, and before anything is declared: the store would not survive it."""
    cluster.documents = GOOD_HOST | running.tenants(acme="1.37.2", globex="1.34.9")
    dev["tenants"] = [{"name": "acme", "version": "1.36"}, {"name": "globex", "version": "1.36"}]
    with pytest.raises(pulumi.RunError) as error:
        up(dev)
    assert "tenants[0].version: can't go down from 1.37.2" in str(error.value)
    assert "tenants[1].version: can't go up from 1.34.9 by more than one minor" in str(error.value)
    assert "set it to 1.35.5 and run `pulumi up` first" in str(error.value)
    assert mocks.resources == []


def test_changes_of_pools_and_of_tenants_are_refused_together(up, dev, cluster, mocks):
    etcds = running.etcds(**{"tenantplane-etcd-shared": 3})
    cluster.documents = GOOD_HOST | running.tenants(acme="1.38.0") | etcds
    with pytest.raises(pulumi.RunError) as error:
        up(dev)
    assert "tenants[0].version: can't go down from 1.38.0" in str(error.value)
    assert "etcd.shared.members: can't be changed from 3" in str(error.value)
    assert mocks.resources == []


def test_a_tenant_goes_up_one_minor(up, dev, cluster, mocks):
    cluster.documents = GOOD_HOST | running.tenants(acme="1.36.3", globex="1.37.2")
    up(dev)
    labels = mocks.named("acme-control-plane").inputs["metadata"]["labels"]
    assert labels["app.kubernetes.io/version"] == TenantSettings(name="x").version


def test_a_preview_never_makes_up_an_address(up, dev, first_preview):
    """On a host that runs, a preview asks its API: an empty address would be refused."""
    up(dev)
    requests = pulumi.runtime.settings.get_monitor().requests.values()
    (slices,) = [one for one in requests if one.name == "acme-route-endpoints"]
    assert MessageToDict(slices.object)["endpoints"][0]["addresses"] == [UNKNOWN]


def test_every_pod_has_a_class_of_ours_and_waits_for_it(up, dev, mocks, monitor):
    """The API server refuses a pod whose PriorityClass is not there yet."""
    dev["tenants"] = [{"name": "acme", "datastore": "dedicated"}]
    up(dev)
    asked = {}
    for one in mocks.resources:
        template = one.inputs.get("spec", {}).get("template")
        if template and one.typ.startswith("kubernetes:apps"):
            asked[one.name] = template["spec"]["priorityClassName"]
            urn = next(urn for urn in monitor.requests if urn.endswith(f"::{one.name}"))
            waits_for = monitor.requests[urn].dependencies
            assert any("PriorityClass::" in other for other in waits_for), one.name
    assert asked == {
        "acme-control-plane": "tenantplane-tenants",
        "acme-etcd-members": "tenantplane-store",
        "etcd-shared-members": "tenantplane-store",
        "gateway-traefik": "tenantplane-gateway",
        "host-agent-deployment": "tenantplane-agent",
    }
