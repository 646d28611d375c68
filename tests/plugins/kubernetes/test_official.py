"""States are interchangeable with the official plugin: what one wrote, the other leaves alone.

Opt-in: needs the official binary, which not every machine can download.

    TENANTPLANE_OFFICIAL_KUBERNETES=.../pulumi-resource-kubernetes
"""

import json
import os
import re
from contextlib import suppress

import pytest
from google.protobuf.json_format import MessageToDict

from core import kubeconfig as core_kubeconfig
from tests.plugins.kubernetes import objects
from tests.plugins.kubernetes.cases import (
    RECORDED,
    TOKENS,
    UNKNOWN,
    case,
    file_name,
    recording,
    variants,
)
from tests.plugins.kubernetes.conftest import SETTINGS
from tests.plugins.kubernetes.driver import Driver, FailedError

OFFICIAL = os.environ.get("TENANTPLANE_OFFICIAL_KUBERNETES")
pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not OFFICIAL, reason="TENANTPLANE_OFFICIAL_KUBERNETES names no plugin"),
]

LISTS = {"Service", "ValidatingAdmissionPolicyBinding"}
"""Kinds whose changed lists the official plugin can't preview: it merges them with the old."""
_RANDOM = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|pulumi-kubernetes-[0-9a-f]{8}"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|10\.96\.\d+\.\d+|conformance-[ab]-test-\d+"
)


@pytest.fixture(scope="module")
def official(kubeconfig):
    plugin = Driver((OFFICIAL,)).configure(kubeconfig, **SETTINGS)
    yield plugin
    plugin.close()


@pytest.fixture
def pair(plugin, official, api, namespace):
    """Both plugins, and two namespaces in which each may have its own of everything."""
    for name in "ab":
        assert api.create("/api/v1/namespaces", objects.namespace(f"{name}-{namespace}")).ok
    return plugin, official


@pytest.fixture(params=TOKENS)
def made(request, pair, namespace, api):
    """The same object made by each: [(plugin, other plugin, type token, object, change, made)]."""
    ours, official = pair
    number = namespace.rpartition("-")[2]
    found = []
    for plugin, other, side in ((ours, official, "a"), (official, ours, "b")):
        kind = f"Both{side}{number}"
        if request.param == "custom":
            plugin.create(objects.CRD_TOKEN, "crd", objects.definition(kind))
        token, first, change = case(request.param, f"{side}-{namespace}", kind)
        found.append((plugin, other, token, first, change, plugin.create(token, "demo", first)))
    yield found
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    for plugin, *_, resource in found:
        if request.param in ("definition", "custom"):
            # In the foreground this takes the garbage collector up to a minute: it learns of new
            # kinds every 30 s, and waits for those that are gone meanwhile.
            kind = resource.plain["kind"] if request.param == "custom" else ""
            name = f"{kind.lower()}s.{objects.CRD_GROUP}" if kind else resource.name
            assert api.delete(f"{path}/{name}").ok
        else:
            plugin.delete(resource)


def shape(message):
    """A message without what controllers write when they like, what is random, and whose it is."""
    found = MessageToDict(message)
    found.pop("status", None)
    if isinstance(found.get("metadata"), dict):
        found["metadata"].pop("managedFields", None)
    text = _RANDOM.sub("RANDOM", repr(_sorted(found)))
    text = re.sub(r"[ab]-(test-\d+)", r"\1", text)
    text = re.sub(r"(?i)both[ab](\d+)", r"both\1", text)
    return re.sub(r"(, )?'resourceVersion': '\d+'", "", text)


def _sorted(value):
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def answers(plugin, resource, obj, ignore=()):
    """What a plugin says of a difference."""
    answer = plugin.diff_of(resource, obj, ignore)
    detail = {path: (c.kind, c.inputDiff) for path, c in answer.detailedDiff.items()}
    return answer.changes, sorted(answer.replaces), answer.deleteBeforeReplace, detail


def test_both_check_and_create_the_same(made):
    (*_, mine), (*_, theirs) = made
    assert shape(mine.inputs) == shape(theirs.inputs)
    assert shape(mine.state) == shape(theirs.state)


def test_neither_sees_a_change_in_what_the_other_made(made):
    """At once, after its own refresh, and after an update by either."""
    for plugin, other, _, first, change, resource in made:
        for reader in (plugin, other):
            assert answers(reader, resource, first)[0] == 1
            assert answers(reader, reader.read(resource), first)[0] == 1
        if answers(plugin, resource, change)[1]:
            continue
        changed = other.update(resource, change)
        assert answers(plugin, plugin.read(changed), change)[0] == 1
        back = plugin.update(changed, first)
        assert answers(other, other.read(back), first)[0] == 1


def test_both_refresh_to_the_same(made):
    for plugin, other, *_, resource in made:
        mine, theirs = plugin.read(resource), other.read(resource)
        assert shape(mine.inputs) == shape(theirs.inputs)
        assert shape(mine.state) == shape(theirs.state)


def test_both_import_the_same(made):
    for plugin, other, token, *_, resource in made:
        mine, theirs = plugin.get(token, resource.id), other.get(token, resource.id)
        assert shape(mine.inputs) == shape(theirs.inputs)
        assert shape(mine.state) == shape(theirs.state)


def test_both_judge_each_difference_alike(made, plugin, official):
    for _, _, _, first, change, resource in made:
        for variant in variants(first, change):
            with suppress(FailedError):  # the official one can't judge a definition with unknowns
                theirs = answers(official, resource, variant)
                assert answers(plugin, resource, variant) == theirs, variant


