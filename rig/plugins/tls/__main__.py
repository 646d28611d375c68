"""Serve the tls plugin: what `.tenantplane/bin/pulumi-resource-tls` runs."""

from rig.plugins.bridged.server import serve
from rig.plugins.tls.package import PACKAGE

serve(PACKAGE)
