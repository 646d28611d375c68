"""When a tenant counts as up."""

import pytest

from agent.kube import ApiError
from agent.loops import NotReadyError
from agent.tenant import Tenant
from tests.support.loop import run


class Answering:
    """A tenant's API server that answers /readyz alone."""

    def __init__(self, status):
        self.status = status

    async def get(self, path):
        assert path == "/readyz"
        if self.status != 200:
            raise ApiError(f"GET {path}", self.status, "", "[-]poststarthook/rbac failed")
        return {"message": "ok"}


def check(status):
    tenant = Tenant.__new__(Tenant)
    tenant.client = Answering(status)
    run(tenant.check_ready())


def test_it_is_up_when_it_says_so():
    check(200)


def test_one_that_starts_is_looked_at_again():
    with pytest.raises(NotReadyError, match="/readyz") as raised:
        check(500)
    assert raised.value.reason == "Starting"


def test_a_refusal_is_no_start():
    """Its reader connects anew after a 401."""
    with pytest.raises(ApiError):
        check(401)
