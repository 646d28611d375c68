"""The whole: the real Pulumi CLI and SDK, the plugin, a real API server."""

import base64
import json

import pytest

pytestmark = pytest.mark.processes

WORD = "correct-horse-battery"
PROGRAM = """
import base64, os, pulumi, pulumi_kubernetes as k8s

host = k8s.Provider(
    "host",
    kubeconfig=pulumi.Output.secret(open("kubeconfig").read()),
    cluster_identifier="tenantplane/test",
    enable_server_side_apply=True,
    enable_secret_mutable=True,
    enable_config_map_mutable=True,
)
opts = pulumi.ResourceOptions(provider=host, retain_on_delete=KEEP)
namespace = k8s.core.v1.Namespace("home", opts=opts)
meta = lambda name, **more: {"name": name, "namespace": namespace.metadata.name, **more}
word = pulumi.Output.secret(WORD)
k8s.core.v1.Secret("secret", metadata=meta("secret"), string_data={"word": word}, opts=opts)
k8s.core.v1.ConfigMap("mixed", metadata=meta("mixed"), data={"word": word, "a": "DATA"}, opts=opts)
k8s.apps.v1.Deployment(
    "pods",
    metadata=meta("pods", annotations=ANNOTATIONS),
    spec={
        "replicas": REPLICAS,
        "selector": {"match_labels": {"app": "LABEL"}},
        "template": {
            "metadata": {"labels": {"app": "LABEL"}},
            "spec": {
                "host_network": False,
                "containers": [
                    {
                        "name": "main",
                        "image": "example.test/b:1",
                        "resources": {"limits": {"memory": "1024Mi"}},
                    }
                ],
            },
        },
    },
    opts=opts,
)
service = k8s.core.v1.Service(
    "service",
    metadata=meta("service", annotations={"pulumi.com/skipAwait": "true"}),
    spec={"selector": {"app": "LABEL"}, "ports": [{"port": 80}]},
    opts=opts,
)
found = k8s.core.v1.Namespace.get("found", "kube-system", opts=opts)
pulumi.export("namespace", namespace.metadata.name)
pulumi.export("address", service.spec.cluster_ip)
pulumi.export("uid", found.metadata.uid)
"""
CUSTOM = """
crd = k8s.apiextensions.v1.CustomResourceDefinition(
    "things",
    metadata={
        "name": "things.cli.tenantplane.dev",
        "annotations": {"pulumi.com/waitFor": "condition=Established"},
    },
    spec={
        "group": "cli.tenantplane.dev",
        "scope": "Namespaced",
        "names": {"kind": "Thing", "plural": "things"},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {
            "open_apiv3_schema": {"type": "object", "x_kubernetes_preserve_unknown_fields": True},
        }}],
    },
    opts=opts,
)
k8s.apiextensions.CustomResource(
    "thing", api_version="cli.tenantplane.dev/v1", kind="Thing",
    metadata=meta("thing", annotations={"pulumi.com/deletionPropagationPolicy": "background"}),
    spec={"empty": {}, "word": word}, opts=pulumi.ResourceOptions.merge(
        opts, pulumi.ResourceOptions(depends_on=[crd])
    ),
)
"""
OURS = {"home", "secret", "mixed", "pods", "service"}


def program(more="", **values):
    # The cluster ends with the tests: only one of them has to wait for a namespace to go.
    names = {"KEEP": "True", "DATA": "1", "REPLICAS": "0", "LABEL": "demo", "ANNOTATIONS": "{}"}
    names |= values
    text = PROGRAM + more
    for name, value in names.items():
        text = text.replace(name, value)
    return text.replace("string_1", "string_data").replace("WORD)", f'"{WORD}")')


@pytest.fixture
def project(workspace, kubeconfig):
    """A project with the program above, or another one, on the API server."""

    def make(text=None):
        made = workspace(text or program())
        (made.folder / "kubeconfig").write_text(kubeconfig)
        return made

    return make


def changed(steps):
    return {name: op for name, op in steps.items() if op not in ("same", "read")}


def test_a_stack_lives(project, api):
    """First preview with unknowns, up, nothing to do, refresh with nothing to do, destroy."""
    stack = project(program(CUSTOM, KEEP="False"))
    previewed = changed(stack.preview())
    assert {name for name, op in previewed.items() if op == "create"} >= OURS | {"things", "thing"}

    stack.up()
    outputs = stack.outputs()
    assert outputs["namespace"].startswith("home-")
    assert outputs["address"].startswith("10.96.")
    assert outputs["uid"] == api.get("/api/v1/namespaces/kube-system").body["metadata"]["uid"]

    assert changed(stack.preview()) == {}
    stack.run("refresh", "--yes", "--expect-no-changes")
    stack.up("--expect-no-changes")

    stack.run("destroy", "--yes", "--skip-preview")
    assert api.get(f"/api/v1/namespaces/{outputs['namespace']}").status == 404
    assert api.get("/api/v1/namespaces/kube-system").ok  # what was only read stays


def test_secret_inputs_stay_secret(project, kubeconfig):
    stack = project(program(CUSTOM))
    said = stack.up().stdout + stack.run("preview", "--diff").stdout
    exported = stack.export()
    encoded = base64.b64encode(WORD.encode()).decode()
    key = [line for line in kubeconfig.splitlines() if "client-key-data" in line]
    for hidden in (WORD, encoded, key[0].rpartition(" ")[2]):
        assert hidden not in exported
        assert hidden not in said
    clear = json.loads(stack.export("--show-secrets"))
    assert encoded in json.dumps(clear)  # it is there, encrypted


