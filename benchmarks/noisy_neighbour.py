"""A tenant under a flood from many clients: what the others of its store notice of it.

On a machine of few cores they notice it whatever they share with it: the flooded API server and the
flood's own clients need cores, too. So there are trials in which nobody waits for those, and one in
which nobody is flooded, but all cores are busy: what is noticed then is the machine.
"""

import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import clients, priorities, processes, rig_host
from benchmarks.figures import Result, Series
from core import flags, names
from tests.support.pulumi_cli import PulumiCli

CLIENTS = 200
FLOOD_SECONDS = 120
CALM_SECONDS = 60
MARGIN_SECONDS = 5
"""How much earlier the flood begins, and later it ends, than others are measured."""
_WHOLE_SECONDS = FLOOD_SECONDS + 2 * MARGIN_SECONDS
SETTLE_SECONDS = 30
"""Between the start of tenants and the first look at them."""
HERTZ = 20
_WHAT = ("get", "create")
_NOISY, *_OTHERS = ("noisy", "quiet", "still")
_NO_LIMITS = {
    "enable-priority-and-fairness": "false",
    "max-mutating-requests-inflight": "0",
    "max-requests-inflight": "0",
}


@dataclass(frozen=True)
class Trial:
    """One flood."""

    kind: str
    """Of the store that all its tenants have."""
    target: str = ""
    """The ratio to reach, in words."""
    limits: bool = True
    """Whether the API server that is flooded has its limits."""
    first: bool = False
    """Whether the others, and what all share, run before the flooded tenant and its clients do.

    As on cores of their own: what the flood makes the gateway and the store do is left.
    """

    burn: bool = False
    """Whether the cores are kept busy with nothing instead: nobody is flooded."""

    @property
    def title(self) -> str:
        """In front of the names of its figures."""
        return ", ".join([self.kind, *self._beside()])

    def tenant(self, role: str) -> str:
        """The name of its tenant in a role."""
        return "-".join([role, self.kind, *(what.split()[-1] for what in self._beside())])

    def _beside(self) -> list[str]:
        """What it has beside the kind of store."""
        has = {
            "no limits": not self.limits,
            "others first": self.first,
            "busy cores": self.burn,
        }
        return [what for what, so in has.items() if so]


TRIALS = (
    Trial("shared", "<= 3"),
    Trial("shared", limits=False),
    Trial("dedicated", "<= 1.5"),
    Trial("postgresql"),
    Trial("mariadb"),
    Trial("shared", "<= 3", first=True),
    Trial("dedicated", "<= 1.5", first=True),
    Trial("dedicated", first=True, burn=True),
)
"""What runs before others goes on doing so: those trials are the last."""


def run() -> Result:
    """Flood one tenant of each kind of store; without limits, and with the others first, too."""
    result = Result("noisy_neighbour")
    with clients.program() as program, rig_host.stack(tenants=0, sql=True) as stack:
        for trial in TRIALS:
            kubeconfigs = _tenants(trial, stack)
            first = _what_runs_first(trial) if trial.first else []
            before = _restarts(*first)
            time.sleep(SETTLE_SECONDS)
            _measure(result, trial, program, kubeconfigs)
            if _restarts(*first) != before:
                raise RuntimeError(f"{trial.title}: a container of {first} no longer runs first")
            restarts = _restarts(names.namespace(trial.tenant(_NOISY)))
            result.add(f"{trial.title}: restarts of who was flooded", "", [restarts])
            result.write()
    return result


def _tenants(trial: Trial, stack: PulumiCli) -> dict[str, str]:
    """Have the tenants of a trial and no others; return their kubeconfigs by role."""
    tenants = {role: trial.tenant(role) for role in (_NOISY, *_OTHERS)}
    stack.config["tenants"] = [{"name": name, "datastore": trial.kind} for name in tenants.values()]
    stack.up()
    if not trial.limits:
        _take_limits_away(names.namespace(tenants[_NOISY]))
    known = stack.outputs()["kubeconfigs"]
    return {role: known[name] for role, name in tenants.items()}


