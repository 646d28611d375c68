"""charts: where an operator's chart comes from, and what Helm is asked for.

Not here: asking (components/_helm.py), what a refusal means (chart_errors.py), the objects that it
gives (object_lists.py).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInputError
from core.schema import setting

OCI = "oci://"

_REPOSITORY = re.compile(r"(https?|oci)://[^\s/?#@]+(/[^\s?#]*)?")
_NAME = re.compile(r"[a-zA-Z0-9]([-._a-zA-Z0-9]*[a-zA-Z0-9])?")
_VERSION = re.compile(r"v?\d+\.\d+\.\d+(-[-.0-9a-zA-Z]+)?(\+[-.0-9a-zA-Z]+)?")
_RELEASE = re.compile(r"[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?")  # Helm's limit is 53


def check_repository(value: str, path: str) -> str:
    """Check the URL of a repository of charts."""
    if _REPOSITORY.fullmatch(value):
        return value.rstrip("/")
    remedy = "write it like https://charts.example.com/stable or oci://registry.example.com/charts"
    raise InvalidInputError(path, "is not the URL of a repository of charts", value, remedy)


def check_name(value: str, path: str) -> str:
    """Check the name of a chart in a repository."""
    if _NAME.fullmatch(value):
        return value
    remedy = "write it like crossplane; where it is belongs into repository"
    raise InvalidInputError(path, "is not the name of a chart", value, remedy)


def check_version(value: str, path: str) -> str:
    """Check the version of a chart: one, as a range would be another chart some day."""
    if _VERSION.fullmatch(value):
        return value
    raise InvalidInputError(path, "is not one version", value, "write it like 2.3.4")


def check_release(value: str, path: str) -> str:
    """Check the name of a release, which most charts put in front of their objects' names."""
    if _RELEASE.fullmatch(value):
        return value
    remedy = "use 1 to 53 lower-case letters, digits and dashes, no dash first or last"
    raise InvalidInputError(path, "is not the name of a release", value, remedy)


@dataclass(frozen=True, kw_only=True)
class ChartSource:
    """A Helm chart: `path` alone, or `repository`, `name` and `version`."""

    path: str | None = setting(default=None, example="charts/crossplane")
    """Directory or `.tgz` archive of the chart, relative to the project; `~` is your home."""

    repository: str | None = setting(
        default=None, check=check_repository, example="https://charts.crossplane.io/stable"
    )
    """Repository that has it: `https://` or `oci://`."""

    name: str | None = setting(default=None, check=check_name, example="crossplane")
    """Its name in the repository."""

    version: str | None = setting(default=None, check=check_version, example="2.3.4")
    """Its version in the repository, in full."""

    def __str__(self) -> str:
        """Say which chart it is, for errors."""
        if self.path is not None:
            return f"chart {self.path}"
        return f"chart {self.name} {self.version} of {self.repository}"


def problems(source: ChartSource, path: str) -> Iterator[InvalidInputError]:
    """Yield what is wrong with a source as a whole.

    Args:
        source: Its keys were checked one by one.
        path: Where it stands in the config.
    """
    remote = {name: getattr(source, name) for name in ("repository", "name", "version")}
    given = [name for name, value in remote.items() if value is not None]
    if source.path is None and not given:
        remedy = f"set {path}.path, or {path}.repository, name and version"
        yield InvalidInputError(path, "names no chart", remedy=remedy)
    elif source.path is not None and given:
        remedy = f"leave out {path}.path, or {', '.join(given)}"
        yield InvalidInputError(path, "names two charts", remedy=remedy)
    elif source.path is None:
        for name in remote:
            if name not in given:
                problem = "is missing beside the others of repository, name and version"
                yield InvalidInputError(f"{path}.{name}", problem, remedy="set it")


def options(
    source: ChartSource,
    values: Mapping[str, Any],
    *,
    path: str,
    release: str,
    namespace: str,
    kube_version: str,
    api_versions: Sequence[str],
) -> str:
    """Return what the function `kubernetes:helm:template` is asked for, as its JSON.

    Args:
        source: The chart.
        values: What differs from the chart's own values.
        path: Absolute path of a chart that has a path.
        release: Name of the release.
        namespace: Of the release.
        kube_version: Kubernetes version that the chart is told of.
        api_versions: API versions and kinds that the chart is told of, besides Helm's own list.
    """
    asked: dict[str, Any] = {
        "api_versions": list(api_versions),
        "kube_version": kube_version,
        "namespace": namespace,
        "release_name": release,
        "values": values,
    }
    if source.path is not None:
        asked["path"] = path
    elif str(source.repository).startswith(OCI):
        asked |= {"chart": f"{source.repository}/{source.name}", "version": source.version}
    else:
        asked |= {"chart": source.name, "version": source.version}
        asked["fetch_opts"] = {"repo": source.repository}
    return json.dumps(asked, sort_keys=True)


def check_values(value: object, path: str) -> None:
    """Check that values are plain data: a chart is rendered before anything is declared.

    Raises:
        InvalidInputError: something in them is not.
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            check_values(item, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            check_values(item, f"{path}[{number}]")
    elif not (value is None or isinstance(value, str | int | float)):
        remedy = "give texts, numbers, booleans, lists and mappings, no outputs of resources"
        raise InvalidInputError(path, "is not plain data", type(value).__name__, remedy)
