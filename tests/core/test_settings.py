"""A stack's config is right, or refused as a whole with the path of every wrong key."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import names, profiles, schema, settings, settings_rules, versions
from core.errors import InvalidInputError
from core.settings import TenantSettings
from tests.core.test_names import TENANT_IDS
from tests.core.test_schema import ANYTHING

ADOPT = {"name": "dev", "adopt": {"kubeconfig": "x"}}
GKE = {"name": "prod", "gke": {"project": "p", "region": "r"}}
DEV = {"kind": "dev", "domain": "tenants.test", "host": ADOPT}
HOST = {
    "kind": "host",
    "domain": "tenants.test",
    "host": GKE,
    "gateway": {"exposure": "LoadBalancer"},
}
SQL = {
    "engine": "postgresql",
    "address": "192.0.2.5",
    "ca": "ca.pem",
    "adminUser": "admin",
    "adminPassword": "hush",
}
TENANTS = {"kind": "tenants", "hostStack": "organization/tenantplane/prod"}


def problems(config):
    with pytest.raises(InvalidInputError) as error:
        settings.parse(config)
    return list(error.value.problems)


def only(config):
    (problem,) = problems(config)
    return problem


@pytest.mark.parametrize("config", [DEV, HOST, TENANTS], ids=["dev", "host", "tenants"])
def test_each_kind_needs_little(config):
    found = settings.parse(config)
    assert found.kind == config["kind"]
    assert found.tenants == ()


def test_defaults_make_a_small_host():
    found = settings.parse(DEV | {"tenants": [{"name": "acme"}]})
    assert found.etcd == {"shared": settings.EtcdSettings(members=1, deletion_protection=False)}
    assert (found.gateway.exposure, found.gateway.port) == ("HostPort", 8443)
    (tenant,) = found.tenants
    assert tenant == TenantSettings(
        name="acme", version="1.37.2", profile="small", replicas=1, datastore="shared"
    )


def test_a_short_version_is_the_tested_patch_level_of_it():
    (tenant,) = settings.parse(DEV | {"tenants": [{"name": "a", "version": "1.36"}]}).tenants
    assert tenant.version == "1.36.3"


def test_settings_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.parse(DEV).kind = "host"


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({}, "kind: is missing; use dev, host or tenants"),
        ({"kind": "prod"}, "kind: is not one of the values it can have, got 'prod'; use dev, host"),
        (TENANTS | {"hostStack": None}, "hostStack: is missing"),
        (TENANTS | {"domain": "x.test"}, "domain: belongs to the host of these tenants"),
        (TENANTS | {"host": ADOPT}, "host: belongs to the host of these tenants"),
        (TENANTS | {"etcd": {"shared": {"members": 3}}}, "etcd: belongs to the host"),
        (DEV | {"domain": None}, "domain: is missing; write it like tenants.example.com"),
        (DEV | {"domain": "Tenants.Test"}, "domain: is not a domain"),
        (DEV | {"host": None}, "host: is missing"),
        (DEV | {"host": {"name": "dev"}}, "host: neither adopt nor gke is given; keep exactly one"),
        (
            DEV | {"host": ADOPT | {"gke": GKE["gke"]}, "gateway": {"exposure": "LoadBalancer"}},
            "host: both adopt and gke are given; keep exactly one",
        ),
        (DEV | {"host": ADOPT | {"name": "h" * 21}}, "host.name: is not a name"),
        (DEV | {"hostStack": "x"}, "hostStack: a stack of kind dev has a host"),
        (
            HOST | {"kind": "dev"},
            "host.gke: a stack of kind dev has a host that exists already; make the host in a ",
        ),
        (HOST | {"tenants": [{"name": "a"}]}, "tenants: a stack of kind host has no tenants"),
        (HOST | {"gateway": {}}, "gateway.exposure: the nodes of a GKE host have no address"),
        (DEV | {"gateway": {"exposure": "NodePort"}}, "gateway.port: is not a NodePort, got 8443"),
        (DEV | {"gateway": {"port": 0}}, "gateway.port: is too small, got 0; use 1 to 65535"),
        (DEV | {"gateway": {"port": 65536}}, "gateway.port: is too large"),
        (DEV | {"gateway": {"exposure": "hostPort"}}, "gateway.exposure: is not one of the values"),
        (DEV | {"gateway": {"address": "https://x"}}, "gateway.address: is not an address"),
        (
            DEV | {"etcd": {"shared": {"members": 2}}},
            "etcd.shared.members: is not one of the values it can have, got 2; use 1 or 3",
        ),
        (DEV | {"etcd": {"shared": {"version": "3.6.13"}}}, "etcd.shared.version: is an etcd in"),
        (DEV | {"etcd": {"shared": {"quotaGib": 8}}}, "etcd.shared.storageGib: is too small: a "),
        (DEV | {"etcd": {"Shared": {}}}, "etcd.Shared: can't be part of a namespace, got"),
        (DEV | {"etcd": {}}, "etcd: has no pool"),
        (DEV | {"etcd": {"dedicated": {}, "a": {}}}, "etcd.dedicated: is what tenants call"),
        (DEV | {"sql": {"dedicated": SQL}}, "sql.dedicated: is what tenants call an etcd of"),
        (DEV | {"sql": {"shared": SQL}}, "sql.shared: is the name of an etcd pool too"),
        (DEV | {"sql": {"pg": SQL | {"engine": "oracle"}}}, "sql.pg.engine: is not one of the"),
        (TENANTS | {"sql": {"pg": SQL}}, "sql: belongs to the host of these tenants"),
        (
            DEV | {"tenants": [{"name": "a", "dedicatedEtcd": {"members": 3}}]},
            "tenants[0].dedicatedEtcd: belongs to datastore dedicated, and tenant a has another",
        ),
        (
            DEV | {"tenants": [{"name": "a", "datastore": "dedicated", "storeLimitMib": 64}]},
            "tenants[0].storeLimitMib: belongs to etcd pools, and tenant a has another datastore",
        ),
        (
            DEV
            | {
                "sql": {"pg": SQL},
                "tenants": [{"name": "a", "datastore": "pg", "storeLimitMib": 64}],
            },
            (
                "tenants[0].storeLimitMib: belongs to etcd pools, and tenant a has another "
                "datastore, got 'pg'; leave it out, or set datastore to shared"
            ),
        ),
        (
            DEV
            | {
                "tenants": [
                    {"name": "a", "datastore": "dedicated", "dedicatedEtcd": {"quotaGib": 4}}
                ]
            },
            "tenants[0].dedicatedEtcd.storageGib: is too small",
        ),
        (DEV | {"images": {"registry": "https://x"}}, "images.registry: is not a registry"),
        (
            DEV | {"images": {"overrides": {"nginx": "x"}}},
            "images.overrides.nginx: is not an image",
        ),
        (
            DEV | {"images": {"overrides": {"kube-apiserver:1.36": "x"}}},
            "images.overrides.kube-apiserver:1.36: is not a full version, got '1.36'; use kube-",
        ),
        (
            DEV | {"images": {"overrides": {"traefik:3.7.15": "x"}}},
            "images.overrides.traefik:3.7.15: is not an image of many versions, got",
        ),
        (
            DEV | {"images": {"overrides": {"etcd:3.6.13": "x"}}},
            "images.overrides.etcd:3.6.13: is an etcd in which one tenant can watch another's keys",
        ),
        (DEV | {"tenants": [{}]}, "tenants[0].name: is missing; write it like acme"),
        (DEV | {"tenants": [{"name": "root"}]}, "tenants[0].name: is reserved"),
        (DEV | {"tenants": [{"name": "a", "replicas": 4}]}, "tenants[0].replicas: is too large"),
        (DEV | {"tenants": [{"name": "a", "replicas": 0}]}, "tenants[0].replicas: is too small"),
        (
            DEV | {"tenants": [{"name": "a", "version": 1.37}]},
            "tenants[0].version: is not a text, got 1.37; put it in quotes",
        ),
        (
            DEV | {"tenants": [{"name": "a", "version": "1.38.0"}]},
            "tenants[0].version: is not a Ku",
        ),
        (
            DEV | {"tenants": [{"name": "a", "datastore": "fast"}]},
            "tenants[0].datastore: the host o",
        ),
        (
            DEV | {"tenants": [{"name": "a"}, {"name": "b"}, {"name": "a"}]},
            "tenants[2].name: is the name of tenants[0] already, got 'a'; give each tenant a",
        ),
    ],
)
def test_each_mistake_is_named_by_its_path(config, problem):
    assert only(config).startswith(problem)


@pytest.mark.parametrize(
    ("gke", "problem"),
    [
        ({"podCidr": "10.0.0.0/20"}, "host.gke.podCidr: overlaps with nodeCidr"),
        ({"serviceCidr": "10.0.0.0"}, None),
        ({"nodeCidr": "10.0.0.1/20"}, "host.gke.nodeCidr: is not a network, got '10.0.0.1/20'"),
        (
            {"systemPool": {"minNodes": 4}},
            "host.gke.systemPool.minNodes: is more than the most, got 4; use 3 or less",
        ),
        ({"authorizedNetworks": {"vpn": "x"}}, "host.gke.authorizedNetworks.vpn: is not a network"),
        ({"releaseChannel": "NONE"}, "host.gke.releaseChannel: is not one of the values"),
    ],
)
def test_mistakes_in_a_gke_host_are_named_by_their_path(gke, problem):
    config = HOST | {"host": {"name": "prod", "gke": GKE["gke"] | gke}}
    if problem is None:  # a single address is a network of one
        assert only(config).startswith("host.gke.serviceCidr: overlaps with nodeCidr")
    else:
        assert only(config).startswith(problem)


MIXED = [{"name": "b", "version": "1.36"}] + [{"name": f"a{number}"} for number in range(5)]


@pytest.mark.parametrize("image", versions.KUBERNETES_IMAGES)
@pytest.mark.parametrize("stack", [DEV, TENANTS], ids=["dev", "tenants"])
def test_one_kubernetes_image_is_not_for_tenants_of_several_versions(stack, image):
    """Its binary would run under another version's name, flags and skew check."""
    config = stack | {"tenants": MIXED, "images": {"overrides": {image: "mirror.test/x"}}}
    assert only(config) == (
        f"images.overrides.{image}: is one image for tenants of several versions "
        "(1.36.3: b; 1.37.2: a0, a1, a2 and 2 more); "
        f"write one entry per version, {image}:1.36.3 and {image}:1.37.2"
    )


