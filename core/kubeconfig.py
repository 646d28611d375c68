"""kubeconfig: the text of kubeconfigs, written for tenants and hosts and read from adopted hosts.

Not here: reading files (stacks/), talking to a cluster (components/).
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from core.errors import InvalidInputError


def build(
    server: str,
    ca_pem: str,
    client_certificate_pem: str,
    client_key_pem: str,
    name: str,
    *,
    tls_server_name: str | None = None,
) -> str:
    """Return a kubeconfig with a client certificate.

    Args:
        server: https URL of the API server.
        ca_pem: Certificates that the server's is checked against.
        client_certificate_pem: Who the user is.
        client_key_pem: Its key.
        name: Of the cluster, the user and the context in it.
        tls_server_name: Sent as SNI and expected in the certificate; default the URL's host.
    """
    user = {
        "client-certificate-data": _base64(client_certificate_pem),
        "client-key-data": _base64(client_key_pem),
    }
    return _document(name, _cluster(server, ca_pem, tls_server_name), user)


def with_token(
    server: str, ca_pem: str, token: str, name: str, *, tls_server_name: str | None = None
) -> str:
    """Return a kubeconfig with a bearer token; arguments as of `build`."""
    return _document(name, _cluster(server, ca_pem, tls_server_name), {"token": token})


def _cluster(server: str, ca_pem: str, tls_server_name: str | None) -> dict[str, Any]:
    cluster = {"server": server, "certificate-authority-data": _base64(ca_pem)}
    return cluster if tls_server_name is None else {**cluster, "tls-server-name": tls_server_name}


def gke_exec(dns_endpoint: str, name: str) -> str:
    """Return the kubeconfig of a GKE cluster: no key in it, the gcloud plugin asks for a token.

    The DNS endpoint has a certificate of a public CA: with the cluster's own CA in the kubeconfig
    every request fails with "x509: certificate signed by unknown authority" (upjet-gcp#988).
    """
    return _document(name, {"server": f"https://{dns_endpoint}"}, {"exec": _GKE_EXEC})


def gke_exec_ip(address: str, ca_base64: str, name: str) -> str:
    """Return the kubeconfig of a GKE cluster reached by its address, from authorised networks."""
    cluster = {"server": f"https://{address}", "certificate-authority-data": ca_base64}
    return _document(name, cluster, {"exec": _GKE_EXEC})


_GKE_EXEC = {
    "apiVersion": "client.authentication.k8s.io/v1beta1",
    "command": "gke-gcloud-auth-plugin",
    "installHint": "gcloud components install gke-gcloud-auth-plugin",
    "interactiveMode": "IfAvailable",
    "provideClusterInfo": True,
}


@dataclass(frozen=True, kw_only=True)
class Connection:
    """What one context of a kubeconfig says: where to connect and who to be."""

    context: str
    server: str
    cluster: Mapping[str, Any]
    user: Mapping[str, Any]

    @property
    def host(self) -> str:
        """The server's name or address alone, without brackets around an IPv6 address."""
        authority = self.server.partition("://")[2].partition("/")[0]
        if authority.startswith("["):
            return authority[1:].partition("]")[0]
        return authority.partition(":")[0]


def is_content(text: str) -> bool:
    """Whether what was given as a kubeconfig is one, and not the path of one."""
    return "\n" in text or text.lstrip().startswith("{")


def read(text: str, context: str | None, thing: str) -> Connection:
    """Return one context of a kubeconfig.

    Args:
        text: The kubeconfig.
        context: Name of the context; None for the one that the kubeconfig calls current.
        thing: The settings block that it stands in: `host.adopt`.

    Raises:
        InvalidInputError: it is no kubeconfig, has no such context, or the context leads nowhere.
    """
    document = _load(text, f"{thing}.kubeconfig")
    contexts = _by_name(document, "contexts", "context")
    chosen = context or document.get("current-context") or ""
    if chosen not in contexts:
        problem = "the kubeconfig has no such context" if chosen else "is missing"
        remedy = f"use a context that the kubeconfig has ({', '.join(sorted(contexts)) or 'none'})"
        raise InvalidInputError(f"{thing}.context", problem, chosen or None, remedy)
    cluster_name = contexts[chosen].get("cluster")
    cluster = _by_name(document, "clusters", "cluster").get(str(cluster_name), {})
    server = cluster.get("server")
    if not isinstance(server, str) or not server.startswith("https://"):
        raise InvalidInputError(
            f"{thing}.context",
            f"the cluster of context {chosen} has no https server",
            server,
            "give a kubeconfig that kubectl works with",
        )
    user = _by_name(document, "users", "user").get(str(contexts[chosen].get("user")), {})
    return Connection(context=chosen, server=server, cluster=cluster, user=user)


def only(connection: Connection) -> str:
    """Return a kubeconfig with nothing in it but one connection.

    What goes into a state must not carry the other clusters that a person has access to.
    """
    name = connection.context
    return _document(name, dict(connection.cluster), dict(connection.user))


def _load(text: str, thing: str) -> Mapping[str, Any]:
    # A kubeconfig holds keys: no error shows what was read.
    remedy = "give a kubeconfig that kubectl works with"
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        problem = f"is not YAML{where}"
        raise InvalidInputError(thing, problem, remedy=remedy) from None
    if not isinstance(document, dict) or "clusters" not in document:
        raise InvalidInputError(thing, "is not a kubeconfig", remedy=remedy)
    return document


def _by_name(document: Mapping[str, Any], plural: str, singular: str) -> dict[str, dict[str, Any]]:
    entries = document.get(plural)
    named: dict[str, dict[str, Any]] = {}
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get(singular), dict):
            named.setdefault(str(entry.get("name")), entry[singular])
    return named


class _Dumper(yaml.SafeDumper):
    """Quotes what only Go's YAML takes for a boolean: a tenant may be named `n` or `y`."""


_Dumper.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("[yYnN]$"), list("yYnN"))


def _document(name: str, cluster: dict[str, Any], user: dict[str, Any]) -> str:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": cluster}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "users": [{"name": name, "user": user}],
    }
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=10**6)
    return text


def _base64(pem: str) -> str:
    return base64.b64encode(pem.encode()).decode("ascii")
