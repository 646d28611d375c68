"""The admission rules inside a tenant that keep the platform's things the platform's.

Owns: which writes are refused to a tenant's users, and how all rules reach the API server: as
files from 1.37 on, as ordinary objects before.
Not here: what RBAC grants in the first place (base_rbac.py), the rules that hold for the platform
too (platform_invariants.py), where the files are mounted (tenant.py).

Who is who: the platform is the group system:masters (the host agent, break-glass, the API server's
own client), the controller manager and the ServiceAccounts of its controllers in kube-system.
Everybody else is a tenant's user.
"""

from typing import Any

from core import names, versions
from core.manifests import admission, platform_invariants

STATIC_SINCE = (1, 37)
"""Policies from files are on by default since 1.37 (ManifestBasedAdmissionControlConfig, beta)."""

_STATIC_SUFFIX = ".static.k8s.io"
_RBAC = "rbac.authorization.k8s.io"

NOT_THE_PLATFORM = admission.condition(
    "not-the-platform",
    "!('system:masters' in request.userInfo.groups"
    " || 'system:serviceaccounts:kube-system' in request.userInfo.groups"
    " || request.userInfo.username == 'system:kube-controller-manager')",
)
_PLATFORM_NAMESPACE = (
    f"({admission.IN_KUBE_SYSTEM}) || (namespaceObject != null"
    " && has(namespaceObject.metadata.labels)"
    f" && '{names.LABEL_PLATFORM}' in namespaceObject.metadata.labels)"
)
"""CEL; for a variable, because in match conditions `namespaceObject` is null (seen with 1.37.2)."""


def has_static_policies(kubernetes_version: str) -> bool:
    """Whether the API server reads policies from files, where no tenant can reach them."""
    return versions.minor(kubernetes_version) >= STATIC_SINCE


def static_policies() -> list[dict[str, Any]]:
    """Policies and bindings as files for --admission-control-config-file's staticManifestsDir."""
    return [document for policy in _policies() for document in as_files(policy)]


