"""What is asked for a tenant, checked before anything of it is declared.

Not here: the inputs (tenant_control_plane.py), a stack's settings (core/settings_rules.py).
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from components import _store_kinds
from components._tenant_pods import Pods
from components._tenant_store import StoreKind
from core import checks, generations, names, oidc, profiles, stores, users, versions
from core.errors import InvalidInputError
from core.generations import Generations
from core.manifests import apiserver_config, encryption, etcd, store_limit
from core.operators.budget import Budget
from core.schema import Rule

if TYPE_CHECKING:
    from components.tenant_control_plane import TenantControlPlaneArgs

_REPLICAS = (1, 2, 3)


def checked(args: "TenantControlPlaneArgs") -> Pods:
    """Return what is asked for, or raise an InvalidInputError."""
    tenant_id = names.check_tenant_id(args["tenant"])
    thing = f"tenant {tenant_id}"
    replicas = int(args.get("replicas", 1))
    errors = list(_problems(args, thing))
    if errors:
        raise InvalidInputError.together(errors)
    runtime_class = args.get("runtime_class")
    return Pods(
        tenant=tenant_id,
        domain=args["domain"],
        version=versions.check_kubernetes(args.get("version", versions.DEFAULT_KUBERNETES), thing),
        profile=profiles.profile(args.get("profile", profiles.DEFAULT_PROFILE), thing),
        running_profiles=tuple(
            profiles.profile(one, thing) for one in args.get("running_profiles", [])
        ),
        replicas=replicas,
        apiserver_image=args["apiserver_image"],
        controller_manager_image=args["controller_manager_image"],
        datastore=args["datastore"],
        store=_store(args, replicas),
        keys=_keys(args),
        encryption=args.get("encryption", encryption.SECRETS),
        priority_class=args.get("priority_class"),
        runtime_class=runtime_class and checks.runtime_class(runtime_class, thing),
        audit=args.get("audit", apiserver_config.METADATA),
        issuers=oidc.issuers(
            args.get("oidc", []),
            names.issuer(tenant_id, args["domain"]),
            f"{thing}: oidc",
        ),
        host_issuer=args.get("host_issuer"),
        operators=tuple(
            Budget(
                memory_mib=int(one["memory_mib"]),
                pods=int(one["pods"]),
                cpu_millicores=int(one["cpu_millicores"]),
                storage_gib=int(one["storage_gib"]),
            )
            for one in args.get("operators", [])
        ),
        registries=tuple(one for each in args.get("operators", []) for one in each["registries"]),
    )


def people(
    args: "TenantControlPlaneArgs", issuers: Sequence[oidc.Issuer]
) -> tuple[users.UserSettings, ...]:
    """Return the users that are asked for, or raise an InvalidInputError."""
    return users.users(args.get("users", []), issuers, f"tenant {args['tenant']}: users")


def _store(args: "TenantControlPlaneArgs", replicas: int) -> StoreKind:
    return _store_kinds.chosen(
        args["tenant"],
        datastore=args["datastore"],
        replicas=replicas,
        limit_mib=int(args.get("store_limit_mib", store_limit.DEFAULT_MIB)),
        shared_etcd=args.get("shared_etcd"),
        dedicated_etcd=args.get("dedicated_etcd"),
        sql=args.get("sql"),
    )


def _problems(args: "TenantControlPlaneArgs", thing: str) -> Iterator[InvalidInputError]:
    """Yield what a stack's settings would have refused already."""
    asked: dict[str, tuple[object, tuple[object, ...]]] = {
        "audit": (args.get("audit", apiserver_config.METADATA), apiserver_config.AUDITS),
        "replicas": (int(args.get("replicas", 1)), _REPLICAS),
        "encryption": (args.get("encryption", encryption.SECRETS), encryption.SCOPES),
    }
    if (own := args.get("dedicated_etcd")) is not None:
        asked["dedicated_etcd.members"] = own.get("members", etcd.MEMBERS[0]), etcd.MEMBERS
    if (sql := args.get("sql")) is not None:
        asked["sql.engine"] = sql["engine"], tuple(stores.ENGINES)
        if isinstance(sql["address"], str):  # else it is one that is being made
            try:
                checks.server(sql["address"], f"{thing}: sql.address")
            except InvalidInputError as error:
                yield error
    for key, (value, choices) in asked.items():
        if value not in choices:
            problem = "is not one of the values it can have"
            remedy = Rule(choices=choices).remedy()
            yield InvalidInputError(f"{thing}: {key}", problem, value, remedy)
    yield from generations.check(f"{thing}: keys", _keys(args))


def _keys(args: "TenantControlPlaneArgs") -> Generations:
    return tuple(map(int, args.get("keys", generations.FIRST)))
