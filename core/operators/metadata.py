"""metadata: what an operator's objects and pods may say of themselves on the host.

Annotations and finalizers are read by whoever runs there: network plugins, DNS controllers, cloud
identities, injectors. So what is known to be harmless stays, and nothing else.
Not here: labels, by which objects choose each other (refusals.py refuses some).
"""

from typing import Any

_ANNOTATIONS = ("checksum/", "kubectl.kubernetes.io/default-container", "prometheus.io/")
"""Prefixes: what rolls pods when a file changes, what kubectl shows first, what is scraped."""


def on_host(metadata: dict[str, Any]) -> dict[str, Any]:
    """Return an object's metadata as it is on the host: name, labels, harmless annotations."""
    kept: dict[str, Any] = {key: metadata[key] for key in ("name", "labels") if metadata.get(key)}
    annotations = {
        key: value
        for key, value in (metadata.get("annotations") or {}).items()
        if key.startswith(_ANNOTATIONS)
    }
    return kept | ({"annotations": annotations} if annotations else {})
