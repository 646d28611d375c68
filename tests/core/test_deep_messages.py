"""CustomResourceDefinitions are deeper than protobuf's parser takes by itself."""

import subprocess
import sys

DEEP = """
from google.protobuf.struct_pb2 import Struct
message = inner = Struct()
for _ in range(38):  # as deep as cert-manager's ClusterIssuer
    inner.fields["a"].struct_value.SetInParent()
    inner = inner.fields["a"].struct_value
Struct.FromString(message.SerializeToString())
"""


def parses(before=""):
    """In a process of its own: the setting is the whole process's."""
    done = subprocess.run(
        [sys.executable, "-c", before + DEEP], capture_output=True, text=True, check=False
    )
    return "DecodeError" not in done.stderr and done.returncode == 0


def test_a_deep_message_is_parsed_once_that_is_allowed():
    assert not parses()  # else the module is of no use any more
    assert parses("from core import deep_messages; deep_messages.allow()\n")


def test_whoever_declares_objects_may_be_answered_with_deep_ones():
    assert parses("import components\n")
