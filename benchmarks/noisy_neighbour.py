"""A tenant under a flood from many clients: what the others of its store notice of it."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import clients, rig_host
from benchmarks.figures import Result, Series
from core import flags

CLIENTS = 200
FLOOD_SECONDS = 120
CALM_SECONDS = 60
MARGIN_SECONDS = 5
"""How much earlier the flood begins, and later it ends, than others are measured."""
SETTLE_SECONDS = 30
"""Between the start of tenants and the first look at them."""
HERTZ = 20
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
    idle: bool = True
    """Whether the flood's clients take only what nobody else wants of the machine."""

    @property
    def title(self) -> str:
        """In front of the names of its figures."""
        beside = {"no limits": not self.limits, "clients on equal terms": not self.idle}
        return ", ".join([self.kind, *(what for what, so in beside.items() if so)])


TRIALS = (
    Trial("shared", "<= 3"),
    Trial("shared", idle=False),
    Trial("shared", limits=False),
    Trial("dedicated", "<= 1.5"),
    Trial("postgresql"),
    Trial("mariadb"),
)


def run() -> Result:
    """Flood one tenant of each kind of store; on the shared etcd without limits, too."""
    result = Result("noisy_neighbour")
    with clients.program() as program, rig_host.stack(tenants=0, sql=True) as stack:
        for number, trial in enumerate(TRIALS):
            stack.config["tenants"] = [
                {"name": f"{role}-{trial.kind}", "datastore": trial.kind}
                for role in (_NOISY, *_OTHERS)
            ]
            stack.up()
            if not trial.limits:
                _take_limits_away(f"tenant-{_NOISY}-{trial.kind}")
            time.sleep(SETTLE_SECONDS)
            _measure(result, trial, Flood(program, stack.outputs()["kubeconfigs"], number))
            result.write()
    return result


@dataclass(frozen=True)
class Flood:
    """What a trial is made with."""

    program: Path
    known: Mapping[str, str]
    """Kubeconfigs by tenant."""
    number: int
    """Of the trial: objects of earlier ones are there still."""


def _others(result: Result, trial: Trial, by: Flood, phase: str, seconds: int) -> dict[str, Series]:
    """What those notice that are not flooded."""
    started = [
        clients.probing(
            by.program,
            by.known[f"{role}-{trial.kind}"],
            prefix=f"{phase}-{by.number}",
            seconds=seconds,
            hertz=HERTZ,
        )
        for role in _OTHERS
    ]
    found = [one.end() for one in started]
    failed = sum(len(one.get("failed", ())) for one in found)
    result.add(f"{trial.title}: {phase}, failed requests", "", [failed])
    return {
        what: Series("ms", [value for one in found for value in one[what]])
        for what in ("get", "create")
    }


def _measure(result: Result, trial: Trial, by: Flood) -> None:
    calm = _others(result, trial, by, "calm", CALM_SECONDS)
    flood = clients.flooding(
        by.program,
        by.known[f"{_NOISY}-{trial.kind}"],
        prefix=f"flood-{by.number}",
        clients=CLIENTS,
        seconds=FLOOD_SECONDS + 2 * MARGIN_SECONDS,
        idle=trial.idle,
    )
    time.sleep(MARGIN_SECONDS)
    flooded = _others(result, trial, by, "flood", FLOOD_SECONDS)
    answers = flood.end()
    for what, before in calm.items():
        result.add(f"{trial.title}: {what}, calm", "ms", before.values)
        result.add(f"{trial.title}: {what}, flood", "ms", flooded[what].values)
        ratio = flooded[what].percentile(0.99) / before.percentile(0.99)
        title = f"{trial.title}: {what}, p99 in the flood to p99 before"
        result.add(title, "", [ratio], trial.target)
    for what, by_code in answers.items():
        served = sum(count for code, count in by_code.items() if code.startswith("2"))
        for label, count in (("served", served), ("refused", by_code.get("429", 0))):
            rate = count / (FLOOD_SECONDS + 2 * MARGIN_SECONDS)
            result.add(f"{trial.title}: {what} of the flood, {label}", "1/s", [rate])


def _take_limits_away(namespace: str) -> None:
    """Have a tenant's API server serve whatever comes, as fast as it can."""
    host = rig_host.kubectl()
    deployment = host.json("get", "deployment", "control-plane", "-n", namespace)
    pod = deployment["spec"]["template"]["spec"]
    server = next(one for one in pod["initContainers"] if one["name"] == "kube-apiserver")
    kept = [flag for flag in server["args"] if flag[2:].partition("=")[0] not in _NO_LIMITS]
    server["args"] = [*kept, *flags.render(_NO_LIMITS)]
    host.run("replace", "-f", "-", stdin=json.dumps(deployment))
    host.run("rollout", "status", "deployment/control-plane", "-n", namespace)
