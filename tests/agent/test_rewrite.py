"""What is written anew: every object of every kind that the API server stores, and each once."""

from urllib.parse import parse_qs, urlsplit

import pytest

from agent.kube import ApiError
from agent.rewrite import NotServedError, rewrite
from tests.support import loop

APIS = {"v1": {"secrets": 3, "configmaps": 1}, "a/v1": {"x": 2}, "a/v1beta1": {"x": 2, "y": 1}}
"""How many objects of each kind each version has."""


class Server:
    """Answers lists in pages of two, and drops what is left of a list with the first write."""

    def __init__(self):
        self.written, self.lists = [], set()
        self.definitions = ["x.a", "y.a"]

    async def get(self, path, *, metadata_list=False):
        url = urlsplit(path)
        if metadata_list:
            return self._page(url.path, parse_qs(url.query))
        if path == "/apis":
            versions = [{"groupVersion": "a/v1"}, {"groupVersion": "a/v1beta1"}]
            return {"groups": [{"preferredVersion": versions[0], "versions": versions}]}
        if path.endswith("/apiservices"):
            return {"items": [{"spec": {"group": "a", "version": "v1"}}]}
        version = path.split("/", 2)[2]
        verbs = ["get", "list", "patch"]
        names = [*APIS[version], "x/status", "reviews"]
        return {
            "resources": [
                {"name": name, "verbs": ["create"] if name == "reviews" else verbs}
                for name in names
            ]
        }

    def _page(self, path, query):
        version, _, kind = path.split("/", 2)[2].rpartition("/")
        if kind == "customresourcedefinitions":
            items = [{"metadata": {"name": name}} for name in self.definitions]
            return {"items": items, "metadata": {}}
        start = int(query.get("continue", ["0"])[0])
        if start and path not in self.lists:
            raise ApiError(f"GET {path}", 410, "Expired", "the continue token is too old")
        self.lists.add(path)
        count = APIS[version][kind]
        items = [{"metadata": {"name": f"n{at}"}} for at in range(start, min(start + 2, count))]
        return {
            "items": items,
            "metadata": {"continue": str(start + 2)} if start + 2 < count else {},
        }

    async def merge(self, path, body):
        assert body == {}
        self.lists.clear()
        self.written.append(path)


@pytest.fixture
def server():
    return Server()


def test_every_kind_is_written_in_the_first_version_that_has_it(server):
    """A group's preferred version need not have all of its kinds: Crossplane's `pkg` is so."""
    assert loop.run(rewrite(server, everything=True)) == 7
    assert sorted(server.written) == [
        "/api/v1/configmaps/n0",
        *(f"/api/v1/secrets/n{at}" for at in range(3)),
        "/apis/a/v1/x/n0",
        "/apis/a/v1/x/n1",
        "/apis/a/v1beta1/y/n0",
    ]


@pytest.mark.parametrize("hidden", ["z.a", "x.b"])
def test_what_nobody_serves_is_named_and_not_passed_over(server, hidden):
    """All its versions are `served: false`, or another server answers for them."""
    server.definitions.append(hidden)
    with pytest.raises(NotServedError, match=f"CustomResourceDefinitions {hidden}: "):
        loop.run(rewrite(server, everything=True))
    assert not server.written


def test_a_list_is_read_to_its_end_before_anything_is_written(server):
    """What is left of it expires while many objects are written, and all would begin anew."""
    assert loop.run(rewrite(server, everything=False)) == 3
    assert len(server.written) == 3
