"""A webhook that the host serves to a tenant: its latency against a call of the same host Service.

The tenant's API server calls it by a Service of type ExternalName. To compare, the same review goes
straight to the Service of the host that this leads to, from the API server's own network, over a
connection that is kept as the API server keeps its own. The client of that call is Python, the
API server's is Go. What a client of the tenant notices stands beside it.
Not here: whether webhooks work (tests/e2e/operators/test_webhooks.py).
"""

import base64
import itertools
import json
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks import processes, rig_host
from benchmarks.figures import Result
from core import names
from tests.support import prometheus
from tests.support.pod_network import run_inside
from tests.support.probe import Target

TENANT = "t0"
VERSION = "v0.92.1"
CALLS = 300
WARM_UP_CALLS = 20

WEBHOOK = "prometheusrules.monitoring.coreos.com"
_METRIC = "apiserver_admission_webhook_admission_duration_seconds"
"""https://kubernetes.io/docs/reference/instrumentation/metrics/"""
_SAMPLE = re.compile(rf"{_METRIC}_(sum|count|bucket){{(.*)}} (\S+)")
_FAST_SECONDS = "0.005"
"""The first bucket of the metric."""
_RULES = "/apis/monitoring.coreos.com/v1/namespaces/default/prometheusrules"
_CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"

DIRECT = """\
import http.client, json, socket, ssl, sys, time
given = json.load(open(sys.argv[1]))
context = ssl.create_default_context(cadata=given["authority"])
raw = socket.create_connection((given["address"], given["port"]), timeout=10)
raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
connection = http.client.HTTPConnection(given["name"])
connection.sock = context.wrap_socket(raw, server_hostname=given["name"])
body, found = json.dumps(given["review"]), []
for _ in range(given["calls"]):
    start = time.perf_counter()
    connection.request("POST", given["path"], body, {"Content-Type": "application/json"})
    answer = json.load(connection.getresponse())
    found.append((time.perf_counter() - start) * 1000)
    assert answer["response"]["allowed"], answer
print(json.dumps(found))
"""
"""Posts a review so many times over one connection; prints the ms that each took."""


def run() -> Result:
    """Create CALLS PrometheusRules and ConfigMaps, and call the webhook itself, all dry runs."""
    result = Result("webhooks")
    with tempfile.TemporaryDirectory() as folder, rig_host.stack(0, operators=True) as stack:
        operator = prometheus.operator(Path(folder), VERSION)
        stack.config["tenants"] = [{"name": TENANT, "operators": [operator]}]
        stack.up()
        tenant = Target(stack.outputs()["adminKubeconfigs"][TENANT]).connection()
        _measure(result, tenant)
        direct = _directly(Path(folder), tenant)
        result.add("the same review sent straight to the host's Service", "ms", direct)
        result.add("the same, mean", "ms", [sum(direct) / CALLS])
    return result


def _measure(result: Result, tenant: HTTPConnection) -> None:
    """Add what the API server measures of its webhook, and what its client notices."""
    rule, config_map = prometheus.rule("up == 0"), {"data": {"text": "up == 0"}}
    _creates(tenant, _RULES, rule, WARM_UP_CALLS)
    before = _reading(tenant)
    noticed = _creates(tenant, _RULES, rule, CALLS)
    after = _reading(tenant)
    spent = {kind: after[kind] - before[kind] for kind in after}
    result.add("webhook, as the API server measures it, mean", "ms", [spent["sum"] / CALLS * 1000])
    fast = spent["bucket"] / CALLS * 100
    result.add("webhook, as the API server measures it, within 5 ms", "%", [fast])
    sums = [_reading(tenant)["sum"]]
    _creates(tenant, _RULES, rule, CALLS, lambda: sums.append(_reading(tenant)["sum"]))
    each = [(later - sooner) * 1000 for sooner, later in itertools.pairwise(sums)]
    result.add("webhook, as the API server measures it, each by itself", "ms", each)
    result.add("create of a PrometheusRule, by its client", "ms", noticed)
    _creates(tenant, _CONFIG_MAPS, config_map, WARM_UP_CALLS)
    plain = _creates(tenant, _CONFIG_MAPS, config_map, CALLS)
    result.add("create of a ConfigMap, by its client", "ms", plain)


