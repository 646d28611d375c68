"""Objects of an operator's chart, as small as can be, for tests of what becomes of them."""

from core.operators import sides
from core.operators.wiring import Wiring

NAMESPACE = "ops"
"""Of the tenant: where the operator believes to be."""
IMAGE = "ghcr.io/acme/demo:1"
RBAC = "rbac.authorization.k8s.io/v1"
ADMISSION = "admissionregistration.k8s.io/v1"
ACCOUNT_TOKEN = "kubernetes.io/service-account-token"


def wiring(**changes):
    """How an operator called demo is wired to the tenant acme."""
    usual = {
        "tenant": "acme",
        "operator": "demo",
        "audience": "https://acme.tenants.test",
        "registries": ("ghcr.io",),
    }
    return Wiring(**(usual | changes))


def obj(kind, name="demo", namespace=NAMESPACE, api_version="v1", **fields):
    """An object; `annotations` and `labels` are its metadata's, a namespace of None is none."""
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    metadata |= {key: fields.pop(key) for key in ("annotations", "labels") if key in fields}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def container(name="main", **fields):
    return {"name": name, "image": IMAGE, **fields}


def template(labels=None, **spec):
    """What describes a pod: one container, and what is said of its spec."""
    return {
        "metadata": {"labels": labels or {"app": "demo"}},
        "spec": {"containers": [container()], **spec},
    }


def workload(kind="Deployment", name="demo", namespace=NAMESPACE, *, pod=None, **fields):
    """A workload of any kind whose pods are these; `metadata` of `obj` in its fields."""
    (group,) = (group for group, known in sides.TEMPLATES if known == kind)
    version = f"{group}/v1" if group else "v1"
    made = obj(kind, name, namespace, version, **fields)
    pod = pod or template()
    if kind == "Pod":
        made["spec"] = pod["spec"]
        made["metadata"].setdefault("labels", {}).update(pod["metadata"]["labels"])
        return made
    holder = made
    for key in sides.TEMPLATES[group, kind][:-1]:
        holder = holder.setdefault(key, {})
    holder["template"] = pod
    return made


def service(name="demo", namespace=NAMESPACE, **spec):
    return obj("Service", name, namespace, spec={"selector": {"app": "demo"}, **spec})


def definition(kind="Thing", group="demo.test", scope="Namespaced"):
    plural = f"{kind.lower()}s"
    spec = {"group": group, "scope": scope, "names": {"kind": kind, "plural": plural}}
    name, api = f"{plural}.{group}", "apiextensions.k8s.io/v1"
    return obj("CustomResourceDefinition", name, None, api, spec=spec)


def hook(manifest, events, weight=None):
    """The same object as a hook of Helm's."""
    annotations = {"helm.sh/hook": events}
    if weight is not None:
        annotations["helm.sh/hook-weight"] = str(weight)
    manifest["metadata"].setdefault("annotations", {}).update(annotations)
    return manifest
