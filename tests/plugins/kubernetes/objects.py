"""One object of each supported kind, written the way people write them, and a change to each.

They hold what makes states differ: amounts in several spellings, zero values, empty structures,
numbers that may be words. Nothing in them needs a node.
"""

LABELS = {"app": "demo"}
_RESTRICTED = {"runAsNonRoot": True, "readOnlyRootFilesystem": False}
CRD_GROUP = "conformance.tenantplane.dev"

_POD = {
    "metadata": {"labels": LABELS, "annotations": {}},
    "spec": {
        "automountServiceAccountToken": False,
        "hostNetwork": False,
        "terminationGracePeriodSeconds": 0,
        "restartPolicy": "Always",
        "securityContext": {},
        "initContainers": [
            {
                "name": "sidecar",
                "image": "example.test/a:1",
                "restartPolicy": "Always",
                "args": [],
                "startupProbe": {"httpGet": {"path": "/livez", "port": 8080}, "periodSeconds": 1},
            }
        ],
        "containers": [
            {
                "name": "main",
                "image": "example.test/b:1",
                "command": ["run"],
                "env": [{"name": "EMPTY", "value": ""}, {"name": "A", "value": "b"}],
                "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
                "resources": {
                    "requests": {"cpu": "0.01", "memory": "1024Mi"},
                    "limits": {"memory": "1.5Gi", "cpu": 1},
                },
                "readinessProbe": {
                    "httpGet": {"path": "/readyz", "port": "http", "scheme": "HTTPS"},
                    "initialDelaySeconds": 0,
                },
                "securityContext": _RESTRICTED,
                "stdin": False,
                "volumeMounts": [{"name": "data", "mountPath": "/data", "readOnly": False}],
            }
        ],
        "volumes": [{"name": "data", "emptyDir": {}}],
    },
}


def _meta(name, **more):
    return {"name": name, **more}


