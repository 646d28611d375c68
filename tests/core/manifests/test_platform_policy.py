"""Each rule against a real API server: refused where it is in force, possible where it isn't."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from core import names
from core.manifests import platform_policy, user_rbac
from tests.support.kubectl import eventually

LABEL = {names.LABEL_PLATFORM: "true"}
CORE = "/api/v1/namespaces"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
FLOWS = "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas"
LEVELS = "/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations"
_GROUP = "rbac.authorization.k8s.io"
_NUMBERS = itertools.count()

processes = pytest.mark.processes


def new(prefix="x"):
    return f"{prefix}-{next(_NUMBERS)}"


def thing(kind, name, api="v1", **body):
    labels = body.pop("labels", {})
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "labels": labels}, **body}


def platform_config(plane):
    """A ConfigMap of the platform; returns its path."""
    name = new()
    created = plane.masters.create(
        f"{CORE}/default/configmaps", thing("ConfigMap", name, labels=LABEL)
    )
    assert created.ok, created
    return f"{CORE}/default/configmaps/{name}"


def platform_namespace(plane):
    name = new("platform")
    assert plane.masters.create(CORE, thing("Namespace", name, labels=LABEL)).ok
    account = thing("ServiceAccount", "operator")
    assert plane.masters.create(f"{CORE}/{name}/serviceaccounts", account).ok
    return name


def token_request(plane, namespace, account):
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    return plane.admin.create(f"{CORE}/{namespace}/serviceaccounts/{account}/token", body)


def token_secret(plane, namespace, account):
    secret = thing("Secret", new(), type="kubernetes.io/service-account-token")
    secret["metadata"]["annotations"] = {"kubernetes.io/service-account.name": account}
    return plane.admin.create(f"{CORE}/{namespace}/secrets", secret)


def as_editor(plane):
    """Somebody with the role of editors, which has Secrets and no tokens."""
    name = new("editor")
    for role in (user_rbac.EDITORS, f"{user_rbac.EDITORS}:core"):
        assert bind(plane, role, subject("User", name)).ok
    user = plane.user(name)
    path = f"{CORE}/default/secrets"
    eventually(lambda: user.get(path).ok, "the role is bound")
    return replace(plane, admin=user)


def token_secret_of_another(plane):
    """A Secret of an editor's own, that is told to have a token of the default account."""
    name, mine = new(), as_editor(plane)
    secret = thing("Secret", name, type="kubernetes.io/service-account-token")
    secret["metadata"]["annotations"] = {"kubernetes.io/service-account.name": "default"}
    assert plane.masters.create(f"{CORE}/default/secrets", secret).ok
    return mine.admin.merge(f"{CORE}/default/secrets/{name}", {"metadata": {"labels": {"a": "b"}}})


def pod(plane, namespace, account):
    spec = {"serviceAccountName": account, "containers": [{"name": "c", "image": "i"}]}
    return plane.admin.create(f"{CORE}/{namespace}/pods", thing("Pod", new(), spec=spec))


def service(plane, kind):
    spec = {"type": kind, "ports": [{"port": 443}]}
    spec |= {"externalName": "example.com"} if kind == "ExternalName" else {}
    return plane.admin.create(f"{CORE}/default/services", thing("Service", new(), spec=spec))


def node_maker(plane):
    """Somebody whom the platform lets make nodes; tenants' own roles have none."""
    name = new("maker")
    assert write_role(plane, name, ["create"], [""], ["nodes"]).ok
    assert bind(plane, name, subject("User", name)).ok
    return plane.user(name)


def role(name, verbs, groups=("apps",), resources=("deployments",), **body):
    rule = {"apiGroups": list(groups), "resources": list(resources), "verbs": list(verbs)}
    return thing("ClusterRole", name, f"{_GROUP}/v1", rules=[rule], **body)


def write_role(plane, *args, **body):
    return plane.masters.create(f"{RBAC}/clusterroles", role(*args, **body))


