"""Whether `make up` and `make down` can be typed here without meeting what is somebody's."""

import os

from rig import dev_stack, pulumi
from rig.dev_config import FILE, HOST, kubeconfig
from rig.hosts import choose
from rig.hosts.native import NativeHost
from rig.hosts.native.layout import Layout


def obstacle():
    """Why they can't: a line for people; empty if they can."""
    if os.geteuid():
        return "this needs root"
    if choose.kind_for(choose.this_machine())[0] != NativeHost.kind:
        return "make up would not make a native host here"
    if choose.remembered(pulumi.LOCAL).get(HOST) or Layout(HOST, 0).root.exists():
        return "host dev is up, and would be removed; run make down first"
    if dev_stack.has_state():
        return "stack dev is up, and would be destroyed; run make down first"
    adopted = kubeconfig()
    if adopted is None or adopted.parent != pulumi.LOCAL:
        return f"{FILE.name} adopts another cluster than the local host: {adopted}"
    return ""