def objects(namespace):
    """Return {type token: (object, changed object)}; all go into one namespace."""
    place = {"namespace": namespace}

    def meta(name, **more):
        return {"name": name, **place, "labels": LABELS, **more}

    skip = {"annotations": {"pulumi.com/skipAwait": "true"}}
    deployment_spec = {"replicas": 0, "selector": {"matchLabels": LABELS}, "template": _POD}
    stateful_spec = {
        **deployment_spec,
        "serviceName": "demo",
        "volumeClaimTemplates": [
            {
                "metadata": {"name": "data"},
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": "1024Mi"}},
                },
            }
        ],
    }
    cron = {
        "schedule": "0 3 * * *",
        "suspend": True,
        "jobTemplate": {
            "spec": {"template": {"spec": {**_POD["spec"], "restartPolicy": "OnFailure"}}}
        },
    }
    half = {"type": "Utilization", "averageUtilization": 50}
    scaling = {
        "maxReplicas": 3,
        "minReplicas": 1,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"},
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": half}}],
    }
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]
    cluster = f"conformance-{namespace}"
    role_ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    subjects = [{"kind": "Group", "name": "demo", "apiGroup": "rbac.authorization.k8s.io"}]
    cases = {
        "core/v1:ConfigMap": (
            {"metadata": meta("demo"), "data": {"a": "1", "b": ""}, "binaryData": {"c": "AAE="}},
            {"data": {"a": "2", "b": ""}},
        ),
        "core/v1:Secret": (
            {"metadata": meta("demo"), "stringData": {"a": "1"}, "data": {"b": "Yg=="}},
            {"stringData": {"a": "2"}},
        ),
        "core/v1:Service": (
            {
                "metadata": meta("demo", **skip),
                "spec": {
                    "selector": LABELS,
                    "ports": [
                        {"port": 80, "targetPort": "http", "name": "http"},
                        {"port": 81, "targetPort": 8081, "name": "other", "protocol": "TCP"},
                    ],
                },
            },
            {"spec": {"selector": LABELS, "ports": [{"port": 82, "name": "http"}]}},
        ),
        "core/v1:ServiceAccount": (
            {"metadata": meta("demo"), "automountServiceAccountToken": False},
            {"automountServiceAccountToken": True},
        ),
        "core/v1:PersistentVolumeClaim": (
            {
                "metadata": meta("demo", **skip),
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "storageClassName": "",
                    "resources": {"requests": {"storage": "1024Mi"}},
                },
            },
            {"metadata": meta("demo", labels={"app": "other"}, **skip)},
        ),
        "core/v1:ResourceQuota": (
            {
                "metadata": meta("demo"),
                "spec": {"hard": {"requests.storage": "1024Gi", "services": 10}},
            },
            {"spec": {"hard": {"requests.storage": "2048Gi", "services": "10"}}},
        ),
        "core/v1:LimitRange": (
            {
                "metadata": meta("demo"),
                "spec": {
                    "limits": [{"type": "PersistentVolumeClaim", "max": {"storage": "0.5Ti"}}]
                },
            },
            {"spec": {"limits": [{"type": "PersistentVolumeClaim", "max": {"storage": "1Ti"}}]}},
        ),
        "core/v1:Pod": (
            {"metadata": meta("demo", **skip), "spec": _POD["spec"]},
            {"metadata": meta("demo", labels={"app": "other"}, **skip)},
        ),
        "apps/v1:Deployment": (
            {"metadata": meta("demo"), "spec": deployment_spec},
            {"spec": {**deployment_spec, "revisionHistoryLimit": 3}},
        ),
        "apps/v1:StatefulSet": (
            {"metadata": meta("demo"), "spec": stateful_spec},
            {"spec": {**stateful_spec, "minReadySeconds": 3}},
        ),
        "batch/v1:Job": (
            {
                "metadata": meta("demo", **skip),
                "spec": {
                    "backoffLimit": 0,
                    "suspend": True,
                    "template": {"spec": {**_POD["spec"], "restartPolicy": "Never"}},
                },
            },
            {"metadata": meta("demo", labels={"app": "other"}, **skip)},
        ),
        "discovery.k8s.io/v1:EndpointSlice": (
            {
                "metadata": meta("demo"),
                "addressType": "IPv4",
                "endpoints": [{"addresses": ["10.1.2.3"], "conditions": {"ready": True}}],
                "ports": [{"name": "", "port": 80, "protocol": "TCP"}],
            },
            {"endpoints": [{"addresses": ["10.1.2.4"]}]},
        ),
        "rbac.authorization.k8s.io/v1:Role": (
            {"metadata": meta("demo"), "rules": rules},
            {"rules": [{**rules[0], "verbs": ["get"]}]},
        ),
        "rbac.authorization.k8s.io/v1:RoleBinding": (
            {"metadata": meta("demo"), "roleRef": role_ref, "subjects": subjects},
            {"subjects": [{**subjects[0], "name": "other"}]},
        ),
        "batch/v1:CronJob": (
            {"metadata": meta("demo"), "spec": cron},
            {"spec": {**cron, "schedule": "0 4 * * *"}},
        ),
        "autoscaling/v2:HorizontalPodAutoscaler": (
            {"metadata": meta("demo"), "spec": scaling},
            {"spec": {**scaling, "maxReplicas": 4}},
        ),
        "rbac.authorization.k8s.io/v1:ClusterRole": (
            {"metadata": _meta(cluster), "rules": rules},
            {"rules": [{**rules[0], "verbs": ["get"]}]},
        ),
        "rbac.authorization.k8s.io/v1:ClusterRoleBinding": (
            {"metadata": _meta(cluster), "roleRef": role_ref, "subjects": subjects},
            {"subjects": [{**subjects[0], "name": "other"}]},
        ),
        "networking.k8s.io/v1:NetworkPolicy": (
            {
                "metadata": meta("demo"),
                "spec": {
                    "podSelector": {},
                    "policyTypes": ["Ingress", "Egress"],
                    "ingress": [{"from": [{"namespaceSelector": {}}], "ports": [{"port": 80}]}],
                    "egress": [{}],
                },
            },
            {"spec": {"podSelector": {"matchLabels": LABELS}, "policyTypes": ["Ingress"]}},
        ),
        "policy/v1:PodDisruptionBudget": (
            {
                "metadata": meta("demo"),
                "spec": {"maxUnavailable": "50%", "selector": {"matchLabels": LABELS}},
            },
            {"spec": {"maxUnavailable": 1, "selector": {"matchLabels": LABELS}}},
        ),
        "scheduling.k8s.io/v1:PriorityClass": (
            {"metadata": _meta(cluster), "value": 1000, "globalDefault": False},
            {"description": "changed"},
        ),
        "node.k8s.io/v1:RuntimeClass": (
            {"metadata": _meta(cluster), "handler": "runsc"},
            {"metadata": _meta(cluster, labels=LABELS)},
        ),
        "storage.k8s.io/v1:StorageClass": (
            {
                "metadata": _meta(cluster),
                "provisioner": "example.test/none",
                "volumeBindingMode": "WaitForFirstConsumer",
            },
            {"allowVolumeExpansion": True},
        ),
        "admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy": (
            {
                "metadata": _meta(cluster),
                "spec": {
                    "failurePolicy": "Fail",
                    "matchConstraints": {
                        "resourceRules": [
                            {
                                "apiGroups": ["conformance.test"],
                                "apiVersions": ["v1"],
                                "operations": ["CREATE"],
                                "resources": ["demos"],
                            }
                        ]
                    },
                    "validations": [{"expression": "true", "message": "fine"}],
                },
            },
            {"metadata": _meta(cluster, labels=LABELS)},
        ),
        "admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding": (
            {
                "metadata": _meta(cluster),
                "spec": {"policyName": "none", "validationActions": ["Deny"]},
            },
            {"spec": {"policyName": "none", "validationActions": ["Warn"]}},
        ),
    }
    return {token: _completed(token, *pair) for token, pair in cases.items()}


