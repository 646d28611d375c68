"""No stack of ours breaks a rule of the policy pack, and the pack sees all that it judges."""

import json
import re
from dataclasses import replace

import pulumi
import pytest
from google.protobuf.json_format import MessageToDict

from core import versions
from tests.stacks.test_host import GKE
from tests.stacks.test_people import USERS
from tests.support.judge import Sent, in_clear, judge
from tests.support.mocks import declare_into

SPOILT = {
    "pinned-images": (r":v[0-9.]+\"", ':latest"'),
    "etcd-floor": (f"etcd:v{versions.DEFAULT_ETCD}", "etcd:v3.7.0"),
    "restricted-pods": ('"runAsNonRoot": true', '"runAsNonRoot": false'),
    "tenants-behind-gateway": ('"spec": {', '"spec": {"type": "NodePort", '),
    "fenced-tenants": (r"\[\"Ingress\", \"Egress\"\]", '["Ingress"]'),
}
"""What to replace in the inputs of the dev stack so that it breaks a rule."""


def declared():
    """What was declared, as the engine sends it to a policy pack."""
    return [
        Sent(
            request.type,
            request.name,
            urn,
            MessageToDict(request.object),
            dependencies=tuple(request.dependencies),
        )
        for urn, request in pulumi.runtime.settings.get_monitor().requests.items()
    ]


@pytest.mark.parametrize("preview", [True, False], ids=["first-preview", "update"])
@pytest.mark.parametrize("kind", ["dev", "gke"])
def test_what_we_declare_breaks_no_rule(up, dev, mocks, kind, preview):
    declare_into(mocks, preview=preview)
    dev["tenants"][0]["users"] = USERS
    up(dev if kind == "dev" else GKE)
    sent = declared()
    assert len(sent) > 20
    assert judge(sent) == {}


@pytest.mark.parametrize("rule", SPOILT)
def test_the_rule_sees_what_it_is_about(up, dev, rule):
    """Else it would pass because it looks in the wrong place."""
    up(dev)
    pattern, by = SPOILT[rule]
    spoilt = [
        replace(one, inputs=json.loads(re.sub(pattern, by, json.dumps(one.inputs))))
        for one in declared()
    ]
    assert rule in judge(spoilt)


def test_every_private_key_is_seen_once_its_mark_is_off(up, dev, mocks):
    up(dev)
    clear = [replace(one, inputs=in_clear(one.inputs)) for one in declared()]
    said = "\n".join(judge(clear)["secret-keys"])
    assert "dev-kubernetes, kubeconfig: a kubeconfig that lets its bearer in" in said
    data = [in_clear(one.inputs["stringData"]) for one in mocks.of_type("core/v1:Secret")]
    keys = {key for texts in data for key, text in texts.items() if "PRIVATE KEY" in text}
    assert {"etcd.key", "server.key", "service-account.key", "tls.key"} <= keys
    assert [key for key in keys if f"stringData.{key}: a private key" not in said] == []
