"""The stack's config becomes plain values, and Pulumi.yaml declares what settings.py reads."""

import json
from pathlib import Path

import pulumi
import pytest
import yaml

from core import schema, settings
from stacks import config

ROOT = Path(__file__).resolve().parents[2]
PROJECT = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())


@pytest.fixture
def given():
    yield pulumi.runtime.set_all_config
    pulumi.runtime.set_all_config({})


def test_texts_stay_texts_and_json_is_read(given):
    given(
        {
            "tenantplane:kind": "dev",
            "tenantplane:host": '{"name": "dev"}',
            "tenantplane:tenants": '[{"name": "acme"}]',
            "kubernetes:context": "other",
        }
    )
    assert config.read() == {
        "kind": "dev",
        "host": {"name": "dev"},
        "tenants": [{"name": "acme"}],
    }


def test_an_empty_value_is_not_set(given):
    """What Pulumi.yaml has as a default for keys that a kind of stack doesn't have."""
    given({"tenantplane:domain": "", "tenantplane:host": "{}", "tenantplane:tenants": "[]"})
    assert config.read() == {}


def test_what_is_no_json_is_left_for_the_settings_to_refuse(given):
    given({"tenantplane:tenants": "[oops"})
    assert config.read() == {"tenants": "[oops"}


def test_the_environment_is_a_config_too(given, monkeypatch):
    """PULUMI_CONFIG is how a program gets its config where no language host hands it over."""
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"tenantplane:kind": "host"}))
    assert config.read() == {"kind": "host"}


def test_the_project_declares_every_key_with_type_description_and_default():
    """A key without a default is one that the CLI asks for; only `kind` is."""
    declared = PROJECT["config"]
    assert list(declared) == list(schema.keys(settings.Settings))
    for name, key in declared.items():
        assert set(key) >= {"type", "description"}, name
        assert ("default" in key) == (name != "kind"), name


def test_the_projects_defaults_are_those_of_the_settings():
    defaults = {
        name: key["default"]
        for name, key in PROJECT["config"].items()
        if key.get("default") not in (None, "", {}, [])
    }
    minimal = {"kind": "dev", "domain": "x", "host": {"name": "x", "adopt": {"kubeconfig": "x"}}}
    assert settings.parse(minimal | defaults) == settings.parse(minimal)


def stack_config(text):
    values = yaml.safe_load(text)["config"]
    return {key.removeprefix("tenantplane:"): value for key, value in values.items()}


def test_the_dev_stack_is_right():
    found = settings.parse(stack_config((ROOT / "Pulumi.dev.yaml").read_text()))
    assert [tenant.name for tenant in found.tenants] == ["acme", "globex"]
    assert found.kind == settings.DEV


def test_the_gke_example_is_a_host_and_its_tenants():
    host, tenants = (ROOT / "Pulumi.gke.yaml.example").read_text().split("\n---\n")
    made = settings.parse(stack_config(host))
    on_it = settings.parse(stack_config(tenants))
    assert (made.kind, on_it.kind) == (settings.HOST, settings.TENANTS)
    assert on_it.host_stack.endswith("/prod-host")
    chosen = {tenant.datastore for tenant in on_it.tenants}
    assert chosen == {*made.etcd, *made.sql}, "each store of the host has a tenant that shows it"


def test_the_gke_example_enables_what_it_asks_of_google():
    text = (ROOT / "Pulumi.gke.yaml.example").read_text()
    for service in ("compute", "container", "dns", "iam", "sqladmin"):
        assert f"{service}.googleapis.com" in text


def test_the_gke_examples_commands_keep_tenants_apart_and_its_image_has_a_place():
    """Plain `pulumi up` stops all at one bad tenant; the README pushes what the config names."""
    text = (ROOT / "Pulumi.gke.yaml.example").read_text()
    commands = [line for line in text.splitlines() if "pulumi up" in line]
    assert commands
    assert all(line.count("pulumi up") == line.count("--continue-on-error") for line in commands)
    host = settings.parse(stack_config(text.split("\n---\n")[0]))
    image = host.images.overrides["host-agent"]
    readme = (ROOT / "README.md").read_text()
    assert f"docker push {image}" in readme
    assert image.startswith(f"{host.host.gke.region}-docker.pkg.dev/{host.host.gke.project}/")


def test_the_program_is_short():
    """Style: a main of at most 40 lines without resources of its own."""
    lines = (ROOT / "__main__.py").read_text().splitlines()
    assert len(lines) <= 40
