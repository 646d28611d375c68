"""A tenant's people with their own kubeconfigs: what each may do, and that it ends with them.

Not here: each role in full, on an API server alone (tests/core/manifests/test_user_rbac.py), the
tenant's own kubeconfig (test_tenant_user.py).
"""

import base64
import datetime as dt

import pytest
import yaml
from cryptography import x509

from tests.e2e.test_isolation import WIDGETS
from tests.e2e.test_lifecycle import one_more
from tests.support.kubectl import Kubectl, eventually
from tests.support.leaks import leaks

PEOPLE = [
    {"name": "ada", "role": "admin"},
    {"name": "eve", "role": "editor", "validHours": 24},
    {"name": "vic", "role": "viewer"},
    {"name": "bot", "role": "editor", "credentials": "token", "validHours": 1},
    {"name": "meter", "role": "viewer", "credentials": "token"},
]
EVERYBODY = [one["name"] for one in PEOPLE]
EDITORS, VIEWERS = ("eve", "bot"), ("vic", "meter")

GROUP = "people.example.com"
CRD = {
    **WIDGETS,
    "metadata": {"name": f"gadgets.{GROUP}"},
    "spec": {
        **WIDGETS["spec"],
        "group": GROUP,
        "names": {"plural": "gadgets", "singular": "gadget", "kind": "Gadget"},
    },
}
SECRET = ("secret", "token-user-bot", "-n", "tenant-peopled")


@pytest.fixture(scope="module")
def peopled(stack):
    """The stack with a tenant that has people."""
    with one_more(stack, "peopled", users=PEOPLE):
        stack.up()
        yield stack


@pytest.fixture(scope="module")
def users(peopled):
    """Each of them, by kubectl."""
    known = peopled.outputs()["userKubeconfigs"]["peopled"]
    assert sorted(known) == sorted(EVERYBODY)
    return {name: Kubectl(text) for name, text in known.items()}


@pytest.fixture(scope="module")
def gadgets(users):
    """What an operator brings: a kind of its own."""
    users["ada"].apply(CRD)
    eventually(
        lambda: users["vic"].run("get", "gadgets", check=False).returncode == 0, "vic sees gadgets"
    )


TABLE = [  # verb, resource, of whom it is true
    ("list", "configmaps", EVERYBODY),
    ("create", "configmaps", ("ada", *EDITORS)),
    ("list", "secrets", ("ada", *EDITORS)),
    ("create", "secrets", ("ada", *EDITORS)),
    ("list", "namespaces", EVERYBODY),
    ("create", "namespaces", ("ada",)),
    ("list", f"gadgets.{GROUP}", EVERYBODY),
    ("delete", f"gadgets.{GROUP}", ("ada", *EDITORS)),
    ("list", "services", ("ada",)),
    ("create", "serviceaccounts", ("ada",)),
    ("create", "serviceaccounts/token", ("ada",)),
    ("list", "deployments.apps", ("ada",)),
    ("create", "customresourcedefinitions.apiextensions.k8s.io", ("ada",)),
    ("list", "clusterroles.rbac.authorization.k8s.io", ("ada",)),
    ("create", "clusterrolebindings.rbac.authorization.k8s.io", ("ada",)),
    ("create", "validatingwebhookconfigurations.admissionregistration.k8s.io", ("ada",)),
    ("escalate", "clusterroles.rbac.authorization.k8s.io", ()),
    ("impersonate", "users", ()),
    ("list", "nodes", ()),
]


@pytest.mark.usefixtures("gadgets")
@pytest.mark.parametrize(("verb", "resource", "whom"), TABLE)
def test_each_may_do_what_its_role_says(users, verb, resource, whom):
    may = {name for name in EVERYBODY if users[name].can_i(verb, resource, "-A")}
    assert may == set(whom)


@pytest.mark.usefixtures("gadgets")
def test_they_work_with_what_an_operator_brings(users):
    gadget = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "Gadget",
        "metadata": {"name": "first", "namespace": "default"},
    }
    users["bot"].apply(gadget)
    assert users["vic"].names("gadgets") == ["first"]
    assert "forbidden" in users["vic"].refused("delete", "gadget", "first")
    users["eve"].run("delete", "gadget", "first")


@pytest.mark.parametrize("name", EVERYBODY)
def test_nobody_lists_nodes(users, name):
    assert "forbidden" in users[name].refused("get", "nodes")


@pytest.mark.parametrize("name", [*EDITORS, *VIEWERS])
def test_nobody_but_an_administrator_may_ask_for_pods(users, name):
    assert "forbidden" in users[name].refused("get", "pods", "-A")


def test_an_administrator_finds_no_pods(users):
    assert users["ada"].names("pods", "-A") == []


@pytest.mark.parametrize("name", [*EDITORS, *VIEWERS])
def test_platform_objects_are_not_shown(users, name):
    for kind in ("clusterroles", "clusterrolebindings", "validatingadmissionpolicies"):
        assert "forbidden" in users[name].refused("get", kind)


