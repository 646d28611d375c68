"""helm: runs the helm binary: a chart, from wherever it comes, as one text of YAML.

The official plugin has Helm 3 built in; this is Helm 4, as a process, found on PATH.
Owns: which option of the function is which flag, and what helm says when it refuses.
Not here: the function's input and output (charts.py), where helm comes from (rig/pulumi.py).
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import InvalidInputError, TenantplaneError

DEFAULT_NAMESPACE = "default"

_ERROR = "Error: "
_ADVICE = "\n\nUse --debug flag"
_FAILED = "failed to generate YAML for specified Helm chart"
_REPOSITORY = "charts"  # the name of one that wants a password, in a configuration of its own


@dataclass(frozen=True, kw_only=True)
class FetchOptions:
    """How a chart is fetched from a repository."""

    repo: str = ""
    version: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    keyring: str = ""
    devel: bool = False
    verify: bool = False


@dataclass(frozen=True, kw_only=True)
class ChartOptions:
    """Options of the function that change its result; the official plugin's names of them."""

    chart: str = ""
    """Its name in a repository, `oci://` and so on; of a path, what is below it."""

    path: str = ""
    """A directory or archive."""

    repo: str = ""
    """Name of a repository that `helm repo add` was told of; a URL is `fetch_opts.repo`."""

    version: str = ""
    namespace: str = ""
    release_name: str = ""
    kube_version: str = ""
    helm_registry_config: str = ""
    api_versions: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    skip_crd_rendering: bool = False
    include_test_hook_resources: bool = False
    fetch_opts: FetchOptions = field(default_factory=FetchOptions)


def template(options: ChartOptions) -> str:
    """Return what `helm template` prints, hooks included.

    Raises:
        TenantplaneError: helm refuses, or is missing.
    """
    # An empty folder to work in: else a folder that is named as the chart is taken for it.
    with tempfile.TemporaryDirectory(prefix="helm-") as folder:
        command = ["template", *_flags(options)]
        command += _local(options) if options.path else _remote(options, folder)
        return _run(command, folder, json.dumps(options.values))


def _flags(options: ChartOptions) -> list[str]:
    flags = ["--values=-", f"--namespace={options.namespace or DEFAULT_NAMESPACE}"]
    flags += [] if options.skip_crd_rendering else ["--include-crds"]
    flags += [] if options.include_test_hook_resources else ["--skip-tests"]
    flags += _given({"kube-version": options.kube_version})
    return flags + [f"--api-versions={version}" for version in options.api_versions]


def _local(options: ChartOptions) -> list[str]:
    path = Path(options.path).absolute() / options.chart
    return ["--", options.release_name, str(path)]


def _remote(options: ChartOptions, folder: str) -> list[str]:
    fetch = options.fetch_opts
    if options.repo.startswith("http"):
        problem = "'repo' option specifies the name of the Helm Chart repo, not the URL"
        remedy = "use 'fetch_opts.repo' for the URL of a remote chart"
        raise InvalidInputError(_FAILED, problem, options.repo, remedy)
    version = options.version or fetch.version
    flags = _given({"version": version, "registry-config": _absolute(options.helm_registry_config)})
    flags += ["--devel"] if fetch.devel and not version else []
    flags += ["--verify"] if fetch.verify else []
    flags += _given({"keyring": _absolute(fetch.keyring)}) + _tls(fetch)
    chart = options.chart
    if chart.startswith("oci://"):
        return [*flags, "--", options.release_name, chart]
    if fetch.password:
        flags += _with_password(fetch, folder)
        chart = f"{_REPOSITORY}/{chart}"
    elif fetch.repo:
        flags += [f"--repo={fetch.repo}"]
    elif options.repo and not chart.startswith(f"{options.repo.rstrip('/')}/"):
        chart = f"{options.repo.rstrip('/')}/{chart}"
    return [*flags, "--", options.release_name, chart]


def _with_password(fetch: FetchOptions, folder: str) -> list[str]:
    """Tell helm of a repository that wants a password, which no list of processes shall show."""
    own = [f"--repository-config={folder}/repositories.yaml", f"--repository-cache={folder}/cache"]
    user = [f"--username={fetch.username}", "--password-stdin"]
    add = ["repo", "add", *own, *user, *_tls(fetch), "--", _REPOSITORY, fetch.repo]
    _run(add, folder, fetch.password)
    return own


def _tls(fetch: FetchOptions) -> list[str]:
    files = {"ca-file": fetch.ca_file, "cert-file": fetch.cert_file, "key-file": fetch.key_file}
    return _given({name: _absolute(path) for name, path in files.items()})


def _given(flags: Mapping[str, str]) -> list[str]:
    return [f"--{name}={value}" for name, value in flags.items() if value]


def _absolute(path: str) -> str:
    return str(Path(path).absolute()) if path else ""


def _run(command: Sequence[str], folder: str, text: str) -> str:
    """Run helm with a text as its standard input; return what it prints."""
    helm = shutil.which("helm")
    if helm is None:
        problem = "helm is not on PATH, and the offline kubernetes plugin renders charts with it"
        raise TenantplaneError(f"{_FAILED}: {problem}; run `make up` in this checkout once")
    done = subprocess.run(
        [helm, *command],
        cwd=folder,
        env=os.environ | {"HELM_DEBUG": "false"},  # else what it prints of values is in its errors
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise TenantplaneError(f"{_FAILED}: {_telling(done.stderr)}")
    return done.stdout


def _telling(said: str) -> str:
    """Return helm's error without the log before it, and the advice after it."""
    before, mark, error = f"\n{said}".partition(f"\n{_ERROR}")
    return (error if mark else before).partition(_ADVICE)[0].strip()
