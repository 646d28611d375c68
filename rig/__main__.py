"""The rig's command line: `python -m rig up|down|status|doctor|images|env|kubeconfig`.

Not here: what the commands do (hosts/, images/, doctor.py).
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import versions
from core.errors import TenantplaneError
from rig import dev_config, dev_stack, doctor, images, progress, pulumi
from rig.dev_config import HOST
from rig.hosts import Host, Part, adopted, choose
from rig.hosts.adopted import AdoptedHost
from rig.hosts.native import NativeHost
from rig.progress import Progress
from rig.pulumi import LOCAL

_HOUR, _MINUTE = 3600, 60


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line."""

    host: str = HOST
    stack: bool = False
    """`pulumi up` of stack dev as well."""
    tenant: str | None = None
    """The tenant of stack dev whose kubeconfig is wanted, in place of the host's."""
    kubernetes: tuple[str, ...] = ()
    """Versions that tenants have beside the default one: their images are made, too."""
    sql: bool = False
    """SQL servers beside a native host."""
    operators: bool = False
    """Images of operators in a native host, and a registry beside it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m rig", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (function, text, options) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        for option in options:
            command.add_argument(f"--{option}", **_OPTIONS[option])
        command.set_defaults(run=function)
    chosen = vars(parser.parse_args(arguments))
    run: _Command = chosen.pop("run")
    try:
        request = Request(**{**chosen, "kubernetes": _versions(chosen.get("kubernetes", ()))})
        return run(request, progress.console())
    except TenantplaneError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130


def up(request: Request, report: Progress) -> int:
    """Bring a host up, and copy its kubeconfig into the checkout."""
    host, why = choose.choose(request.host, LOCAL, choose.this_machine())
    report.say(why)
    if host.name == HOST and isinstance(host, AdoptedHost):
        dev_stack.refuse_another_cluster(host, report)
    given, operators = request.kubernetes, request.operators
    if request.stack and host.kind == NativeHost.kind:  # the others pull the official images
        given = (*given, *dev_config.versions_to_build())
        operators = operators or dev_config.has_operators()
    choose.remember(host, LOCAL)
    if isinstance(host, NativeHost):
        host.up(report, given, with_sql=request.sql, with_operators=operators)
        _copy_facts(host)
    else:
        host.up(report, given)
        if request.sql:
            report.say(f"host {host.name}: has no SQL servers; a native host alone has them")
        if request.operators:
            report.say(f"host {host.name}: has no registry; a native host alone has one")
    _copy(host.kubeconfig, local_kubeconfig(host.name))
    report.say(f"host {host.name}: is up; kubectl --kubeconfig {host.kubeconfig} get nodes")
    pulumi.prepare(report)
    if request.stack:
        dev_stack.up(host, report)
    return 0


def down(request: Request, report: Progress) -> int:
    """Take a host away; of one that stays, what stack dev made on it."""
    host = choose.existing(request.host, LOCAL, choose.this_machine())
    host.down(report)
    if host.name == HOST:
        dev_stack.down(host, local_kubeconfig(HOST), report)
    local_kubeconfig(host.name).unlink(missing_ok=True)
    for file in (local_sql, local_registry, local_authority):
        file(host.name).unlink(missing_ok=True)
    choose.forget(host, LOCAL)
    return 0


def status(request: Request, report: Progress) -> int:
    """Print what a host is made of."""
    name = request.host
    parts = choose.existing(name, LOCAL, choose.this_machine()).status()
    if not parts:
        report.say(f"host {name}: is not up; start it with `python -m rig up --host {name}`")
        return 1
    print(table(parts))
    return 0 if all(part.healthy for part in parts) else 1


def kubeconfig(request: Request, _: Progress) -> int:
    """Print a host's kubeconfig, or a tenant's."""
    if request.tenant:
        print(dev_stack.kubeconfig(request.tenant), end="")
        return 0
    name = request.host
    host: Host = choose.existing(name, LOCAL, choose.this_machine())
    if not host.kubeconfig.exists():
        raise TenantplaneError(
            f"host {name}: is not up, it has no kubeconfig; run `python -m rig up --host {name}`"
        )
    print(host.kubeconfig.read_text(), end="")
    return 0


def environment(_: Request, report: Progress) -> int:
    """Print shell lines that make plain `pulumi` work in this checkout."""
    if not pulumi.is_ready():
        pulumi.prepare(report)
    print(pulumi.export_lines(pulumi.environment()))
    return 0


def make_images(request: Request, report: Progress) -> int:
    """Make the image archives, and print where they are."""
    wanted = (versions.DEFAULT_KUBERNETES, *request.kubernetes)
    for archive in images.archives(report, wanted, operators=request.operators):
        print(archive)
    return 0


def examine(request: Request, _: Progress) -> int:
    """Check the machine."""
    findings = doctor.examine(request.host, LOCAL)
    print(doctor.shown(findings))
    return 1 if any(finding.level == "fail" for finding in findings) else 0


_Command = Callable[[Request, Progress], int]

COMMANDS: dict[str, tuple[_Command, str, tuple[str, ...]]] = {
    "up": (up, "bring a host up, or back up", ("host", "stack", "kubernetes", "sql", "operators")),
    "down": (down, "take a host away, with all that it made", ("host",)),
    "status": (status, "what a host is made of, and whether it works", ("host",)),
    "doctor": (examine, "check this machine, with a remedy for each finding", ("host",)),
    "kubeconfig": (kubeconfig, "print a host's kubeconfig, or a tenant's", ("host", "tenant")),
    "env": (environment, 'print shell lines for plain `pulumi`: eval "$(make env)"', ()),
    "images": (
        make_images,
        "make the image archives of the native host",
        ("kubernetes", "operators"),
    ),
}

_OPTIONS: dict[str, dict[str, Any]] = {
    "host": {"default": HOST, "metavar": "NAME", "help": f"default: {HOST}"},
    "stack": {"action": "store_true", "help": "and `pulumi up` of stack dev"},
    "sql": {"action": "store_true", "help": "and PostgreSQL and MariaDB, beside a native host"},
    "operators": {
        "action": "store_true",
        "help": "and images of operators, and a registry with packages of Crossplane",
    },
    "tenant": {"metavar": "NAME", "help": "a tenant of stack dev, in place of the host"},
    "kubernetes": {
        "action": "append",
        "default": [],
        "metavar": "VERSION",
        "help": "make the images of this version of tenants, too; may be given again",
    },
}


def _versions(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(versions.check_kubernetes(one, "--kubernetes") for one in given)


def local_kubeconfig(name: str) -> Path:
    """Return where the checkout keeps a host's kubeconfig; the plain name is that of host dev."""
    return LOCAL / ("host.kubeconfig" if name == HOST else f"host-{name}.kubeconfig")


def local_sql(name: str) -> Path:
    """Return where the checkout says how a host's SQL servers are reached."""
    return _local("sql", "json", name)


def local_registry(name: str) -> Path:
    """Return where the checkout says how a host's registry is reached."""
    return _local("registry", "json", name)


def local_authority(name: str) -> Path:
    """Return where the checkout keeps the certificate of the CA of a host's registry."""
    return _local("registry-ca", "pem", name)


def _local(what: str, ending: str, name: str) -> Path:
    return LOCAL / (f"{what}.{ending}" if name == HOST else f"{what}-{name}.{ending}")


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


def _copy_facts(host: NativeHost) -> None:
    """Copy what is said of the servers beside a host, if it has any; passwords stay there."""
    if host.sql.exists():
        shutil.copyfile(host.sql, local_sql(host.name))
    if host.registry.exists():
        shutil.copyfile(host.registry, local_registry(host.name))
        authority = json.loads(host.registry.read_text())["caFile"]
        shutil.copyfile(authority, local_authority(host.name))


def _copy(source: Path, target: Path) -> None:
    """Copy a kubeconfig so that its owner alone can read it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(adopted.in_another_folder(source))


if __name__ == "__main__":
    sys.exit(main())
