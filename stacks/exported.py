"""exported: what a stack exported when it was last brought up, another one or this one itself.

It is read before anything is declared, so that a preview shows real addresses and refuses early.
What is secret in it is marked again where it is used.
Not here: what is exported (outputs.py), what stands in a contract (core/host_contract.py).
"""

from collections.abc import Mapping
from typing import Any

import pulumi


async def by(stack: str) -> Mapping[str, Any]:
    """Return the outputs of another stack, named `<organization>/<project>/<stack>`."""
    return await _outputs(pulumi.StackReference(stack))


async def before() -> Mapping[str, Any]:
    """Return the outputs of this stack; empty in its first run."""
    own = (pulumi.get_organization(), pulumi.get_project(), pulumi.get_stack())
    return await _outputs(pulumi.StackReference("before", "/".join(map(str, own))))


async def _outputs(reference: pulumi.StackReference) -> Mapping[str, Any]:
    return await reference.outputs.future() or {}
