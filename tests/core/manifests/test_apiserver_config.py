"""What a tenant's API server does with its files, tried on a real one."""

import itertools
import json
import time

import pytest
import yaml

from core import profiles
from core.manifests import apiserver_config
from core.oidc import issuers
from core.pki import MASTERS
from tests.support import control_plane
from tests.support.certificates import new_key
from tests.support.kubectl import eventually
from tests.support.oidc_issuer import OidcIssuer

SMALL = profiles.profile("small")
PLAINTEXT = "hunter2-of-the-test"
REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
REVIEW = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    found = OidcIssuer(tmp_path_factory.mktemp("issuer"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def plane(tmp_path_factory, issuer):
    """A tenant that lets the issuer's users in."""
    folder = tmp_path_factory.mktemp("plane")
    etcd = control_plane.Etcd(folder / "etcd")
    given = {
        "issuer": issuer.url,
        "audiences": ["kubernetes", "other"],
        "username_prefix": "corp:",
        "groups_claim": "groups",
        "groups_prefix": "corp-groups:",
        "ca": issuer.authority.pem,
    }
    accepted = issuers([given], "https://acme.tenants.test", "oidc")
    found = control_plane.tenant(folder / "acme", etcd, "acme", issuers=accepted).wait()
    yield found
    found.stop()
    etcd.process.kill()


def reviewed(plane, token):
    return plane.token_api(token).create(REVIEWS, REVIEW)


def event(name, namespace="default"):
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": {"kind": "Namespace", "name": namespace, "namespace": namespace},
        "reason": "Tried",
        "type": "Normal",
    }


def audited(plane):
    lines = plane.process.text().splitlines()
    return [json.loads(line) for line in lines if line.startswith('{"kind":"Event"')]


@pytest.mark.processes
def test_a_users_token_names_him_with_the_issuers_prefix(plane, issuer):
    """The key set comes over the network, a moment after the API server is ready."""
    token = issuer.token(sub="alice", groups=["devs"])
    answer = eventually(lambda: reviewed(plane, token).ok and reviewed(plane, token), "is let in")
    user = answer.body["status"]["userInfo"]
    assert user["username"] == "corp:alice"
    assert set(user["groups"]) == {"corp-groups:devs", "system:authenticated"}


@pytest.mark.processes
def test_no_token_names_anybody_of_the_platform(plane, issuer):
    """Whatever the issuer writes into it."""
    token = issuer.token(sub="system:admin", groups=["system:masters", "tenant-admins"])
    user = eventually(lambda: reviewed(plane, token).body.get("status"), "is let in")["userInfo"]
    assert user["username"] == "corp:system:admin"
    assert not {"system:masters", "tenant-admins"} & set(user["groups"])
    assert plane.token_api(token).get("/api/v1/secrets").status == 403


@pytest.mark.processes
@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "somebody-else"},
        {"exp": int(time.time()) - 60},
        {"iss": "https://127.0.0.1:1"},
        {"key": new_key()},
    ],
    ids=["for somebody else", "expired", "another issuer's", "signed by another key"],
)
def test_other_tokens_name_nobody(plane, issuer, claims):
    good = issuer.token(sub="alice")
    eventually(lambda: reviewed(plane, good).ok, "the keys are there")
    assert reviewed(plane, issuer.token(sub="alice", **claims)).status == 401


@pytest.mark.processes
def test_who_writes_events_too_fast_is_told_so_and_the_others_go_on(plane):
    flooding, calm = plane.api("flooding", MASTERS), plane.api("calm", MASTERS)
    path = "/api/v1/namespaces/{}/events"
    refused = None
    for _ in range(4 * SMALL.events_burst):
        answer = flooding.create(path.format("default"), event(f"flood-{next(_NUMBERS)}"))
        if answer.status == 429:
            refused = answer
            break
        assert answer.ok, answer
    assert refused is not None, "nothing was refused"
    assert calm.create(path.format("kube-public"), event("calm", "kube-public")).ok
    assert flooding.get("/api/v1/namespaces/default/configmaps").ok


@pytest.mark.processes
def test_a_secret_is_in_the_audit_log_by_its_name_alone(plane):
    """And nothing of what the platform does all the time."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "of-the-audit"},
        "stringData": {"password": PLAINTEXT},
    }
    path = "/api/v1/namespaces/default/secrets"
    assert plane.api("carol", MASTERS).create(path, secret).ok

    def written():
        return [one for one in audited(plane) if one["user"].get("username") == "carol"]

    (line,) = eventually(written, "the audit log has it")
    assert (line["verb"], line["stage"]) == ("create", "ResponseComplete")
    assert line["objectRef"]["name"] == "of-the-audit"
    assert line["responseStatus"]["code"] == 201
    assert PLAINTEXT not in plane.process.text()
    assert not [one for one in audited(plane) if one["requestURI"].startswith("/readyz")]
    reads = [one for one in audited(plane) if one["verb"] in {"get", "list", "watch"}]
    assert "system:apiserver" not in {one["user"].get("username") for one in reads}


@pytest.mark.parametrize("profile", profiles.PROFILES.values(), ids=lambda one: one.name)
def test_event_limits_are_the_profiles(profile):
    config = apiserver_config.Config(version="1.36.3", profile=profile)
    document = yaml.safe_load(apiserver_config.files(config)["admission.yaml"])
    (plugin,) = [one for one in document["plugins"] if one["name"] == "EventRateLimit"]
    limits = {one["type"]: one for one in plugin["configuration"]["limits"]}
    assert limits["Server"]["qps"] == profile.events_per_second
    assert limits["User"]["burst"] == limits["Namespace"]["burst"] == profile.events_burst // 2


def test_without_audit_nothing_is_written():
    config = apiserver_config.Config(version="1.37.2", profile=SMALL, audit="none")
    policy = yaml.safe_load(apiserver_config.files(config)["audit.yaml"])
    assert policy["rules"] == [{"level": "None"}]


def test_no_level_of_the_audit_has_what_is_in_objects():
    """Request and RequestResponse would put Secrets into the log."""
    config = apiserver_config.Config(version="1.37.2", profile=SMALL)
    policy = yaml.safe_load(apiserver_config.files(config)["audit.yaml"])
    assert {rule["level"] for rule in policy["rules"]} == {"None", "Metadata"}