def bind(plane, to, subject, namespace=None):
    kind = "RoleBinding" if namespace else "ClusterRoleBinding"
    where = f"/namespaces/{namespace}" if namespace else ""
    binding = thing(
        kind,
        new(),
        f"{_GROUP}/v1",
        roleRef={"apiGroup": _GROUP, "kind": "ClusterRole", "name": to},
        subjects=[subject],
    )
    return plane.masters.create(f"{RBAC}{where}/{kind.lower()}s", binding)


def account_subject(namespace):
    return {"kind": "ServiceAccount", "name": "default", "namespace": namespace}


def subject(kind, name):
    return {"apiGroup": _GROUP, "kind": kind, "name": name}


def api_service(group, version, **labels):
    spec = {
        "group": group,
        "version": version,
        "groupPriorityMinimum": 100,
        "versionPriority": 1,
        "insecureSkipTLSVerify": True,
        "service": {"name": "mine", "namespace": "default"},
    }
    api = "apiregistration.k8s.io/v1"
    return thing("APIService", f"{version}.{group}", api, spec=spec, labels=labels)


def priority_level(name):
    spec = {"type": "Limited", "limited": {"nominalConcurrencyShares": 1}}
    spec["limited"]["limitResponse"] = {"type": "Reject"}
    return thing("PriorityLevelConfiguration", name, "flowcontrol.apiserver.k8s.io/v1", spec=spec)


def flow_schema(name, level="exempt"):
    """All requests of a group that nobody is in, to one priority level."""
    everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "namespaces": ["*"]}
    spec = {
        "priorityLevelConfiguration": {"name": level},
        "matchingPrecedence": 2,
        "rules": [
            {
                "subjects": [{"kind": "Group", "group": {"name": "nobodies"}}],
                "resourceRules": [{**everything, "clusterScope": True}],
            }
        ],
    }
    return thing("FlowSchema", name, "flowcontrol.apiserver.k8s.io/v1", spec=spec)


@dataclass(frozen=True)
class Attack:
    """A request that RBAC allows and one rule refuses."""

    says: str
    rule: str
    send: Callable[[Any], Any]


CONTROLLER = "clusterrole-aggregation-controller"
OWN = {"kube-aggregator.kubernetes.io/automanaged": "true"}

