"""The SQL servers beside the host of the tests, as a stack's config names them."""

import json

from tests.support.pulumi_cli import ROOT

_FILE = ROOT / ".tenantplane/sql.json"


def sql_settings():
    """The servers by name: `sql` of a stack's config; empty where the host has none."""
    return json.loads(_FILE.read_text()) if _FILE.exists() else {}
