"""manifest_files: objects that a config gives as YAML files, as `kubectl apply -f` takes them.

Not here: charts (components/_helm.py), how YAML is read (core/kubernetes_yaml.py).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core import kubernetes_yaml, object_lists
from core.errors import InvalidInputError

_ENDINGS = (".json", ".yaml", ".yml")


def objects(given: str, path: str) -> list[dict[str, Any]]:
    """Return the objects of a file, or of all YAML files right in a folder, in their order.

    Args:
        given: Path of either, relative to the project; `~` is the user's home.
        path: The key that it stands in, for errors.

    Raises:
        InvalidInputError: names file and line of what can't be read, or is no object.
    """
    found = [obj for file in _files(given, path) for obj in _objects(file, path)]
    if not found:
        raise InvalidInputError(path, "has no objects", given, "put manifests there")
    return found


def _files(given: str, path: str) -> list[Path]:
    here = Path(given).expanduser()
    if not here.is_dir():
        return [here]
    files = sorted(file for file in here.iterdir() if file.suffix in _ENDINGS)
    if not files:
        remedy = f"put manifests right into it, their names ending in {', '.join(_ENDINGS)}"
        raise InvalidInputError(path, "the folder has no YAML file", given, remedy)
    return files


def _objects(file: Path, path: str) -> Iterator[dict[str, Any]]:
    thing = f"{path}: {file}"
    for document in kubernetes_yaml.documents(_read(file, path), thing):
        where = f"{thing}, line {document.line}"
        if document.value is None:
            continue
        if not isinstance(document.value, Mapping):
            remedy = "give manifests of Kubernetes objects"
            got = type(document.value).__name__  # not itself: a manifest may hold secrets
            raise InvalidInputError(where, "is no object", got, remedy)
        for obj in object_lists.taken_apart(document.value, where):
            yield dict(obj)


def _read(file: Path, path: str) -> str:
    remedy = "give the path of a YAML file, or of a folder of such"
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        problem = f"the file can't be read ({error.strerror})"
        raise InvalidInputError(path, problem, str(file), remedy) from error
    except UnicodeDecodeError as error:
        raise InvalidInputError(path, "the file is not text", str(file), remedy) from error
