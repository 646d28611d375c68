"""Pieces of an OpenAPI schema as a CustomResourceDefinition has it.

Not here: the kinds (crds.py).
"""

from typing import Any


def column(name: str, path: str, kind: str = "string") -> dict[str, str]:
    """A column of `kubectl get`."""
    return {"name": name, "jsonPath": path, "type": kind}


def string(description: str, **more: object) -> dict[str, Any]:
    """A text."""
    return {"type": "string", "description": description, **more}


def strings(description: str, **each: object) -> dict[str, Any]:
    """A list of texts; keywords are about each of them."""
    return {"type": "array", "description": description, "items": {"type": "string", **each}}


def fixed(field: str) -> dict[str, str]:
    """A changed value would leave what was made under the old one behind, with nobody to remove."""
    return {
        "rule": "self == oldSelf",
        "message": f"{field} can't be changed; delete the object and create another",
    }


def mapping(description: str, properties: dict[str, Any], *required: str) -> dict[str, Any]:
    """A mapping with these keys."""
    schema: dict[str, Any] = {
        "type": "object",
        "description": description,
        "properties": properties,
    }
    return schema | {"required": list(required)} if required else schema


def count(description: str) -> dict[str, Any]:
    """A number of things."""
    return {"type": "integer", "format": "int64", "description": description}


def generation() -> dict[str, Any]:
    """Which spec a status is about."""
    return {
        "type": "integer",
        "format": "int64",
        "description": "Generation of the spec that this status is about.",
    }


def conditions() -> dict[str, Any]:
    """The conditions of a status; Ready is the one that there is."""
    return {
        "type": "array",
        "description": "Ready says whether everything that the spec asks for is in place.",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "items": mapping(
            "One condition.",
            {
                "type": string("Ready."),
                "status": string("True, False or Unknown.", enum=["True", "False", "Unknown"]),
                "reason": string("One word for programs."),
                "message": string("What to know, for people."),
                "lastTransitionTime": string("When status changed last.", format="date-time"),
            },
            *("type", "status", "reason", "message", "lastTransitionTime"),
        ),
    }