def test_one_etcd_image_is_not_for_pools_of_several_versions():
    pools = {"shared": {"version": "3.6.14"}, "fast": None}
    config = DEV | {"etcd": pools, "images": {"overrides": {"etcd": "mirror.test/x"}}}
    assert only(config).startswith(
        "images.overrides.etcd: is one image for etcds of several versions "
        "(3.6.14: shared; 3.7.3: fast); write one entry per version, etcd:3.6.14 and etcd:3.7.3"
    )


@pytest.mark.parametrize(
    ("overrides", "tenants"),
    [
        ({"kube-apiserver": "x", "kube-controller-manager": "x", "etcd": "x"}, MIXED[1:]),
        ({"kube-apiserver": "x"}, []),
        ({"kube-apiserver:1.36.3": "x", "kube-apiserver:1.37.2": "y", "etcd:3.7.3": "x"}, MIXED),
        ({"traefik": "x", "host-agent": "x"}, MIXED),
    ],
)
def test_overrides_that_say_which_version_they_are(overrides, tenants):
    found = settings.parse(DEV | {"tenants": tenants, "images": {"overrides": overrides}})
    assert found.images.overrides == overrides


def test_a_kubeconfig_that_is_wrong_is_never_shown():
    """Its content may stand right in the config."""
    assert "hush" not in only(DEV | {"host": {"name": "dev", "adopt": {"kubeconfig": ["hush"]}}})


