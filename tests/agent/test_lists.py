"""A list is read in pages, whatever its objects are like."""

import pytest
from aiohttp import web

from agent.kube import TooLargeError
from agent.lists import listed
from tests.support.kube_server import asked

MIB = 1024**2


@pytest.mark.parametrize(("path", "sign"), [("/x", "?"), ("/x?labelSelector=a%3Db", "&")])
def test_a_list_is_read_in_pages(path, sign):
    queries = []

    async def handler(request):
        queries.append(request.path_qs)
        last = "continue" in request.query
        metadata = {} if last else {"continue": "a/b+c="}
        return web.json_response({"metadata": metadata, "items": [{"page": len(queries)}]})

    async def ask(client):
        return [one["page"] async for one in listed(client, path, page=7)]

    assert asked(handler, ask) == [1, 2]
    assert queries == [f"{path}{sign}limit=7", f"{path}{sign}limit=7&continue=a/b%2Bc%3D"]


def test_objects_that_are_large_together_are_read_by_fewer():
    """Whoever makes a hundred of them keeps nobody from reading the list."""
    limits = []

    async def handler(request):
        limit, start = int(request.query["limit"]), int(request.query.get("continue", 0))
        limits.append(limit)
        items = [{"n": n, "x": "x" * 6 * MIB} for n in range(start, min(start + limit, 3))]
        metadata = {"continue": str(start + limit)} if start + limit < 3 else {}
        return web.json_response({"metadata": metadata, "items": items})

    async def ask(client):
        return [one["n"] async for one in listed(client, "/x")]

    assert asked(handler, ask) == [0, 1, 2]
    assert limits == [100, 10, 1, 1, 1]


def test_one_that_is_too_large_alone_is_told():
    async def handler(_):
        return web.json_response({"items": ["x" * 11 * MIB]})

    async def ask(client):
        return [one async for one in listed(client, "/x")]

    with pytest.raises(TooLargeError):
        asked(handler, ask)
