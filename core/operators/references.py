"""references: which ConfigMaps, Secrets and volume claims a pod uses, and under which names.

Every place of a pod's spec that names one is here, and nowhere else.
Not here: who puts them on the host (split.py says which, the host agent copies them).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

CONFIG_MAP, SECRET, CLAIM = "ConfigMap", "Secret", "PersistentVolumeClaim"

_Named = dict[str, Any]


@dataclass(frozen=True, order=True)
class File:
    """A ConfigMap or Secret that a pod reads."""

    kind: str
    name: str


@dataclass(frozen=True)
class _Place:
    """Where a spec has a name: `holder[key]`."""

    kind: str
    holder: _Named
    key: str = "name"

    @property
    def name(self) -> str:
        """What stands there; empty if nothing does."""
        return str(self.holder.get(self.key) or "")


def files(spec: dict[str, Any]) -> set[File]:
    """Return what the pods of a spec read."""
    return {
        File(place.kind, place.name)
        for place in _places(spec)
        if place.name and place.kind != CLAIM
    }


def unnamed(spec: dict[str, Any]) -> set[str]:
    """Return the kinds of what the pods of a spec use without saying which one."""
    return {place.kind for place in _places(spec) if not place.name}


def rename(spec: dict[str, Any], named: Callable[[str], str]) -> None:
    """Give what the pods of a spec use other names, in the spec itself."""
    for place in _places(spec):
        if place.name:
            place.holder[place.key] = named(place.name)


def _places(spec: dict[str, Any]) -> Iterator[_Place]:
    for volume in spec.get("volumes") or []:
        yield from _of_volume(volume)
    for container in containers(spec):
        for source in container.get("envFrom") or []:
            yield from _of_keys(source, "configMapRef", "secretRef")
        for variable in container.get("env") or []:
            source = variable.get("valueFrom") or {}
            yield from _of_keys(source, "configMapKeyRef", "secretKeyRef")
    for secret in spec.get("imagePullSecrets") or []:
        if secret.get("name"):
            yield _Place(SECRET, secret)


def _of_volume(volume: dict[str, Any]) -> Iterator[_Place]:
    if volume.get("configMap") is not None:
        yield _Place(CONFIG_MAP, volume["configMap"])
    if volume.get("secret") is not None:
        yield _Place(SECRET, volume["secret"], "secretName")
    if volume.get("persistentVolumeClaim") is not None:
        yield _Place(CLAIM, volume["persistentVolumeClaim"], "claimName")
    for source in (volume.get("projected") or {}).get("sources") or []:
        yield from _of_keys(source, "configMap", "secret")


def _of_keys(source: dict[str, Any], config_map: str, secret: str) -> Iterator[_Place]:
    for kind, key in ((CONFIG_MAP, config_map), (SECRET, secret)):
        if source.get(key) is not None:
            yield _Place(kind, source[key])


def affinity_terms(spec: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what a pod's spec says of its neighbours, each after whether it is for or against."""
    for key in ("podAffinity", "podAntiAffinity"):
        affinity = (spec.get("affinity") or {}).get(key) or {}
        for when in ("preferred", "required"):
            for one in affinity.get(f"{when}DuringSchedulingIgnoredDuringExecution") or []:
                yield key, one.get("podAffinityTerm") or one


def containers(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all containers of a pod's spec, those that start first too."""
    return [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
