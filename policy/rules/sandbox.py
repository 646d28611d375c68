"""sandbox: a host on GKE has nodes with gVisor if a pod asks for them.

Not here: the nodes of an adopted host, or of another stack's: this stack has no resource of them.
"""

from collections.abc import Iterator, Sequence

from core.errors import describe
from policy.declared import Declared, at
from policy.pods import pod
from policy.wire import UNKNOWN

_POOL = "gcp:container/nodePool:NodePool"
_GVISOR = "gvisor"
"""GKE's RuntimeClass, and in capitals its name for the sandbox."""


def without_nodes(stack: Sequence[Declared]) -> Iterator[tuple[Declared, str]]:
    """A pod that asks for gVisor on a host of this stack none of whose node pools has it."""
    pools = [one for one in stack if one.type == _POOL]
    if not pools or any(_has_sandbox(pool) for pool in pools):
        return
    for one in stack:
        if at(pod(one), "spec", "runtimeClassName") == _GVISOR:
            message = describe(
                one.thing,
                "it asks for gVisor, and no node pool of the host has it",
                ", ".join(sorted(pool.name for pool in pools)),
                "add a pool with nodeConfig.sandboxConfig.type GVISOR",
            )
            yield one, message


def _has_sandbox(pool: Declared) -> bool:
    kind = pool.at("nodeConfig", "sandboxConfig", "type")
    return kind is UNKNOWN or str(kind).lower() == _GVISOR