def _what_runs_first(trial: Trial) -> list[str]:
    """Have the others, and what all share, run first; return their namespaces."""
    shared = [names.etcd_namespace("shared"), names.GATEWAY_NAMESPACE]
    others = [names.namespace(trial.tenant(role)) for role in _OTHERS]
    priorities.run_first(processes.of_pods(*shared), priorities.SHARED)
    priorities.run_first(processes.of_pods(*others), priorities.OTHERS)
    return shared + others


def _others(
    program: Path, kubeconfigs: Mapping[str, str], phase: str, seconds: int
) -> dict[str, list[float]]:
    """What those notice that are not flooded: latencies in ms of get, create and failed."""
    asks = {"prefix": phase, "seconds": seconds, "hertz": HERTZ}
    with contextlib.ExitStack() as running:
        started = [
            running.enter_context(clients.probing(program, kubeconfigs[role], **asks))
            for role in _OTHERS
        ]
        found = [one.end() for one in started]
    return {
        what: [value for one in found for value in one.get(what, ())] for what in (*_WHAT, "failed")
    }


def _measure(result: Result, trial: Trial, program: Path, kubeconfigs: Mapping[str, str]) -> None:
    seen = {"calm": _others(program, kubeconfigs, "calm", CALM_SECONDS)}
    with _noise(trial, program, kubeconfigs[_NOISY]) as flood:
        time.sleep(MARGIN_SECONDS)
        seen["flood"] = _others(program, kubeconfigs, "flood", FLOOD_SECONDS)
        answers = flood.end()
    for phase, found in seen.items():
        result.add(f"{trial.title}: {phase}, failed requests", "", [len(found["failed"])])
    for what in _WHAT:
        for phase, found in seen.items():
            result.add(f"{trial.title}: {what}, {phase}", "ms", found[what])
        calm, flooded = (Series("ms", found[what]).percentile(0.99) for found in seen.values())
        ratio = flooded / calm
        title = f"{trial.title}: {what}, p99 in the flood to p99 before"
        result.add(title, "", [ratio], trial.target)
    for what, by_code in answers.items():
        served = sum(count for code, count in by_code.items() if code.startswith("2"))
        for label, count in (("served", served), ("refused", by_code.get("429", 0))):
            rate = count / _WHOLE_SECONDS
            result.add(f"{trial.title}: {what} of the flood, {label}", "1/s", [rate])


def _noise(trial: Trial, program: Path, kubeconfig: str) -> clients.Clients:
    """Start what the others are to notice."""
    seconds = _WHOLE_SECONDS
    if trial.burn:
        return clients.burning(program, kubeconfig, seconds=seconds)
    return clients.flooding(program, kubeconfig, prefix="flood", clients=CLIENTS, seconds=seconds)


def _restarts(*namespaces: str) -> int:
    """How often containers of namespaces were started again."""
    host, counts = rig_host.kubectl(), "-o=jsonpath={..restartCount}"
    found = [host.out("get", "pods", "-n", one, counts) for one in namespaces]
    return sum(map(int, " ".join(found).split()))


def _take_limits_away(namespace: str) -> None:
    """Have a tenant's API server serve whatever comes, as fast as it can."""
    host = rig_host.kubectl()
    deployment = host.json("get", "deployment", "control-plane", "-n", namespace)
    pod = deployment["spec"]["template"]["spec"]
    server = next(one for one in pod["initContainers"] if one["name"] == "kube-apiserver")
    kept = [flag for flag in server["args"] if flag[2:].partition("=")[0] not in _NO_LIMITS]
    server["args"] = [*kept, *flags.render(_NO_LIMITS)]
    server["env"] = [one for one in server["env"] if one["name"] != "GOMAXPROCS"]
    del deployment["metadata"]["resourceVersion"]  # whatever its status says meanwhile
    host.run("replace", "-f", "-", stdin=json.dumps(deployment))
    host.run("rollout", "status", "deployment/control-plane", "-n", namespace, timeout=300)
