"""The rig's command line: `python -m rig up|down|status|doctor|images|env|kubeconfig`.

Not here: what the commands do (hosts/, images/, doctor.py).
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from core.errors import TenantplaneError
from rig import dev_stack, doctor, images, progress, pulumi
from rig.hosts import Host, Part, choose
from rig.progress import Progress

LOCAL = Path(__file__).parents[1] / ".tenantplane"
"""Checkout-local folder, ignored by git."""

DEV = "dev"
"""The host that stack dev is on."""

_HOUR, _MINUTE = 3600, 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m rig", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (function, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--host", default=DEV, metavar="NAME", help=f"default: {DEV}")
        if name == "up":
            command.add_argument("--stack", action="store_true", help="and `pulumi up` of dev")
        if name == "kubeconfig":
            command.add_argument("--tenant", metavar="NAME", help="of a tenant of stack dev")
        command.set_defaults(run=function)
    chosen = parser.parse_args(arguments)
    try:
        report = progress.console()
        if getattr(chosen, "tenant", None):
            print(dev_stack.kubeconfig(chosen.tenant), end="")
            return 0
        code: int = chosen.run(chosen.host, report)
        if getattr(chosen, "stack", False) and code == 0:
            dev_stack.up(report)
    except TenantplaneError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    return code


def up(name: str, report: Progress) -> int:
    """Bring a host up, and copy its kubeconfig into the checkout."""
    host, why = choose.choose(name, LOCAL, choose.this_machine())
    report.say(why)
    choose.remember(host, LOCAL)
    host.up(report)
    _copy(host.kubeconfig, local_kubeconfig(name))
    report.say(f"host {name}: is up; kubectl --kubeconfig {host.kubeconfig} get nodes")
    pulumi.prepare(report)
    return 0


def down(name: str, report: Progress) -> int:
    """Take a host away."""
    host = choose.existing(name, LOCAL, choose.this_machine())
    host.down(report)
    if name == DEV:
        dev_stack.down(report)
    local_kubeconfig(name).unlink(missing_ok=True)
    choose.forget(host, LOCAL)
    return 0


def status(name: str, report: Progress) -> int:
    """Print what a host is made of."""
    parts = choose.existing(name, LOCAL, choose.this_machine()).status()
    if not parts:
        report.say(f"host {name}: is not up; start it with `python -m rig up --host {name}`")
        return 1
    print(table(parts))
    return 0 if all(part.healthy for part in parts) else 1


def kubeconfig(name: str, _: Progress) -> int:
    """Print a host's kubeconfig."""
    host: Host = choose.existing(name, LOCAL, choose.this_machine())
    if not host.kubeconfig.exists():
        raise TenantplaneError(
            f"host {name}: is not up, it has no kubeconfig; run `python -m rig up --host {name}`"
        )
    print(host.kubeconfig.read_text(), end="")
    return 0


def environment(_: str, report: Progress) -> int:
    """Print shell lines that make plain `pulumi` work in this checkout."""
    if not pulumi.is_ready():
        pulumi.prepare(report)
    print(pulumi.export_lines(pulumi.environment()))
    return 0


def make_images(_: str, report: Progress) -> int:
    """Make the image archives, and print where they are."""
    for archive in images.archives(report):
        print(archive)
    return 0


def examine(name: str, _: Progress) -> int:
    """Check the machine."""
    findings = doctor.examine(name)
    print(doctor.shown(findings))
    return 1 if any(finding.level == "fail" for finding in findings) else 0


COMMANDS: dict[str, tuple[Callable[[str, Progress], int], str]] = {
    "up": (up, "bring a host up, or back up"),
    "down": (down, "take a host away, with all that it made"),
    "status": (status, "what a host is made of, and whether it works"),
    "doctor": (examine, "check this machine, with a remedy for each finding"),
    "kubeconfig": (kubeconfig, "print a host's kubeconfig"),
    "env": (environment, 'print shell lines for plain `pulumi`: eval "$(make env)"'),
    "images": (make_images, "make the image archives of the native host"),
}


def local_kubeconfig(name: str) -> Path:
    """Return where the checkout keeps a host's kubeconfig; the plain name is that of host dev."""
    return LOCAL / ("host.kubeconfig" if name == DEV else f"host-{name}.kubeconfig")


def table(parts: Sequence[Part]) -> str:
    """Return a host's status as aligned lines."""
    rows = [("COMPONENT", "PID", "UP", "STATE", "LOG")]
    for part in parts:
        state = "works" if part.healthy else part.detail
        age = "-" if part.age_seconds is None else _age(part.age_seconds)
        rows.append((part.name, str(part.pid or "-"), age, state, str(part.log or "-")))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _age(seconds: float) -> str:
    whole = int(seconds)
    if whole >= _HOUR:
        return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE}m"
    return f"{whole // _MINUTE}m{whole % _MINUTE}s" if whole >= _MINUTE else f"{whole}s"


def _copy(source: Path, target: Path) -> None:
    """Copy a kubeconfig so that its owner alone can read it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(source.read_text())


if __name__ == "__main__":
    sys.exit(main())
