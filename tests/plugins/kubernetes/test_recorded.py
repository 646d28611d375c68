"""What the official plugin said of every kind, replayed: no cluster and no binary are needed.

The recordings are made by test_official.py.
"""

import json
from itertools import compress
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct

from rig.plugins.kubernetes import config, values
from rig.plugins.kubernetes.check import check
from rig.plugins.kubernetes.diff import diff
from rig.plugins.kubernetes.plugin import Plugin
from rig.plugins.kubernetes.protocol import provider_pb2
from tests.plugins.kubernetes.cases import RECORDED, TOKENS, case, file_name, recording
from tests.plugins.kubernetes.conftest import SETTINGS
from tests.plugins.kubernetes.driver import Resource, urn

GOLDEN = Path(__file__).parents[2] / "golden"


class InProcess:
    """Our plugin's operations that need no cluster."""

    def __init__(self):
        variables = {f"kubernetes:config:{name}": value for name, value in SETTINGS.items()}
        self._plugin = Plugin(settings=config.settings(variables))

    def check(self, type_token, obj, old=None):
        request = provider_pb2.CheckRequest(
            urn=urn(type_token, "demo"),
            olds=old.inputs if old else None,
            news=values.write(obj),
        )
        return check(self._plugin, request).inputs

    def diff_of(self, old, obj):
        checked = self.check(old.urn.split("::")[2], obj, old)
        request = provider_pb2.DiffRequest(urn=old.urn, olds=old.state, news=checked)
        return diff(self._plugin, request)


@pytest.fixture(params=TOKENS)
def recorded(request):
    """(type token, object, change, what the official plugin said)."""
    said = json.loads((GOLDEN / file_name(request.param)).read_text())
    return *case(request.param, RECORDED, RECORDED.capitalize()), said


def test_inputs_are_completed_as_by_the_official_plugin(recorded):
    type_token, first, _, said = recorded
    assert MessageToDict(InProcess().check(type_token, first)) == said["inputs"]


def test_differences_are_judged_as_by_the_official_plugin(recorded):
    type_token, first, change, said = recorded
    inputs, state = (ParseDict(said[name], Struct()) for name in ("inputs", "state"))
    resource = Resource(urn(type_token, "demo"), "id", inputs, state)
    ours = recording(InProcess(), resource, first, change)["answers"]
    known = [theirs is not None for theirs in said["answers"]]
    assert any(known)
    assert list(compress(ours, known)) == list(compress(said["answers"], known))


def test_what_the_official_plugin_made_needs_no_change(recorded):
    type_token, first, _, said = recorded
    inputs, state = (ParseDict(said[name], Struct()) for name in ("inputs", "state"))
    answer = InProcess().diff_of(Resource(urn(type_token, "demo"), "id", inputs, state), first)
    assert answer.changes == answer.DIFF_NONE, answer
