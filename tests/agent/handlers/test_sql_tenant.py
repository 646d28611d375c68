"""SqlTenant, as the running agent treats it, on a real PostgreSQL and a real MariaDB."""

import contextlib
import zlib

import pytest

from core.manifests import crds, kine
from tests.support.agent_process import Objects
from tests.support.kubectl import eventually
from tests.support.sql_process import ERRORS, MariaDb, PostgreSql

pytestmark = pytest.mark.processes

PASSWORD = Objects.SQL_PASSWORD


@pytest.fixture(scope="module", params=[PostgreSql, MariaDb], ids=["postgresql", "mariadb"])
def server(request, world):
    """A server that the agent has as a store."""
    started = request.param()
    started.name = f"sql-{started.process.pid}"
    world.agent.write_store(started.name, started.files())
    yield started
    started.stop()


@pytest.fixture
def elsewhere(server, world):
    """A server of the same kind without any tenant in it; a test has the store lead there."""
    started = type(server)()
    yield started
    world.agent.write_store(server.name, server.files())
    started.stop()


@pytest.fixture
def tenant(server, world, request):
    """A tenant that is ready, of the test's own: its id."""
    name = f"{server.engine}-{zlib.crc32(request.node.name.encode())}"
    world.objects.sql_tenant(name, server.name)
    world.objects.wait("SqlTenant", name)
    used(world, server, name)
    yield name
    world.objects.delete("SqlTenant", name)
    world.objects.wait_gone("SqlTenant", name)


def used(world, server, tenant):
    """Make the table that its kine would make, and wait until the agent has seen it."""
    name = f"t_{tenant}".replace("-", "_")
    with server.connect(name, PASSWORD, name) as connection:
        connection.cursor().execute("CREATE TABLE IF NOT EXISTS kine (id int)")
        connection.commit()

    def database():
        return world.objects.get("SqlTenant", tenant).body["status"].get("database")

    assert eventually(database, "it is seen") == name


def logs_in(server, tenant, password=PASSWORD):
    name = f"t_{tenant}".replace("-", "_")
    with contextlib.suppress(*ERRORS):
        server.connect(name, password, name).close()
        return True
    return False


def test_becomes_ready_with_its_database_and_its_user(world, server, tenant):
    found = world.objects.get("SqlTenant", tenant).body
    assert found["status"]["conditions"][0]["reason"] == "Granted"
    assert found["metadata"]["finalizers"] == [crds.SQL_TENANT_FINALIZER]
    assert logs_in(server, tenant)

    def measured():
        return world.objects.get("SqlTenant", tenant).body["status"]["usedMib"]

    eventually(measured, "it is measured")
    sample = f'tenantplane_agent_store_bytes{{store="{server.name}",tenant="{tenant}"}}'
    assert world.agent.metrics()[sample] > 0


def test_takes_its_database_along_and_says_so(world, server):
    name = f"leaving-{server.engine}"
    world.objects.sql_tenant(name, server.name)
    world.objects.wait("SqlTenant", name)
    world.objects.delete("SqlTenant", name)
    world.objects.wait_gone("SqlTenant", name)
    assert not logs_in(server, name)
    (message,) = eventually(lambda: world.objects.events(name, "DatabaseRemoved"), "event")
    assert message.endswith(f"MiB and its user removed from {server.name}")


def test_a_new_password_is_given_to_the_user(world, server, tenant):
    """Else its kine would come back with one that the server never got."""
    world.objects.sql_tenant(tenant, server.name, password="second")
    eventually(lambda: logs_in(server, tenant, "second"), "the second opens it")
    assert not logs_in(server, tenant)


def test_a_server_that_does_not_have_its_database_gets_no_empty_one(
    world, server, tenant, elsewhere
):
    """Its pods would follow onto it, and all objects be gone."""
    world.agent.write_store(server.name, elsewhere.files())
    world.objects.sql_tenant(tenant, server.name, address="elsewhere")
    condition = world.objects.wait("SqlTenant", tenant, status="False", reason="DatabaseMissing")
    assert f"t_{tenant}".replace("-", "_") in condition["message"]
    assert not logs_in(elsewhere, tenant)
    world.agent.write_store(server.name, server.files())
    world.objects.wait("SqlTenant", tenant)
    assert logs_in(server, tenant)


