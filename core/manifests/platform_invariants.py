"""The admission rules inside a tenant that hold for everybody, the platform too.

Owns: what roles, bindings, API registrations and flow control may never become.
Not here: what is refused to a tenant's users alone (platform_policy.py).

Why the platform too: a mutating webhook or policy of the tenant, which it may have, runs on the
platform's own requests with the platform's rights. It could add `escalate` to the administrators'
role while a controller writes it, or turn the API server's entry for a group into a proxy to a
server of its own. Validation comes after mutation, so these rules look at the result.
"""

from typing import Any

from core import flags
from core.manifests import admission

TENANT_ROLES = "tenantplane:tenant-"
"""In front of the names of the ClusterRoles that a tenant's users have, and of their parts."""

_RBAC = "rbac.authorization.k8s.io"
_FLOW_CONTROL = "flowcontrol.apiserver.k8s.io"
_CHANGES = ("CREATE", "UPDATE")

BUILT_IN_GROUPS = (
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
)
"""API groups that kube-apiserver serves itself, in any version, and no other server may."""

_EVERYBODYS_ROLES = (
    "system:basic-user",
    "system:cluster-trust-bundle-discovery",
    "system:discovery",
    "system:public-info-viewer",
    "system:service-account-issuer-discovery",
    "view",
)
"""Bootstrap roles that tenants' users have, or may hand out.

A rule that a bootstrap role breaks keeps the API server from getting ready: the tests start one.
"""

_COMPONENTS = (
    "aggregate-to-",
    "certificates.k8s.io:",
    "controller:",
    "kube-controller-manager",
    "kubelet",
    "node",
)
"""What the names of bootstrap roles with rights that no tenant has begin with, after `system:`."""

_PRIORITY_LEVELS = (
    "catch-all",
    "exempt",
    "global-default",
    "leader-election",
    "node-high",
    "system",
    "workload-high",
    "workload-low",
)
"""Those that an API server makes for itself (k8s.io/apiserver pkg/apis/flowcontrol/bootstrap)."""

_LEADS_TO_MORE = "['*', 'escalate', 'bind', 'impersonate', 'approve', 'sign', 'attest']"
"""Verbs by which one gets rights that one does not have; with `impersonate:*` (KEP-5284)."""


def policies() -> list[dict[str, Any]]:
    """All rules of this kind."""
    return [
        _roles_of_all(),
        _powerful_bindings(),
        _built_in_apis(),
        _flow_schemas(),
        _priority_level_names(),
    ]


def _roles_of_all() -> dict[str, Any]:
    """Roles that tenants' users have never lead to more rights, whoever writes them."""
    everybody = ", ".join(f"'{role}'" for role in _EVERYBODYS_ROLES)
    ours = f"object.metadata.name.startsWith('{TENANT_ROLES}')"
    theirs = f"{ours} || object.metadata.name in [{everybody}] || ({admission.IN_KUBE_SYSTEM})"
    return admission.policy(
        "roles-of-all",
        [admission.on([_RBAC], ["clusterroles", "roles"], _CHANGES)],
        [
            admission.deny_unless(
                "variables.rules.all(r, !r.verbs.exists(v,"
                f" v in {_LEADS_TO_MORE} || v.startsWith('impersonate')))",
                "a role of the tenant's users can't have a verb that leads to more rights",
            ),
            admission.deny_unless(
                f"!({ours}) || variables.rules.all(r, !has(r.apiGroups) || !('*' in r.apiGroups))",
                "a role of the platform for a tenant's users names its API groups",
            ),
            admission.deny_unless(
                f"!({ours})"
                " || variables.rules.all(r, !has(r.apiGroups) || !('' in r.apiGroups)"
                " || !r.resources.exists(x, x.startsWith('*') || x == 'nodes'"
                " || x.startsWith('nodes/')))",
                "a role of the platform for a tenant's users has no access to nodes",
            ),
        ],
        [admission.condition("roles-of-tenants-users", theirs)],
        {"rules": "has(object.rules) && object.rules != null ? object.rules : []"},
    )