@pytest.mark.parametrize("token", TOKENS)
def test_what_is_recorded_is_what_the_official_plugin_says(official, api, golden, token):
    """Recordings stand in for it where it isn't (test_recorded.py)."""
    api.create("/api/v1/namespaces", objects.namespace(RECORDED))
    kind = RECORDED.capitalize()
    if token == "custom":
        crd = official.create(objects.CRD_TOKEN, "crd", objects.definition(kind))
    type_token, first, change = case(token, RECORDED, kind)
    made = official.create(type_token, "demo", first)
    text = json.dumps(recording(official, made, first, change), indent=1)
    official.delete(made)
    if token == "custom":
        official.delete(crd)
    golden(file_name(token), f"{text}\n")


def test_both_ignore_the_same_changes(made):
    for plugin, other, _, _, change, resource in made:
        for ignore in (["spec"], ["metadata.labels"], ["metadata.labels.app"], ["data.a"]):
            mine = answers(plugin, resource, change, ignore)
            assert mine == answers(other, resource, change, ignore), ignore


def test_both_preview_the_same(made, plugin, official):
    for _, _, token, first, change, resource in made:
        new = {**first, "metadata": {**first["metadata"], "name": f"{first['metadata']['name']}-2"}}
        if first["kind"] != "CustomResourceDefinition":
            mine = plugin.create(token, "demo", new, preview=True)
            theirs = official.create(token, "demo", new, preview=True)
            assert shape(mine.state) == shape(theirs.state)
        if not answers(plugin, resource, change)[1]:
            mine = plugin.update(resource, change, preview=True)
            if token.rpartition(":")[2] in LISTS:
                with pytest.raises(FailedError, match=r"Duplicate value|must not contain both"):
                    official.update(resource, change, preview=True)
            else:
                theirs = official.update(resource, change, preview=True)
                assert shape(mine.state) == shape(theirs.state)


def _kubeconfig(server="https://a.test", certificate="c", ca="ca"):
    return core_kubeconfig.build(server, ca, certificate, "k", "main")


CONFIGS = [
    {"kubeconfig": _kubeconfig()},
    {"kubeconfig": _kubeconfig(certificate="d")},
    {"kubeconfig": _kubeconfig("https://b.test")},
    {"kubeconfig": _kubeconfig(ca="other")},
    {"kubeconfig": _kubeconfig(), "context": "main"},
    {"kubeconfig": _kubeconfig(), "context": "other"},
    {"kubeconfig": _kubeconfig(), "clusterIdentifier": "x"},
    {"kubeconfig": _kubeconfig("https://b.test"), "clusterIdentifier": "x"},
    {"kubeconfig": _kubeconfig("https://b.test"), "clusterIdentifier": "y"},
    {"kubeconfig": UNKNOWN, "clusterIdentifier": "x"},
    {"kubeconfig": UNKNOWN},
    {"kubeconfig": _kubeconfig(), "enableSecretMutable": "true"},
    {},
]


@pytest.mark.parametrize("old", [c for c in CONFIGS if c.get("kubeconfig") is not UNKNOWN])
def test_both_replace_the_provider_for_the_same_reasons(plugin, official, old):
    for new in CONFIGS:
        mine, theirs = plugin.diff_config(old, new), official.diff_config(old, new)
        assert (mine.changes, sorted(mine.replaces)) == (theirs.changes, sorted(theirs.replaces))
        assert sorted(mine.diffs) == sorted(theirs.diffs)


PROGRAM = """
import pulumi, pulumi_kubernetes as k8s
host = k8s.Provider(
    "host", kubeconfig=pulumi.Output.secret(open("kubeconfig").read()),
    cluster_identifier="tenantplane/test", enable_server_side_apply=True,
    enable_secret_mutable=True, enable_config_map_mutable=True,
)
opts = pulumi.ResourceOptions(provider=host)
namespace = k8s.core.v1.Namespace("home", opts=opts)
meta = {"namespace": namespace.metadata.name}
k8s.core.v1.Secret("secret", metadata=meta, string_data={"a": pulumi.Output.secret("b")}, opts=opts)
k8s.core.v1.ConfigMap("config", metadata=meta, data={"a": "b"}, opts=opts)
k8s.core.v1.Service("service", metadata=meta, spec={"ports": [{"port": 80}]}, opts=opts)
k8s.apps.v1.Deployment("pods", metadata=meta, opts=opts, spec={
    "replicas": 0, "selector": {"match_labels": {"a": "b"}}, "template": {
        "metadata": {"labels": {"a": "b"}}, "spec": {"host_network": False, "containers": [
            {"name": "c", "image": "i", "resources": {"limits": {"memory": "1024Mi"}}}]}}})
"""


@pytest.mark.parametrize("first", ["ours", "official"])
def test_a_stack_changes_hands_with_no_change(workspace, kubeconfig, first):
    """Preview, refresh and up of the other plugin say: unchanged."""
    project = workspace(PROGRAM)
    (project.folder / "kubeconfig").write_text(kubeconfig)
    for writer in (first, {"ours": "official", "official": "ours"}[first]):
        project.use_plugin("kubernetes", OFFICIAL if writer == "official" else None)
        if writer == first:
            project.up()
            continue
        assert set(project.preview().values()) <= {"same"}
        project.run("refresh", "--yes", "--expect-no-changes")
        project.up("--expect-no-changes")
