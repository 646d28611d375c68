import subprocess
from pathlib import Path

import pytest

from core.errors import InvalidInputError
from core.versions import DEFAULT_KUBERNETES
from rig import dev_config, toolchain

OTHER = toolchain.recipe("kube-1.36").version().removeprefix("v")
HEAD = "config:\n  tenantplane:kind: dev\n"


@pytest.fixture
def config(tmp_path):
    """A config whose tenants are written as given."""

    def write(tenants="", host=""):
        file = tmp_path / "Pulumi.dev.yaml"
        file.write_text(f"{HEAD}{host}  tenantplane:tenants:\n{tenants}")
        return file

    return write


def test_every_version_of_a_tenant_is_built_in_full(config):
    """Short forms and YAML's numbers mean what they mean to the stack."""
    file = config(f"    - name: a\n    - name: b\n      version: 1.36\n{EXACT}")
    assert dev_config.versions_to_build(file) == tuple(sorted({OTHER, DEFAULT_KUBERNETES}))


EXACT = f"    - name: c\n      version: {OTHER}\n"


def test_each_tenant_whose_version_has_no_recipe_is_named(config):
    """Its pods could only wait for an image that nobody makes."""
    tenants = (
        "    - {name: a}\n    - {name: b, version: 1.34.9}\n    - {name: c, version: '1.35'}\n"
    )
    with pytest.raises(InvalidInputError) as refused:
        dev_config.versions_to_build(config(tenants))
    first, second = refused.value.problems
    assert first.startswith(
        "tenant b: its version is not one that the native host can build, got '1.34.9'; "
        f"use one of {OTHER}, {DEFAULT_KUBERNETES}"
    )
    assert second.startswith("tenant c: ")


def test_a_version_that_no_tenant_can_have_is_refused_with_its_tenant(config):
    with pytest.raises(InvalidInputError, match=r"tenant a: version: .*got '1\.20'"):
        dev_config.versions_to_build(config("    - {name: a, version: '1.20'}\n"))


@pytest.mark.parametrize("tenants", ["", "    - not-a-tenant\n", "    name: acme\n"])
def test_what_is_no_tenant_is_left_to_the_stack_to_refuse(config, tenants):
    assert dev_config.versions_to_build(config(tenants)) == ()


@pytest.mark.parametrize(
    ("tenants", "has"),
    [
        ("    - {name: a}\n    - {name: b, operators: [{name: kubedebug}]}\n", True),
        ("    - {name: a, operators: []}\n    - not-a-tenant\n", False),
        ("", False),
    ],
)
def test_a_stack_with_an_operator_needs_the_images_of_operators(config, tenants, has):
    assert dev_config.has_operators(config(tenants)) is has


def test_the_context_of_an_adopted_cluster_is_the_configs(config):
    host = "  tenantplane:host:\n    adopt:\n      context: kind-host\n"
    assert dev_config.context(config(host=host)) == "kind-host"
    assert dev_config.context(config()) is None


@pytest.mark.parametrize(
    ("adopt", "path"),
    [
        ("{kubeconfig: .tenantplane/host.kubeconfig}", ".tenantplane/host.kubeconfig"),
        ("{kubeconfig: /etc/mine.yaml}", "/etc/mine.yaml"),
        ("{kubeconfig: ~/mine.yaml}", Path.home() / "mine.yaml"),
        ('{kubeconfig: "apiVersion: v1\\n"}', None),
        ("{context: kind-host}", None),
        ("", None),
    ],
)
def test_the_adopted_kubeconfig_is_a_path_beside_the_config(config, adopt, path):
    file = config(host=f"  tenantplane:host:\n    adopt: {adopt}\n")
    assert dev_config.kubeconfig(file) == (path and file.parent / path)


def test_the_checkouts_own_config_can_be_built():
    assert DEFAULT_KUBERNETES in dev_config.versions_to_build()


def test_no_salt_is_committed():
    """`pulumi up` writes one into the file, of use in one checkout alone."""
    shown = subprocess.run(
        ["git", "show", f"HEAD:{dev_config.FILE.name}"],
        cwd=dev_config.FILE.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if shown.returncode:
        pytest.skip("this is no git checkout")
    assert "encryptionsalt" not in shown.stdout
