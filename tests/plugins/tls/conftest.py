"""The tls plugin, and what tests make with it."""

import pytest

from rig.plugins.tls.package import PACKAGE
from tests.support.plugin import Plugin, plain

PRIVATE_KEY = "tls:index/privateKey:PrivateKey"
CERT_REQUEST = "tls:index/certRequest:CertRequest"
SELF_SIGNED = "tls:index/selfSignedCert:SelfSignedCert"
LOCALLY_SIGNED = "tls:index/locallySignedCert:LocallySignedCert"


@pytest.fixture(scope="session")
def plugin():
    running = Plugin(PACKAGE)
    yield running
    running.close()


class Maker:
    """Makes resources with few words; all inputs can be replaced."""

    def __init__(self, plugin):
        self.plugin = plugin

    def key(self, **inputs):
        return self._make(PRIVATE_KEY, {"algorithm": "ECDSA", "ecdsaCurve": "P256"} | inputs)

    def request(self, **inputs):
        given = {"privateKeyPem": self.key()["privateKeyPem"], "subject": {"commonName": "leaf"}}
        return self._make(CERT_REQUEST, given | inputs)

    def authority(self, **inputs):
        return self._make(
            SELF_SIGNED,
            {
                "privateKeyPem": self.key()["privateKeyPem"],
                "subject": {"commonName": "authority"},
                "isCaCertificate": True,
                "allowedUses": ["cert_signing"],
                "validityPeriodHours": 24,
            }
            | inputs,
        )

    def leaf(self, authority=None, **inputs):
        authority = authority or self.authority()
        return self._make(
            LOCALLY_SIGNED,
            {
                "caCertPem": authority["certPem"],
                "caPrivateKeyPem": authority["privateKeyPem"],
                "certRequestPem": self.request()["certRequestPem"],
                "allowedUses": ["client_auth"],
                "validityPeriodHours": 12,
            }
            | inputs,
        )

    def _make(self, token, inputs):
        checked, failures = self.plugin.check(token, inputs)
        assert failures == {}
        identifier, outputs = self.plugin.create(token, checked)
        made = plain(outputs)
        assert made["id"] == identifier
        return made


@pytest.fixture(scope="session")
def make(plugin):
    return Maker(plugin)
