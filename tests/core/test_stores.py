"""A tenant's objects stay in the store where they are."""

from core import stores
from core.settings import TenantSettings

ACME = TenantSettings(name="acme", datastore="pg")


def test_another_store_is_refused_with_what_it_would_take():
    (problem,) = stores.problems([TenantSettings(name="x"), ACME], {"acme": "shared"})
    assert str(problem) == (
        "tenants[1].datastore: can't be changed from shared: tenant acme's objects are there, and "
        "stay there, got 'pg'; set it back to shared; to change it, make a tenant of another name "
        "on pg, copy the objects through the two API servers (`kubectl get -o yaml`, `kubectl "
        "apply`, or Velero) and remove this one"
    )


def test_the_same_store_and_a_new_tenant_are_fine():
    assert not list(stores.problems([ACME], {"acme": "pg"}))
    assert not list(stores.problems([ACME], {"globex": "shared"}))
