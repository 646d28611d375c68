"""That what a tenant's store holds is encrypted as its API servers would do it now.

Owns: the Reencryption, by which the host agent writes objects anew when scope or keys have changed.
Not here: keys and configuration (_tenant_keys.py), what the agent does (agent/).
"""

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components._tenant_store import Place
from core import generations, names
from core.manifests import encryption, tenant


def declare(
    place: Place, scope: str, encryption_hash: pulumi.Input[str], *, after: pulumi.Resource
) -> CustomResource:
    """Declare it; it is ready when nothing is left that was encrypted otherwise.

    Args:
        place: Of the tenant.
        scope: What is encrypted, one of encryption.SCOPES.
        encryption_hash: That the tenant's pods have to have first.
        after: Those pods.
    """
    return CustomResource(
        f"{place.name}-reencryption",
        api_version=names.API_VERSION,
        kind="Reencryption",
        metadata=place.meta(tenant.NAME, place.by_agent()),
        spec={
            **tenant.way_in(place.tenant),
            "encryptionHash": encryption_hash,
            "everything": encryption.rewrites_everything(scope, place.keys),
            "keys": generations.text(place.keys),
        },
        opts=pulumi.ResourceOptions(parent=place.opts.parent, depends_on=[after]),
    )
