"""Writes docs/reference/ from the code: `python -m docs.generate`, or `make docs`.

Each page says what the code says: Pulumi.yaml for the keys of a stack, the docstring under a field
for what is below them, stacks/outputs.py for outputs. A test fails when a page is stale.
"""

import ast
import inspect
import itertools
import typing
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from core import (
    charts,
    oidc,
    operator_settings,
    profiles,
    schema,
    settings,
    store_settings,
    users,
    versions,
)
from stacks import outputs

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"

_KINDS = {str: "text", int: "whole number", bool: "true or false"}
_NOTE = "<!-- Written by `make docs` from the code: edit {source} instead. -->"


def pages() -> dict[Path, str]:
    """Return every page by its path."""
    return {
        REFERENCE / "settings.md": "\n".join(_settings()) + "\n",
        REFERENCE / "outputs.md": "\n".join(_outputs()) + "\n",
    }


def _settings() -> Iterator[str]:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    documented = {
        **_field_docs(settings),
        **_field_docs(store_settings),
        **_field_docs(oidc),
        **_field_docs(operator_settings),
        **_field_docs(charts),
        **_field_docs(users),
    }
    yield "# Settings"
    yield _NOTE.format(source="Pulumi.yaml and the settings in core/")
    yield ""
    yield "What may stand in `Pulumi.<stack>.yaml`, each key with `tenantplane:` in front. Anything"
    yield "wrong is refused before anything is created, all at once, each by its path"
    yield "(`tenants[2].profile`). Unknown keys are refused too."
    yield ""
    yield "| key | type | default | meaning |"
    yield "|---|---|---|---|"
    for name, key in project.items():
        default = f"`{key['default']}`" if key.get("default") not in (None, "", {}, []) else ""
        default = default or ("" if "default" in key else "**required**")
        yield _row(f"`{name}`", key["type"], default, key["description"])
    for path, cls, section in _blocks(settings.Settings, "", None):
        yield ""
        yield f"## `{path}`"
        yield ""
        yield inspect.cleandoc(cls.__doc__ or "")
        yield ""
        yield "| key | value | default | meaning |"
        yield "|---|---|---|---|"
        for key in schema.keys(cls).values():
            usual = _default(schema.default_of(key, section))
            meaning = documented[cls.__name__, key.name]
            yield _row(f"`{key.key}`", _value(key), usual, meaning)
    yield from _tables()


def _tables() -> Iterator[str]:
    yield ""
    yield "## Kubernetes versions of tenants"
    yield ""
    yield "| `version` | means |"
    yield "|---|---|"
    for short, full in versions.KUBERNETES.items():
        yield _row(f"`{short}`", f"{full}; any other patch level of it may be named in full")
    yield ""
    yield "## Profiles"
    yield ""
    names = list(profiles.PROFILES)
    yield _row("", *(f"`{name}`" for name in names))
    yield "|---" * (len(names) + 1) + "|"
    for field in list(vars(profiles.PROFILES[names[0]]))[1:]:
        values = [getattr(profiles.PROFILES[name], field) for name in names]
        yield _row(field.replace("_", " "), *(str(value) for value in values))


def _outputs() -> Iterator[str]:
    documented = _field_docs(outputs)
    yield "# Outputs"
    yield _NOTE.format(source="stacks/outputs.py")
    yield ""
    yield "What `pulumi stack output` shows; `--show-secrets` is needed for what is secret."
    for name in typing.get_type_hints(outputs.StackOutputs):
        yield ""
        yield f"## `{schema.camel(name)}`"
        yield ""
        yield documented["StackOutputs", name]


def _blocks(cls: type, path: str, default: object) -> Iterator[tuple[str, type, object]]:
    """Yield every settings class below one, with the path of its keys and what it is by default."""
    for key in schema.keys(cls).values():
        here = f"{path}.{key.key}" if path else key.key
        usual = schema.default_of(key, default)
        kind = key.kind
        if typing.get_origin(kind) is tuple:
            kind, here, usual = typing.get_args(kind)[0], f"{here}[]", None
        elif typing.get_origin(kind) is not None:
            kind, here, usual = typing.get_args(kind)[1], f"{here}.<name>", None
        if is_dataclass(kind):
            below = typing.cast("type", kind)
            usual = None if usual is MISSING else usual
            yield here, below, usual
            yield from _blocks(below, here, usual)


def _value(key: schema.Key) -> str:
    rule = key.rule
    if rule.choices:
        return " \\| ".join(f"`{choice}`" for choice in rule.choices)
    origin = typing.get_origin(key.kind)
    if origin is tuple:
        return "list"
    if origin is not None or is_dataclass(key.kind):
        return "mapping"
    if rule.minimum is not None:
        most = "or more" if rule.maximum is None else f"to {rule.maximum}"
        return f"{rule.minimum} {most}"
    example = f", like `{rule.example}`" if rule.example else ""
    return _KINDS[key.kind] + example


def _default(default: object) -> str:
    if default is MISSING:
        return "**required**"
    if is_dataclass(default) or default in (None, {}, ()):
        return ""
    plain = schema.plain(default)
    return f"`{str(plain).lower() if isinstance(plain, bool) else plain}`"


def _row(*cells: str) -> str:
    return f"| {' | '.join(' '.join(cell.split()) for cell in cells)} |"


def _field_docs(module: ModuleType) -> Mapping[tuple[str, str], str]:
    """Return the docstring under each field of each class of a module."""
    found = {}
    for node in ast.parse(inspect.getsource(module)).body:
        body: list[Any] = node.body if isinstance(node, ast.ClassDef) else []
        for field, text in itertools.pairwise(body):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                name = typing.cast("ast.Name", field.target).id
                docs = typing.cast("ast.Constant", text.value).value
                found[typing.cast("ast.ClassDef", node).name, name] = inspect.cleandoc(str(docs))
    return found


def main() -> None:
    """Write every page."""
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
