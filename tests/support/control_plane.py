"""etcd and control planes as plain processes on loopback, with the product's own flags.

Everything lives in one folder and ends with the test run. A `Tenant` runs with the flags, the
admission configuration and the certificates' subjects that the product would give it.
"""

import base64
import json
import subprocess

from core import flags, kubeconfig, names, pki, versions
from core.manifests import apiserver_config, encryption, host_accounts
from core.profiles import profile
from core.stores import StoreAccess
from tests.support.api import Api
from tests.support.certificates import Authority, new_key, private_key_pem, public_key_pem
from tests.support.processes import Process, binary, free_port

DOMAIN = "tenants.test"
_LOOPBACK = ("localhost", "127.0.0.1")


def _write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(text)
    return folder


def _replaced(text, others):
    """A text with other words in the place of the product's."""
    for product, local in others.items():
        text = text.replace(product, local)
    return text


def _command(program, lines, overrides, folders):
    """The product's flags, with paths and ports of this machine."""
    options = dict(line.removeprefix("--").split("=", 1) for line in lines)
    for container, here in folders.items():
        options = {k: v.replace(container, str(here)) for k, v in options.items()}
    return [program, *flags.render(options | overrides)]


class Etcd:
    """One member of a shared pool; auth is left to the agent, as in the product.

    Args:
        folder: Where its files go.
        options: Flags that are to differ from the product's.
    """

    def __init__(self, folder, **options):
        self.authority, self.peers = Authority("etcd clients"), Authority("etcd peers")
        namespace = names.etcd_namespace("shared")
        server, server_key = self.authority.sign(pki.store_server(namespace))
        peer, peer_key = self.peers.issue("etcd-peer", names=_LOOPBACK)
        root, root_key = self.authority.sign(pki.store_root())
        self.root = {"ca.crt": self.authority.pem, "tls.crt": root, "tls.key": root_key}
        self._keys = _write(
            folder / "keys",
            {"server.crt": server, "server.key": server_key}
            | {"peer.crt": peer, "peer.key": peer_key, "peer-ca.crt": self.peers.pem}
            | {"ca.crt": self.authority.pem, "root.crt": root, "root.key": root_key},
        )
        self.url, self.peer_url = (f"https://127.0.0.1:{free_port()}" for _ in range(2))
        self.metrics_url = f"http://127.0.0.1:{free_port()}"
        lines = flags.etcd_member(namespace=namespace, members=1, quota_gib=2, shared=True)
        overrides = {
            "name": "etcd-0",
            "data-dir": folder / "data",
            "listen-client-urls": self.url,
            "advertise-client-urls": self.url,
            "listen-metrics-urls": self.metrics_url,
            "listen-peer-urls": self.peer_url,
            "initial-advertise-peer-urls": self.peer_url,
            "initial-cluster": f"etcd-0={self.peer_url}",
            "unsafe-no-fsync": "true",
            "log-level": "warn",
        }
        folders = {flags.KEYS_DIR: self._keys}
        command = _command(binary("etcd"), lines, overrides | options, folders)
        self.process = Process(command, folder / "etcd.log")
        self.wait()

    def wait(self):
        self.process.wait_until(
            lambda: self.ctl("endpoint", "health", check=False).returncode == 0, "healthy"
        )

    def json(self, *args):
        """What `etcdctl <args>` prints as JSON."""
        return json.loads(self.ctl(*args, "--write-out=json").stdout)

    def ctl(self, *args, check=True, user="root", stdin=None):
        """Run etcdctl as one user, whose certificate is made on the spot."""
        pair = self._keys / user
        if not pair.with_suffix(".crt").exists():
            certificate, key = self.authority.sign(pki.store_client(user))
            _write(self._keys, {f"{user}.crt": certificate, f"{user}.key": key})
        command = [
            binary("etcdctl", of="etcd"),
            f"--endpoints={self.url}",
            f"--cacert={self._keys / 'ca.crt'}",
            f"--cert={pair.with_suffix('.crt')}",
            f"--key={pair.with_suffix('.key')}",
            "--command-timeout=2s",
            *args,
        ]
        result = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        if check and result.returncode:
            raise AssertionError(f"etcdctl {' '.join(args)}: {result.stderr}")
        return result

    def names(self, kind):
        """Users or roles that there are."""
        return self.ctl(kind, "list").stdout.split()

    def keys(self, prefix):
        return self.ctl("get", prefix, "--prefix", "--keys-only").stdout.split()