def test_an_empty_database_is_not_taken_for_its_own(world, server, tenant, elsewhere):
    """Somebody made it ahead of a move: its kine would make an empty cluster of it."""
    elsewhere.ask(f"CREATE DATABASE t_{tenant}".replace("-", "_"))
    if elsewhere.engine == "postgresql":
        elsewhere.ask(f"ALTER DATABASE t_{tenant} OWNER TO tenantplane".replace("-", "_"))
    world.agent.write_store(server.name, elsewhere.files())
    world.objects.sql_tenant(tenant, server.name, address="elsewhere")
    condition = world.objects.wait("SqlTenant", tenant, status="False", reason="DatabaseMissing")
    assert "has no table kine" in condition["message"]
    assert not logs_in(elsewhere, tenant)
    world.agent.write_store(server.name, server.files())
    world.objects.wait("SqlTenant", tenant)


def test_what_its_user_lost_is_given_again(world, server, tenant):
    """A server that was restored without its users."""
    user = f"t_{tenant}".replace("-", "_")
    if server.engine == "postgresql":
        server.ask(f"REASSIGN OWNED BY {user} TO tenantplane", database=user)
        server.ask(f"REVOKE ALL ON SCHEMA public FROM {user}", database=user)
        server.ask(f"REVOKE ALL ON DATABASE {user} FROM {user}")
        server.ask(f"DROP ROLE {user}")
    else:
        server.ask(f"DROP USER '{user}'@'%'")
    eventually(lambda: logs_in(server, tenant), "the user is back")


def test_keeps_its_finalizer_while_its_server_is_down_and_says_so(world, server):
    name = f"stuck-{server.engine}"
    world.objects.sql_tenant(name, server.name)
    world.objects.wait("SqlTenant", name)
    server.process.kill()
    world.objects.delete("SqlTenant", name)
    condition = world.objects.wait("SqlTenant", name, status="False", reason="StoreRefused")
    assert condition["message"].startswith(f"data not removed yet: store {server.name}: ")
    server.process.start()
    server.wait()
    world.objects.wait_gone("SqlTenant", name)
    assert not logs_in(server, name)


def test_without_its_password_it_waits(world, server):
    name = f"early-{server.engine}"
    namespace = world.objects.namespace(name)
    spec = {
        "store": server.name,
        "tenant": name,
        "passwordSecret": kine.PASSWORD_SECRET,
        "connections": 3,
    }
    world.objects.apply("SqlTenant", namespace, name, spec)
    world.objects.wait("SqlTenant", name, status="False", reason="NoCredentials")
    world.objects.secret(name, kine.PASSWORD_SECRET, {"password": PASSWORD})
    world.objects.wait("SqlTenant", name)
    assert logs_in(server, name)


def test_in_another_namespace_touches_nothing(world, server, tenant):
    namespace = world.objects.namespace(f"villain-{server.engine}")
    spec = world.objects.get("SqlTenant", tenant).body["spec"]
    world.objects.apply("SqlTenant", namespace, tenant, spec)
    path = world.objects.path("SqlTenant", namespace, tenant)

    def refused():
        conditions = world.objects.api.get(path).body.get("status", {}).get("conditions", [])
        return conditions and conditions[0]["reason"] == "WrongNamespace"

    eventually(refused, "the object is refused")
    world.objects.api.delete(path)
    eventually(lambda: world.objects.api.get(path).status == 404, "the object is gone")
    assert logs_in(server, tenant)


def test_of_an_unknown_server_says_which_there_are(world, server):
    name = f"lost-{server.engine}"
    world.objects.sql_tenant(name, "nowhere")
    condition = world.objects.wait("SqlTenant", name, status="False", reason="UnknownStore")
    assert "the agent has no such SQL server, it has" in condition["message"]
    assert server.name in condition["message"]
    world.objects.delete("SqlTenant", name)
    world.objects.wait_gone("SqlTenant", name)
