"""run: a program whose output nobody wants to see unless it fails.

Not here: programs that show progress (build.py), or whose output is used.
"""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.errors import TenantplaneError


def quietly(
    command: Sequence[str | Path],
    problem: str,
    *,
    env: Mapping[str, str] | None = None,
    shown_lines: int = 20,
) -> None:
    """Run a program to its end, with nothing as its standard input.

    Args:
        command: The program and its arguments.
        problem: What its failure is, as the start of the error.
        env: Its environment; by default ours.
        shown_lines: How many of its last lines the error has.

    Raises:
        FileNotFoundError: there is no such program.
        TenantplaneError: it failed.
    """
    done = subprocess.run(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        shown = "\n".join(f"  {line}" for line in done.stdout.splitlines()[-shown_lines:])
        raise TenantplaneError(
            f"{problem}, got exit code {done.returncode}; its last lines are below\n{shown}"
        )
