import pytest

from core import kubeconfig
from core.errors import InvalidInputError
from rig.plugins.kubernetes import config, values

URN = "urn:pulumi:s::p::pulumi:providers:kubernetes::host"
UNKNOWN = values._UNKNOWNS["04da6b54-80e4-46f7-96ec-b56ff0331ba9"]


def text(server="https://a.test", certificate="c", ca="ca"):
    return kubeconfig.build(server, ca, certificate, "k", "n")


def settings(**given):
    return config.settings({f"kubernetes:config:{name}": value for name, value in given.items()})


def problems(urn=URN, **news):
    return {failure.property: failure.reason for failure in config.check(news, urn)}


def answer(olds, news):
    found = config.diff(olds, news)
    return list(found.diffs), list(found.replaces)


def test_settings_have_the_official_defaults():
    found = settings()
    assert not found.mutable_secrets
    assert not found.upsert
    assert not found.delete_unreachable


def test_a_setting_wins_over_its_variable(monkeypatch):
    monkeypatch.setenv("PULUMI_K8S_DELETE_UNREACHABLE", "true")
    assert settings().delete_unreachable
    assert not settings(deleteUnreachable="false").delete_unreachable


def test_client_settings_are_numbers(monkeypatch):
    monkeypatch.setenv("PULUMI_K8S_CLIENT_QPS", "7")
    assert settings(kubeClientSettings='{"burst": 3, "timeout": 9}').client == {
        "burst": 3,
        "qps": 7,
        "timeout": 9,
    }
    with pytest.raises(InvalidInputError, match="kubeClientSettings: burst, qps and timeout"):
        settings(kubeClientSettings='{"burst": "many"}')


def test_what_the_plugin_can_not_do_is_refused():
    assert set(problems(renderYamlToDirectory="out", helmReleaseSettings='{"driver":"x"}')) == {
        "renderYamlToDirectory",
        "helmReleaseSettings",
    }
    assert (
        "server-side apply alone"
        in problems(enableServerSideApply="false")["enableServerSideApply"]
    )
    assert problems(kubeConfig="x") == {"kubeConfig": "is no setting of the kubernetes provider"}
    assert problems(kubeconfig=UNKNOWN, enableSecretMutable="true", clusterIdentifier="x") == {}


def test_waiting_for_everything_is_refused(monkeypatch):
    monkeypatch.setenv("PULUMI_K8S_AWAIT_ALL", "true")
    with pytest.raises(InvalidInputError, match="PULUMI_K8S_AWAIT_ALL: the offline plugin waits"):
        settings()


def test_strict_mode_wants_an_explicit_cluster(monkeypatch):
    assert set(problems(strictMode="true")) == {"kubeconfig", "context"}
    assert problems(strictMode="true", kubeconfig="x", context="y") == {}
    assert "" in problems(URN.replace("::host", "::default_4_34_2"), strictMode="true")
    monkeypatch.setenv("PULUMI_CONFIG", '{"strictMode": "true"}')
    assert set(problems()) == {"kubeconfig", "context"}


def test_the_same_settings_are_no_difference():
    assert config.diff({"kubeconfig": text()}, {"kubeconfig": text()}).changes == 1


def test_new_credentials_are_an_update_another_cluster_a_replacement():
    old = {"kubeconfig": text()}
    assert answer(old, {"kubeconfig": text(certificate="d")}) == (["kubeconfig"], [])
    for other in (text("https://b.test"), text(ca="other")):
        assert answer(old, {"kubeconfig": other}) == (["kubeconfig"], ["kubeconfig"])
    assert answer(old, {"kubeconfig": UNKNOWN}) == (["kubeconfig"], ["kubeconfig"])


def test_a_cluster_identifier_decides_alone():
    """Rotating a CA must not replace every object in the cluster."""
    same = {"clusterIdentifier": "tenantplane/dev"}
    old = {"kubeconfig": text(), **same}
    for other in (text("https://b.test"), UNKNOWN):
        assert answer(old, {"kubeconfig": other, **same}) == (["kubeconfig"], [])
    moved = {"kubeconfig": text(), "clusterIdentifier": "tenantplane/other"}
    assert answer(old, moved) == (["clusterIdentifier"], ["clusterIdentifier"])
    assert answer(old, {"kubeconfig": text()}) == (["clusterIdentifier"], [])
    assert answer({"kubeconfig": text()}, old) == (["clusterIdentifier"], [])


def test_a_kubeconfig_file_that_is_gone_says_nothing_about_its_cluster():
    assert answer({"kubeconfig": "/nowhere"}, {"kubeconfig": text()}) == (["kubeconfig"], [])
