"""Real-time priorities: who runs before whom on a machine that all share.

What has one never waits for a core that something without one is on, as if it had cores of its own.
"""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

SHARED, OTHERS, CLIENTS = 1, 2, 3
"""What tenants share, those that nobody floods, and who measures those: the last one first."""
_ROOT_CGROUP = Path("/sys/fs/cgroup/cpu/cgroup.procs")
"""Of cgroup v1, where kernels with CONFIG_RT_GROUP_SCHED allow such a priority in no other one."""


def run_first(pids: Iterable[int], priority: int) -> None:
    """Give processes a real-time priority, with what they start from now on."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
            if _ROOT_CGROUP.exists():
                _ROOT_CGROUP.write_text(str(pid))
        done: set[str] = set()
        while new := {task.name for task in Path(f"/proc/{pid}/task").glob("*")} - done:
            for task in new:
                with contextlib.suppress(ProcessLookupError):
                    os.sched_setscheduler(int(task), os.SCHED_RR, os.sched_param(priority))
            done |= new
