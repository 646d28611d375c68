"""Serve the pack: what `pulumi preview --policy-pack policy` runs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # Pulumi runs it in its folder

from pulumi_policy import PolicyPack

from policy import pack, wire

wire.keep_marks()
PolicyPack("tenantplane", pack.policies())
