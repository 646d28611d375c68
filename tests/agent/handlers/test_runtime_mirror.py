"""RuntimeMirror, as the running agent treats it: files of a real tenant on a real host.

Not here: programs that an operator installs (test_runtime_mirror_packages.py).
"""

import base64
import itertools

import pytest

from core import names
from core.manifests import crds
from core.operators.references import CONFIG_MAP, SECRET, File
from core.operators.wiring import ROOT_CA
from tests.support.kubectl import eventually
from tests.support.operator_objects import wiring

pytestmark = pytest.mark.processes

CORE = "/api/v1/namespaces"
HOST = f"{CORE}/tenant-acme"
CONFIG, CREDENTIALS = File(CONFIG_MAP, "config"), File(SECRET, "credentials")
_NUMBERS = itertools.count()


@pytest.fixture
def space(acme):
    """A namespace of the tenant for one test, which is the operator's name too."""
    name = f"ops-{next(_NUMBERS)}"
    assert acme.masters.create(CORE, {"metadata": {"name": name}}).ok
    return name


@pytest.fixture
def mirror(world, acme, space):
    """Apply a RuntimeMirror of some files in that namespace; it is removed after the test."""

    def apply(*files, spaces=(), **spec):
        wanted = [(one, file) for one in (space, *spaces) for file in files]
        return world.objects.mirror("acme", acme.server, wanted, wiring(operator=space), **spec)

    yield apply
    world.objects.delete("RuntimeMirror", "acme", space)
    world.objects.wait_gone("RuntimeMirror", "acme", space)


def ready(world, space, **kwargs):
    return world.objects.wait("RuntimeMirror", "acme", space, **kwargs)


def status(world, space):
    return world.objects.get("RuntimeMirror", "acme", space).body.get("status", {})


def put(acme, space, **data):
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "config"}, "data": data}
    assert acme.masters.apply(f"{CORE}/{space}/configmaps/config", body).ok


def put_secret(acme, space, text):
    data = {"key": base64.b64encode(text.encode()).decode()}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "credentials"}}
    assert acme.masters.apply(f"{CORE}/{space}/secrets/credentials", body | {"data": data}).ok


def on_host(world, kind, name):
    return world.objects.api.get(f"{HOST}/{kind}/{name}")


def copied(world, space):
    return on_host(world, "configmaps", f"{space}.config").body.get("data")


def test_files_are_on_the_host_when_it_is_ready(world, acme, space, mirror):
    put(acme, space, a="b")
    put_secret(acme, space, "pet")
    mirror(CONFIG, CREDENTIALS)
    condition = ready(world, space)
    assert condition["message"] == "2 files are on the host"
    assert copied(world, space) == {"a": "b"}
    secret = on_host(world, "secrets", f"{space}.credentials").body
    assert base64.b64decode(secret["data"]["key"]) == b"pet"
    assert secret["type"] == "Opaque"
    assert secret["metadata"]["labels"] == {
        names.LABEL_TENANT: "acme",
        names.LABEL_OPERATOR: space,
        names.LABEL_MIRROR: space,
    }
    assert status(world, space)["files"] == 2


def test_a_change_in_the_tenant_is_on_the_host_at_once(world, acme, space, mirror):
    put(acme, space, a="b", gone="soon")
    mirror(CONFIG)
    ready(world, space)
    put(acme, space, a="c")
    eventually(lambda: copied(world, space) == {"a": "c"}, "the copy follows", seconds=5)


def test_what_somebody_changes_on_the_host_is_put_right(world, acme, space, mirror):
    """By the next look at the latest (AGENT_RESYNC_SECONDS)."""
    put(acme, space, a="b")
    mirror(CONFIG)
    ready(world, space)
    path = f"{HOST}/configmaps/{space}.config"
    world.objects.api.merge(path, {"data": {"a": "other"}})
    eventually(lambda: copied(world, space) == {"a": "b"}, "the copy is right again")
    world.objects.api.delete(path)
    eventually(lambda: copied(world, space) == {"a": "b"}, "the copy is back")


def test_a_file_that_comes_later_is_waited_for_by_nobody(world, acme, space, mirror):
    """The operator makes it itself, by the API, once its pods run."""
    mirror(CONFIG, CREDENTIALS)
    condition = ready(world, space)
    assert f"the tenant doesn't have ConfigMap {space}/config, Secret" in condition["message"]
    assert status(world, space)["missing"] == [
        f"ConfigMap {space}/config",
        f"Secret {space}/credentials",
    ]
    put(acme, space, a="b")
    eventually(lambda: copied(world, space) == {"a": "b"}, "it is copied", seconds=5)
    put_secret(acme, space, "pet")
    eventually(lambda: status(world, space)["missing"] == [], "nothing is missing")


def test_a_file_that_the_tenant_deletes_leaves_the_host(world, acme, space, mirror):
    put(acme, space, a="b")
    mirror(CONFIG)
    ready(world, space)
    acme.masters.delete(f"{CORE}/{space}/configmaps/config")
    path = f"{space}.config"
    eventually(lambda: on_host(world, "configmaps", path).status == 404, "it is gone")


