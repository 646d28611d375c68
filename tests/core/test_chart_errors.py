"""Helm's messages become one line: which chart, what is wrong, what to do; no value of a user."""

import base64

import pytest

from core import chart_errors
from core.charts import ChartSource
from core.errors import InvalidInputError

LOCAL = ChartSource(path="charts/demo")
REMOTE = ChartSource(repository="https://a.test", name="demo", version="1.2.3")
OFFICIAL = (
    "invoke of kubernetes:helm:template failed: invocation of kubernetes:helm:template returned an"
    " error: failed to generate YAML for specified Helm chart: failed to create chart from "
    "template: "
)


def said(message, values=None, source=LOCAL):
    error = chart_errors.refusal("operator demo", source, OFFICIAL + message, values or {})
    assert isinstance(error, InvalidInputError)
    return str(error)


# Messages of Helm 3.20.2 (the official plugin's) and Helm 4.3.1 (the offline one's), 2026-11-30.
@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            f"{chart_errors._SCHEMA}\ndemo:\n- at '/replicas': got string, want number\n",
            "its schema refuses the values (demo: - at '/replicas': got string, want number); corr",
        ),
        (
            "execution error at (demo/templates/x.yaml:1:6): set the thing",
            "it refuses the values (demo/templates/x.yaml:1:6: set the thing); set the values as",
        ),
        (
            "chart requires kubeVersion: >= 1.40.0 which is incompatible with Kubernetes v1.37.2",
            "it is not made for the tenant's version of Kubernetes (chart requires kubeVersion: >=",
        ),
        (
            "You may need to run 'helm dependency build': missing in charts/ directory: sub",
            "missing in charts/ directory: sub); run `helm dependency build` in its directory",
        ),
        (
            "YAML parse error on demo/templates/x.yaml: yaml: line 5: mapping values are not",
            "what its templates make is not YAML (YAML parse error on demo/templates/x.yaml: yaml:",
        ),
        (
            "parse error at (demo/templates/x.yaml:1): missing value for if",
            "its templates fail (demo/templates/x.yaml:1: missing value for if); give the values",
        ),
        (
            'parse error at (demo/templates/x.yaml:1): function "nope" not defined',
            'its templates fail (demo/templates/x.yaml:1: function "nope" not defined)',
        ),
        ("Chart.yaml file is missing", "it is no chart that Helm can load (Chart.yaml file is"),
        (
            "file '/x.tgz' does not appear to be a gzipped archive; got 'application/octet-stream'",
            "it is no chart that Helm can load (file '/x.tgz' does not appear",
        ),
        ("validation: chart.metadata.version is required", "it is no chart that Helm can load"),
        (
            "helm is not on PATH, and the offline kubernetes plugin renders charts with it",
            "plugin renders charts with it); run `make up` in this checkout once",
        ),
        ("the sun is too bright", "Helm refuses it (the sun is too bright); see what `helm templ"),
    ],
)
def test_each_message_has_its_meaning(message, expected):
    text = said(message)
    assert text.startswith("operator demo: chart charts/demo: ")
    assert expected in text
    assert "\n" not in text


NO_INDEX = 'looks like "https://a.test" is not a valid chart repository or cannot be reached: '
NOT_FETCHED = 'failed to perform "FetchReference" on source: '


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (f"{NO_INDEX}dial tcp 127.0.0.1:9: connect: connection refused", "can't be reached from"),
        (f"{NO_INDEX}dial tcp 10.4.0.1:4040: i/o timeout", "can't be reached from"),
        (f"{NO_INDEX}failed to fetch https://a.test/index.yaml : 404 Not Found", "has no such"),
        (f"{NO_INDEX}failed to fetch https://a.test/index.yaml : 401 Unauthorized", "wants a log"),
        ('chart "demo" version "9.9.9" not found in https://a.test repository', "has no such"),
        (f"{NOT_FETCHED}a.test/charts/demo:9.2.3: not found", "has no such chart, or not this ver"),
        (f"{NOT_FETCHED}tls: failed to verify certificate: x509: signed", "can't be reached from"),
    ],
)
def test_trouble_on_the_way_is_told_from_trouble_with_the_chart(message, expected):
    text = said(f"failed to pull chart: {message}", source=REMOTE)
    assert text.startswith("operator demo: chart demo 1.2.3 of https://a.test: its repository ")
    assert expected in text
    assert message in text


ONE_LINE = (
    'template: demo/templates/x.yaml:4:13: executing "demo/templates/x.yaml" at <include "a" .>: '
    'error calling include: template: demo/templates/_h.tpl:1:70: executing "a" at <.Values.x.y>: '
    "nil pointer evaluating interface {}.y"
)
SEVERAL_LINES = (
    'demo/templates/x.yaml:4:13\n  executing "demo/templates/x.yaml" at <include "a" .>:\n    '
    'error calling include:\ndemo/templates/_h.tpl:1:70\n  executing "a" at <.Values.x.y>:\n    '
    "nil pointer evaluating interface {}.y"
)


@pytest.mark.parametrize("message", [ONE_LINE, SEVERAL_LINES], ids=["Helm 3", "Helm 4"])
def test_of_templates_in_templates_the_innermost_is_told(message):
    """What called it is of no use to the reader, and some charts nest ten of them."""
    text = said(message)
    assert "(demo/templates/_h.tpl:1:70" in text
    assert (
        'executing "a" at <.Values.x.y>: nil pointer evaluating interface {}.y); give the' in text
    )
    assert "include" not in text


def test_a_line_number_is_not_taken_for_a_status():
    """Line 401 of a template is no refused login."""
    text = said("template: demo/templates/x.yaml:401:3: executing: nil pointer")
    assert "its templates fail" in text


def test_a_long_message_ends_somewhere():
    assert len(said("x" * 5000)) < 700


SECRET = "correct horse battery"


@pytest.mark.parametrize(
    "form", [SECRET, base64.b64encode(SECRET.encode()).decode()], ids=["plain", "base64"]
)
def test_no_value_of_the_users_is_shown(form):
    """Any of them may be secret: the name of the value tells the reader as much."""
    values = {"auth": {"users": [{"password": SECRET}]}}
    text = said(f"execution error at (demo/templates/x.yaml:1:3): {form} is bad", values)
    assert form not in text
    assert "<auth.users[0].password> is bad" in text


def test_lines_of_a_value_are_hidden_one_by_one():
    """A parser shows the line that it stumbled over, of a key, say."""
    values = {"tls": {"key": "-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----"}}
    text = said("YAML parse error on demo/templates/x.yaml: near MIIEvQIBADANBg", values)
    assert "MIIEvQ" not in text
    assert "near <tls.key>" in text


def test_what_stands_for_a_value_is_not_replaced_again():
    values = {"password": SECRET, "hint": "password"}
    text = said(f"execution error at (demo/templates/x.yaml:1:3): {SECRET}", values)
    assert "<password>)" in text


def test_the_chart_itself_stays_readable():
    """Its name is often a value, too, and is no secret."""
    text = said("execution error at (demo/templates/x.yaml:1:3): no", {"fullnameOverride": "demo"})
    assert "demo/templates/x.yaml" in text
