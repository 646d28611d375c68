"""Serve the random plugin: what `.tenantplane/bin/pulumi-resource-random` runs."""

from rig.plugins.bridged.server import serve
from rig.plugins.random.package import PACKAGE

serve(PACKAGE)
