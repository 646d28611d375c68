"""A chart with hooks of every kind, each a Job that says in the tenant when it ran."""

from core import versions

_EVENTS = {
    "first": ("pre-install,pre-upgrade", -5),
    "second": ("pre-install,pre-upgrade", 5),
    "third": ("post-install,post-upgrade", 0),
    "last-words": ("pre-delete", 0),
    "epitaph": ("post-delete", 0),
    "never": ("test", 0),
}
NAMES = tuple(_EVENTS)
"""In the order in which they run; the last one is for `helm test` alone."""

NAMESPACE = "hooked"
_WHERE = "default"
"""Where they write: their own namespace goes with the operator."""

_RIGHTS = """\
apiVersion: v1
kind: ServiceAccount
metadata: {name: hooks}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: hooks}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [create, get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: hooks}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: hooks}
subjects: [{kind: ServiceAccount, name: hooks, namespace: hooked}]
"""

_JOB = """\
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {name}
  annotations: {{helm.sh/hook: "{events}", helm.sh/hook-weight: "{weight}"}}
spec:
  backoffLimit: 4
  template:
    spec:
      restartPolicy: OnFailure
      serviceAccountName: hooks
      containers:
        - name: kubectl
          image: {image}
          args: [create, configmap, "hook-{name}", -n, {where}]
          command: [kubectl]
"""


def operator(folder):
    """The chart as an operator of a tenant, written into a folder that isn't there yet."""
    return {"name": "hooked", "chart": {"path": str(_write(folder))}}


def _write(folder):
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: hooked\nversion: 1.0.0\n")
    jobs = [
        _JOB.format(
            name=name,
            events=events,
            weight=weight,
            image=versions.image("kubectl"),
            where=_WHERE,
        )
        for name, (events, weight) in _EVENTS.items()
    ]
    (folder / "templates" / "all.yaml").write_text(_RIGHTS + "".join(jobs))
    return folder


def ran(kubectl):
    """Names of the hooks that have run in a tenant, in the order in which they did."""
    listed = kubectl.json("get", "configmaps", "-n", _WHERE)["items"]
    found = [one for one in listed if one["metadata"]["name"].startswith("hook-")]
    found.sort(key=lambda one: int(one["metadata"]["resourceVersion"]))
    return [one["metadata"]["name"].removeprefix("hook-") for one in found]
