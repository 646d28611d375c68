"""The fence around one operator's pods on the host: whom they reach, and who reaches them.

Beside what all operators of a tenant may (tenant_fence.py): policies add up.
Not here: what its pods may be (core/operators/refusals.py).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from core.manifests import pods
from core.operators.wiring import pod_label


def network_policy(
    operator: str, internet: Sequence[int], networks: Mapping[str, Sequence[int]]
) -> dict[str, Any]:
    """Spec of its NetworkPolicy.

    Args:
        operator: Its name.
        internet: Ports at which its pods reach public addresses.
        networks: Ports that they reach in each network besides.
    """
    own = pods.peer(pods=pod_label(operator))
    tcp = [{"protocol": "TCP"}]
    ways = [pods.public_egress(internet)] if internet else []
    ways += [
        {"to": [{"ipBlock": {"cidr": network}}], "ports": pods.tcp(*ports)}
        for network, ports in sorted(networks.items())
    ]
    return pods.network_policy(
        pod_label(operator),
        ingress=[{"from": [own], "ports": tcp}],
        egress=[{"to": [own], "ports": tcp}, *ways],
    )
