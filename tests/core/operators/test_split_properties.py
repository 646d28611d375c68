"""Whatever a chart is made of, nothing is lost, and nothing that gives rights is on the host."""

from collections import Counter

from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from core.operators import objects, sides, split
from core.operators.budget import Budget
from core.operators.phases import phases
from core.operators.wiring import ROOT_CA
from tests.support.operator_objects import definition, hook, obj, template, wiring, workload

NAMESPACES = st.sampled_from(["ops", "other"])
NAMES = st.sampled_from(["a", "b", "webhook", "c"])
LABELS = st.sampled_from([{"app": "x"}, {"app": "y"}])
RIGHTS = {
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "ServiceAccount",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "CustomResourceDefinition",
    "Namespace",
}
"""Kinds of a chart that would give rights on the host, or a say in it."""


KINDS = [*sides.BY_KIND, ("demo.test", "Thing")]


def versioned(kind):
    """The apiVersion of a kind that is known, whatever its version is."""
    group, _ = kind
    return f"{group}/v1" if group else "v1"


@st.composite
def pods(draw):
    volumes = draw(
        st.lists(
            st.one_of(
                NAMES.map(lambda name: {"name": "v", "configMap": {"name": name}}),
                NAMES.map(lambda name: {"name": "v", "secret": {"secretName": name}}),
                st.just({"name": "v", "emptyDir": {}}),
            ),
            max_size=2,
        )
    )
    account = draw(st.one_of(st.none(), NAMES))
    return template(
        dict(draw(LABELS)), volumes=volumes, **({"serviceAccountName": account} if account else {})
    )


@st.composite
def manifests(draw):
    """One object of a chart: any kind that is known, and some that are not."""
    kind = draw(st.sampled_from(KINDS))
    name, namespace = draw(NAMES), draw(NAMESPACES)
    if kind in sides.TEMPLATES:
        made = workload(kind[1], name, namespace, pod=draw(pods()))
    elif kind == sides.DEFINITION:
        made = definition()
    else:
        fields = {"spec": {}}
        if kind == ("", "Service"):
            fields["spec"] = {"selector": dict(draw(LABELS))}
        cluster_wide = kind[1] in RIGHTS and not kind[1].startswith(("Role", "ServiceAccount"))
        where = None if cluster_wide else namespace
        made = obj(kind[1], name, where, versioned(kind), **fields)
    events = draw(st.sampled_from(["", "pre-install", "post-install,test", "test"]))
    refused = kind in sides.TEMPLATES and kind[1] != "Job"
    return hook(made, events) if events and not refused else made


def same(manifest):
    return sides.kind(manifest), manifest["metadata"].get("namespace"), manifest["metadata"]["name"]


CHARTS = st.lists(
    manifests(), max_size=6, unique_by=lambda one: (one["kind"], one["metadata"]["name"])
).map(lambda chart: [definition(), *(one for one in chart if sides.kind(one) != sides.DEFINITION)])
"""Those that a split refuses prove nothing here: names that clash, kinds that nobody knows."""
OVERRIDES = st.dictionaries(
    st.sampled_from(KINDS).map(
        lambda kind: objects.selector({"apiVersion": versioned(kind), "kind": kind[1]})
    ),
    st.sampled_from(sides.SAID),
    max_size=3,
)


def told_apart(chart, overrides=None):
    """The chart's parts; what is refused is nobody's loss."""
    try:
        return split.split(
            chart,
            wiring(),
            namespace="ops",
            overrides=overrides or {},
            limits=Budget(memory_mib=10**6, pods=10**4),
            thing="chart demo",
        )
    except InvalidInputError:
        assume(False)
        raise