class ControlPlane:
    """A kube-apiserver, and a controller manager where asked for."""

    def __init__(self, folder, authority, command_of):
        self.folder, self.authority = folder, authority
        self.port = free_port()
        self.server = f"https://127.0.0.1:{self.port}"
        self.service_account_key = new_key()
        server, key = authority.issue("kube-apiserver", names=_LOOPBACK)
        self.keys = _write(
            folder / "keys",
            {
                "ca.crt": authority.pem,
                "tls.crt": server,
                "tls.key": key,
                "service-account.key": private_key_pem(self.service_account_key),
                "service-account.pub": public_key_pem(self.service_account_key),
            },
        )
        self.process = Process(command_of(self), folder / "kube-apiserver.log")
        self.controllers = None
        self.masters = self.api("test", pki.MASTERS)

    def wait(self):
        self.process.wait_until(self.masters.ready, "ready", seconds=60)
        return self

    def restart(self):
        """Kill the API server and start it again; returns once it is ready."""
        self.process.kill()
        self.process.start()
        self.wait()

    def encrypt(self, scope, *generations):
        """Write its EncryptionConfiguration, with a key of each generation; read at a start."""
        keys = {number: base64.b64encode(bytes([number] * 32)).decode() for number in generations}
        _write(self.keys, {encryption.FILE: encryption.configuration(scope, keys)})

    def certificate(self, user, group=None):
        return self.authority.issue(user, organization=group)

    def api(self, user, group=None):
        return Api(self.server, self.authority.pem, self.certificate(user, group))

    def token_api(self, token):
        return Api(self.server, self.authority.pem, token=token)

    def kubeconfig(self, user, group=None):
        return kubeconfig.build(
            self.server, self.authority.pem, *self.certificate(user, group), "test"
        )

    def start_controllers(self, *more):
        """Start the controller manager with the product's controllers, and any others named."""
        _write(self.keys, {"kubeconfig": self.kubeconfig("system:kube-controller-manager")})
        overrides = {
            "bind-address": "127.0.0.1",
            "secure-port": str(free_port()),
            "controllers": ",".join([*flags.CONTROLLERS, *more]),
        }
        command = _command(
            binary("kube-controller-manager", of="kube"),
            flags.controller_manager(replicas=1),
            overrides,
            {flags.KEYS_DIR: self.keys},
        )
        self.controllers = Process(command, self.folder / "kube-controller-manager.log")
        return self

    def stop(self):
        for process in (self.controllers, self.process):
            if process:
                process.kill()


def tenant(
    folder,
    etcd,
    tenant_id,
    version=versions.DEFAULT_KUBERNETES,
    store_user=None,
    issuers=(),
    accounts=None,
    access=None,
    **options,
):
    """A tenant's API server, not yet waited for: without its user in etcd it can't get ready.

    Args:
        folder: Where its files go.
        etcd: Its store; None if `access` needs no certificate.
        tenant_id: Its id.
        version: Whose configuration files it gets; the binary is always the newest.
        store_user: Common name of its certificate in etcd; default its id, as in the product.
        issuers: Whose tokens it accepts besides its own.
        accounts: Of which host, and the URL of the agent that has its keys; by default of none.
        access: How it reaches its store; default as one of many in a shared etcd.
        options: Flags that are to differ from the product's.
    """

    def command(plane):
        if etcd:
            certificate, key = etcd.authority.sign(pki.store_client(store_user or tenant_id))
            store = {"etcd.crt": certificate, "etcd.key": key, "etcd-ca.crt": etcd.authority.pem}
            _write(plane.keys, store)
        plane.encrypt(encryption.SECRETS, 1)
        policies, config = folder / "policies", folder / "config"
        policies.mkdir(parents=True)
        of_host, discovery = accounts or (None, "")
        files = apiserver_config.files(
            apiserver_config.Config(
                version=version, profile=profile("small"), issuers=issuers, host_accounts=of_host
            )
        )
        here = {flags.POLICIES_DIR: str(policies), host_accounts.discovery_url(): discovery}
        for name, text in files.items():
            where = policies if name == "policies.yaml" else config
            _write(where, {name: _replaced(text, here)})
        lines = flags.apiserver(
            tenant=tenant_id,
            domain=DOMAIN,
            version=version,
            store=access or StoreAccess(servers=etcd.url, compacted=True),
            profile=profile("small"),
            replicas=1,
        )
        overrides = {"bind-address": "127.0.0.1", "secure-port": str(plane.port)}
        overrides |= {"advertise-address": "127.0.0.1"}
        folders = {flags.KEYS_DIR: plane.keys, flags.CONFIG_DIR: config}
        return _command(binary("kube-apiserver", of="kube"), lines, overrides | options, folders)

    return ControlPlane(folder, Authority(f"tenant {tenant_id}"), command)


def host(folder, etcd, prefix="/registry"):
    """A host's API server: no tenant's restrictions, as etcd's root."""

    def command(plane):
        options = {
            "advertise-address": "127.0.0.1",
            "authorization-mode": "RBAC",
            "bind-address": "127.0.0.1",
            "client-ca-file": plane.keys / "ca.crt",
            "disable-admission-plugins": "ServiceAccount",
            "endpoint-reconciler-type": "none",
            "etcd-cafile": etcd._keys / "ca.crt",
            "etcd-certfile": etcd._keys / "root.crt",
            "etcd-keyfile": etcd._keys / "root.key",
            "etcd-prefix": prefix,
            "etcd-servers": etcd.url,
            "secure-port": plane.port,
            "service-account-issuer": "https://host.test",
            "service-account-key-file": plane.keys / "service-account.pub",
            "service-account-signing-key-file": plane.keys / "service-account.key",
            "service-cluster-ip-range": "10.96.0.0/16",
            "tls-cert-file": plane.keys / "tls.crt",
            "tls-private-key-file": plane.keys / "tls.key",
        }
        return [binary("kube-apiserver", of="kube"), *flags.render(options)]

    return ControlPlane(folder, Authority("host"), command)