def _completed(token, first, change):
    module, _, kind = token.rpartition(":")
    identity = {"apiVersion": module.removeprefix("core/"), "kind": kind}
    return {**identity, **first}, {**identity, **first, **change}


def namespace(name, **labels):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def definition(kind="Demo", *, required=()):
    """A CustomResourceDefinition with what makes its state special: `x-kubernetes-*` keys."""
    plural = f"{kind.lower()}s"
    spec = {
        "type": "object",
        "x_kubernetes_preserve_unknown_fields": True,
        **({"required": list(required)} if required else {}),
        "properties": {
            "size": {"type": "integer", "default": 1},
            "port": {"x_kubernetes_int_or_string": True},
            "tags": {
                "type": "array",
                "items": {"type": "string"},
                "x_kubernetes_list_type": "set",
            },
        },
    }
    status = {"type": "object", "x_kubernetes_preserve_unknown_fields": True}
    schema = {"type": "object", "properties": {"spec": spec, "status": status}}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{CRD_GROUP}",
            "annotations": {"pulumi.com/waitFor": "condition=Established"},
        },
        "spec": {
            "group": CRD_GROUP,
            "scope": "Namespaced",
            "preserveUnknownFields": False,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [version],
        },
    }


def custom(namespace_name, name="demo", kind="Demo", annotations=None, **spec):
    return {
        "apiVersion": f"{CRD_GROUP}/v1",
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": namespace_name,
            **({"annotations": annotations} if annotations else {}),
        },
        "spec": spec,
    }


CRD_TOKEN = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
NAMESPACE_TOKEN = "kubernetes:core/v1:Namespace"


def custom_token(kind="Demo"):
    return f"kubernetes:{CRD_GROUP}/v1:{kind}"
