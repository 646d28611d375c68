"""immutable: the fields that can't change in place, so that a change replaces the object.

The rules are the official plugin's. A rule names a field; a change of it or of anything in it
replaces, and so does gaining it with what is around it (losing it so does not).
Not here: how objects are compared (diff.py).
"""

from collections.abc import Sequence

from rig.plugins.kubernetes.values import Data, Tree, Unknown

Path = tuple[str | int, ...]
_Rule = tuple[str, ...]

_EVERY = "*"
_IDENTITY = ("metadata.name", "metadata.namespace")
_SELECTOR = ("spec.selector",)
_ROLE_REF = ("roleRef",)

_CONTAINER_FIELDS = [
    "args",
    "command",
    "env",
    "image",
    "imagePullPolicy",
    "lifecycle",
    "livenessProbe",
    "ports",
    "readinessProbe",
    "resources",
    "securityContext",
    "stdin",
    "stdinOnce",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "tty",
    "volumeDevices",
    "volumeMounts",
    "workingDir",
]
_POD_FIELDS = [
    "affinity",
    "automountServiceAccountToken",
    "dnsConfig",
    "dnsPolicy",
    "enableServiceLinks",
    "hostAliases",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostname",
    "imagePullSecrets",
    "nodeName",
    "nodeSelector",
    "overhead",
    "preemptionPolicy",
    "priority",
    "priorityClassName",
    "readinessGates",
    "restartPolicy",
    "runtimeClassName",
    "schedulerName",
    "securityContext",
    "serviceAccount",
    "serviceAccountName",
    "shareProcessNamespace",
    "subdomain",
    "terminationGracePeriodSeconds",
    "volumes",
]
_CONTAINERS = ("containers", "initContainers")

_RULES: dict[tuple[str, str], tuple[str, ...]] = {
    ("apps/v1", "Deployment"): _SELECTOR,
    ("apps/v1", "StatefulSet"): (
        "spec.podManagementPolicy",
        "spec.revisionHistoryLimit",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
        *_SELECTOR,
    ),
    ("batch/v1", "Job"): ("spec.completions", "spec.parallelism", "spec.template", *_SELECTOR),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): _ROLE_REF,
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): _ROLE_REF,
    ("storage.k8s.io/v1", "StorageClass"): ("parameters", "provisioner"),
    ("v1", "PersistentVolumeClaim"): (
        "spec.accessModes",
        "spec.storageClassName",
        "spec.volumeName",
        *_SELECTOR,
    ),
    ("v1", "Pod"): (
        *(f"spec.{name}" for name in _POD_FIELDS),
        *(f"spec.{c}.{_EVERY}.{name}" for c in _CONTAINERS for name in _CONTAINER_FIELDS),
    ),
    ("v1", "ResourceQuota"): ("spec.scopes",),
    ("v1", "Service"): ("spec.clusterIP",),
}


def rules(obj: Tree, *, mutable_secrets: bool, mutable_config_maps: bool) -> list[_Rule]:
    """Return the rules of an object."""
    key = (str(obj.get("apiVersion")), str(obj.get("kind")))
    fields = _RULES.get(key, ())
    fixed = obj.get("immutable") is True
    if key == ("v1", "Secret"):
        fields = ("type",) if mutable_secrets and not fixed else ("type", "stringData", "data")
    elif key == ("v1", "ConfigMap") and (fixed or not mutable_config_maps):
        fields = ("binaryData", "data")
    return [tuple(field.split(".")) for field in (*_IDENTITY, *fields)]


def replaces(path: Path, value: Data, all_rules: Sequence[_Rule]) -> bool:
    """Say whether a change at a path replaces the object.

    Args:
        path: Where the change is.
        value: What stands there now; None when it was removed.
        all_rules: What `rules` returned.
    """
    return any(_meets(rule, path, value) for rule in all_rules)


def _meets(rule: _Rule, path: Path, value: Data) -> bool:
    for asked, found in zip(rule, path, strict=False):
        if asked != found and not (asked == _EVERY and isinstance(found, int)):
            return False
    return _holds(value, rule[len(path) :])


def _holds(value: Data, rest: _Rule) -> bool:
    """Say whether a value contains what is left of a rule."""
    if not rest:
        return True
    if rest[0] == _EVERY:
        if value is None or isinstance(value, Unknown):
            return True
        return isinstance(value, list) and any(_holds(item, rest[1:]) for item in value)
    return isinstance(value, dict) and rest[0] in value and _holds(value[rest[0]], rest[1:])
