"""chart_errors: why a chart can't be rendered, in the words of who asked for it.

Owns: what Helm's many messages mean, their telling part, and that no value of the user's is in it.
Not here: asking (components/_helm.py), checks of what is asked for (charts.py).
"""

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from core.charts import ChartSource
from core.errors import InvalidInputError

_PREFIXES = (
    "failed to generate YAML for specified Helm chart: ",
    "failed to decode YAML for specified Helm chart: ",
    "failed to create chart from template: ",
    "failed to pull chart: ",
    "failed to load chart from temp directory: ",
)
_SCHEMA = "values don't meet the specifications of the schema(s) in the following chart(s):"
_LOCATION = re.compile(r"[\w.-]+(/[\w.-]+)*/templates/[\w./-]+:\d+(:\d+)?")
_LONGEST = 400
_SHORTEST_HIDDEN = 4
"""Shorter values are in every other word, and no secrets."""


class _Meaning(NamedTuple):
    """What a message means in which the sign is found."""

    sign: re.Pattern[str]
    problem: str
    remedy: str


_MEANINGS = (
    _Meaning(
        re.compile("helm is not on PATH"),
        "Pulumi's kubernetes plugin lacks what it renders charts with",
        "run `make up` in this checkout once",
    ),
    _Meaning(
        re.compile(re.escape(_SCHEMA)),
        "its schema refuses the values",
        "correct the values that it names",
    ),
    _Meaning(
        re.compile("execution error at"),
        "it refuses the values",
        "set the values as it says",
    ),
    _Meaning(
        re.compile("incompatible with Kubernetes"),
        "it is not made for the tenant's version of Kubernetes",
        "use another version of the chart, or of the tenant",
    ),
    _Meaning(
        re.compile("missing in charts/"),
        "it lacks charts that it depends on",
        "run `helm dependency build` in its directory",
    ),
    _Meaning(
        re.compile("YAML parse error|error converting YAML|is not YAML"),
        "what its templates make is not YAML",
        "see which values the template uses; else it is the chart's mistake, try another version",
    ),
    _Meaning(
        re.compile(r"/templates/|parse error at|function .* not defined"),
        "its templates fail",
        "give the values that the template reads; else it is the chart's mistake, try another "
        "version",
    ),
    _Meaning(
        re.compile(r"Chart\.yaml|gzip|chart\.metadata|not a chart"),
        "it is no chart that Helm can load",
        "give a directory with a Chart.yaml, or what `helm package` makes of it",
    ),
    _Meaning(
        re.compile(r"\b40[13]\b|[Uu]nauthorized|[Ff]orbidden|denied"),
        "its repository wants a login",
        "run `helm registry login` for oci://, else download the chart and give its path",
    ),
    _Meaning(
        re.compile(r"\b404\b|not found|no chart (name|version) found"),
        "its repository has no such chart, or not this version of it",
        "correct repository, name and version; `helm show chart` shows what is there",
    ),
    _Meaning(
        re.compile("cannot be reached|dial tcp|timeout|deadline|x509|tls:|EOF|proxy"),
        "its repository can't be reached from the machine that runs Pulumi",
        "see to network, proxy and certificates there, or download the chart and give its path",
    ),
)
"""The first whose sign is found counts: a repository that says 404 also "cannot be reached"."""

_OTHER = ("Helm refuses it", "see what `helm template` says of it with the same values")


def refusal(
    thing: str, source: ChartSource, message: str, values: Mapping[str, Any]
) -> InvalidInputError:
    """Return the error that says why a chart can't be rendered.

    Args:
        thing: Who asked for it, like `operator crossplane`.
        source: The chart.
        message: All that the plugin said; the values of the user may be in it.
        values: Each text in them is replaced by the name of its value: it may be a secret, and a
            config doesn't say which of its values are.
    """
    said = message
    for prefix in _PREFIXES:
        said = said.rpartition(prefix)[2]
    found = next((one for one in _MEANINGS if one.sign.search(said)), None)
    problem, remedy = (found.problem, found.remedy) if found else _OTHER
    telling = _telling(_without_values(said, values, str(source)))
    return InvalidInputError(f"{thing}: {source}", f"{problem} ({telling})", remedy=remedy)


def _telling(said: str) -> str:
    """Return the innermost of nested template errors, in one line of a readable length."""
    line = " ".join(said.replace(_SCHEMA, "").split())
    places = list(_LOCATION.finditer(line))
    if places:
        line = line[places[-1].start() :].replace("): ", ": ", 1)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."


def _without_values(said: str, values: Mapping[str, Any], public: str) -> str:
    """Return a message with the name of a value in place of each value's text."""
    known = re.split(r"[\s/]+", public)
    hidden = {
        form: path
        for path, text in _texts(values, "")
        for line in text.splitlines()
        for form in (line.strip(), base64.b64encode(text.encode()).decode())
        if len(form) >= _SHORTEST_HIDDEN and form not in known
    }
    if not hidden:
        return said
    longest_first = sorted(hidden, key=len, reverse=True)
    forms = re.compile("|".join(re.escape(form) for form in longest_first))
    return forms.sub(lambda form: f"<{hidden[form[0]]}>", said)


def _texts(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield path and text of each text in values."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _texts(item, f"{path}[{number}]")
    elif isinstance(value, str):
        yield path, value
