"""What becomes of real operators, from their own charts and manifests.

A change is seen in a review: the host's objects stand in golden files in full, of the tenant's the
names, as what they say is the chart's own.
"""

import json

import pytest
import yaml

from core import kubernetes_yaml, object_lists
from core.operators import budget, images, known, objects, phases, split
from core.operators.budget import Budget
from core.operators.references import CONFIG_MAP, SECRET, File
from tests.support import charts
from tests.support.operator_objects import wiring

pytestmark = pytest.mark.processes


class Plain(yaml.SafeDumper):
    """YAML that a person compares: each object in full, wherever else it stands."""

    def ignore_aliases(self, data):
        return True


def parts(name, rendered, namespace, **limits):
    usual = {"memory_mib": known.known(name).memory_mib, "pods": budget.DEFAULT_PODS}
    return split.split(
        rendered,
        wiring(operator=name, registries=images.DEFAULT_REGISTRIES),
        namespace=namespace,
        packages=known.known(name).packages,
        overrides={},
        limits=Budget(**(usual | limits)),
        thing=f"operator {name}",
    )


def crossplane():
    usual = known.known(known.CROSSPLANE)
    rendered = charts.rendered(
        charts.crossplane(), usual.values, release="crossplane", namespace=usual.namespace
    )
    return parts("crossplane", rendered, usual.namespace)


def cert_manager():
    rendered = charts.rendered(
        charts.cert_manager(),
        {"crds": {"enabled": True}},
        release="cert-manager",
        namespace="cert-manager",
    )
    return parts("cert-manager", rendered, "cert-manager")


def external_secrets():
    rendered = charts.rendered(
        charts.external_secrets(), release="external-secrets", namespace="external-secrets"
    )
    return parts("external-secrets", rendered, "external-secrets")


def argo_cd():
    text = charts.argo_cd_manifests().read_text()
    given = [one.value for one in kubernetes_yaml.documents(text, "install.yaml") if one.value]
    rendered = object_lists.uniform(given, "argocd", "operator argo-cd")
    return parts("argo-cd", rendered, "argocd", memory_mib=6144)


OPERATORS = {
    "argo-cd": argo_cd,
    "cert-manager": cert_manager,
    "crossplane": crossplane,
    "external-secrets": external_secrets,
}


@pytest.fixture(scope="module")
def found():
    """Each is told apart once."""
    made = {}

    def of(name):
        if name not in made:
            made[name] = OPERATORS[name]()
        return made[name]

    return of


def text_of(one):
    document = {
        "host": sorted(one.host, key=objects.label),
        "hooks": [
            {"events": sorted(hook.events), "weight": hook.weight, "job": hook.job}
            for hook in one.hooks
        ],
        "tenant": sorted(objects.label(manifest) for manifest in one.tenant),
        "leftOut": dict(one.left_out),
        "files": [f"{file.kind} {namespace}/{file.name}" for namespace, file in one.files],
        "accounts": [f"{namespace}/{account}" for namespace, account in one.accounts],
        "demand": vars(one.demand),
    }
    dumped: str = yaml.dump(document, Dumper=Plain, sort_keys=True, width=100)
    return dumped


@pytest.mark.parametrize("name", OPERATORS)
def test_what_becomes_of_it_is_the_golden_one(name, found, golden):
    golden(f"operators/{name}.yaml", text_of(found(name)))


@pytest.mark.parametrize("name", OPERATORS)
def test_none_needs_a_word_of_its_user(name, found):
    """No kind of theirs is unknown, and no pod of theirs is refused."""
    assert found(name).host


@pytest.mark.parametrize("name", OPERATORS)
def test_its_definitions_can_be_stored(name, found):
    """Those of External Secrets and Argo CD are larger together than one object of the host."""
    for piece in phases.pieces(phases.phases(found(name).tenant).definitions).values():
        assert sum(len(json.dumps(one)) for one in piece) <= phases.LARGEST


@pytest.mark.parametrize("name", OPERATORS)
def test_its_rights_are_all_in_the_tenant(name, found):
    kinds = {one["kind"] for one in found(name).host}
    assert kinds <= {"Deployment", "StatefulSet", "Service"}


def test_secrets_that_crossplane_makes_for_itself_are_copied_from_the_tenant(found):
    """Its init container writes them by the API, and its pods mount them: both sides need them.

    Its authority's key stays in the tenant: no pod mounts it.
    """
    files = {file.name for _, file in found("crossplane").files if file.kind == SECRET}
    assert files == {"crossplane-tls-client", "crossplane-tls-server"}


@pytest.mark.parametrize("name", ["argocd-ssh-known-hosts-cm", "argocd-tls-certs-cm"])
def test_configmaps_that_argo_cd_mounts_are_copied_from_the_tenant(found, name):
    """Its users change them there, by the API, as its manual says."""
    assert ("argocd", File(CONFIG_MAP, name)) in found("argo-cd").files


@pytest.mark.parametrize("name", ["cert-manager", "crossplane", "external-secrets"])
def test_one_fits_without_a_word_about_memory(name, found):
    """A default that real charts don't fit in is a question to each user."""
    assert found(name).demand.memory_mib <= known.known(name).memory_mib


def test_a_hundred_crossplanes_fit_on_two_cores(found):
    """Its chart asks for ten times as much as they use when they have nothing to do."""
    for one in found("crossplane").host:
        if one["kind"] == "Deployment":
            spec = objects.template(one)["spec"]
            for container in (*spec["containers"], *spec.get("initContainers", ())):
                asked = container["resources"]["requests"]
                assert budget.millicores(asked["cpu"]) <= 10
                assert budget.mib(asked["memory"]) <= 64


def test_what_crossplane_installs_finds_what_else_it_installs(found):
    """It dials its functions as `<service>.<namespace>`: that name is a Service on the host."""
    (named,) = (
        one for one in found("crossplane").host if one["metadata"]["name"] == "crossplane-system"
    )
    assert (named["kind"], named["spec"]["clusterIP"]) == ("Service", "None")
