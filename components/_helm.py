"""Renders a Helm chart into plain objects, before anything is declared (docs/adr/0011).

Pulumi's kubernetes plugin does it: the program runs no helm, and needs none beside the plugin.
Not here: what is asked for (core/charts.py), what a refusal means (core/chart_errors.py).
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import invoke

from core import chart_errors, charts, object_lists
from core.charts import ChartSource
from core.errors import HostError, InvalidInputError, describe

FUNCTION = "kubernetes:helm:template"

_REFUSED = f"invoke of {FUNCTION} failed: "  # of Pulumi's SDK, its runtime/invoke.py
# By provider and what was asked for: a run checks all charts before it declares the first.
_rendered: WeakKeyDictionary[pulumi.ProviderResource, dict[str, list[dict[str, Any]]]]
_rendered = WeakKeyDictionary()


def render(
    source: ChartSource,
    values: Mapping[str, Any],
    *,
    thing: str,
    release: str,
    namespace: str,
    kube_version: str,
    api_versions: Sequence[str],
    provider: pulumi.ProviderResource,
) -> list[dict[str, Any]]:
    """Return the objects of a chart, in Helm's order and with its hooks last; tests are left out.

    What is asked for again isn't rendered again, as long as the provider lives: one run. What comes
    back is plain, also where a value was secret: mark it again where it is declared.

    Args:
        source: The chart.
        values: What differs from the chart's own values; plain data.
        thing: What errors call the caller, like `operator crossplane`.
        release: Name of the release.
        namespace: Of the release, and of objects that name none.
        kube_version: The tenant's: the chart is never told what the host has.
        api_versions: `core.kinds.of_charts` of it, and more if the caller knows more.
        provider: The host's; its cluster isn't asked.

    Raises:
        InvalidInputError: the chart can't be rendered with these values.
        HostError: the host isn't known yet.
    """
    charts.check_release(release, f"{thing}: release")
    charts.check_values(values, f"{thing}: values")
    asked = charts.options(
        source,
        values,
        path=_located(source, thing),
        release=release,
        namespace=namespace,
        kube_version=kube_version,
        api_versions=api_versions,
    )
    known = _rendered.setdefault(provider, {})
    if asked not in known:
        rendered = _ask(asked, source, values, thing, provider)
        known[asked] = object_lists.uniform(rendered, namespace, f"{thing}: {source}")
    return deepcopy(known[asked])


def _ask(
    asked: str,
    source: ChartSource,
    values: Mapping[str, Any],
    thing: str,
    provider: pulumi.ProviderResource,
) -> list[dict[str, Any]]:
    try:
        options = pulumi.InvokeOptions(provider=provider)
        answer = invoke(FUNCTION, {"jsonOpts": asked}, options).value
    except Exception as error:  # Pulumi has nothing narrower
        if not str(error).startswith(_REFUSED):  # of the provider, say
            raise
        # Not chained: the values may be in the plugin's words, and they may be secret.
        raise chart_errors.refusal(thing, source, str(error), values) from None
    rendered: list[dict[str, Any]] | None = (answer or {}).get("result")
    if rendered is None:  # what the engine says for a provider whose kubeconfig isn't known
        problem = f"{source} can't be rendered before its host is known"
        raise HostError(
            describe(thing, problem, remedy="run `pulumi up` of the host's stack first")
        )
    return rendered


def _located(source: ChartSource, thing: str) -> str:
    """Return the absolute path of a chart that has one, and look whether it is there."""
    if source.path is None:
        return ""
    path = Path(source.path).expanduser().absolute()
    if path.is_file() or (path / "Chart.yaml").is_file():
        return str(path)
    problem = "has no Chart.yaml" if path.is_dir() else "is not there"
    remedy = "give the path of a chart's directory or archive, relative to the project"
    raise InvalidInputError(f"{thing}: {source}", problem, str(path), remedy)
