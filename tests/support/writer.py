"""A client that writes without a pause, and knows afterwards what it was promised."""

import http.client
import itertools
import json
import threading
import time

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


def create(target, name):
    """Create a ConfigMap; True when the server acknowledged it."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    try:
        status, _ = target.request(
            "POST",
            CONFIG_MAPS,
            json.dumps(body),
            headers={"Content-Type": "application/json"},
            seconds=2,  # a connection to a killed pod hears nothing any more: ask on another
        )
    except (OSError, http.client.HTTPException):
        return False
    return status == http.HTTPStatus.CREATED


class Writer:
    """Creates numbered ConfigMaps without a pause and remembers what was acknowledged."""

    def __init__(self, target, prefix):
        self.target, self.prefix, self.acknowledged, self.times = target, prefix, [], []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        number = 0
        while not self._stop.is_set():
            name = f"{self.prefix}-{number}"
            if create(self.target, name):
                self.acknowledged.append(name)
                self.times.append(time.monotonic())
            number += 1

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def gaps(self):
        """Seconds between one acknowledged write and the next."""
        return [after - before for before, after in itertools.pairwise(self.times)]

    def check(self, tenant):
        """Every acknowledged write is there; then they are removed."""
        present = set(tenant.names("configmaps", "-n", "default"))
        assert self.acknowledged
        assert [name for name in self.acknowledged if name not in present] == []
        tenant.run("delete", "configmaps", "-n", "default", "--all", "--wait=false")
