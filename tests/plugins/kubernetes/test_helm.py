"""How Helm is run: where charts come from, what it is told, what others may see of it."""

import json
import sys

import pytest

from core.errors import TenantplaneError
from rig.plugins.kubernetes import helm
from rig.plugins.kubernetes.helm import ChartOptions, FetchOptions
from tests.support.chart_repository import ChartRepository, OciRegistry, write_chart
from tests.support.charts import helm_environment

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\ndata: {from: %s}\n"
LOGIN = ("robot", "correct horse battery")


@pytest.fixture
def real(monkeypatch, tmp_path):
    """The real Helm on PATH, with folders of its own."""
    for name, value in helm_environment(tmp_path / "helm").items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def chart(tmp_path):
    return write_chart(tmp_path / "chart", {"templates/map.yaml": MAP % "repository"})


@pytest.fixture
def repository(chart):
    """Start a repository that has the chart."""
    started = []

    def start(*charts, **more):
        started.append(ChartRepository(*(charts or (chart,)), **more))
        return started[-1]

    yield start
    for one in started:
        one.close()


def template(chart="demo", fetch=None, **more):
    return helm.template(
        ChartOptions(chart=chart, release_name="demo", fetch_opts=fetch or FetchOptions(), **more)
    )


@pytest.mark.processes
def test_a_repository_has_charts_by_name_and_version(real, repository, tmp_path):
    newer = write_chart(tmp_path / "2", {"templates/map.yaml": MAP % "newer"}, version="2.0.0")
    older = write_chart(tmp_path / "1", {"templates/map.yaml": MAP % "older"}, version="1.0.0")
    there = FetchOptions(repo=repository(newer, older).url)
    assert "newer" in template(fetch=there)
    assert "older" in template(fetch=there, version="1.0.0")
    with pytest.raises(TenantplaneError, match=r'chart "demo" version "3\.0\.0" not found in http'):
        template(fetch=there, version="3.0.0")


@pytest.mark.processes
def test_unfinished_versions_are_wanted_by_name_alone(real, repository, tmp_path):
    candidate = write_chart(tmp_path / "1", {"templates/map.yaml": MAP % "x"}, version="1.0.0-rc.1")
    url = repository(candidate).url
    with pytest.raises(TenantplaneError, match='chart "demo" not found'):
        template(fetch=FetchOptions(repo=url))
    assert template(fetch=FetchOptions(repo=url, devel=True))


@pytest.mark.processes
def test_a_registry_has_charts_by_reference(real, chart, tmp_path):
    registry = OciRegistry(tmp_path, chart)
    trusted = FetchOptions(ca_file=str(registry.ca))
    assert "repository" in template(f"{registry.url}/demo", trusted, version="1.2.3")
    with pytest.raises(TenantplaneError, match=r"charts/demo:9\.9\.9: not found"):
        template(f"{registry.url}/demo", trusted, version="9.9.9")
    with pytest.raises(TenantplaneError, match="certificate signed by unknown authority"):
        template(f"{registry.url}/demo", version="1.2.3")
    registry.close()


@pytest.mark.processes
def test_a_login_opens_a_repository(real, repository):
    url = repository(login=LOGIN).url
    user, password = LOGIN
    assert "repository" in template(fetch=FetchOptions(repo=url, username=user, password=password))
    with pytest.raises(TenantplaneError, match="401 Unauthorized"):
        template(fetch=FetchOptions(repo=url, username=user, password="wrong"))
    with pytest.raises(TenantplaneError, match="401 Unauthorized"):
        template(fetch=FetchOptions(repo=url))


@pytest.mark.processes
def test_a_folder_that_is_named_as_the_chart_is_not_taken_for_it(
    real, repository, tmp_path, monkeypatch
):
    """Helm by itself prefers it to the repository."""
    monkeypatch.chdir(
        write_chart(tmp_path / "x/demo", {"templates/map.yaml": MAP % "folder"}).parent
    )
    assert "repository" in template(fetch=FetchOptions(repo=repository().url))


@pytest.mark.processes
def test_a_named_repository_is_one_that_helm_was_told_of(real):
    with pytest.raises(TenantplaneError, match="repo stable not found"):
        template(repo="stable")
    with pytest.raises(TenantplaneError, match="repo stable not found"):
        template("stable/demo", repo="stable")


