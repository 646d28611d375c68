"""A tenant's objects stay in the store where they are."""

from core import stores
from core.running import RunningHost, RunningTenant
from core.settings import TenantSettings, parse

ACME = TenantSettings(name="acme", datastore="pg")
HOST = parse(
    {"kind": "host", "domain": "t.test", "host": {"name": "dev", "adopt": {"kubeconfig": "x"}}}
)


def host(**tenants):
    """A host with these tenants, each with its datastore and the kind of that."""
    running = {name: RunningTenant("1.37.2", *store) for name, store in tenants.items()}
    return RunningHost(tenants=running)


def test_another_store_is_refused_with_what_it_would_take():
    (problem,) = stores.problems([TenantSettings(name="x"), ACME], host(acme=["shared"]))
    assert str(problem) == (
        "tenants[1].datastore: can't be changed from shared: tenant acme's objects are there, and "
        "stay there, got 'pg'; set it back to shared; to change it, make a tenant of another name "
        "on pg, copy the objects through the two API servers (`kubectl get -o yaml`, `kubectl "
        "apply`, or Velero) and remove this one"
    )


class Server:
    """What matters of an SQL server here."""

    engine = stores.MYSQL


KINDS = stores.kinds(["shared"], {"pg": Server})


def test_another_kind_of_the_same_name_is_refused_with_what_it_would_take():
    """Its tenants would come back on an empty store."""
    running = host(
        b=("pg", stores.POSTGRESQL), a=("pg", stores.POSTGRESQL), c=("shared", stores.ETCD)
    )
    (problem,) = stores.kind_problems(HOST, KINDS, running)
    assert str(problem) == (
        "store pg: can't become another kind: the objects of a, b are in the postgresql of this "
        "name, and stay there, got 'mysql'; make it postgresql again and give the mysql a name of "
        "its own; to change a tenant's kind, make a tenant of another name there, copy the objects "
        "through the two API servers (`kubectl get -o yaml`, `kubectl apply`, or Velero) and "
        "remove this one"
    )


def test_a_pool_does_not_become_an_sql_server():
    (problem,) = stores.kind_problems(HOST, KINDS, host(a=("pg", stores.ETCD)))
    assert "are in the etcd of this name" in str(problem)


def test_the_same_kind_a_new_store_and_one_that_is_not_known_are_fine():
    running = host(
        a=("pg", stores.MYSQL),
        b=("pg", None),
        c=("elsewhere", stores.ETCD),
        d=(stores.DEDICATED, stores.DEDICATED),
    )
    assert not list(stores.kind_problems(HOST, KINDS, running))


def test_the_same_store_and_a_new_tenant_are_fine():
    assert not list(stores.problems([ACME], host(acme=["pg"])))
    assert not list(stores.problems([ACME], host(globex=["shared"])))
