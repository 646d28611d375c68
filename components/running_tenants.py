"""running_tenants: reads of an existing host which version each tenant on it runs.

Not here: what may follow on what (core/skew.py), what a host must have (_facts.py).
"""

from components import _adopt
from components._cluster_api import METADATA_LIST, ClusterApi
from core import names

_DEPLOYMENTS = f"/apis/apps/v1/deployments?labelSelector={names.LABEL_TENANT},{names.LABEL_VERSION}"


def running_versions(kubeconfig: str, context: str | None, host: str) -> dict[str, str]:
    """Return the version of each tenant by its name.

    Args:
        kubeconfig: Of the host, as HostCluster takes it.
        context: Context in it; None for the current one.
        host: The host's name.

    Raises:
        InvalidInputError: the kubeconfig can't be used.
        HostError: the host can't be reached, or refuses.
    """
    connection = _adopt.connection(kubeconfig, context, "host.adopt")
    with ClusterApi(connection, host) as api:
        found = api.get(_DEPLOYMENTS, METADATA_LIST) or {}
    labels = [one["metadata"]["labels"] for one in found.get("items") or []]
    return {one[names.LABEL_TENANT]: one[names.LABEL_VERSION] for one in labels}
