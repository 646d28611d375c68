"""A kubelet that runs nothing: it says of each pod what it is told to say.

The API server and the controllers around it are real; a container is not.
"""

import threading
import time
from contextlib import suppress

_PAUSE_SECONDS = 0.02
RUNNING = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
PULL_FAILED = {
    "waiting": {
        "reason": "ImagePullBackOff",
        "message": 'Back-off pulling image "example.test/b:1": not found',
    }
}
CRASHED = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting"}}
_EXITED = {"terminated": {"reason": "Error", "exitCode": 3, "message": "no such file"}}


class FakeKubelet:
    """Speaks for the pods of one namespace while it is in a `with`."""

    def __init__(self, api, namespace):
        self._api = api
        self._path = f"/api/v1/namespaces/{namespace}/pods"
        self._stopped = threading.Event()
        self._said = set()
        self.says = self.ready
        """What it says of a pod: a function of the pod that returns a status."""
        self.delay_seconds = 0.0
        """How long after it first saw a pod it speaks."""

    def __enter__(self):
        self._thread = threading.Thread(target=self._speak, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopped.set()
        self._thread.join()

    def say(self, says, delay_seconds=0.0):
        self.says, self.delay_seconds = says, delay_seconds
        self._said.clear()

    def ready(self, pod):
        return _status(pod, RUNNING, ready=True)

    def pulls_nothing(self, pod):
        return _status(pod, PULL_FAILED, ready=False)

    def crashes(self, pod):
        return _restarted(_status(pod, CRASHED, ready=False))

    def runs_between_crashes(self, pod):
        return _restarted(_status(pod, RUNNING, ready=True))

    def succeeds(self, pod):
        done = {"terminated": {"reason": "Completed", "exitCode": 0}}
        return _status(pod, done, ready=False, phase="Succeeded")

    def fails(self, pod):
        return _status(pod, _EXITED, ready=False, phase="Failed")

    def _speak(self):
        seen = {}
        while not self._stopped.wait(_PAUSE_SECONDS):
            with suppress(OSError):  # a test restarts the API server
                for pod in self._api.get(self._path).body.get("items", []):
                    first = seen.setdefault(pod["metadata"]["uid"], time.monotonic())
                    if time.monotonic() - first >= self.delay_seconds:
                        self._speak_of(pod)

    def _speak_of(self, pod):
        uid = pod["metadata"]["uid"]
        path = f"{self._path}/{pod['metadata']['name']}/status"
        if uid not in self._said and self._api.merge(path, {"status": self.says(pod)}).ok:
            self._said.add(uid)


def _restarted(status):
    for container in status["containerStatuses"]:
        container |= {"restartCount": 4, "lastState": _EXITED}
    return status


def _status(pod, state, *, ready, phase="Running"):
    word = "True" if ready else "False"
    now = "2026-01-01T00:00:00Z"
    conditions = [
        {"type": kind, "status": "True", "lastTransitionTime": now}
        for kind in ("PodScheduled", "Initialized")
    ]
    conditions += [
        {"type": kind, "status": word, "lastTransitionTime": now}
        for kind in ("Ready", "ContainersReady")
    ]
    containers = [
        {
            "name": container["name"],
            "image": container["image"],
            "imageID": "",
            "ready": ready,
            "started": ready,
            "restartCount": 0,
            "state": state,
        }
        for container in pod["spec"]["containers"]
    ]
    return {
        "phase": phase,
        "conditions": conditions,
        "containerStatuses": containers,
        "podIP": "10.9.9.9",
        "podIPs": [{"ip": "10.9.9.9"}],
    }
