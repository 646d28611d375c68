"""What a tenant's administrator may do, and every known way from there to more rights."""

import base64

import pytest

from core import names
from core.manifests import base_rbac, rbac
from tests.support.certificates import Authority, signing_request_base64
from tests.support.kubectl import eventually

CORE = "/api/v1/namespaces"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
CERTIFICATES = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
_GROUP = "rbac.authorization.k8s.io"
_FORBIDDEN = 403

VERSIONS = ("1.34.9", "1.36.3", "1.37.2")


def rules(version):
    return [
        rule for manifest in base_rbac.base_objects(version) for rule in manifest.get("rules", [])
    ]


def cluster_role(name, rule, **metadata):
    metadata = {"name": name, **metadata}
    return {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "ClusterRole",
        "metadata": metadata,
        "rules": [rule],
    }


def binding(name, role, user, kind="ClusterRoleBinding"):
    return {
        "apiVersion": f"{_GROUP}/v1",
        "kind": kind,
        "metadata": {"name": name},
        "roleRef": {"apiGroup": _GROUP, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": _GROUP, "kind": "User", "name": user}],
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_verbs_are_named_and_none_leads_to_more_rights(version):
    """`*` would include escalate, bind and impersonate."""
    verbs = {verb for rule in rules(version) for verb in rule["verbs"]}
    assert verbs <= set(rbac.VERBS)
    assert not verbs & {"*", "escalate", "bind", "impersonate", "approve", "sign", "attest"}


@pytest.mark.parametrize("version", VERSIONS)
def test_core_resources_are_named_and_nodes_are_not_among_them(version):
    core = [
        resource
        for rule in rules(version)
        if "" in rule["apiGroups"]
        for resource in rule["resources"]
    ]
    assert "secrets" in core
    assert "*" not in core
    assert not [resource for resource in core if resource.startswith("nodes")]


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_makes_the_api_server_dial_an_address_of_the_users_choice(version):
    """A pod's status is the user's to write, so pods/proxy would reach any address of the host."""
    resources = [resource for rule in rules(version) for resource in rule["resources"]]
    last = {resource.partition("/")[2] for resource in resources}
    assert not last & {"proxy", "exec", "attach", "portforward"}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_carries_the_platforms_label(version):
    roles = [{"metadata": role} for role in base_rbac.API_ROLES]
    for manifest in [*base_rbac.base_objects(version), *roles]:
        assert manifest["metadata"]["labels"][names.LABEL_PLATFORM] == "true"


def test_rules_as_objects_come_where_there_are_no_files():
    def kinds(version):
        return {manifest["kind"] for manifest in base_rbac.base_objects(version)}

    assert "ValidatingAdmissionPolicy" in kinds("1.36.3")
    assert "ValidatingAdmissionPolicy" not in kinds("1.37.2")


@pytest.mark.processes
class TestAnAdministrator:
    """Against a real API server with the rules in files, as 1.37 has them."""

    @pytest.fixture
    def plane(self, planes):
        return planes["files"]

    @pytest.mark.parametrize(
        ("path", "kind", "api"),
        [
            (CORE, "Namespace", "v1"),
            (f"{CORE}/default/secrets", "Secret", "v1"),
            (f"{CORE}/default/serviceaccounts", "ServiceAccount", "v1"),
            (f"{CORE}/kube-system/secrets", "Secret", "v1"),
            (f"{CORE}/kube-system/configmaps", "ConfigMap", "v1"),
            (
                "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases",
                "Lease",
                "coordination.k8s.io/v1",
            ),
            (
                f"{ADMISSION}/validatingwebhookconfigurations",
                "ValidatingWebhookConfiguration",
                "admissionregistration.k8s.io/v1",
            ),
        ],
    )
    def test_makes_what_it_likes(self, plane, path, kind, api):
        body = {"apiVersion": api, "kind": kind, "metadata": {"name": "mine"}}
        assert plane.admin.create(path, body).ok

    def test_serves_an_aggregated_api_of_its_own(self, plane):
        body = {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": "v1beta1.metrics.k8s.io"},
            "spec": {
                "group": "metrics.k8s.io",
                "version": "v1beta1",
                "groupPriorityMinimum": 100,
                "versionPriority": 1,
                "insecureSkipTLSVerify": True,
                "service": {"name": "metrics", "namespace": "default"},
            },
        }
        path = "/apis/apiregistration.k8s.io/v1/apiservices"
        assert plane.admin.create(path, body).ok
        assert plane.admin.delete(f"{path}/v1beta1.metrics.k8s.io").ok

    def test_gets_tokens_of_its_own_service_accounts(self, plane):
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        account = f"{CORE}/default/serviceaccounts/default"
        eventually(lambda: plane.admin.get(account).ok, "the default ServiceAccount is there")
        token = plane.admin.create(f"{account}/token", request).body["status"]["token"]
        me = plane.plane.token_api(token).create(
            "/apis/authentication.k8s.io/v1/selfsubjectreviews",
            {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"},
        )
        assert me.body["status"]["userInfo"]["username"] == "system:serviceaccount:default:default"

    def test_hands_on_its_own_rights(self, plane):
        """The aggregated role is the one to bind; the controller manager fills it."""
        path = f"{RBAC}/clusterrolebindings"
        assert plane.admin.create(path, binding("dave", base_rbac.ADMIN, "dave")).ok
        dave = plane.user("dave")
        eventually(lambda: dave.get(f"{CORE}/default/secrets").ok, "dave reads Secrets")
        assert dave.get("/apis/apps/v1/deployments").ok
        assert dave.get("/api/v1/nodes").status == _FORBIDDEN

    def test_hands_out_view(self, plane):
        answer = plane.admin.create(f"{RBAC}/clusterrolebindings", binding("eve", "view", "eve"))
        assert answer.ok, answer

    @pytest.mark.parametrize("role", ["edit", "admin"])
    def test_can_not_hand_out_roles_that_impersonate(self, plane, role):
        """`edit` impersonates ServiceAccounts, in the whole tenant the controllers' too."""
        body = binding(f"x-{role}", role, "eve", "RoleBinding")
        answer = plane.admin.create(f"{RBAC}/namespaces/default/rolebindings", body)
        assert answer.status == _FORBIDDEN

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/api/v1/nodes"),
            ("GET", "/api/v1/nodes/n"),
            ("GET", "/api/v1/nodes/n/proxy/metrics"),
            ("GET", "/api/v1/namespaces/default/pods/p/proxy/"),
            ("GET", "/api/v1/namespaces/default/services/s/proxy/"),
            ("DELETE", "/api/v1/nodes"),
            ("POST", "/api/v1/nodes"),
            ("GET", "/metrics"),
            ("GET", "/debug/pprof/"),
        ],
    )
    def test_has_no_access(self, plane, method, path):
        body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}
        answer = plane.admin.request(method, path, body if method == "POST" else None)
        assert answer.status == _FORBIDDEN

    @pytest.mark.parametrize(
        "rule",
        [
            {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
            {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]},
            {"apiGroups": [""], "resources": ["*"], "verbs": ["get"]},
            {"apiGroups": [_GROUP], "resources": ["clusterroles"], "verbs": ["escalate"]},
            {"apiGroups": [_GROUP], "resources": ["clusterroles"], "verbs": ["bind"]},
            {"apiGroups": [""], "resources": ["users", "groups"], "verbs": ["impersonate"]},
            {"nonResourceURLs": ["*"], "verbs": ["get"]},
        ],
        ids=lambda rule: f"{rule['verbs'][0]}-{rule.get('resources', ['urls'])[0]}",
    )
    def test_can_not_write_a_role_with_more_than_it_has(self, plane, rule):
        answer = plane.admin.create(f"{RBAC}/clusterroles", cluster_role("more", rule))
        assert answer.status == _FORBIDDEN
        assert "attempting to grant RBAC permissions not currently held" in answer.message

    def test_can_not_make_a_role_that_gathers_others(self, plane):
        """An aggregating role could gather cluster-admin's rules by a label."""
        role = cluster_role("gather", {}) | {
            "rules": [],
            "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]},
        }
        assert plane.admin.create(f"{RBAC}/clusterroles", role).status == _FORBIDDEN

    @pytest.mark.parametrize("role", ["cluster-admin", "system:controller:namespace-controller"])
    def test_can_not_gather_a_bootstrap_role_by_labelling_it(self, plane, role):
        labels = {base_rbac.AGGREGATION_LABEL: "true"}
        answer = plane.admin.merge(f"{RBAC}/clusterroles/{role}", {"metadata": {"labels": labels}})
        assert not answer.ok

    def test_can_not_bind_more_than_it_has(self, plane):
        body = binding("root", "cluster-admin", "bob")
        assert plane.admin.create(f"{RBAC}/clusterrolebindings", body).status == _FORBIDDEN

    def test_can_not_approve_or_sign_certificates(self, plane):
        """A certificate of the tenant's authority could say system:masters."""
        approval = {"type": "Approved", "status": "True", "reason": "x", "message": "x"}
        request = _signing_request(plane)
        refused = plane.admin.merge(f"{request}/approval", {"status": {"conditions": [approval]}})
        assert refused.status == _FORBIDDEN
        certificate, _ = Authority("x").issue("x")
        signed = {"certificate": base64.b64encode(certificate.encode()).decode()}
        refused = plane.admin.merge(f"{request}/status", {"status": signed})
        assert refused.status == _FORBIDDEN


