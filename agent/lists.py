"""Lists of an API server, read in pages: one may have more objects than fit into one answer.

Not here: the requests, and how large an answer may be (kube.py), who follows changes (watches.py).
"""

from collections.abc import AsyncIterator
from urllib.parse import quote

from agent.kube import Client, Json, TooLargeError

PAGE = 100
"""How many objects are read at a time."""


async def listed(
    client: Client, path: str, *, metadata_list: bool = False, page: int = PAGE
) -> AsyncIterator[Json]:
    """Yield the objects of a list, `page` at a time or, where they are large together, fewer."""
    token = ""
    while True:
        query = f"{path}{'&' if '?' in path else '?'}limit={page}"
        query += f"&continue={quote(token)}" if token else ""
        try:
            answer = await client.get(query, metadata_list=metadata_list)
        except TooLargeError:
            if page == 1:
                raise
            page = max(1, page // 10)
            continue
        for item in answer.get("items") or []:
            yield item
        token = answer["metadata"].get("continue", "")
        if not token:
            return


async def version_of(client: Client, path: str) -> str:
    """Return the version of a list, which may be one of objects with a label."""
    one = f"{path}{'&' if '?' in path else '?'}limit=1"
    answer = await client.get(one, metadata_list=True)
    return str(answer["metadata"]["resourceVersion"])
