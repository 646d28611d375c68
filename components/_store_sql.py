"""A tenant's database on an SQL server, behind a kine in each of its pods.

Owns: the password, the SqlTenant by which the host agent makes database and user, and the Secret
that kine reads.
Not here: the server (it is there already, or cloud_sql.py makes it), kine's container
(core/manifests/kine.py), what the agent does (agent/).
"""

from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret
from pulumi_random import RandomPassword

from components import _certificates
from components._tenant_store import Place, TenantStore
from core import names
from core.manifests import kine, pods

_PASSWORD_LENGTH = 40  # letters and digits: 238 bits


class SqlStore(TypedDict):
    """An SQL server of the host."""

    engine: str
    """postgresql or mysql (MariaDB too)."""

    address: pulumi.Input[str]
    """IP address or DNS name, as it stands in the server's certificate."""

    network: NotRequired[pulumi.Input[str]]
    """Where pods reach it, in CIDR notation. Default: its address, or wherever its name leads."""

    port: int
    """Its port."""

    ca_pem: pulumi.Input[str]
    """Authority that the server's certificate is checked against, PEM."""

    kine_image: str
    """Image reference of kine. Changing it rolls the pods."""


@dataclass(frozen=True)
class SqlKind:
    """A database on such a server."""

    server: str
    store: SqlStore
    replicas: int

    tls = False
    compacted = False
    own_etcd = None

    @property
    def kind(self) -> str:
        """The server's engine."""
        return self.store["engine"]

    @property
    def kine_image(self) -> str:
        """The proxy before the API server."""
        return self.store["kine_image"]

    @property
    def egress(self) -> list[dict[str, Any]]:
        """To the server."""
        store = self.store
        return [pods.egress_to(store["address"], int(store["port"]), store.get("network"))]

    def declare(self, place: Place) -> TenantStore:
        """Declare password, database and user.

        What the agent is told first, pods follow: a password that the server knows, an address at
        which the tenant's database is.
        """
        made = RandomPassword(
            f"{place.name}-sql-password", length=_PASSWORD_LENGTH, special=False, opts=place.opts
        )
        password = pulumi.Output.secret(made.result)
        store, database = self.store, names.sql_database(place.tenant)
        endpoint = pulumi.Output.all(store["address"], password).apply(
            lambda known: kine.endpoint(
                store["engine"], known[0], int(store["port"]), database, known[1]
            )
        )
        granted = self._granted(place, password)
        secret = Secret(
            f"{place.name}-secret-{kine.SECRET}",
            metadata=place.meta(kine.SECRET),
            string_data=kine.secret_data(endpoint, store["ca_pem"]),
            # What the server doesn't know yet is not for pods that start meanwhile.
            opts=pulumi.ResourceOptions(parent=place.opts.parent, depends_on=[granted]),
        )
        return TenantStore(
            servers=kine.SERVERS,
            marks=[_certificates.fingerprint(endpoint, store["ca_pem"])],
            found=[granted],
            ready=[secret],
        )

    def _granted(self, place: Place, password: pulumi.Output[str]) -> CustomResource:
        """Database and user, there once the agent has made or found them."""
        credentials = Secret(
            f"{place.name}-secret-{kine.PASSWORD_SECRET}",
            metadata=place.meta(kine.PASSWORD_SECRET),
            string_data={"password": password},
            opts=place.opts,
        )
        return CustomResource(
            f"{place.name}-store",
            api_version=names.API_VERSION,
            kind="SqlTenant",
            metadata=place.meta(place.tenant, place.by_agent()),
            spec={
                "store": self.server,
                "tenant": place.tenant,
                "passwordSecret": kine.PASSWORD_SECRET,
                "passwordHash": _certificates.fingerprint(password),
                "address": pulumi.Output.concat(self.store["address"], f":{self.store['port']}"),
                "connections": kine.connections(self.replicas),
            },
            opts=pulumi.ResourceOptions(parent=place.opts.parent, depends_on=[credentials]),
        )
