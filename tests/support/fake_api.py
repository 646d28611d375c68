"""An API server's objects in memory, for tests of what the agent asks of two of them."""

import copy
import itertools
from urllib.parse import parse_qs, urlsplit

from agent.kube import ApiError

PLURALS = ("configmaps", "deployments", "secrets", "serviceaccounts", "services")
"""What it has lists of."""
_OWN = ("generation", "resourceVersion", "uid")


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
        self._versions = itertools.count(1)
        self.asked = []
        self.asked_metadata = []
        """Of these the lists of which metadata alone was asked for."""
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
        metadata = usual | fields.pop("metadata", {})
        return self._store(path, {"metadata": metadata, **fields})

    def _store(self, path, new):
        """Keep an object; what is another one than before has other versions."""
        old = self.objects.get(path)
        own = {"uid": f"uid-{path}-{next(self._versions)}", "generation": 1}
        if old is not None:
            own = {key: old["metadata"][key] for key in ("uid", "generation", "resourceVersion")}
            if old.get("spec") != new.get("spec"):
                own["generation"] += 1
        new = {**new, "metadata": {**own, **new["metadata"]}}
        if new != old:
            new["metadata"]["resourceVersion"] = str(next(self._versions))
        self.objects[path] = new
        return new

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
        self.asked.append(path)
        if metadata_list:
            self.asked_metadata.append(path)
        url = urlsplit(path)
        if url.path.rpartition("/")[2] in PLURALS:
            return self._page(url.path, parse_qs(url.query), metadata_list=metadata_list)
        if url.path not in self.objects:
            raise ApiError(f"GET {path}", 404, "NotFound", "not found")
        return copy.deepcopy(self.objects[url.path])

    def _page(self, path, query, *, metadata_list):
        """Objects of a list that have the label, from where the page before ended."""
        chosen = query.get("labelSelector", [""])[0].partition("=")
        items = [
            {"metadata": copy.deepcopy(one["metadata"])} if metadata_list else copy.deepcopy(one)
            for one in self.under(path).values()
            if not chosen[0] or one["metadata"].get("labels", {}).get(chosen[0]) == chosen[2]
        ]
        start = int(query.get("continue", ["0"])[0])
        end = start + int(query.get("limit", [len(items)])[0])
        metadata = {"resourceVersion": "1"} | ({"continue": str(end)} if end < len(items) else {})
        return {"metadata": metadata, "items": items[start:end]}

    async def apply(self, path, body):
        self._check(path)
        self._check_write(path)
        self.written.append(path)
        there = self.objects.get(path, {"metadata": {}})
        metadata = {**there["metadata"], **body["metadata"]}
        return self._write(path, {**there, **copy.deepcopy(body), "metadata": metadata})

    async def merge(self, path, body):
        self._check(path)
        self._check_write(path)
        self.written.append(path)
        target = path.removesuffix("/status")
        if target not in self.objects:
            raise ApiError(f"PATCH {path}", 404, "NotFound", "not found")
        return self._write(target, _merged(self.objects[target], body))

    def _write(self, path, new):
        """Store what a client sent; versions are the server's own."""
        metadata = {key: value for key, value in new["metadata"].items() if key not in _OWN}
        return copy.deepcopy(self._store(path, {**new, "metadata": metadata}))

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
