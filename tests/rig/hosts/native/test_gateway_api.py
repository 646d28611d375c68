import pytest

from core.errors import HostError, TenantplaneError
from rig.hosts.native import gateway_api

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
EXTENSIONS = "/apis/apiextensions.k8s.io/v1"
TWO = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  annotations:
    name: not-this-one
  name: "safe-upgrades.gateway.networking.k8s.io"
spec: {}

---

apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: gateways.gateway.networking.k8s.io
spec:
  names:
    kind: Gateway
"""


def test_documents_are_told_apart_and_named():
    assert [gateway_api.path(document) for document in gateway_api.documents(TWO)] == [
        f"{ADMISSION}/validatingadmissionpolicies/safe-upgrades.gateway.networking.k8s.io",
        f"{EXTENSIONS}/customresourcedefinitions/gateways.gateway.networking.k8s.io",
    ]


def test_a_document_without_a_name_is_an_error():
    with pytest.raises(HostError, match="names no object"):
        gateway_api.path("apiVersion: v1\nkind: Namespace\n")


def test_the_version_is_pinned_and_new_enough():
    """TLSRoute is v1 in the standard channel since 1.5."""
    major, minor, _ = gateway_api.version().removeprefix("v").split(".")
    assert (int(major), int(minor)) >= (1, 5)


class FakeApi:
    def __init__(self, present):
        self.present = present
        self.applied = []

    def metadata(self, path):
        return self.present.get(path)

    def apply(self, path, manifest):
        self.applied.append(path)


def test_only_what_lacks_or_is_of_another_version_is_applied(tmp_path, monkeypatch):
    file = tmp_path / "x.yaml"
    file.write_text(TWO)
    monkeypatch.setattr(gateway_api, "files", lambda: [file])
    policy, definition = (gateway_api.path(one) for one in gateway_api.documents(TWO))
    now = {"annotations": {"gateway.networking.k8s.io/bundle-version": gateway_api.version()}}
    older = {"annotations": {"gateway.networking.k8s.io/bundle-version": "v1.0.0"}}

    client = FakeApi({policy: now, definition: older})
    assert gateway_api.install(client) == 1
    assert client.applied == [definition]

    assert gateway_api.install(FakeApi({policy: now, definition: now})) == 0
    assert gateway_api.install(FakeApi({})) == 2


def test_without_go_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(TenantplaneError, match=r"go: is not on PATH.*; install Go \d+\.\d+"):
        gateway_api.files()
