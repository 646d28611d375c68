import os
import stat

import pytest

from core.errors import TenantplaneError
from rig import pulumi
from rig.progress import Silent


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with an empty PATH, whose builds and downloads are ready."""
    tools = tmp_path / "usr"
    tools.mkdir()
    built = tmp_path / "built-pulumi"
    built.touch()
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.delenv(pulumi.CHOICE_VARIABLE, raising=False)
    monkeypatch.setattr(pulumi.build, "binaries", lambda names, _: dict.fromkeys(names, built))
    monkeypatch.setattr(pulumi.pypi, "binary", lambda *_: built)
    monkeypatch.setattr(pulumi, "_answers", lambda _: True)
    return tools


@pytest.fixture
def local(tmp_path):
    return tmp_path / ".tenantplane"


def install(machine, *, version="v3.259.0", language=True, plugins="exit 0"):
    """Put an executable pulumi on PATH."""
    script = machine / "pulumi"
    script.write_text(
        f'#!/bin/sh\nif [ "$1" = version ]; then echo {version}; exit 0; fi\n'
        f'echo "$@" >>{machine}/calls\n{plugins}\n'
    )
    script.chmod(0o755)
    if language:
        host = machine / "pulumi-language-python"
        host.write_text("#!/bin/sh\n")
        host.chmod(0o755)


def prepare(local):
    report = Silent()
    chosen = pulumi.prepare(report, local)
    (said,) = report.said
    assert said == f"pulumi: {chosen.kind}, {chosen.why}"
    return chosen


def test_without_pulumi_the_offline_toolchain_is_used(machine, local):
    chosen = prepare(local)
    assert chosen.kind == "offline"
    assert chosen.why == "as no pulumi is on PATH"
    assert (local / "bin/pulumi").resolve().name == "built-pulumi"
    assert (local / "bin/kubectl").is_symlink()
    assert (local / "bin/helm").resolve().name == "built-pulumi"  # the kubernetes plugin runs it


def test_an_installed_pulumi_downloads_its_plugins_and_is_used(machine, local):
    install(machine)
    chosen = prepare(local)
    assert (chosen.kind, chosen.cli) == ("installed", str(machine / "pulumi"))
    calls = (machine / "calls").read_text().splitlines()
    assert [call.split()[:4] for call in calls] == [
        ["plugin", "install", "resource", name] for name in ("kubernetes", "random", "tls")
    ]
    assert not (local / "bin/pulumi").exists()
    assert not (local / "bin/helm").exists()  # the official plugin has it built in
    assert not list((local / "pulumi-home/plugins").iterdir())


@pytest.mark.parametrize(
    ("installed", "why"),
    [
        ({"version": "v3.100.0"}, "pulumi is older than 3.231"),
        ({"version": "nonsense"}, "pulumi is older than 3.231"),
        ({"language": False}, "comes without pulumi-language-python"),
        ({"plugins": "echo 'error: 403 Forbidden' >&2; exit 1"}, "(error: 403 Forbidden)"),
    ],
)
def test_an_installed_pulumi_that_is_of_no_use_is_left_alone(machine, local, installed, why):
    install(machine, **installed)
    chosen = prepare(local)
    assert chosen.kind == "offline"
    assert why in chosen.why


def test_without_network_nobody_waits_for_downloads(machine, local, monkeypatch):
    """The CLI would retry for minutes."""
    install(machine)
    monkeypatch.setattr(pulumi, "_answers", lambda _: False)
    assert "does not answer" in prepare(local).why
    assert not (machine / "calls").exists()


def test_plugins_that_are_there_need_no_network(machine, local, monkeypatch):
    install(machine)
    prepare(local)
    for name, version in pulumi.packages.required().items():
        (local / f"pulumi-home/plugins/resource-{name}-v{version}").mkdir()
    monkeypatch.setattr(pulumi, "_answers", lambda _: False)
    assert prepare(local).kind == "installed"


def test_the_user_may_choose(machine, local, monkeypatch):
    install(machine)
    monkeypatch.setenv(pulumi.CHOICE_VARIABLE, "offline")
    assert prepare(local).why == "as TENANTPLANE_PULUMI says so"
    monkeypatch.setenv(pulumi.CHOICE_VARIABLE, "cloud")
    with pytest.raises(TenantplaneError, match="is unknown, got 'cloud'; use installed or offline"):
        pulumi.prepare(Silent(), local)
    (machine / "pulumi").unlink()
    monkeypatch.setenv(pulumi.CHOICE_VARIABLE, "installed")
    with pytest.raises(TenantplaneError, match="no pulumi is on PATH, but TENANTPLANE_PULUMI"):
        pulumi.prepare(Silent(), local)


def test_stand_ins_are_where_the_cli_looks_for_plugins(machine, local):
    """As downloads would be: from PATH, each run would warn about each of them."""
    prepare(local)
    plugins = local / "pulumi-home/plugins"
    launchers = sorted(path for path in plugins.glob("*/pulumi-*"))
    names = [path.name for path in launchers]
    assert names == [
        "pulumi-language-python",
        "pulumi-resource-kubernetes",
        "pulumi-resource-random",
        "pulumi-resource-tls",
    ]
    for path in launchers:
        assert path.stat().st_mode & stat.S_IXUSR
        kind_and_name = path.name.removeprefix("pulumi-")
        assert path.parent.name.startswith(f"{kind_and_name}-v")
    assert not list((local / "bin").glob("pulumi-*"))


def test_stand_ins_of_an_older_sdk_go_away(machine, local):
    prepare(local)
    old = local / "pulumi-home/plugins/resource-tls-v5.0.0"
    old.mkdir()
    (old / pulumi._MARK).touch()
    downloaded = local / "pulumi-home/plugins/resource-gcp-v10.2.0"
    downloaded.mkdir()
    prepare(local)
    assert not old.exists()
    assert downloaded.exists()


def test_an_installed_pulumi_gets_no_stand_ins(machine, local):
    """It would take them for its own plugins."""
    prepare(local)
    install(machine)
    assert prepare(local).kind == "installed"
    assert not list((local / "pulumi-home/plugins").glob("resource-*"))


def test_the_passphrase_is_made_once_and_for_its_owner(machine, local):
    prepare(local)
    passphrase = local / "passphrase"
    first = passphrase.read_text()
    assert stat.S_IMODE(passphrase.stat().st_mode) == 0o600
    prepare(local)
    assert passphrase.read_text() == first
    assert len(first) >= 32


def test_runs_leave_no_debug_logs(machine, local):
    """3 MB each: the CLI goes without them where it can't make their folder."""
    logs = local / "pulumi-home/logs"
    logs.mkdir(parents=True)
    (logs / "pulumi-20261123T120000.log").write_bytes(b"x")
    for _ in range(2):
        prepare(local)
        assert logs.is_file()