def test_a_repository_by_url_is_not_one_by_name():
    with pytest.raises(TenantplaneError, match="'repo' option specifies the name"):
        template(repo="https://charts.example.com")


@pytest.mark.processes
def test_a_refusal_is_helms_own_and_nothing_else(real, tmp_path):
    """Neither its log nor its advice to look at what --debug prints: there is no such flag here."""
    chart = write_chart(tmp_path / "bad", {"templates/map.yaml": "a: {{ .Values.a.b.c }}"})
    with pytest.raises(TenantplaneError) as caught:
        template("", path=str(chart))
    assert " ".join(str(caught.value).split()) == (
        "failed to generate YAML for specified Helm chart: demo/templates/map.yaml:1:13 executing "
        '"demo/templates/map.yaml" at <.Values.a.b.c>: nil pointer evaluating interface {}.b'
    )
    with pytest.raises(TenantplaneError, match='chart: release name check failed: release name ""'):
        helm.template(ChartOptions(path=str(chart)))


@pytest.mark.processes
def test_helms_own_debugging_shows_no_values(real, tmp_path, monkeypatch):
    monkeypatch.setenv("HELM_DEBUG", "true")
    chart = write_chart(tmp_path / "bad", {"templates/map.yaml": "a: {{ .Values.a }}: b: c"})
    with pytest.raises(TenantplaneError) as caught:
        template("", path=str(chart), values={"a": "correct horse"})
    assert "horse" not in str(caught.value)


FAKE = """#!{python}
import json, os, sys
with open({log!r}, "a") as log:
    log.write(json.dumps([sys.argv[1:], sys.stdin.read(), os.getcwd()]) + "\\n")
"""


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """A helm that only remembers how it was run: what it does with it isn't the question."""
    log = tmp_path / "runs"
    fake = tmp_path / "bin/helm"
    fake.parent.mkdir()
    fake.write_text(FAKE.format(python=sys.executable, log=str(log)))
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(fake.parent))
    return lambda: [json.loads(line) for line in log.read_text().splitlines()]


def test_neither_values_nor_a_password_are_in_a_list_of_processes(runs):
    """Everybody on the machine can read that."""
    fetch = FetchOptions(repo="https://a.test", username="robot", password="horse")
    template(fetch=fetch, values={"key": "battery"})
    (added, entered, _), (rendered, values, _) = runs()
    assert (added[:2], entered) == (["repo", "add"], "horse")
    assert values == '{"key": "battery"}'
    assert "horse" not in f"{added} {rendered}"
    assert "battery" not in f"{added} {rendered}"


def test_paths_stay_what_they_were_though_helm_runs_elsewhere(runs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fetch = FetchOptions(ca_file="ca.pem", cert_file="/c.pem", key_file="k.pem", keyring="ring")
    template("oci://a.test/demo", fetch, helm_registry_config="config.json", version="1.2.3")
    ((arguments, _, folder),) = runs()
    assert folder != str(tmp_path)
    for flag in (
        f"--ca-file={tmp_path}/ca.pem",
        "--cert-file=/c.pem",
        f"--key-file={tmp_path}/k.pem",
        f"--keyring={tmp_path}/ring",
        f"--registry-config={tmp_path}/config.json",
    ):
        assert flag in arguments


def test_no_option_is_taken_for_a_flag(runs):
    template("--post-renderer=sh", path="/charts")
    ((arguments, *_),) = runs()
    assert arguments[-3:] == ["--", "demo", "/charts/--post-renderer=sh"]


def test_versions_of_the_chart_win_over_those_of_the_fetch(runs):
    template(
        version="1.2.3", fetch=FetchOptions(repo="https://a.test", version="4.5.6", devel=True)
    )
    ((arguments, *_),) = runs()
    assert "--version=1.2.3" in arguments
    assert "--devel" not in arguments


def test_without_helm_the_user_is_told_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TenantplaneError, match=r"helm is not on PATH, .*; run `make up` in this"):
        template()


def test_a_password_is_not_in_what_python_shows_of_it():
    assert "horse" not in repr(FetchOptions(password="horse"))
