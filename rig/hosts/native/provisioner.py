"""provisioner: makes a PersistentVolume for each claim of the host's storage class.

A process of the host. A volume is a folder of the host's,
of type `local`: fsGroup works as on a cloud's disk, sizes are not enforced.
Not here: the storage class (addons.py), the binding of claim and volume (kube-controller-manager).
"""

import http.client
import shutil
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.errors import HostError
from rig.hosts.native.addons import PROVISIONER, STORAGE_CLASS
from rig.hosts.native.api import Api

_CLAIMS = "/api/v1/persistentvolumeclaims"
_VOLUMES = "/api/v1/persistentvolumes"
_WATCH_SECONDS = 300
_RETRY_SECONDS = 1.0
_PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"


def wants_volume(claim: dict[str, Any]) -> bool:
    """Say whether a claim is ours and has no volume yet."""
    spec, metadata = claim["spec"], claim["metadata"]
    return (
        spec.get("storageClassName") == STORAGE_CLASS
        and not spec.get("volumeName")
        and "deletionTimestamp" not in metadata
        and spec.get("selector") is None
    )


def is_done(volume: dict[str, Any]) -> bool:
    """Say whether a volume is ours and its claim is gone for good."""
    annotations = volume["metadata"].get("annotations") or {}
    return (
        annotations.get(_PROVISIONED_BY) == PROVISIONER
        and volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
        and volume.get("status", {}).get("phase") == "Released"
    )


def volume_for(claim: dict[str, Any], folder: Path, node: str) -> dict[str, Any]:
    """Return the volume of a claim, named after the claim's uid: a retry makes no second one."""
    metadata, spec = claim["metadata"], claim["spec"]
    name = f"pvc-{metadata['uid']}"
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    reference = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
    reference |= {key: metadata[key] for key in ("namespace", "name", "uid")}
    volume: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {_PROVISIONED_BY: PROVISIONER}},
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "claimRef": reference,
            "local": {"path": str(folder / name)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": STORAGE_CLASS,
            "volumeMode": spec.get("volumeMode", "Filesystem"),
        },
    }
    return volume


class Provisioner:
    """The two watches and what they do."""

    def __init__(self, connect: Callable[[], Api], folder: Path, node: str) -> None:
        """Provision.

        Args:
            connect: Opens a connection to the API server.
            folder: Where the volumes are.
            node: Name of the host's only node.
        """
        self._connect = connect
        self._folder = folder
        self._node = node

    def claim(self, client: Api, claim: dict[str, Any]) -> None:
        """Make the volume of a claim, if it wants one."""
        if not wants_volume(claim):
            return
        volume = volume_for(claim, self._folder, self._node)
        Path(volume["spec"]["local"]["path"]).mkdir(parents=True, exist_ok=True, mode=0o755)
        if client.create(_VOLUMES, volume):
            _log("made", volume)

    def volume(self, client: Api, volume: dict[str, Any]) -> None:
        """Delete a volume and its data, if its claim is gone."""
        if not is_done(volume):
            return
        name = volume["metadata"]["name"]
        shutil.rmtree(self._folder / name, ignore_errors=True)
        client.delete(f"{_VOLUMES}/{name}")
        _log("deleted", volume)

    def follow(self, path: str, handle: Callable[[Api, dict[str, Any]], None]) -> None:
        """Handle every object of a collection, now and whenever it changes, for ever."""
        while True:
            try:
                self._follow_once(path, handle)
            except (HostError, OSError, http.client.HTTPException, ValueError) as error:
                print(f"{path}: {error!r}", flush=True)
                time.sleep(_RETRY_SECONDS)

    def _follow_once(self, path: str, handle: Callable[[Api, dict[str, Any]], None]) -> None:
        with self._connect() as client, self._connect() as watcher:
            listed = client.get(path)
            if listed is None:
                raise HostError(f"{path}: is not served")
            for item in listed["items"]:
                handle(client, item)
            version = listed["metadata"]["resourceVersion"]
            for event in watcher.watch(path, version, _WATCH_SECONDS):
                if event["type"] == "ERROR":  # the version is too old: list again
                    return
                if event["type"] in ("ADDED", "MODIFIED"):
                    handle(client, event["object"])


def _log(verb: str, volume: dict[str, Any]) -> None:
    reference = volume["spec"]["claimRef"]
    name = f"{reference['namespace']}/{reference['name']}"
    print(f"{verb} {volume['metadata']['name']} for {name}", flush=True)


def main(arguments: list[str]) -> None:
    """Run until the process is ended.

    Args:
        arguments: Server, folder of the certificates, folder of the volumes, node, and the socket
            that answers whoever wants to know that the process lives.
    """
    server, pki, folder, node, address = arguments
    provisioner = Provisioner(lambda: Api(server, Path(pki), "provisioner"), Path(folder), node)
    work = [(_CLAIMS, provisioner.claim), (_VOLUMES, provisioner.volume)]
    for path, handle in work:
        threading.Thread(target=provisioner.follow, args=(path, handle), daemon=True).start()
    Path(address).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(address)
        listener.listen()
        while True:
            listener.accept()[0].close()