def test_nobody_is_above_rbac(users):
    for name in EVERYBODY:
        info = users[name].json("auth", "whoami")["status"]["userInfo"]
        assert not {"system:masters", "tenant-admins"} & set(info["groups"])
        token = name in {"bot", "meter"}
        prefix = "system:serviceaccount:tenantplane-users:" if token else ""
        assert info["username"] == prefix + name


def test_an_editor_has_no_token_written_into_a_secret(users):
    """Kubernetes would do it for who may write Secrets, with any account's rights."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "theirs",
            "namespace": "default",
            "annotations": {"kubernetes.io/service-account.name": "default"},
        },
        "type": "kubernetes.io/service-account-token",
    }
    refused = users["eve"].apply(secret, check=False)
    assert "may create tokens of its ServiceAccount" in refused.stderr


def test_not_even_an_administrator_has_a_token_of_a_user(users):
    message = users["ada"].refused("create", "token", "bot", "-n", "tenantplane-users")
    assert "are the platform's" in message


def test_a_second_up_changes_nothing(peopled, users):
    peopled.up("--expect-no-changes")


def test_refresh_changes_nothing(peopled, users):
    """The agent has written tokens into Secrets that Pulumi declared empty."""
    peopled.run("refresh", "--yes", "--skip-preview", "--expect-no-changes")


def test_it_is_said_when_each_ends(peopled, users):
    said = peopled.outputs()["userExpiry"]["peopled"]
    assert sorted(said) == sorted(EVERYBODY)
    left = {
        name: (dt.datetime.fromisoformat(end) - dt.datetime.now(dt.UTC)).total_seconds() / 3600
        for name, end in said.items()
    }
    for name, hours in {"ada": 168, "eve": 24, "bot": 1, "meter": 24}.items():
        assert 0 < left[name] <= hours
    user = yaml.safe_load(users["eve"].kubeconfig)["users"][0]["user"]
    pem = base64.b64decode(user["client-certificate-data"])
    end = x509.load_pem_x509_certificate(pem).not_valid_after_utc
    assert end == dt.datetime.fromisoformat(said["eve"]).replace(microsecond=0)


def test_kubeconfigs_and_tokens_are_in_no_state_or_output_in_clear(peopled, users):
    for text in (peopled.export(), peopled.run("stack", "output", "--json").stdout):
        assert leaks(text) == []
        for name in ("bot", "meter"):
            assert token_of(users[name]) not in text


def token_of(user):
    return yaml.safe_load(user.kubeconfig)["users"][0]["user"]["token"]


def held(host):
    """What the host's Secret has."""
    data = host.json("get", *SECRET).get("data", {})
    return base64.b64decode(data.get("token", "")).decode()


def test_a_new_token_is_handed_out_by_the_next_up(peopled, users, host):
    """Here because the Secret was emptied; in time because four fifths of its life are over."""
    before = held(host)
    assert before == token_of(users["bot"])
    host.run("patch", *SECRET, "--type=merge", "-p", '{"data": {"token": null}}')
    eventually(lambda: held(host) not in {"", before}, "the agent makes a new one", seconds=90)
    peopled.up()
    text = peopled.outputs()["userKubeconfigs"]["peopled"]["bot"]
    assert token_of(Kubectl(text)) == held(host)
    assert Kubectl(text).can_i("list", "configmaps")


def test_who_is_removed_has_no_rights_any_more(peopled, users, host):
    """Within a minute; a token is refused, a certificate still says who it is."""
    (tenant,) = [one for one in peopled.config["tenants"] if one["name"] == "peopled"]
    tenant["users"] = [one for one in PEOPLE if one["name"] not in {"eve", "bot"}]
    peopled.up()
    eventually(
        lambda: "forbidden" in users["eve"].run("get", "configmaps", check=False).stderr,
        "eve has no rights",
        seconds=60,
    )
    eventually(
        lambda: "Unauthorized" in users["bot"].run("get", "configmaps", check=False).stderr,
        "bot is not let in",
        seconds=60,
    )
    whoami = users["eve"].json("auth", "whoami")["status"]["userInfo"]
    assert whoami["username"] == "eve"
    assert sorted(peopled.outputs()["userKubeconfigs"]["peopled"]) == ["ada", "meter", "vic"]
    for kind in ("secrets", "roles", "rolebindings", "tenanttokens"):
        left = host.names(kind, "-n", "tenant-peopled")
        assert not [name for name in left if name.startswith("token-user-bot")]
    for name in ("ada", "vic", "meter"):
        assert users[name].can_i("list", "configmaps")


def test_who_gets_another_role_has_its_rights_with_the_same_kubeconfig(peopled, users):
    (tenant,) = [one for one in peopled.config["tenants"] if one["name"] == "peopled"]
    tenant["users"] = [{"name": "vic", "role": "editor"}]
    peopled.up()
    eventually(lambda: users["vic"].can_i("list", "secrets", "-A"), "vic edits")
    eventually(lambda: not users["ada"].can_i("list", "secrets", "-A"), "ada is gone")
    assert "namespaces" in users["vic"].out("api-resources")
