"""An API server's objects in memory, for tests of what the agent asks of two of them."""

import copy
from urllib.parse import parse_qs, urlsplit

from agent.kube import ApiError

PLURALS = ("configmaps", "deployments", "secrets", "serviceaccounts", "services")
"""What it has lists of."""


def _merged(old, patch):
    """A merge patch, as RFC 7386 has it."""
    if not isinstance(patch, dict):
        return patch
    result = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result


class FakeApi:
    """Keeps objects by their paths, and remembers what was written and deleted."""

    def __init__(self):
        self.objects = {}
        self.written = []
        self.deleted = []
        self.refused = {}
        """With which error a path answers, whatever is asked of it."""
        self.refused_writes = {}
        """With which error a path answers when it is to be changed."""

    def put(self, path, **fields):
        """Have an object there, with a name after its path."""
        _, _, space = path.rpartition("/namespaces/")
        usual = {"name": path.rpartition("/")[2], "namespace": space.partition("/")[0]}
        metadata = usual | {"generation": 1} | fields.pop("metadata", {})
        self.objects[path] = {"metadata": metadata, **fields}
        return self.objects[path]

    def under(self, path):
        """Objects of a list, by name."""
        found = {
            key.rpartition("/")[2]: value
            for key, value in self.objects.items()
            if key.rpartition("/")[0] == path
        }
        return dict(sorted(found.items()))

    async def get(self, path, *, metadata_list=False):
        self._check(path)
        url = urlsplit(path)
        if url.path.rpartition("/")[2] in PLURALS:
            chosen = parse_qs(url.query).get("labelSelector", [""])[0].partition("=")
            items = [
                copy.deepcopy(one)
                for one in self.under(url.path).values()
                if not chosen[0] or one["metadata"].get("labels", {}).get(chosen[0]) == chosen[2]
            ]
            return {"metadata": {"resourceVersion": "1"}, "items": items}
        if url.path not in self.objects:
            raise ApiError(f"GET {path}", 404, "NotFound", "not found")
        return copy.deepcopy(self.objects[url.path])

    async def apply(self, path, body):
        self._check(path)
        self._check_write(path)
        self.written.append(path)
        there = self.objects.get(path, {"metadata": {"generation": 1}})
        metadata = {**there["metadata"], **body["metadata"]}
        self.objects[path] = {**there, **copy.deepcopy(body), "metadata": metadata}
        return self.objects[path]

    async def merge(self, path, body):
        self._check(path)
        self._check_write(path)
        self.written.append(path)
        target = path.removesuffix("/status")
        if target not in self.objects:
            raise ApiError(f"PATCH {path}", 404, "NotFound", "not found")
        self.objects[target] = _merged(self.objects[target], body)
        return self.objects[target]

    async def delete(self, path):
        self._check(path)
        self.deleted.append(path)
        return self.objects.pop(path, None) is not None

    def _check(self, path):
        if path.partition("?")[0] in self.refused:
            raise self.refused[path.partition("?")[0]]

    def _check_write(self, path):
        if path in self.refused_writes:
            raise self.refused_writes[path]