FILLED = """
place = k8s.core.v1.Secret("filled", metadata=meta("filled", labels={"a": "MARK"}), opts=opts)
there = place.id
read = k8s.core.v1.Secret.get("filled-now", there, opts=opts)
pulumi.export("held", pulumi.Output.secret(read.data))
"""


def test_what_another_puts_into_a_secret_is_read_and_left(project, api):
    """As the host agent does with tokens: Pulumi declares the Secret, and none of its data."""
    stack = project(program(FILLED, MARK="first"))
    stack.up()
    assert stack.outputs()["held"] is None
    path = f"/api/v1/namespaces/{stack.outputs()['namespace']}/secrets/filled"
    encoded = base64.b64encode(WORD.encode()).decode()
    assert api.merge(path, {"data": {"token": encoded}}).ok

    assert changed(stack.preview()) == {}
    said = stack.up("--diff").stdout
    assert stack.outputs()["held"] == {"token": encoded}
    stack.run("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    assert changed(stack.preview()) == {}
    stack.program(program(FILLED, MARK="other"))
    said += stack.up("--diff").stdout
    found = api.get(path).body
    assert (found["metadata"]["labels"]["a"], found["data"]) == ("other", {"token": encoded})
    for hidden in (WORD, encoded):
        assert hidden not in said + stack.export()


def test_a_secret_that_is_read_and_was_deleted_is_made_anew_after_a_refresh(project, api):
    stack = project(program(FILLED, MARK="first"))
    stack.up()
    namespace = stack.outputs()["namespace"]
    assert api.delete(f"/api/v1/namespaces/{namespace}/secrets/filled").ok
    failed = stack.up(check=False)
    assert failed.returncode
    assert f"resource '{namespace}/filled' does not exist" in failed.stdout
    stack.run("refresh", "--yes", "--skip-preview")
    assert changed(stack.preview())["filled"] == "create"
    stack.up()
    assert api.get(f"/api/v1/namespaces/{namespace}/secrets/filled").ok


def test_drift_is_seen_and_undone(project, api):
    stack = project()
    stack.up()
    path = f"/api/v1/namespaces/{stack.outputs()['namespace']}/configmaps/mixed"
    assert api.merge(path, {"data": {"a": "drifted"}}).ok
    assert changed(stack.preview()) == {}  # a preview doesn't look
    stack.run("refresh", "--yes")
    assert stack.state()["mixed"]["outputs"]["data"] != {"a": "1"}
    assert changed(stack.preview()) == {"mixed": "update"}
    # The object isn't ours alone any more: the field is the drifter's until we force it.
    stack.program(
        program(ANNOTATIONS='{"x": "y"}').replace(
            'meta("mixed")', 'meta("mixed", annotations={"pulumi.com/patchForce": "true"})'
        )
    )
    stack.up()
    assert api.get(path).body["data"]["a"] == "1"

    assert api.delete(path).ok
    stack.run("refresh", "--yes")
    assert changed(stack.preview()) == {"mixed": "create"}


def test_a_change_of_what_can_not_change_replaces(project, api):
    stack = project(program(KEEP="False"))
    stack.up()
    before = stack.state()
    stack.program(program(LABEL="other", KEEP="False"))
    previewed = changed(stack.preview())
    assert "replace" in previewed["pods"]
    stack.up()
    after = stack.state()
    uid = lambda state, name: state[name]["outputs"]["metadata"]["uid"]  # noqa: E731
    assert uid(before, "pods") != uid(after, "pods")
    assert uid(before, "service") == uid(after, "service")
    stack.up("--expect-no-changes")


def test_new_credentials_replace_nothing(project, cluster):
    """A CA or key that rotates must not cost a cluster's objects."""
    stack = project()
    stack.up()
    (stack.folder / "kubeconfig").write_text(cluster.kubeconfig("other", "system:masters"))
    assert changed(stack.preview()) == {"host": "update"}
    stack.up()


def test_one_that_does_not_become_ready_is_named_and_stops_no_other(project, api):
    slow = '{"pulumi.com/timeoutSeconds": "2"}'
    stack = project(program(REPLICAS="1", ANNOTATIONS=slow))
    failed = stack.up("--continue-on-error", check=False)
    assert failed.returncode
    assert "/pods: not ready after 2 s: waiting for Pods (0/1 available)" in failed.stdout
    state = stack.state()
    assert set(state) >= OURS
    assert state["pods"]["initErrors"]
    stack.program(program(ANNOTATIONS=slow))
    stack.up()
    assert "initErrors" not in stack.state()["pods"]


def test_an_existing_object_is_imported(project, api, namespace):
    stack = project()
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "old"},
        "data": {"a": "1"},
    }
    assert api.create(path, body).ok
    stack.program(
        program(
            'k8s.core.v1.ConfigMap("old", metadata={"name": "old", "namespace": "PLACE"}, '
            'data={"a": "1"}, opts=pulumi.ResourceOptions.merge(opts, '
            'pulumi.ResourceOptions(import_="PLACE/old")))\n',
            PLACE=namespace,
        )
    )
    assert changed(stack.preview())["old"] == "import"
    stack.up()
    stack.up("--expect-no-changes")


def test_an_unreachable_cluster_is_named(project, kubeconfig, cluster):
    stack = project()
    dead = kubeconfig.replace(cluster.server, "https://127.0.0.1:1")
    (stack.folder / "kubeconfig").write_text(dead)
    failed = stack.up(check=False)
    assert failed.returncode
    assert "configured Kubernetes cluster is unreachable" in failed.stdout
    assert "no answer from https://127.0.0.1:1" in failed.stdout
