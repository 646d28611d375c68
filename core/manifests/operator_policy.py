"""The admission rules on the host for the pods of operators, whoever makes them.

What is declared was judged before (core/operators/refusals.py), and what the host agent runs was
too: this is the fence for what comes another way, and for mistakes of these two. Beside it stand
Pod Security `restricted` on the namespace, and its quota.
Not here: rules inside a tenant (platform_policy.py), who declares them (components/host_agent.py).
"""

from collections.abc import Sequence
from typing import Any

from core import names
from core.manifests import admission, priorities
from core.operators.refusals import NODE_LABELS, SOURCES, VOLUMES

NAME = f"operators.{names.API_GROUP}"

_VARIABLES = {
    "containers": "object.spec.containers"
    " + (has(object.spec.initContainers) ? object.spec.initContainers : [])",
    "volumes": "has(object.spec.volumes) ? object.spec.volumes : []",
    "said": "has(namespaceObject.metadata.annotations) ? namespaceObject.metadata.annotations : {}",
    "registries": f"'{names.ANNOTATION_REGISTRIES}' in variables.said"
    f" ? variables.said['{names.ANNOTATION_REGISTRIES}'].split(',') : []",
    "audience": f"'{names.ANNOTATION_AUDIENCE}' in variables.said"
    f" ? variables.said['{names.ANNOTATION_AUDIENCE}'] : ''",
    "sources": "variables.volumes.filter(v, has(v.projected) && has(v.projected.sources))",
}
_SANDBOXED = "has(object.spec.runtimeClassName)"
"""Its RuntimeClass says on which nodes it runs, in the pod itself."""


def policy() -> dict[str, Any]:
    """Return the ValidatingAdmissionPolicy."""
    found = admission.policy(
        NAME,
        [admission.on([""], ["pods"], ["CREATE"])],
        [*_identity(), *_files(), *_place(), _images(), _memory()],
        variables=_VARIABLES,
    )
    exists = [{"key": names.LABEL_TENANT, "operator": "Exists"}]
    operators = [{"key": names.LABEL_OPERATOR, "operator": "Exists"}]
    found["spec"]["matchConstraints"] |= {
        "namespaceSelector": {"matchExpressions": exists},
        "objectSelector": {"matchExpressions": operators},
    }
    return found


def _identity() -> list[dict[str, str]]:
    """It is nobody on the host, and its tokens are for its tenant alone."""
    return [
        admission.deny_unless(
            "has(object.spec.automountServiceAccountToken)"
            " && !object.spec.automountServiceAccountToken",
            "an operator's pod has no token of the host: set automountServiceAccountToken to false",
        ),
        admission.deny_unless(
            "object.spec.serviceAccountName.contains('.')",
            "an operator's pod has a ServiceAccount that is called after one of the tenant",
        ),
        admission.deny_unless(
            "variables.sources.all(v, v.projected.sources.all(s, !has(s.serviceAccountToken)"
            " || (has(s.serviceAccountToken.audience)"
            " && s.serviceAccountToken.audience == variables.audience)))",
            "an operator's tokens are for its own tenant alone",
        ),
        admission.deny_unless(
            f"!('{names.LABEL_PART_OF}' in object.metadata.labels)"
            f" || object.metadata.labels['{names.LABEL_PART_OF}'] != '{names.PART_OF}'",
            "an operator's pod can't pass for one of the platform",
        ),
    ]


def _files() -> list[dict[str, str]]:
    """It reads what was copied from the tenant, never the keys of the tenant's control plane."""
    volumes = _dotted("v", [("secret", "secretName"), ("configMap", "name")])
    claim = "v.persistentVolumeClaim.claimName"
    # A StatefulSet's controller names a claim after the pod, and its volume's name has no dot.
    claims = (
        f"(!has(v.persistentVolumeClaim) || {claim}.contains('.')"
        f" || (has(object.metadata.name) && {claim}.endsWith('-' + object.metadata.name)))"
    )
    sources = _dotted("s", [("secret", "name"), ("configMap", "name")])
    keys = _dotted("e.valueFrom", [("secretKeyRef", "name"), ("configMapKeyRef", "name")])
    whole = _dotted("f", [("secretRef", "name"), ("configMapRef", "name")])
    kinds = " || ".join(f"has(v.{kind})" for kind in VOLUMES)
    of_sources = " || ".join(f"has(s.{kind})" for kind in SOURCES)
    each = (
        f"variables.volumes.all(v, {kinds})",
        f"variables.sources.all(v, v.projected.sources.all(s, {of_sources}))",
        f"variables.volumes.all(v, {volumes} && {claims})",
        f"variables.sources.all(v, v.projected.sources.all(s, {sources}))",
        f"variables.containers.all(c, !has(c.env) || c.env.all(e, !has(e.valueFrom) || ({keys})))",
        f"variables.containers.all(c, !has(c.envFrom) || c.envFrom.all(f, {whole}))",
    )
    message = "an operator's pod reads copies of the tenant's ConfigMaps and Secrets, and no others"
    return [admission.deny_unless(expression, message) for expression in each]


def _dotted(holder: str, places: Sequence[tuple[str, str]]) -> str:
    """Say in CEL that the names in these places have a dot, as all copies do."""
    return " && ".join(
        f"(!has({holder}.{place}) || {holder}.{place}.{key}.contains('.'))" for place, key in places
    )


def _place() -> list[dict[str, str]]:
    """Where it runs, and what comes first there, is the platform's business."""
    labels, first = list(NODE_LABELS), priorities.NAMES[priorities.OPERATORS]
    return [
        admission.deny_unless(
            f"has(object.spec.priorityClassName) && object.spec.priorityClassName == '{first}'",
            f"an operator's pod has PriorityClass {first}, whose quota is the operators' own",
        ),
        admission.deny_unless(
            "!has(object.spec.nodeName) || object.spec.nodeName == ''",
            "an operator's pod can't choose its node",
        ),
        admission.deny_unless(
            f"{_SANDBOXED} || !has(object.spec.nodeSelector)"
            f" || object.spec.nodeSelector.all(k, k in {labels})",
            f"an operator's pod can choose nodes by {' and '.join(labels)} alone",
        ),
        admission.deny_unless(
            f"{_SANDBOXED} || !has(object.spec.tolerations)"
            " || object.spec.tolerations.all(t, has(t.key)"
            " && t.key.startsWith('node.kubernetes.io/'))",
            "an operator's pod can't choose nodes that are kept for others",
        ),
    ]


def _images() -> dict[str, str]:
    return admission.deny_unless(
        "variables.containers.all(c, variables.registries.exists(r, c.image.startsWith(r + '/')))",
        "the image is not from a registry that this tenant's operators may use",
    )


def _memory() -> dict[str, str]:
    """Its quota asks for limits, and takes one of 0, which is none to the kubelet."""
    limit = "c.resources.limits['memory']"
    return admission.deny_unless(
        "variables.containers.all(c, has(c.resources) && has(c.resources.limits)"
        f" && 'memory' in c.resources.limits && quantity({limit}).isGreaterThan(quantity('0')))",
        "each container of an operator's pod has a limit of memory, above 0",
    )