def test_mistakes_in_many_places_are_said_together():
    config = DEV | {
        "tenants": [{"name": "A"}, {"name": "b", "profile": "huge"}],
        "etcd": {"shared": {"members": 2}},
        "colour": "red",
    }
    assert len(problems(config)) == 4


def test_a_host_of_another_stack_is_asked_for_its_pools():
    tenants = [TenantSettings(name="a"), TenantSettings(name="b", datastore="fast")]
    (problem,) = settings_rules.datastore_problems(
        tenants, dict.fromkeys(["shared", "slow"], "etcd")
    )
    assert str(problem).startswith(
        "tenants[1].datastore: the host of tenant b has no such store, got 'fast'; "
        "use shared or slow or dedicated"
    )
    assert "use shared or slow" in str(problem)


TENANT_LISTS = st.lists(
    st.builds(
        TenantSettings,
        name=TENANT_IDS,
        version=st.sampled_from(list(versions.KUBERNETES.values())),
        profile=st.sampled_from(list(profiles.PROFILES)),
        replicas=st.integers(1, 3),
        datastore=st.sampled_from(["shared", "fast"]),
    ),
    unique_by=lambda tenant: tenant.name,
).map(tuple)
ETCD = st.builds(
    settings.EtcdSettings,
    members=st.sampled_from([1, 3]),
    quota_gib=st.integers(1, 8),
    storage_gib=st.integers(16, 64),
    version=st.sampled_from(["3.6.14", "3.7.3"]),
)
ALL = st.builds(
    settings.Settings,
    kind=st.just("dev"),
    domain=st.from_regex(names.DOMAIN, fullmatch=True).filter(lambda name: len(name) < 200),
    host=st.just(settings.HostSettings(name="dev", adopt=settings.AdoptSettings(kubeconfig="x"))),
    etcd=st.fixed_dictionaries({"shared": ETCD, "fast": ETCD}),
    gateway=st.builds(
        settings.GatewaySettings, port=st.integers(1, 65535), replicas=st.integers(1, 5)
    ),
    tenants=TENANT_LISTS,
)


