"""Add, list and remove tenants from a script: what a portal or a ticket system would call.

python -m examples.automation.tenant add initech --kubeconfig initech.yaml
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from automation import Event, Installation, Phase, TenantSettings, UpdateFailedError
from core.errors import TenantplaneError

_PROJECT = Path(__file__).parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    options = _parser().parse_args(arguments)
    installation = Installation(_PROJECT, options.stack)
    try:
        options.run(installation, options)
    except UpdateFailedError as error:
        for tenant, reasons in error.tenants.items():
            print(f"tenant {tenant} failed: {'; '.join(reasons)}", file=sys.stderr)
        for reason in error.others:
            print(f"failed: {reason}", file=sys.stderr)
        return 1
    except TenantplaneError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def add(installation: Installation, options: argparse.Namespace) -> None:
    """Make a tenant, and write its kubeconfig into a file of its own."""
    tenant = TenantSettings(name=options.name, profile=options.profile)
    access = installation.add_tenant(tenant, show)
    _write(options.kubeconfig, access.kubeconfig)
    print(f"{access.name} runs Kubernetes {access.version} at {access.endpoint}")
    print(f"kubectl --kubeconfig {options.kubeconfig} get namespaces")


def show_all(installation: Installation, _: argparse.Namespace) -> None:
    """Print the tenants that the config names."""
    for name, tenant in installation.tenants().items():
        print(f"{name}\t{tenant.version}\t{tenant.profile}")


def remove(installation: Installation, options: argparse.Namespace) -> None:
    """Remove a tenant with everything that is stored in it."""
    result = installation.remove_tenant(options.name, show)
    print(f"{options.name} is gone, {result.changes.get('delete', 0)} resources with it")


def show(event: Event) -> None:
    """Print what happens to tenants."""
    if event.phase is Phase.FINISHED and event.tenant:
        print(
            f"{event.tenant}: {event.operation} {event.resource} ({event.seconds:.1f} s)",
            file=sys.stderr,
        )
    elif event.phase is Phase.MESSAGE:
        print(f"{event.tenant or event.resource or 'pulumi'}: {event.text}", file=sys.stderr)


def _write(path: Path, kubeconfig: str) -> None:
    """Write a secret so that its owner alone can read it."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(kubeconfig)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m examples.automation.tenant")
    parser.add_argument("--stack", default="dev", help="default: dev")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    adding = commands.add_parser("add", help="make a tenant")
    adding.add_argument("name")
    adding.add_argument("--profile", default="small")
    adding.add_argument("--kubeconfig", type=Path, required=True, metavar="FILE")
    adding.set_defaults(run=add)
    listing = commands.add_parser("list", help="the tenants that the config names")
    listing.set_defaults(run=show_all)
    removing = commands.add_parser("remove", help="remove a tenant and all its data")
    removing.add_argument("name")
    removing.set_defaults(run=remove)
    return parser


if __name__ == "__main__":
    sys.exit(main())