def _signing_request(plane):
    body = {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": "x"},
        "spec": {
            "request": signing_request_base64("x"),
            "signerName": "kubernetes.io/kube-apiserver-client",
            "usages": ["client auth"],
        },
    }
    created = plane.admin.create(CERTIFICATES, body)
    assert created.ok, created
    return f"{CERTIFICATES}/x"


@pytest.mark.processes
@pytest.mark.parametrize(
    "kind", ["validatingadmissionpolicies", "validatingadmissionpolicybindings"]
)
def test_policies_of_older_versions_are_there_to_read_only(planes, kind):
    """No admission rule is asked about policies, so before 1.37 RBAC alone protects ours."""
    admin = planes["objects"].admin
    listed = admin.get(f"{ADMISSION}/{kind}").body["items"]
    ours = [
        item["metadata"]["name"] for item in listed if "tenantplane.dev" in item["metadata"]["name"]
    ]
    assert ours
    assert admin.delete(f"{ADMISSION}/{kind}/{ours[0]}").status == _FORBIDDEN
    assert admin.merge(f"{ADMISSION}/{kind}/{ours[0]}", {"spec": {}}).status == _FORBIDDEN


@pytest.mark.processes
def test_policies_are_the_administrators_own_where_ours_are_files(planes):
    body = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "mine"},
        "spec": {
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": ["example.com"],
                        "apiVersions": ["*"],
                        "operations": ["*"],
                        "resources": ["*"],
                    }
                ]
            },
            "validations": [{"expression": "true"}],
        },
    }
    admin = planes["files"].admin
    assert admin.create(f"{ADMISSION}/validatingadmissionpolicies", body).ok
    assert admin.delete(f"{ADMISSION}/validatingadmissionpolicies/mine").ok
