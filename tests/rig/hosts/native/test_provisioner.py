from pathlib import Path

import pytest

from rig.hosts.native.provisioner import Provisioner, is_done, volume_for, wants_volume


def claim(**spec):
    wanted = {
        "storageClassName": "local",
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "2Gi"}},
        **spec,
    }
    return {"metadata": {"namespace": "ns", "name": "data", "uid": "u-1"}, "spec": wanted}


def volume(**changes):
    made = volume_for(claim(), Path("/volumes"), "tp-dev") | {"status": {"phase": "Released"}}
    made["metadata"] = {**made["metadata"], **changes.pop("metadata", {})}
    made["spec"] = {**made["spec"], **changes.pop("spec", {})}
    return made | changes


def test_a_claim_of_the_class_wants_a_volume():
    assert wants_volume(claim())


@pytest.mark.parametrize(
    "other",
    [
        claim(storageClassName="fast"),
        claim(storageClassName=""),
        claim(volumeName="bound-already"),
        claim(selector={"matchLabels": {}}),
        {**claim(), "metadata": {**claim()["metadata"], "deletionTimestamp": "now"}},
    ],
)
def test_other_claims_are_left_alone(other):
    assert not wants_volume(other)


def test_a_volume_is_bound_to_its_claim_alone_and_to_this_node():
    """The uid is in the reference: a claim of the same name that comes later gets its own."""
    spec = volume()["spec"]
    assert spec["claimRef"]["uid"] == "u-1"
    assert spec["capacity"] == {"storage": "2Gi"}
    (term,) = spec["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert term["matchExpressions"][0]["values"] == ["tp-dev"]


@pytest.mark.parametrize(
    ("found", "done"),
    [
        (volume(), True),
        (volume(status={"phase": "Bound"}), False),
        (volume(status={"phase": "Available"}), False),
        (volume(spec={"persistentVolumeReclaimPolicy": "Retain"}), False),
        (volume(metadata={"annotations": {}}), False),
        (volume(metadata={"annotations": None}), False),
    ],
)
def test_only_released_volumes_of_its_own_are_deleted(found, done):
    assert is_done(found) is done


class FakeApi:
    def __init__(self):
        self.objects = {}

    def create(self, path, manifest):
        key = f"{path}/{manifest['metadata']['name']}"
        if key in self.objects:
            return False
        self.objects[key] = manifest
        return True

    def delete(self, path):
        self.objects.pop(path, None)


def test_a_claim_seen_twice_has_one_volume(tmp_path):
    client, worker = FakeApi(), Provisioner(FakeApi, tmp_path, "tp-dev")
    worker.claim(client, claim())
    worker.claim(client, claim())
    assert list(client.objects) == ["/api/v1/persistentvolumes/pvc-u-1"]
    assert [one.name for one in tmp_path.iterdir()] == ["pvc-u-1"]


def test_the_data_goes_before_the_volume(tmp_path):
    """A volume that is still there is found again after a crash; data without one is not."""
    client, worker = FakeApi(), Provisioner(FakeApi, tmp_path, "tp-dev")
    worker.claim(client, claim())
    (tmp_path / "pvc-u-1" / "secret").write_text("data")
    seen = []
    client.delete = lambda path: seen.append((path, list(tmp_path.iterdir())))
    worker.volume(client, volume())
    assert seen == [("/api/v1/persistentvolumes/pvc-u-1", [])]


def test_a_volume_in_use_keeps_its_data(tmp_path):
    client, worker = FakeApi(), Provisioner(FakeApi, tmp_path, "tp-dev")
    worker.claim(client, claim())
    worker.volume(client, volume(status={"phase": "Bound"}))
    assert (tmp_path / "pvc-u-1").exists()
    assert client.objects
