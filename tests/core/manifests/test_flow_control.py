"""The inflight limits of a profile, as a real API server keeps them: by Priority and Fairness."""

import http.client
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from core import profiles
from tests.support.kubectl import eventually

pytestmark = pytest.mark.processes
_LEVELS, _SCHEMAS = (
    f"/apis/flowcontrol.apiserver.k8s.io/v1/{kind}"
    for kind in ("prioritylevelconfigurations", "flowschemas")
)
_SEATS = re.compile(r"^apiserver_flowcontrol_nominal_limit_seats\{(.*)\} (\S+)$", re.MULTILINE)
ASKER = "asker"
AT_ONCE = 32
SLOW = "/openapi/v2"
"""What takes long enough for several to be served at once."""


UNUSED = "node-high"
"""A priority level of Kubernetes' own: nobody here is a node."""
SHUT = {
    "metadata": {"annotations": {"apf.kubernetes.io/autoupdate-spec": "false"}},
    "spec": {
        "limited": {
            "nominalConcurrencyShares": 0,
            "borrowingLimitPercent": 0,
            "limitResponse": {"type": "Reject", "queuing": None},
        }
    },
}
TO_UNUSED = {
    "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
    "kind": "FlowSchema",
    "metadata": {"name": "slow"},
    "spec": {
        "priorityLevelConfiguration": {"name": UNUSED},
        "matchingPrecedence": 500,
        "rules": [
            {
                "subjects": [{"kind": "User", "user": {"name": ASKER}}],
                "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": [SLOW]}],
            }
        ],
    },
}


def test_all_priority_levels_share_what_the_profile_has(planes):
    """Each one's share is rounded up."""
    text = planes["files"].masters.get("/metrics").message
    seats = dict(_SEATS.findall(text))
    profile = profiles.profile("small")
    whole = profile.max_requests_inflight + profile.max_mutating_requests_inflight
    assert whole <= sum(map(float, seats.values())) < whole + len(seats)


def test_who_asks_for_more_at_once_than_its_level_has_is_refused(planes):
    """And nobody else is. A level without seats serves one request at a time."""
    plane = planes["files"]
    asker, admin, level = plane.user(ASKER), plane.admin, f"{_LEVELS}/{UNUSED}"
    before = plane.masters.get(level).body

    def asked(user):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return Counter(answer.status for answer in pool.map(user.get, [SLOW] * AT_ONCE))

    try:
        assert plane.masters.merge(level, SHUT).ok
        assert admin.create(_SCHEMAS, TO_UNUSED).ok
        refused = http.client.TOO_MANY_REQUESTS
        seen = eventually(lambda: (s := asked(asker))[refused] and s, "the level is in force")
        assert seen[http.client.OK]
        assert asked(admin) == {http.client.OK: AT_ONCE}
    finally:
        admin.delete(f"{_SCHEMAS}/slow")
        annotations = before["metadata"]["annotations"]
        back = {"metadata": {"annotations": annotations}, "spec": before["spec"]}
        assert plane.masters.merge(level, back).ok
