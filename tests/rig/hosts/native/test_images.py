import io
import json
import os
import tarfile
from datetime import UTC, datetime

import pytest

from core.errors import HostError
from rig.hosts.native import images
from rig.hosts.native.layout import Layout

CTR = """#!/bin/sh
echo "$@" >> {calls}
case "$*" in
*" list") cat {listing} ;;
*broken*) echo "ctr: no space left on device" >&2; exit 1 ;;
esac
"""


def archive(folder, name, **digests):
    """Write an OCI archive with these images."""
    manifests = [
        {"digest": digest, "annotations": {"io.containerd.image.name": reference.replace("_", ":")}}
        for reference, digest in digests.items()
    ]
    path = folder / f"{name}.tar"
    data = json.dumps({"schemaVersion": 2, "manifests": manifests}).encode()
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo("index.json")
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    return path


@pytest.fixture
def ctr(tmp_path, monkeypatch):
    """A ctr that notes its calls; `listing` is what it knows."""
    calls, listing = tmp_path / "calls", tmp_path / "listing"
    calls.touch()
    listing.write_text("REF TYPE DIGEST SIZE PLATFORMS LABELS\n")
    program = tmp_path / "bin" / "ctr"
    program.parent.mkdir()
    program.write_text(CTR.format(calls=calls, listing=listing))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return calls, listing


def imported(calls):
    return [line.split()[-1] for line in calls.read_text().splitlines() if " import " in line]


def test_only_archives_with_a_changed_digest_are_imported(tmp_path, ctr):
    calls, listing = ctr
    listing.write_text(
        "REF TYPE DIGEST SIZE PLATFORMS LABELS\n"
        "a:1 application/vnd sha256:aa 1.0 MiB linux/amd64 -\n"
        "b:1 application/vnd sha256:old 1.0 MiB linux/amd64 -\n"
    )
    same = archive(tmp_path, "same", a_1="sha256:aa")
    changed = archive(tmp_path, "changed", b_1="sha256:bb")
    new = archive(tmp_path, "new", c_1="sha256:cc", c_2="sha256:cc")
    layout = Layout("a", 1, tmp_path)
    assert images.import_changed(layout, [same, changed, new]) == ["b:1", "c:1", "c:2"]
    assert sorted(imported(calls)) == sorted([str(changed), str(new)])


def test_a_failed_import_says_what_containerd_said(tmp_path, ctr):
    broken = archive(tmp_path, "broken", a_1="sha256:aa")
    with pytest.raises(HostError, match="no space left on device"):
        images.import_changed(Layout("a", 1, tmp_path), [broken])


@pytest.mark.parametrize("content", [b"", b"not a tar at all" * 100])
def test_what_is_no_archive_is_named(tmp_path, content):
    path = tmp_path / "half.tar"
    path.write_bytes(content)
    with pytest.raises(HostError, match=r"half\.tar: is not an OCI archive"):
        images.contents(path)


def test_what_the_hosts_own_pods_need_comes_first(tmp_path):
    """Kubelet starts after these: it would try to pull what isn't there, and back off for long."""
    kube = archive(tmp_path, "kube", **{"registry.k8s.io/kube-apiserver_v1.37.2": "sha256:aa"})
    pause = archive(tmp_path, "pause", **{"registry.k8s.io/pause_3.10.2": "sha256:bb"})
    dns = archive(tmp_path, "dns", **{"registry.k8s.io/coredns/coredns_v1.14.7": "sha256:cc"})
    assert images.in_order([kube, pause, dns]) == ([pause, dns], [kube])


class FakeApi:
    """A host's API with these pods: name, image, creation time."""

    def __init__(self, *pods):
        self.deleted = []
        self._pods = [
            {
                "metadata": {"name": name, "namespace": "ns", "creationTimestamp": created},
                "spec": {"containers": [{"image": image}]},
            }
            for name, image, created in pods
        ]

    def get(self, path):
        assert path == "/api/v1/pods"
        return {"items": self._pods}

    def delete(self, path):
        self.deleted.append(path)


def test_pods_of_an_older_image_are_replaced():
    """The agent's image keeps its tag while one works on it; a pod started later is current."""
    client = FakeApi(
        ("old", "agent:1", "2026-11-23T10:00:00Z"),
        ("new", "agent:1", "2026-11-23T12:00:00Z"),
        ("other", "etcd:3", "2026-11-23T10:00:00Z"),
    )
    eleven = datetime(2026, 11, 23, 11, tzinfo=UTC).timestamp()
    assert images.pods_of_older(client, {"agent:1"}, eleven) == ["ns/old"]
    assert client.deleted == ["/api/v1/namespaces/ns/pods/old"]


def test_with_nothing_imported_no_pod_is_looked_at():
    assert images.pods_of_older(None, set(), 0) == []
