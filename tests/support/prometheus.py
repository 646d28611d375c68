"""The admission webhook of the Prometheus operator, as manifests: a real operator of two versions.

It refuses rules that Prometheus couldn't read, and converts AlertmanagerConfigs between versions of
their API. Everything but its certificate is as its Go module has it.
"""

import base64
import json

from core import kubernetes_yaml, versions
from core.operators import references
from tests.support import charts
from tests.support.certificates import Authority

NAMESPACE = "monitoring"
SERVICE = "prometheus-operator-admission-webhook"
MODULE = "github.com/prometheus-operator/prometheus-operator"
_GROUP = "monitoring.coreos.com"
_CRDS = ("alertmanagerconfigs", "prometheusrules")


def manifests(version):
    """What is applied for a version like v0.92.1: its example, as its README wires it."""
    folder = charts.module(MODULE, version) / "example"
    authority = Authority("prometheus operator")
    certificate, key = authority.issue(SERVICE, names=[f"{SERVICE}.{NAMESPACE}.svc"])
    found = [
        document
        for name in ("deployment", "service", "service-account")
        for document in _documents(folder / f"admission-webhook/{name}.yaml")
    ]
    deployment = next(one for one in found if one["kind"] == "Deployment")
    deployment["spec"]["replicas"] = 1
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    for _, term in references.affinity_terms(deployment["spec"]["template"]["spec"]):
        term["namespaces"] = [NAMESPACE]
    container["image"] = versions.image("prometheus-admission", version=version.removeprefix("v"))
    for one in found:
        one["metadata"]["namespace"] = NAMESPACE
    found.append(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "admission-webhook-certs", "namespace": NAMESPACE},
            "type": "kubernetes.io/tls",
            "stringData": {"tls.crt": certificate, "tls.key": key},
        }
    )
    bundle = base64.b64encode(authority.pem.encode()).decode()
    found += [_crd(folder, plural, bundle) for plural in _CRDS]
    return [*found, _webhooks(bundle)]


def _documents(path):
    return [one.value for one in kubernetes_yaml.documents(path.read_text(), path.name)]


def _crd(folder, plural, bundle):
    path = folder / f"prometheus-operator-crd-full/{_GROUP}_{plural}.yaml"
    (crd,) = _documents(path)
    if plural == "alertmanagerconfigs":
        client = {"service": _service("/convert"), "caBundle": bundle}
        crd["spec"]["conversion"] = {
            "strategy": "Webhook",
            "webhook": {"clientConfig": client, "conversionReviewVersions": ["v1"]},
        }
    return crd


def _webhooks(bundle):
    paths = {"prometheusrules": "v1", "alertmanagerconfigs": "v1alpha1"}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": SERVICE},
        "webhooks": [
            {
                "name": f"{plural}.{_GROUP}",
                "failurePolicy": "Fail",
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
                "clientConfig": {
                    "service": _service(f"/admission-{plural}/validate"),
                    "caBundle": bundle,
                },
                "rules": [
                    {
                        "apiGroups": [_GROUP],
                        "apiVersions": [version],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": [plural],
                    }
                ],
            }
            for plural, version in paths.items()
        ],
    }


def _service(path):
    return {"name": SERVICE, "namespace": NAMESPACE, "path": path, "port": 443}


def rule(expression, name="good"):
    """A PrometheusRule with one alert."""
    alert = {"alert": "Down", "expr": expression}
    return {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"groups": [{"name": "example", "rules": [alert]}]},
    }


def operator(folder, version):
    """It as a config has it, with its manifests in a file of the folder."""
    path = folder / f"prometheus-{version}.json"
    listed = {"apiVersion": "v1", "kind": "List", "items": manifests(version)}
    path.write_text(json.dumps(listed))
    return {"name": "prometheus", "namespace": NAMESPACE, "manifests": str(path)}
