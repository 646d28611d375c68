"""An SQL server exists already or is made, in one way, and only where there is a network for it."""

import pytest

from core import cloud_sql, settings
from tests.core.test_settings import DEV, HOST, SQL, TENANTS, only, problems

MADE = {"engine": "postgresql", "cloudSql": {}}


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        (
            DEV | {"sql": {"pg": {"engine": "mysql"}}},
            "sql.pg: neither address nor cloudSql is given",
        ),
        (DEV | {"sql": {"pg": SQL | {"address": None}}}, "sql.pg.address: is missing; write it"),
        (
            DEV | {"sql": {"pg": SQL | {"adminPassword": None}}},
            "sql.pg.adminPassword: is missing; `pulumi config set --secret --path 'sql.pg.adminP",
        ),
        (DEV | {"sql": {"pg": SQL | {"network": "10.0.0.1/24"}}}, "sql.pg.network: is not a net"),
        (
            HOST | {"sql": {"pg": SQL | {"cloudSql": {}}}},
            "sql.pg: both cloudSql and address, ca, adminUser, adminPassword are given; leave",
        ),
        (
            HOST | {"sql": {"pg": MADE | {"port": 5432, "network": "10.0.0.0/24"}}},
            "sql.pg: both cloudSql and network, port are given; leave",
        ),
        (
            HOST | {"sql": {"pg": MADE | {"cloudSql": {"version": "MYSQL_8_4"}}}},
            "sql.pg.cloudSql.version: is no version of postgresql, got 'MYSQL_8_4'; use one of",
        ),
        (
            HOST | {"sql": {"pg": MADE | {"cloudSql": {"version": "POSTGRES_14"}}}},
            "sql.pg.cloudSql.version: is not one of the values it can have, got 'POSTGRES_14'",
        ),
        (
            HOST | {"sql": {"pg": MADE | {"cloudSql": {"availability": "zonal"}}}},
            "sql.pg.cloudSql.availability: is not one of the values it can have, got 'zonal'; use",
        ),
        (
            DEV | {"sql": {"pg": MADE}},
            "sql.pg.cloudSql: is made on the network of a GKE host, and this stack makes none; set",
        ),
        (
            DEV | {"kind": "host", "sql": {"pg": MADE}},
            "sql.pg.cloudSql: is made on the network of a GKE host, and this stack makes none; set",
        ),
        (TENANTS | {"sql": {"pg": MADE}}, "sql: belongs to the host of these tenants"),
    ],
)
def test_what_can_not_be_is_refused_by_its_path(config, problem):
    assert only(config).startswith(problem)


def test_cloud_sql_needs_no_word():
    """What it is by default is what production wants."""
    server = settings.parse(HOST | {"sql": {"pg": MADE}}).sql["pg"]
    assert (server.address, server.port, server.admin_password) == (None, None, None)
    made = server.cloud_sql
    assert (made.availability, made.deletion_protection, made.version) == ("REGIONAL", True, None)


def test_no_error_shows_a_password():
    (problem,) = problems(HOST | {"sql": {"pg": SQL | {"cloudSql": {}}}})
    assert "hush" not in problem


def test_all_that_is_missing_is_said_at_once():
    found = problems(DEV | {"sql": {"pg": {"engine": "mysql", "address": "192.0.2.5"}}})
    assert [text.partition(":")[0] for text in found] == [
        "sql.pg.ca",
        "sql.pg.adminUser",
        "sql.pg.adminPassword",
    ]


def test_a_server_by_name_may_have_a_network():
    server = SQL | {"address": "db.test", "network": "10.20.0.0/24"}
    assert settings.parse(DEV | {"sql": {"pg": server}}).sql["pg"].network == "10.20.0.0/24"


@pytest.mark.parametrize("engine", cloud_sql.VERSIONS)
def test_each_engine_has_a_version_of_its_own_by_default(engine):
    assert cloud_sql.check_version(engine, None, "x") == cloud_sql.VERSIONS[engine][0]