def test_a_file_that_no_pod_reads_any_more_leaves_the_host(world, acme, space, mirror):
    put(acme, space, a="b")
    put_secret(acme, space, "pet")
    mirror(CONFIG, CREDENTIALS)
    ready(world, space)
    mirror(CONFIG)
    name = f"{space}.credentials"
    eventually(lambda: on_host(world, "secrets", name).status == 404, "it is pruned")
    assert copied(world, space) == {"a": "b"}
    assert acme.masters.get(f"{CORE}/{space}/secrets/credentials").ok


def test_removing_it_removes_its_copies_and_nothing_else(world, acme, space, mirror):
    put(acme, space, a="b")
    mirror(CONFIG)
    ready(world, space)
    found = world.objects.get("RuntimeMirror", "acme", space).body
    assert crds.RUNTIME_MIRROR_FINALIZER in found["metadata"]["finalizers"]
    world.objects.delete("RuntimeMirror", "acme", space)
    world.objects.wait_gone("RuntimeMirror", "acme", space)
    assert on_host(world, "configmaps", f"{space}.config").status == 404
    assert acme.masters.get(f"{CORE}/{space}/configmaps/config").ok
    assert on_host(world, "secrets", "host-agent").ok


def test_without_the_tenants_authority_no_pod_could_start(world, acme, space, mirror):
    """The tenant's controllers make it, a moment after the namespace."""
    nowhere = f"{space}-nowhere"
    mirror(File(CONFIG_MAP, ROOT_CA), spaces=[nowhere])
    condition = ready(world, space, status="False", reason="NoAuthority")
    assert condition["message"] == (
        f"the tenant doesn't have ConfigMap {nowhere}/{ROOT_CA} yet: no pod could start"
    )
    acme.masters.create(CORE, {"metadata": {"name": nowhere}})
    ready(world, space)
    text = on_host(world, "configmaps", f"{space}.{ROOT_CA}").body["data"]["ca.crt"]
    assert text == acme.authority.pem


def test_it_may_read_files_of_more_namespaces_later(world, acme, space, mirror):
    """Each is watched on a connection of its own, and the others have to go on."""
    put(acme, space, a="b")
    mirror(CONFIG, CREDENTIALS)
    ready(world, space)
    spaces = [f"{space}-{number}" for number in range(4)]
    for one in spaces:
        acme.masters.create(CORE, {"metadata": {"name": one}})
        put(acme, one, a=one)
    mirror(CONFIG, CREDENTIALS, spaces=spaces)
    for one in spaces:
        eventually(lambda one=one: copied(world, one) == {"a": one}, f"{one} is copied")
    put(acme, space, a="c")
    eventually(lambda: copied(world, space) == {"a": "c"}, "changes are seen")


def test_a_tenant_that_does_not_answer_leaves_the_copies(world, acme, space, mirror):
    """Pods go on with what they have."""
    put(acme, space, a="b")
    mirror(CONFIG)
    ready(world, space)
    acme.process.kill()
    try:
        ready(world, space, status="False", reason="Unreachable")
        assert copied(world, space) == {"a": "b"}
    finally:
        acme.process.start()
        acme.wait()
    ready(world, space)
    put(acme, space, a="c")
    eventually(lambda: copied(world, space) == {"a": "c"}, "it is followed again")


def test_it_can_go_while_its_tenant_is_away(world, acme, space, mirror):
    """Nothing of the tenant is needed to clean up the host."""
    put(acme, space, a="b")
    mirror(CONFIG)
    ready(world, space)
    acme.process.kill()
    try:
        world.objects.delete("RuntimeMirror", "acme", space)
        world.objects.wait_gone("RuntimeMirror", "acme", space)
        assert on_host(world, "configmaps", f"{space}.config").status == 404
    finally:
        acme.process.start()
        acme.wait()


def test_it_works_in_its_own_tenants_namespace_alone(world, acme, space):
    """Anywhere else it would copy one tenant's Secrets into another's namespace."""
    world.objects.namespace("globex")
    spec = {"server": acme.server, "tenant": "acme", "credentialsSecret": "host-agent"}
    spec |= {"operator": space, "files": [], "audience": "a", "tokenSeconds": 600}
    world.objects.apply("RuntimeMirror", "tenant-globex", space, spec)
    condition = world.objects.wait("RuntimeMirror", "globex", space, status="False")
    assert condition["reason"] == "WrongNamespace"
    world.objects.delete("RuntimeMirror", "globex", space)
    world.objects.wait_gone("RuntimeMirror", "globex", space)


def test_a_secrets_value_is_in_no_message(world, acme, space, mirror):
    put_secret(acme, space, "correct horse battery")
    mirror(CREDENTIALS)
    ready(world, space)
    encoded = base64.b64encode(b"correct horse battery").decode()
    for text in (str(status(world, space)), world.agent.process.text()):
        assert encoded not in text
        assert "correct horse battery" not in text