def _powerful_bindings() -> dict[str, Any]:
    """The roles of Kubernetes' own components stay with these, whoever binds them.

    In one namespace of their own they would be harmless; the rule is about the whole tenant and
    kube-system.
    """
    everywhere = "!has(request.namespace) || request.namespace in ['', 'kube-system']"
    role = "object.roleRef.name"
    powerful = " || ".join(
        [
            f"{role} in ['admin', 'cluster-admin', 'edit']",
            *(f"{role}.startsWith('system:{start}')" for start in _COMPONENTS),
        ]
    )
    own = (
        "(s.kind == 'ServiceAccount' && has(s.namespace) && s.namespace == 'kube-system')"
        " || (s.kind != 'ServiceAccount' && s.name.startsWith('system:')"
        " && !s.name.startsWith('system:serviceaccount')"
        " && !(s.name in ['system:anonymous', 'system:authenticated', 'system:unauthenticated']))"
    )
    return admission.policy(
        "powerful-bindings",
        [admission.on([_RBAC], ["clusterrolebindings", "rolebindings"], _CHANGES)],
        [
            admission.deny_unless(
                "!has(object.subjects) || object.subjects == null"
                f" || object.subjects.all(s, {own})",
                "this role belongs to Kubernetes' own components; bind one that names its rights",
            )
        ],
        [
            admission.condition("everywhere", everywhere),
            admission.condition(
                "powerful", f"object.roleRef.kind == 'ClusterRole' && ({powerful})"
            ),
        ],
    )


def _built_in_apis() -> dict[str, Any]:
    """No other server answers for the API groups of Kubernetes itself, whoever says so.

    The API server's own authorizer reads roles through the same front door: a server of the
    tenant's behind rbac.authorization.k8s.io could grant anything.
    """
    groups = ", ".join(f"'{group}'" for group in BUILT_IN_GROUPS)
    return admission.policy(
        "built-in-apis",
        [admission.on(["apiregistration.k8s.io"], ["apiservices"], _CHANGES)],
        [
            admission.deny_unless(
                "!has(object.spec.service) || object.spec.service == null",
                "this API group is served by Kubernetes itself; choose a group of your own",
            )
        ],
        [
            admission.condition(
                "built-in", f"(has(object.spec.group) ? object.spec.group : '') in [{groups}]"
            )
        ],
    )


def _flow_schemas() -> dict[str, Any]:
    """Nobody but the platform and the kubelet's probes passes by the tenant's limits.

    They hold for every priority level but `exempt`, and that name is the only one of its type: a
    FlowSchema of the tenant's could lead all its requests there. Kubernetes' own two may: `exempt`,
    which can't be changed, and `probes` (k8s.io/apiserver pkg/apis/flowcontrol/bootstrap).
    """
    probes = (
        "object.metadata.name == 'probes' && object.spec.rules.all(r,"
        " (!has(r.resourceRules) || r.resourceRules.size() == 0)"
        " && r.nonResourceRules.all(n, n.nonResourceURLs.all(u,"
        f" u in {list(flags.HEALTH_PATHS)})))"
    )
    return admission.policy(
        "flow-schemas",
        [admission.on([_FLOW_CONTROL], ["flowschemas"], _CHANGES)],
        [
            admission.deny_unless(
                f"object.metadata.name == 'exempt' || ({probes})",
                "nothing but health checks passes by the limits; use another priority level",
            )
        ],
        [
            admission.condition(
                "without-limits", "object.spec.priorityLevelConfiguration.name == 'exempt'"
            )
        ],
    )


def _priority_level_names() -> dict[str, Any]:
    """There are as many priority levels as Kubernetes has, whoever makes one.

    Each serves a request at a time, whatever its share is, so hundreds would be as many requests
    beside the limits (k8s.io/apiserver pkg/util/flowcontrol). The API server makes those anew that
    are missing, once a minute: renamed on the way, they would be missing again.
    """
    return admission.policy(
        "priority-level-names",
        [admission.on([_FLOW_CONTROL], ["prioritylevelconfigurations"], ["CREATE"])],
        [
            admission.deny_unless(
                f"object.metadata.name in {list(_PRIORITY_LEVELS)}",
                "priority levels are Kubernetes' own; use one of them",
            )
        ],
    )