def as_files(policy: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one policy and its binding, named as those that come from files have to be."""
    return admission.renamed(policy, f"{policy['metadata']['name']}{_STATIC_SUFFIX}")


def policies_as_objects() -> list[dict[str, Any]]:
    """The same as objects in the tenant, for versions that read no policies from files."""
    labels = {names.LABEL_PART_OF: names.PART_OF, names.LABEL_PLATFORM: "true"}
    documents = []
    for policy in _policies():
        name = f"{policy['metadata']['name']}.{names.API_GROUP}"
        for document in admission.renamed(policy, name):
            document["metadata"]["labels"] = labels
            documents.append(document)
    return documents


def _policies() -> list[dict[str, Any]]:
    ours = [
        _platform_objects(),
        _platform_namespaces(),
        _token_secrets(),
        _bootstrap_objects(),
        _nothing_runs(),
        _priority_levels(),
    ]
    return ours + platform_invariants.policies()


def _without_label(which: str, label: str) -> str:
    return (
        f"{which} == null || !has({which}.metadata) || !has({which}.metadata.labels)"
        f" || !('{label}' in {which}.metadata.labels)"
    )


def _platform_objects() -> dict[str, Any]:
    """What the platform labelled stays as it is, and nobody else labels anything so."""
    label = names.LABEL_PLATFORM
    return admission.policy(
        "platform-objects",
        [admission.on(["*"], ["*/*"])],
        [
            admission.deny_unless(
                _without_label("oldObject", label),
                f"objects with the label {label} belong to the platform and can't be changed",
            ),
            admission.deny_unless(
                _without_label("object", label),
                f"the label {label} is the platform's own; leave it out",
            ),
        ],
        [NOT_THE_PLATFORM],
    )


def _platform_namespaces() -> dict[str, Any]:
    """Whoever gets a ServiceAccount's token has its rights, so the platform's give none.

    kube-controller-manager runs with --use-service-account-credentials: its controllers'
    ServiceAccounts live in kube-system, and a token of clusterrole-aggregation-controller would be
    a way to every right in the tenant. The same goes for namespaces with the platform's label.
    """
    own = "['extension-apiserver-authentication', 'kube-root-ca.crt']"
    name = "(object == null ? oldObject : object).metadata.name"
    return admission.policy(
        "platform-namespaces",
        [
            admission.on([""], ["serviceaccounts", "serviceaccounts/token", "secrets"]),
            admission.on([""], ["configmaps"]),
            admission.on(["coordination.k8s.io"], ["leases"]),
        ],
        [
            admission.deny_unless(
                "variables.elsewhere || request.resource.resource != 'serviceaccounts'",
                "ServiceAccounts of this namespace are the platform's; use another one",
            ),
            admission.deny_unless(
                "variables.elsewhere || request.resource.resource != 'secrets' || object == null"
                " || !has(object.type) || object.type != 'kubernetes.io/service-account-token'",
                "tokens of this namespace are the platform's; use a ServiceAccount elsewhere",
            ),
            admission.deny_unless(
                "variables.elsewhere || request.resource.resource != 'configmaps'"
                f" || !({name} in {own})",
                "this ConfigMap is the API server's own",
            ),
            admission.deny_unless(
                "variables.elsewhere || request.resource.resource != 'leases'"
                f" || !({name}.startsWith('kube-') || {name}.startsWith('apiserver-'))",
                "this Lease elects the platform's own processes",
            ),
        ],
        [NOT_THE_PLATFORM],
        {"elsewhere": f"!({_PLATFORM_NAMESPACE})"},
    )


def _token_secrets() -> dict[str, Any]:
    """Who may not ask for an account's tokens doesn't get one by a Secret of its name either.

    Kubernetes has its token controller write one into each Secret that names an account, for
    whoever may write Secrets: an editor would have every operator's rights.
    """
    name = "'kubernetes.io/service-account.name'"
    return admission.policy(
        "token-secrets",
        [admission.on([""], ["secrets"], ["CREATE", "UPDATE"])],
        [
            admission.deny_unless(
                "authorizer.group('').resource('serviceaccounts').subresource('token')"
                ".namespace(request.namespace).name(variables.account).check('create').allowed()",
                "a Secret with a token is for who may create tokens of its ServiceAccount",
            )
        ],
        [
            NOT_THE_PLATFORM,
            admission.condition(
                "has-a-token",
                "has(object.type) && object.type == 'kubernetes.io/service-account-token'",
            ),
        ],
        {
            "account": f"has(object.metadata.annotations) && {name} in object.metadata.annotations"
            f" ? object.metadata.annotations[{name}] : ''"
        },
    )


def _bootstrap_objects() -> dict[str, Any]:
    """What the API server makes for itself and repairs only when it starts, or a moment later."""
    return admission.policy(
        "bootstrap-objects",
        [
            admission.on([_RBAC], ["clusterroles", "clusterrolebindings", "roles", "rolebindings"]),
            admission.on(["apiregistration.k8s.io"], ["apiservices", "apiservices/status"]),
        ],
        [
            admission.deny_unless(
                f"{_without_label(which, label)}",
                f"objects with the label {label} are the API server's own and can't be changed",
            )
            for label in (
                "kubernetes.io/bootstrapping",
                "kube-aggregator.kubernetes.io/automanaged",
            )
            for which in ("oldObject", "object")
        ],
        [NOT_THE_PLATFORM],
    )


def _nothing_runs() -> dict[str, Any]:
    """What nobody here would ever run or serve is refused, instead of pending for ever.

    Kinds that make pods stay: an operator's package manager has its Deployments, and whoever runs
    its programs reads them here.
    """
    kind = "request.resource.resource"
    return admission.policy(
        "nothing-runs",
        [
            admission.on([""], ["nodes", "pods"], ["CREATE"]),
            admission.on([""], ["services"], ["CREATE", "UPDATE"]),
        ],
        [
            admission.deny_unless(
                f"{kind} != 'nodes'", "this control plane has no nodes, and none can join it"
            ),
            admission.deny_unless(
                f"{kind} != 'pods'",
                "this control plane has no nodes: no pod would ever start; run it in a cluster",
            ),
            admission.deny_unless(
                f"{kind} != 'services' || !has(object.spec.type)"
                " || object.spec.type != 'LoadBalancer'",
                "this control plane has no load balancers; use ClusterIP or ExternalName",
            ),
        ],
        [NOT_THE_PLATFORM],
    )


def _priority_levels() -> dict[str, Any]:
    """They stay as they are; requests may be led to any of them.

    What is served already goes on when a level's share shrinks. So who moves the shares from level
    to level, and fills one after another, would have several times the profile's limits.
    """
    return admission.policy(
        "priority-levels",
        [
            admission.on(
                ["flowcontrol.apiserver.k8s.io"],
                ["prioritylevelconfigurations"],
                ["UPDATE", "DELETE"],
            )
        ],
        [admission.deny_unless("false", "priority levels are Kubernetes' own; leave them")],
        [NOT_THE_PLATFORM],
    )