ATTACKS = [
    Attack(
        "delete an object of the platform",
        "platform-objects",
        lambda p: p.admin.delete(platform_config(p)),
    ),
    Attack(
        "change an object of the platform",
        "platform-objects",
        lambda p: p.admin.merge(platform_config(p), {"data": {"a": "b"}}),
    ),
    Attack(
        "take the label off an object of the platform",
        "platform-objects",
        lambda p: p.admin.merge(
            platform_config(p), {"metadata": {"labels": {names.LABEL_PLATFORM: None}}}
        ),
    ),
    Attack(
        "make an object with the platform's label",
        "platform-objects",
        lambda p: p.admin.create(
            f"{CORE}/default/configmaps", thing("ConfigMap", new(), labels=LABEL)
        ),
    ),
    Attack(
        "give a namespace the platform's label",
        "platform-objects",
        lambda p: p.admin.merge(f"{CORE}/default", {"metadata": {"labels": LABEL}}),
    ),
    Attack(
        "label a role through another API group",
        "platform-objects",
        lambda p: p.admin.create(f"{RBAC}/clusterroles", role(new(), ["get"], labels=LABEL)),
    ),
    Attack(
        "take away the administrators' own binding",
        "platform-objects",
        lambda p: p.admin.delete(f"{RBAC}/clusterrolebindings/{restored_binding(p)}"),
    ),
    Attack(
        "get a token of a controller",
        "platform-namespaces",
        lambda p: token_request(p, "kube-system", CONTROLLER),
    ),
    Attack(
        "get a token of a controller by a Secret",
        "platform-namespaces",
        lambda p: token_secret(p, "kube-system", CONTROLLER),
    ),
    Attack(
        "run a pod as a controller",
        "nothing-runs",
        lambda p: pod(p, "kube-system", CONTROLLER),
    ),
    Attack(
        "run a pod",
        "nothing-runs",
        lambda p: pod(p, "default", "default"),
    ),
    Attack(
        "add a node",
        "nothing-runs",
        lambda p: node_maker(p).create("/api/v1/nodes", thing("Node", new())),
    ),
    Attack(
        "ask for a load balancer",
        "nothing-runs",
        lambda p: service(p, "LoadBalancer"),
    ),
    Attack(
        "make a load balancer of a Service",
        "nothing-runs",
        lambda p: p.admin.merge(
            f"{CORE}/default/services/{service(p, 'ClusterIP').body['metadata']['name']}",
            {"spec": {"type": "LoadBalancer"}},
        ),
    ),
    Attack(
        "make a ServiceAccount in kube-system",
        "platform-namespaces",
        lambda p: p.admin.create(
            f"{CORE}/kube-system/serviceaccounts", thing("ServiceAccount", new())
        ),
    ),
    Attack(
        "change a controller's ServiceAccount",
        "platform-namespaces",
        lambda p: p.admin.merge(
            f"{CORE}/kube-system/serviceaccounts/{CONTROLLER}",
            {"metadata": {"labels": {"a": "b"}}},
        ),
    ),
    Attack(
        "change whom Kubernetes' components trust",
        "platform-namespaces",
        lambda p: p.admin.merge(
            f"{CORE}/kube-system/configmaps/extension-apiserver-authentication",
            {"data": {"client-ca-file": "mine"}},
        ),
    ),
    Attack(
        "take the controller manager's Lease",
        "platform-namespaces",
        lambda p: p.admin.apply(
            "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-controller-manager",
            thing("Lease", "kube-controller-manager", "coordination.k8s.io/v1"),
        ),
    ),
    Attack(
        "get a token in a namespace of the platform",
        "platform-namespaces",
        lambda p: token_request(p, platform_namespace(p), "operator"),
    ),
    Attack(
        "get a token in a namespace of the platform by a Secret",
        "platform-namespaces",
        lambda p: token_secret(p, platform_namespace(p), "operator"),
    ),
    Attack(
        "get a token by a Secret without the right to tokens",
        "token-secrets",
        lambda p: token_secret(as_editor(p), "default", "default"),
    ),
    Attack(
        "change a Secret with a token without the right to tokens",
        "token-secrets",
        token_secret_of_another,
    ),
    Attack(
        "delete a controller's binding",
        "bootstrap-objects",
        lambda p: p.admin.delete(f"{RBAC}/clusterrolebindings/system:kube-dns"),
    ),
    Attack(
        "pass a role off as one of Kubernetes' own",
        "bootstrap-objects",
        lambda p: p.admin.create(
            f"{RBAC}/clusterroles",
            role(new(), ["get"], labels={"kubernetes.io/bootstrapping": "rbac-defaults"}),
        ),
    ),
    Attack(
        "take an API of Kubernetes away",
        "bootstrap-objects",
        lambda p: p.admin.delete(f"{SERVICES}/v1.events.k8s.io"),
    ),
    Attack(
        "make an API that looks like the API server's own",
        "bootstrap-objects",
        lambda p: p.admin.create(SERVICES, api_service(f"{new()}.example.com", "v1", **OWN)),
    ),
    *(
        Attack(
            f"put the verb {verb} into the administrators' role",
            "roles-of-all",
            lambda p, verb=verb: write_role(p, new("tenantplane:tenant-admin:"), [verb]),
        )
        for verb in (
            "*",
            "escalate",
            "bind",
            "impersonate",
            "impersonate:user-info",
            "approve",
            "sign",
            "attest",
        )
    ),
    Attack(
        "put every API group into the administrators' role",
        "roles-of-all",
        lambda p: write_role(p, new("tenantplane:tenant-admin:"), ["get"], ["*"], ["*"]),
    ),
    *(
        Attack(
            f"put {resource} into the administrators' role",
            "roles-of-all",
            lambda p, resource=resource: write_role(
                p, new("tenantplane:tenant-admin:"), ["get"], [""], [resource]
            ),
        )
        for resource in ("*", "nodes", "nodes/proxy", "*/status")
    ),
    *(
        Attack(
            f"put escalate into the {role}s' role",
            "roles-of-all",
            lambda p, role=role: write_role(p, new(f"tenantplane:tenant-{role}:"), ["escalate"]),
        )
        for role in ("editor", "viewer")
    ),
    *(
        Attack(
            f"put escalate into {name}, which tenants have or hand out",
            "roles-of-all",
            lambda p, name=name: p.masters.merge(
                f"{RBAC}/clusterroles/{name}",
                {"rules": [{"apiGroups": [_GROUP], "resources": ["roles"], "verbs": ["escalate"]}]},
            ),
        )
        for name in ("system:basic-user", "system:discovery")
    ),
    Attack(
        "put impersonate into a role of kube-system",
        "roles-of-all",
        lambda p: p.masters.create(
            f"{RBAC}/namespaces/kube-system/roles",
            role(new(), ["impersonate"], [""], ["serviceaccounts"]) | {"kind": "Role"},
        ),
    ),
    *(
        Attack(
            f"bind {to} to {to_whom['kind']} {to_whom['name']}",
            "powerful-bindings",
            lambda p, to=to, to_whom=to_whom: bind(p, to, to_whom),
        )
        for to, to_whom in [
            ("cluster-admin", subject("Group", "tenant-admins")),
            ("cluster-admin", subject("User", "bob")),
            ("cluster-admin", subject("Group", "system:authenticated")),
            ("cluster-admin", subject("Group", "system:serviceaccounts:default")),
            ("cluster-admin", subject("User", "system:serviceaccount:default:default")),
            ("cluster-admin", account_subject("default")),
            ("edit", subject("Group", "tenant-admins")),
            ("admin", subject("Group", "tenant-admins")),
            (f"system:controller:{CONTROLLER}", subject("Group", "tenant-admins")),
            ("system:kube-controller-manager", subject("User", "bob")),
        ]
    ),
    Attack(
        "bind edit, with impersonation, in kube-system",
        "powerful-bindings",
        lambda p: bind(p, "edit", subject("User", "bob"), "kube-system"),
    ),
    Attack(
        "serve RBAC from a server of one's own",
        "built-in-apis",
        lambda p: p.admin.create(SERVICES, api_service(_GROUP, new("v9").replace("-", "alpha"))),
    ),
    Attack(
        "lead all requests past the limits",
        "flow-schemas",
        lambda p: p.admin.create(FLOWS, flow_schema(new())),
    ),
    Attack(
        "have more at once by a priority level of its own",
        "priority-level-names",
        lambda p: p.admin.create(LEVELS, priority_level(new())),
    ),
    Attack(
        "have more at once by moving the shares of priority levels",
        "priority-levels",
        lambda p: p.admin.merge(
            f"{LEVELS}/workload-low", {"spec": {"limited": {"nominalConcurrencyShares": 1}}}
        ),
    ),
    Attack(
        "have a priority level made anew",
        "priority-levels",
        lambda p: p.admin.delete(f"{LEVELS}/workload-high"),
    ),
    Attack(
        "lead an own kind of request past the limits, later",
        "flow-schemas",
        lambda p: p.admin.merge(
            f"{FLOWS}/{limited_flow_schema(p)}",
            {"spec": {"priorityLevelConfiguration": {"name": "exempt"}}},
        ),
    ),
    Attack(
        "let all requests pass as probes do",
        "flow-schemas",
        lambda p: p.admin.merge(
            f"{FLOWS}/probes", {"spec": {"rules": flow_schema("probes")["spec"]["rules"]}}
        ),
    ),
]


