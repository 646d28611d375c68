"""restricted: the Pod Security Standard `restricted`, of every pod in a namespace of tenantplane.

The host's API server enforces it when pods are made; here a preview does. Source: the checks of
k8s.io/pod-security-admission 0.37, whose own fixtures the tests hold this against.
Not here: what tenantplane's pods have instead (core/manifests/pods.py).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from core import names
from core.errors import describe
from policy.declared import Declared, at, items, known
from policy.pods import containers, pod
from policy.wire import UNKNOWN

_VOLUMES = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)
_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_notsent_lowat",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_slow_start_after_idle",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.tcp_wmem",
    }
)
_SELINUX = frozenset(
    {"", "container_engine_t", "container_init_t", "container_kvm_t", "container_t"}
)
_PROFILES = frozenset({"Localhost", "RuntimeDefault"})
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HOOKS = ("postStart", "preStop")
_REMEDY = "see core/manifests/pods.py for what a restricted pod has"


def unrestricted(resource: Declared) -> Iterator[str]:
    """What Pod Security `restricted` doesn't admit."""
    found = pod(resource)
    if not isinstance(found, Mapping) or not resource.is_ours:
        return
    for problem in (*_pod(found), *_volumes(found)):
        yield describe(resource.thing, problem, remedy=_REMEDY)
    for container in containers(found):
        thing = f"{resource.thing}, container {container.get('name')}"
        on_host = resource.namespace == names.GATEWAY_NAMESPACE  # gateway.exposure HostPort
        for problem in _container(container, found, host_ports=on_host):
            yield describe(thing, problem, remedy=_REMEDY)


def _pod(pod: Mapping[str, Any]) -> Iterator[str]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if at(pod, "spec", field) is True:
            yield f"{field} is true"
    for sysctl in items(at(pod, "spec", "securityContext", "sysctls")):
        name = known(sysctl, "name")
        if name is not None and name not in _SYSCTLS:
            yield f"sysctl {name} is not a safe one"
    for key, value in (known(pod, "metadata", "annotations") or {}).items():
        safe = value is UNKNOWN or value in {"", "runtime/default"}
        if key.startswith(_APPARMOR) and not safe and not str(value).startswith("localhost/"):
            yield f"annotation {key} turns AppArmor off"
    yield from _context(at(pod, "spec", "securityContext"))


def _volumes(pod: Mapping[str, Any]) -> Iterator[str]:
    for volume in items(at(pod, "spec", "volumes")):
        kinds = set(volume) - _VOLUMES - {"name"} if isinstance(volume, Mapping) else set()
        if kinds:
            yield f"volume {volume['name']} is of type {', '.join(sorted(kinds))}"


def _container(
    container: Mapping[str, Any], pod: Mapping[str, Any], *, host_ports: bool
) -> Iterator[str]:
    own = container.get("securityContext")
    yield from _context(own)
    if at(own, "privileged") is True:
        yield "it is privileged"
    if at(own, "allowPrivilegeEscalation") not in (False, UNKNOWN):
        yield "allowPrivilegeEscalation is not false"
    if known(own, "procMount") not in {None, "Default"}:
        yield "procMount is not Default"
    yield from _capabilities(own)
    yield from _inherited(own, at(pod, "spec", "securityContext"))
    if not host_ports and any(known(port, "hostPort") for port in items(container.get("ports"))):
        yield "it takes a port of its node"
    if any(_dialled_hosts(container)):
        yield "a probe or hook names a host"


def _context(context: Any) -> Iterator[str]:  # noqa: ANN401  an object of JSON
    """What neither a pod's nor a container's security context may say."""
    if at(context, "runAsNonRoot") is False:
        yield "runAsNonRoot is false"
    if at(context, "runAsUser") == 0:
        yield "runAsUser is 0"
    if at(context, "windowsOptions", "hostProcess") is True:
        yield "windowsOptions.hostProcess is true"
    for field in ("seccompProfile", "appArmorProfile"):
        if known(context, field, "type") not in {None, *_PROFILES}:
            yield f"{field} is neither RuntimeDefault nor Localhost"
    selinux = at(context, "seLinuxOptions")
    if known(selinux, "type") not in {None, *_SELINUX}:
        yield "seLinuxOptions.type is not a container's"
    if known(selinux, "user") or known(selinux, "role"):
        yield "seLinuxOptions has a user or role"


def _capabilities(own: Any) -> Iterator[str]:  # noqa: ANN401  an object of JSON
    dropped, added = at(own, "capabilities", "drop"), items(at(own, "capabilities", "add"))
    if dropped is not UNKNOWN and "ALL" not in items(dropped):
        yield "it doesn't drop ALL capabilities"
    if more := [str(one) for one in added if one not in ("NET_BIND_SERVICE", UNKNOWN)]:
        yield f"it adds capabilities {', '.join(more)}"


def _inherited(own: Any, pods: Any) -> Iterator[str]:  # noqa: ANN401  objects of JSON
    """What the container must say unless its pod does."""
    if at(own, "runAsNonRoot") is None and at(pods, "runAsNonRoot") is None:
        yield "runAsNonRoot is not true"
    if at(own, "seccompProfile", "type") is None and at(pods, "seccompProfile", "type") is None:
        yield "it has no seccompProfile"


def _dialled_hosts(container: Mapping[str, Any]) -> Iterator[object]:
    handlers = [container.get(probe) for probe in _PROBES]
    handlers += [at(container, "lifecycle", hook) for hook in _HOOKS]
    for handler in handlers:
        yield from (known(handler, action, "host") for action in ("httpGet", "tcpSocket"))