@given(CHARTS, OVERRIDES)
def test_each_object_is_somewhere_or_left_out_with_a_reason(chart, overrides):
    found = told_apart(chart, overrides)
    there = Counter(objects.label(one) for one in found.tenant)
    on_host = {(one["kind"], one["metadata"]["name"]) for one in found.host}
    jobs = {one.job["metadata"]["name"].rpartition("-")[0] for one in found.hooks}
    for one in chart:
        kind, namespace, name = same(one)
        told = objects.label(one) in found.left_out and found.left_out[objects.label(one)]
        placed = there[objects.label(one)] == 1
        placed |= bool(on_host & {(kind[1], name), (kind[1], f"{namespace}.{name}")})
        placed |= kind[1] == "Job" and name in jobs
        assert placed or told, objects.label(one)


@given(CHARTS, OVERRIDES)
def test_nothing_is_there_that_the_chart_does_not_have(chart, overrides):
    """But for namespaces, and the Service that gives pods their names."""
    found = told_apart(chart, overrides)
    own = {objects.label(one) for one in chart}
    assert all(objects.label(one) in own or one["kind"] == "Namespace" for one in found.tenant)
    names = {one["metadata"]["name"] for one in chart}
    known = names | {f"{space}.{name}" for name in names for space in ("ops", "other")}
    assert all(one["metadata"]["name"] in known | {"ops", "other"} for one in found.host)


@given(CHARTS, OVERRIDES)
def test_no_kind_that_gives_rights_is_on_the_host_whatever_anybody_says(chart, overrides):
    found = told_apart(chart, overrides)
    assert not RIGHTS & {one["kind"] for one in found.host}
    assert {one.job["kind"] for one in found.hooks} <= {"Job"}


@given(CHARTS)
def test_every_pod_on_the_host_is_rewritten(chart):
    found = told_apart(chart)
    work = [*found.host, *(one.job for one in found.hooks)]
    for one in work:
        if sides.kind(one) in sides.TEMPLATES:
            spec = objects.template(one)["spec"]
            assert spec["automountServiceAccountToken"] is False
            namespace, _, account = spec["serviceAccountName"].partition(".")
            assert (namespace, account) in found.accounts


@given(CHARTS, OVERRIDES)
def test_what_a_pod_reads_is_on_the_host_or_copied_there(chart, overrides):
    found = told_apart(chart, overrides)
    copied = {f"{namespace}.{file.name}" for namespace, file in found.files}
    there = copied | {one["metadata"]["name"] for one in found.host}
    for one in [*found.host, *(each.job for each in found.hooks)]:
        if sides.kind(one) in sides.TEMPLATES:
            for volume in objects.template(one)["spec"]["volumes"]:
                source = volume.get("configMap") or volume.get("secret") or {}
                name = source.get("name") or source.get("secretName")
                assert name is None or name in there
    used = {namespace for namespace, _ in found.accounts}
    assert {f"{namespace}.{ROOT_CA}" for namespace in used} <= copied


@given(CHARTS)
def test_each_object_of_the_tenant_is_put_in_place_in_one_phase(chart):
    found = told_apart(chart)
    each = phases(found.tenant)
    placed = [*each.definitions, *each.secrets, *each.objects, *each.served, *each.resources]
    assert sorted(map(str, placed)) == sorted(map(str, found.tenant))


@given(CHARTS, st.randoms(use_true_random=False))
def test_the_order_in_a_chart_means_nothing(chart, random):
    """Helm sorts by kind; a preview must not differ because a chart lists objects anew."""
    shuffled = list(chart)
    random.shuffle(shuffled)
    first, second = told_apart(chart), told_apart(shuffled)
    assert {str(one) for one in first.host} == {str(one) for one in second.host}
    assert {str(one) for one in first.tenant} == {str(one) for one in second.tenant}
    assert first.hooks == second.hooks
    assert (first.files, first.accounts) == (second.files, second.accounts)
    assert (first.left_out, first.demand) == (second.left_out, second.demand)


@given(CHARTS)
def test_the_charts_own_objects_are_left_as_they_are(chart):
    """They are told apart twice: when a stack is checked, and when it is declared."""
    before = str(chart)
    told_apart(chart)
    assert str(chart) == before
