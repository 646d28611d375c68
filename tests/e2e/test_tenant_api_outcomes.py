"""Whoever isn't a tenant's own gets 401 from it: docs/isolation/api-outcomes.md.

The network keeps most of them away before (test_network.py); here they stand before the API server.
"""

import base64
import copy
import json
import ssl

import pytest

from core import names
from tests.support import outcomes
from tests.support.control_plane import DOMAIN
from tests.support.probe import Target

DOCUMENT = "api-outcomes.md"
PATHS = ("/livez", "/version", "/api", "/api/v1/namespaces", "/openapi/v3", "/metrics")
UNAUTHORIZED = {
    "kind": "Status",
    "apiVersion": "v1",
    "metadata": {},
    "status": "Failure",
    "message": "Unauthorized",
    "reason": "Unauthorized",
    "code": 401,
}
_MASTERS = {"Impersonate-User": "admin", "Impersonate-Group": "system:masters"}
_PROXIED = {"X-Remote-User": "admin", "X-Remote-Group": "system:masters"}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def unsigned(issuer):
    """A token that claims everything and that nobody signed."""
    parts = (
        {"alg": "none", "typ": "JWT"},
        {"iss": issuer, "aud": [issuer], "exp": 4102444800, "sub": "system:serviceaccount:a:b"},
    )
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in parts)
    return ".".join(part.decode().rstrip("=") for part in encoded) + "."


@pytest.fixture(scope="module")
def everyone(stack):
    """Each tenant from above RBAC."""
    return {name: Target(text) for name, text in stack.outputs()["adminKubeconfigs"].items()}


def secret_pair(host, namespace, name, file):
    """A certificate and its key from a Secret of the host."""
    data = host.json("get", "secret", "-n", namespace, name)["data"]
    return [base64.b64decode(data[f"{file}.{end}"]).decode() for end in ("crt", "key")]


def pair_of(target):
    return target.certificate_pem, target.key_pem


def token_of(cluster, *options, namespace="default"):
    return bearer(cluster.out("create", "token", "default", "-n", namespace, *options))


@pytest.fixture(scope="module")
def callers(host, tenants, targets, everyone):
    """Certificate and key, or None, and headers, by who it is that calls globex."""
    acme, space = targets["acme"], names.namespace("globex")
    audience = names.issuer("globex", DOMAIN)
    return {
        "its own user": (pair_of(targets["globex"]), {}),
        "its own service account": (None, token_of(tenants["globex"])),
        "nobody": (None, {}),
        "acme's user": (pair_of(acme), {}),
        "acme's break-glass user": (pair_of(everyone["acme"]), {}),
        "acme's break-glass user, as somebody else": (pair_of(everyone["acme"]), _MASTERS),
        "nobody, as behind a proxy": (None, _PROXIED),
        "acme's user, as behind a proxy": (pair_of(acme), _PROXIED),
        "acme's service account": (None, token_of(tenants["acme"])),
        "acme's service account, for globex": (
            None,
            token_of(tenants["acme"], f"--audience={audience}"),
        ),
        "a token that nobody signed": (None, bearer(unsigned(audience))),
        "its own certificate for etcd": (
            secret_pair(host, space, names.APISERVER, "etcd"),
            {},
        ),
        "its own server certificate": (secret_pair(host, space, names.APISERVER, "tls"), {}),
        "the host's administrator": (pair_of(Target(host.kubeconfig)), {}),
        "a service account of the host": (None, token_of(host, namespace=space)),
        "a service account of the host, for globex": (
            None,
            token_of(host, f"--audience={audience}", namespace=space),
        ),
    }


def asked(target, pair, headers):
    """What a caller gets for each path: a status, or why TLS ended; 401 shows nothing else."""
    caller = copy.copy(target)
    if pair:
        caller.certificate_pem, caller.key_pem = pair
    found = []
    for path in PATHS:
        try:
            status, body = caller.request("GET", path, identified=bool(pair), headers=headers)
        except ssl.SSLError as error:
            found.append(f"TLS: {error.reason}")
            continue
        found.append(str(status))
        assert status != 401 or json.loads(body) == UNAUTHORIZED, path
    return found


def table(heading, target, callers, own):
    """Ask as everybody, check the table; only those in `own` get more than the probes' paths."""
    rows = {who: asked(target, *caller) for who, caller in callers.items()}
    lines = [[who, *found] for who, found in rows.items()]
    outcomes.check(DOCUMENT, heading, ["caller", *(f"`{path}`" for path in PATHS)], lines)
    for who, (_, *shown) in rows.items():
        assert (set(shown) == {"401"}) != (who in own), who
        assert who not in own or "200" in shown, who


def test_a_tenants_api_answers_its_own_alone(targets, callers):
    table("A tenant", targets["globex"], callers, {"its own user", "its own service account"})


def test_the_hosts_api_answers_no_tenant(host, tenants, targets, everyone):
    acme = targets["acme"]
    administrator = pair_of(Target(host.kubeconfig))
    callers = {
        "the host's administrator": (administrator, {}),
        "acme's user": (pair_of(acme), {}),
        "acme's break-glass user": (pair_of(everyone["acme"]), {}),
        "acme's break-glass user, as somebody else": (pair_of(everyone["acme"]), _MASTERS),
        "acme's user, as behind a proxy": (pair_of(acme), _PROXIED),
        "acme's service account": (None, token_of(tenants["acme"])),
        "acme's certificate for etcd": (
            secret_pair(host, names.namespace("acme"), names.APISERVER, "etcd"),
            {},
        ),
        "acme's server certificate": (
            secret_pair(host, names.namespace("acme"), names.APISERVER, "tls"),
            {},
        ),
    }
    table("The host", Target(host.kubeconfig), callers, {"the host's administrator"})