@processes
@pytest.mark.parametrize("how", ["files", "objects"])
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.says.replace(" ", "-"))
def test_is_refused_by_the_rule_that_says_so(planes, attack, how):
    answer = attack.send(planes[how])
    assert not answer.ok, f"could {attack.says}"
    assert f"ValidatingAdmissionPolicy '{attack.rule}." in answer.message


@processes
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.says.replace(" ", "-"))
def test_nothing_but_the_rule_refuses_it(planes, attack):
    """Without rules the same request succeeds: the test above is about the rule alone."""
    answer = attack.send(planes["none"])
    assert answer.ok, answer


def limited_flow_schema(plane):
    """A FlowSchema as a tenant may have it; returns its name."""
    name = new()
    assert plane.admin.create(FLOWS, flow_schema(name, "global-default")).ok
    return name


@processes
@pytest.mark.parametrize("kind", ["ClusterIP", "ExternalName", "NodePort"])
def test_services_that_only_name_something_are_allowed(planes, kind):
    """An operator's package manager makes them for its packages."""
    assert service(planes["files"], kind).ok


@processes
@pytest.mark.parametrize("how", ["files", "objects"])
def test_who_may_create_tokens_of_an_account_may_keep_one_in_a_secret(planes, how):
    """An administrator, or a program that has the right to that one account."""
    plane = planes[how]
    made = token_secret(plane, "default", "default")
    assert made.ok, made
    name, role_name = new("program"), new("tokens")
    rule = {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"]}
    body = role(role_name, ["create"]) | {"rules": [rule | {"resourceNames": ["default"]}]}
    assert plane.masters.create(f"{RBAC}/clusterroles", body).ok
    for to in (role_name, f"{user_rbac.EDITORS}:core"):
        assert bind(plane, to, subject("User", name)).ok
    program = replace(plane, admin=plane.user(name))
    path = f"{CORE}/default/secrets"
    eventually(lambda: program.admin.get(path).ok, "the roles are bound")
    assert token_secret(program, "default", "default").ok
    assert plane.masters.create(f"{CORE}/default/serviceaccounts", thing("ServiceAccount", name)).ok
    assert not token_secret(program, "default", name).ok


@processes
def test_workloads_are_allowed_as_objects(planes):
    """Nothing here makes pods of them; whoever runs an operator's programs reads them."""
    labels = {"app": "x"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }
    spec = {"selector": {"matchLabels": labels}, "template": template}
    path = "/apis/apps/v1/namespaces/default/deployments"
    made = planes["files"].admin.create(path, thing("Deployment", new(), "apps/v1", spec=spec))
    assert made.ok, made


def restored_binding(plane):
    """A binding like the administrators' own, which the tests still need."""
    name = new("tenantplane:like-tenant-admin")
    binding = thing(
        "ClusterRoleBinding",
        name,
        f"{_GROUP}/v1",
        labels=LABEL,
        roleRef={"apiGroup": _GROUP, "kind": "ClusterRole", "name": "view"},
        subjects=[subject("User", "carol")],
    )
    assert plane.masters.create(f"{RBAC}/clusterrolebindings", binding).ok
    return name


def test_file_names_end_as_the_api_server_wants():
    """k8s.io/apiserver pkg/admission/plugin/manifest: any other name keeps it from starting."""
    documents = platform_policy.static_policies()
    assert documents
    assert all(d["metadata"]["name"].endswith(".static.k8s.io") for d in documents)


def test_objects_carry_the_platforms_label():
    """What protects everything else protects them too."""
    for document in platform_policy.policies_as_objects():
        assert document["metadata"]["labels"][names.LABEL_PLATFORM] == "true"


@pytest.mark.parametrize(
    ("version", "static"), [("1.34.9", False), ("1.36.3", False), ("1.37.2", True)]
)
def test_files_are_for_versions_that_read_them(version, static):
    assert platform_policy.has_static_policies(version) is static