@given(ALL)
def test_what_is_written_is_read_back(found):
    """A program that adds a tenant reads a config, changes it and writes it."""
    assert settings.parse(schema.plain(found)) == settings_rules.with_defaults(found)


@given(st.dictionaries(st.sampled_from(list(schema.keys(settings.Settings))) | st.text(), ANYTHING))
def test_whatever_stands_in_a_config_is_read_or_refused(config):
    """Never anything but InvalidInputError: no traceback reaches a user."""
    try:
        found = settings.parse(config)
    except InvalidInputError as error:
        assert error.problems  # noqa: PT017 - either way is right
    else:
        assert found.kind in {"dev", "host", "tenants"}


@pytest.mark.parametrize(("engine", "port"), [("postgresql", 5432), ("mysql", 3306)])
def test_an_sql_server_has_its_usual_port(engine, port):
    servers = {"one": SQL | {"engine": engine}, "two": SQL | {"engine": engine, "port": 1234}}
    found = settings.parse(DEV | {"sql": servers}).sql
    assert (found["one"].port, found["two"].port) == (port, 1234)


@pytest.mark.parametrize(("kind", "members", "protected"), [("host", 3, True), ("dev", 1, False)])
def test_production_has_three_members_that_are_protected(kind, members, protected):
    (pool,) = settings.parse(DEV | {"kind": kind}).etcd.values()
    assert (pool.members, pool.deletion_protection) == (members, protected)
