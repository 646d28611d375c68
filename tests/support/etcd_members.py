"""Three members of one etcd as processes, with the names and ports that the product gives them.

They have a network of their own, where each has an address, and an /etc/hosts that stands for the
host's DNS: from names to addresses and back, since a member looks up the name of whoever shows it a
peer's certificate.
Not here: one member on loopback (control_plane.py).
"""

import json
import shlex
import signal
import subprocess

from core import flags, generations, names, pki
from core.manifests import etcd
from tests.support.certificates import Authority
from tests.support.processes import Process, binary

_ADDRESSES = {f"etcd-{number}": f"10.0.0.{number + 1}" for number in range(3)}
NAMES = tuple(_ADDRESSES)

_NETWORK = """\
hosts=$1
shift
ip link set lo up
for address in "$@"; do ip address add "$address/32" dev lo; done
mount --bind "$hosts" /etc/hosts
echo ready
exec sleep infinity
"""


def _write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


class Members:
    """The members, running.

    Args:
        folder: Where its files go.
        options: Flags that are to differ from the product's, by member.
    """

    def __init__(self, folder, **options):
        self.namespace = names.etcd_namespace("shared")
        self.url = etcd.client_url(self.namespace)
        self._folder, self._options = folder, options
        self._authorities, self._leaves, self._processes = {}, {}, {}
        self._network = self._isolate()
        self.etcdctl = folder / "etcdctl"
        """Runs in their network."""
        program = shlex.join(self._inside(binary("etcdctl", of="etcd")))
        self.etcdctl.write_text(f'#!/bin/sh\nexec {program} "$@"\n')
        self.etcdctl.chmod(0o755)
        self.root = Client(self, pki.store_root())
        for name in NAMES:
            self.start(name)
        self.wait()

    def _isolate(self):
        peers = f"etcd-peers.{self.namespace}.svc"
        hosts = [
            f"{address} {name}.{peers}.cluster.local {name}.{peers} etcd.{self.namespace}.svc"
            for name, address in _ADDRESSES.items()
        ]
        file = self._folder / "hosts"
        file.write_text("\n".join(["127.0.0.1 localhost", *hosts, ""]))
        apart = ["unshare", "--user", "--map-root-user", "--mount", "--net"]
        command = [*apart, "sh", "-euc", _NETWORK, "sh", file, *_ADDRESSES.values()]
        network = Process(command, self._folder / "network.log")
        network.wait_until(lambda: "ready" in network.text(), "ready")
        return network

    def _inside(self, *command):
        """The command, in their network."""
        enter = ["nsenter", f"--target={self._network.pid}", "--user", "--preserve-credentials"]
        return [*enter, "--mount", "--net", *map(str, command)]

    def url_of(self, name):
        return f"https://{name}.etcd-peers.{self.namespace}.svc:{flags.ETCD_CLIENT_PORT}"

    def start(self, name, keys=generations.FIRST):
        """Start a member with these generations of its authorities."""
        folder = self._folder / name
        kept = _write(folder / generations.text(keys), self._files(keys))
        lines = flags.etcd_member(namespace=self.namespace, members=3, quota_gib=2, shared=True)
        text = "\n".join(lines).replace("$(POD_NAME)", name).replace(flags.KEYS_DIR, str(kept))
        options = dict(line.removeprefix("--").split("=", 1) for line in text.splitlines())
        for listened in ("client", "peer", "metrics"):
            flag = f"listen-{listened}-urls"
            options[flag] = options[flag].replace("0.0.0.0", _ADDRESSES[name])  # noqa: S104
        options |= {"data-dir": folder / "data"} | self._options.get(name, {})
        command = self._inside(binary("etcd"), *flags.render(options))
        self._processes[name] = Process(command, folder / "etcd.log")

    def stop(self, name, sig=signal.SIGTERM):
        self._processes[name].kill(sig)

    def wait(self, client=None):
        """Wait until all answer."""
        for name, process in self._processes.items():
            process.wait_until(lambda at=name: (client or self.root).works(at), "healthy")

    def close(self):
        for process in (*self._processes.values(), self._network):
            process.kill()

    def leader(self):
        """Name of the member that leads."""
        statuses = [self.root.json("endpoint", "status", at=name)[0] for name in NAMES]
        found = [one["Status"] for one in statuses]
        return next(
            name
            for name, one in zip(NAMES, found, strict=True)
            if one["leader"] == one["header"]["member_id"]
        )

    def log(self, name):
        """What a member has said, line by line."""
        lines = self._processes[name].text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def authority(self, what, generation):
        """The authority of clients, or that of peers."""
        name = generations.named(f"{self.namespace} etcd {what}", generation)
        if name not in self._authorities:
            self._authorities[name] = Authority(name)
        return self._authorities[name]

    def trusted(self, what, keys):
        return "".join(self.authority(what, one).pem for one in keys)

    def _files(self, keys):
        """What the members' Secret holds: the same for all, made anew for another signer."""
        if keys[0] not in self._leaves:
            server = self.authority("clients", keys[0]).sign(pki.store_server(self.namespace))
            peer = self.authority("peers", keys[0]).sign(pki.store_peer(self.namespace))
            files = ("server.crt", "server.key", "peer.crt", "peer.key")
            self._leaves[keys[0]] = dict(zip(files, (*server, *peer), strict=True))
        trusted = {
            "ca.crt": self.trusted("clients", keys),
            "peer-ca.crt": self.trusted("peers", keys),
        }
        return self._leaves[keys[0]] | trusted


class Client:
    """Somebody with a certificate, who follows a change of keys when asked to."""

    def __init__(self, members, leaf, keys=generations.FIRST):
        self._members, self._leaf = members, leaf
        self.follow(keys)

    def follow(self, keys):
        """Use these generations from now on."""
        certificate, key = self._members.authority("clients", keys[0]).sign(self._leaf)
        trusted = self._members.trusted("clients", keys)
        self.files = {"ca.crt": trusted, "tls.crt": certificate, "tls.key": key}
        place = f"{self._leaf.common_name}-{id(self)}-{generations.text(keys)}"
        self.folder = _write(
            self._members.etcdctl.with_name(place), self.files | {"endpoint": self._members.url}
        )

    def ctl(self, *args, at=None, check=True, stdin=None):
        """Run etcdctl, at one member or where the Service leads to."""
        command = [
            self._members.etcdctl,
            f"--endpoints={self._members.url_of(at) if at else self._members.url}",
            f"--cacert={self.folder / 'ca.crt'}",
            f"--cert={self.folder / 'tls.crt'}",
            f"--key={self.folder / 'tls.key'}",
            "--command-timeout=2s",
            *args,
        ]
        result = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        if check and result.returncode:
            raise AssertionError(f"etcdctl {' '.join(args)}: {result.stderr}")
        return result

    def json(self, *args, at=None):
        """What `etcdctl <args>` prints as JSON."""
        return json.loads(self.ctl(*args, "--write-out=json", at=at).stdout)

    def works(self, at):
        """Whether a member answers, and has a leader."""
        return self.ctl("endpoint", "health", at=at, check=False).returncode == 0
