"""A small resource type that has one attribute of every sort."""

import pytest

from rig.plugins.bridged.schema import Attribute, Kind, Package, ResourceType, always
from tests.support.plugin import Plugin

TOKEN = "test:index/thing:Thing"


@pytest.fixture
def thing():
    text = Attribute(kind=Kind.STRING, replace=always)
    return ResourceType(
        token=TOKEN,
        schema_version=2,
        attributes={
            "name": Attribute(kind=Kind.STRING, required=True, replace=always),
            "size": Attribute(
                kind=Kind.INTEGER,
                computed=True,
                default=3,
                check=lambda size: None if size < 10 else f"must be below 10, got {size}",
            ),
            "big": Attribute(kind=Kind.BOOLEAN),
            "tags": Attribute(kind=Kind.STRING_MAP),
            "words": Attribute(kind=Kind.STRINGS, terraform_name="word"),
            "key": Attribute(kind=Kind.STRING, secret=True),
            "keyWo": Attribute(kind=Kind.STRING, secret=True, refused="use key"),
            "block": Attribute(kind=Kind.BLOCK, replace=always, fields={"a": text, "b": text}),
            "kept": Attribute(kind=Kind.STRING, input=False, computed=True),
            "fresh": Attribute(kind=Kind.STRING, input=False, computed=True, kept=False),
            "id": Attribute(kind=Kind.STRING, input=False, computed=True),
        },
        create=lambda planned: {**planned, "kept": "k", "fresh": "f", "id": "thing-1"},
    )


@pytest.fixture
def plugin(thing):
    running = Plugin(Package("test", "1.2.3", {TOKEN: thing}))
    yield running
    running.close()
