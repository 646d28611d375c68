"""What one answer may cost: an API server of a tenant serves what its users put there."""

import pytest
from aiohttp import web

from agent.kube import ApiError, TooLargeError
from tests.support.kube_server import asked

MIB = 1024**2
LARGEST_OBJECT = 9 * MIB
"""1.5 MiB of characters that JSON writes with six each."""


def test_any_single_object_is_read():
    async def handler(_):
        return web.json_response({"data": "x" * LARGEST_OBJECT})

    found = asked(handler, lambda client: client.get("/x"))
    assert len(found["data"]) == LARGEST_OBJECT


@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_that_is_larger_is_not_read_to_its_end(status):
    """All tenants share the agent's memory."""
    sent = []

    async def handler(request):
        answer = web.StreamResponse(status=status)
        await answer.prepare(request)
        for _ in range(100):
            await answer.write(b" " * MIB)
            sent.append(MIB)
        return answer

    with pytest.raises(TooLargeError, match=r"^GET /x: the answer has more than 10 MiB; have"):
        asked(handler, lambda client: client.get("/x"))
    assert sum(sent) < 20 * MIB


def test_one_that_is_larger_unpacked_is_not_read_either():
    async def handler(_):
        answer = web.Response(body=b" " * 50 * MIB)
        answer.enable_compression()
        return answer

    with pytest.raises(ApiError, match="more than 10 MiB"):
        asked(handler, lambda client: client.get("/x"))
