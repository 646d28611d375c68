"""What is asked for a tenant, checked before anything of it is declared.

Not here: the inputs (tenant_control_plane.py), a stack's settings (core/settings_rules.py).
"""

from typing import TYPE_CHECKING

from components import _store_kinds
from components._tenant_pods import Pods
from core import checks, generations, names, oidc, profiles, versions
from core.errors import InvalidInputError
from core.manifests import apiserver_config, encryption, store_limit

if TYPE_CHECKING:
    from components.tenant_control_plane import TenantControlPlaneArgs

_MOST_REPLICAS = 3


def checked(args: "TenantControlPlaneArgs") -> Pods:
    """Return what is asked for, or raise an InvalidInputError."""
    tenant_id = names.check_tenant_id(args["tenant"])
    thing = f"tenant {tenant_id}"
    replicas = int(args.get("replicas", 1))
    if not 1 <= replicas <= _MOST_REPLICAS:
        raise InvalidInputError(thing, "replicas is not 1 to 3", replicas, "use 1, 2 or 3")
    runtime_class = args.get("runtime_class")
    if runtime_class is not None:
        checks.runtime_class(runtime_class, thing)
    return Pods(
        tenant=tenant_id,
        domain=args["domain"],
        version=versions.check_kubernetes(args.get("version", versions.DEFAULT_KUBERNETES), thing),
        profile=profiles.profile(args.get("profile", profiles.DEFAULT_PROFILE), thing),
        replicas=replicas,
        apiserver_image=args["apiserver_image"],
        controller_manager_image=args["controller_manager_image"],
        datastore=args["datastore"],
        store=_store_kinds.chosen(
            tenant_id,
            datastore=args["datastore"],
            replicas=replicas,
            limit_mib=int(args.get("store_limit_mib", store_limit.DEFAULT_MIB)),
            shared_etcd=args.get("shared_etcd"),
            dedicated_etcd=args.get("dedicated_etcd"),
            sql=args.get("sql"),
        ),
        keys=tuple(map(int, args.get("keys", generations.FIRST))),
        encryption=args.get("encryption", encryption.SECRETS),
        priority_class=args.get("priority_class"),
        runtime_class=runtime_class,
        audit=_audit(args, thing),
        issuers=oidc.issuers(
            args.get("oidc", []),
            names.issuer(tenant_id, args["domain"]),
            f"{thing}: oidc",
        ),
    )


def _audit(args: "TenantControlPlaneArgs", thing: str) -> str:
    audit = args.get("audit", apiserver_config.METADATA)
    if audit not in apiserver_config.AUDITS:
        remedy = f"use {' or '.join(apiserver_config.AUDITS)}"
        raise InvalidInputError(thing, "audit is unknown", audit, remedy)
    return audit
