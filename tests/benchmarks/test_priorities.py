"""Real-time priorities, of a real process with threads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import priorities
from tests.support.marks import ROOT_ON_LINUX

pytestmark = [pytest.mark.processes, ROOT_ON_LINUX]
TWO_THREADS = """
import subprocess, threading
waiting = threading.Thread(target=threading.Event().wait, daemon=True)
waiting.start()
print("started", flush=True)
input()
subprocess.run(["chrt", "-p", "0"])
"""
"""Says that it runs, and when it is told to what priority a child of its has."""


def test_a_process_runs_first_with_its_threads_and_what_it_starts():
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", TWO_THREADS], **pipes) as process:
        process.stdout.readline()
        priorities.run_first([process.pid], priorities.OTHERS)
        tasks = [int(task.name) for task in Path(f"/proc/{process.pid}/task").iterdir()]
        assert len(tasks) == 2
        assert {os.sched_getscheduler(task) for task in tasks} == {os.SCHED_RR}
        assert {os.sched_getparam(task).sched_priority for task in tasks} == {priorities.OTHERS}
        child, _ = process.communicate("go on\n", timeout=60)
    assert "SCHED_RR" in child
    assert f"priority: {priorities.OTHERS}" in child


def test_a_process_that_ended_is_passed_over():
    with subprocess.Popen(["true"]) as process:
        process.wait()
    priorities.run_first([process.pid], priorities.OTHERS)