def _creates(
    tenant: HTTPConnection,
    path: str,
    body: Mapping[str, Any],
    count: int,
    after_each: Callable[[], object] = lambda: None,
) -> list[float]:
    """Create as many objects as dry runs; latency of each in ms."""
    found = []
    for number in range(count):
        named = {**body, "metadata": {"name": f"dry-{number}", "namespace": "default"}}
        text = json.dumps(named)
        start = time.monotonic()
        _ask(tenant, "POST", f"{path}?dryRun=All", text)
        found.append(rig_host.seconds(start) * 1000)
        after_each()
    return found


def _ask(tenant: HTTPConnection, method: str, path: str, body: str | None = None) -> str:
    """One request over a connection that is kept.

    Raises:
        RuntimeError: it was refused.
    """
    tenant.request(method, path, body, {"Content-Type": "application/json"})
    response = tenant.getresponse()
    text = response.read().decode()
    if response.status >= 300:  # noqa: PLR2004
        raise RuntimeError(f"{method} {path}: {response.status} {text}")
    return text


def _reading(tenant: HTTPConnection) -> dict[str, float]:
    return reading(_ask(tenant, "GET", "/metrics"))


def reading(metrics: str) -> dict[str, float]:
    """What an API server says of the webhook: seconds (sum), calls (count), fast ones (bucket)."""
    found = {"sum": 0.0, "count": 0.0, "bucket": 0.0}
    for kind, labels, value in _SAMPLE.findall(metrics):
        is_ours = f'name="{WEBHOOK}"' in labels
        if is_ours and (kind != "bucket" or f'le="{_FAST_SECONDS}"' in labels):
            found[kind] += float(value)
    return found


def _directly(folder: Path, tenant: HTTPConnection) -> list[float]:
    """Latency in ms of each call of the webhook itself, from where the API server is."""
    namespace = names.namespace(TENANT)
    service = rig_host.kubectl().json("get", "service", prometheus.SERVICE, "-n", namespace)
    path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    configured = json.loads(_ask(tenant, "GET", f"{path}/{prometheus.SERVICE}"))["webhooks"]
    client = next(one["clientConfig"] for one in configured if one["name"] == WEBHOOK)
    given = {
        "address": service["spec"]["clusterIP"],
        "port": service["spec"]["ports"][0]["port"],
        "name": f"{prometheus.SERVICE}.{prometheus.NAMESPACE}.svc",
        "authority": base64.b64decode(client["caBundle"]).decode(),
        "path": client["service"]["path"],
        "review": review(prometheus.rule("up == 0")),
        "calls": WARM_UP_CALLS + CALLS,
    }
    file = folder / "calls.json"
    file.write_text(json.dumps(given))
    server = next(
        pid
        for pid in processes.of_pods(namespace)
        if processes.command(pid).startswith("kube-apiserver ")
    )
    found: list[float] = json.loads(run_inside(f"/proc/{server}/ns/net", DIRECT, file))
    return found[WARM_UP_CALLS:]


def review(rule: Mapping[str, Any]) -> dict[str, Any]:
    """An AdmissionReview of a rule that is created as a dry run, as an API server sends it."""
    group, version = rule["apiVersion"].split("/")
    kind = {"group": group, "version": version, "kind": rule["kind"]}
    resource = {"group": group, "version": version, "resource": "prometheusrules"}
    options = {"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions", "dryRun": ["All"]}
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "6b1d4a3e-5f0c-4c55-9a55-3f0f2f6f1c11",
            "kind": kind,
            "requestKind": kind,
            "resource": resource,
            "requestResource": resource,
            "name": rule["metadata"]["name"],
            "namespace": "default",
            "operation": "CREATE",
            "userInfo": {"username": "admin", "groups": ["system:authenticated"]},
            "object": rule,
            "oldObject": None,
            "dryRun": True,
            "options": options,
        },
    }