def test_the_environment_belongs_to_the_checkout(machine, local):
    prepare(local)
    variables = pulumi.environment(local)
    assert variables["PATH"] == f"{local}/bin:{machine}"
    assert variables["PULUMI_BACKEND_URL"] == f"file://{local}/backend?metadata=skip"
    assert variables["PULUMI_HOME"] == f"{local}/pulumi-home"
    assert variables["PULUMI_CONFIG_PASSPHRASE_FILE"] == f"{local}/passphrase"
    assert variables["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
    install(machine)
    prepare(local)
    assert "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION" not in pulumi.environment(local)


def test_the_environment_can_be_taken_twice(machine, local, monkeypatch):
    """Eval "$(make env)" in a shell that has it already."""
    prepare(local)
    once = pulumi.environment(local)
    monkeypatch.setenv("PATH", once["PATH"])
    assert pulumi.environment(local) == once
    assert prepare(local).kind == "offline"  # its own link is no installed pulumi


def test_there_is_no_environment_before_make_up(local):
    assert not pulumi.is_ready(local)
    with pytest.raises(TenantplaneError, match="is not ready in this checkout; run make up"):
        pulumi.environment(local)


def test_a_cleared_cache_is_noticed(machine, local):
    prepare(local)
    assert pulumi.is_ready(local)
    (machine.parent / "built-pulumi").unlink()
    assert not pulumi.is_ready(local)


def test_export_lines_survive_a_shell():
    lines = pulumi.export_lines({"A": "with space", "B": "it's"})
    echoed = os.popen(f'{lines}\nprintf \'%s|%s\' "$A" "$B"').read()  # noqa: S605
    assert echoed == "with space|it's"
