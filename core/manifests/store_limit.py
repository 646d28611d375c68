"""What a tenant may still do whose share of a shared etcd is full: read, and delete.

Owns: the admission policy of that state, and the ConfigMap in which the API server finds it.
Not here: measuring and deciding (agent/), the policies that always hold (platform_policy.py).

The policy is a file of the API server's: no restart, and nothing that the tenant sees or removes. A
ConfigMap's change is there after a minute at most (kubelet), a changed file is read after another.
"""

import yaml

from core.manifests import admission, platform_policy

CONFIG_MAP = "store-limit"
FILE = "store-limit.yaml"
DEFAULT_MIB = 256
"""Five such tenants are two thirds of a pool of 2 GiB, its default; an idle one has 1 MiB."""
NEAR_PERCENT = 80
"""From here on the platform is warned."""

NEARLY_FULL, FULL, ALARM = "StoreNearlyFull", "StoreFull", "StoreAlarm"
WARNINGS = (NEARLY_FULL, FULL, ALARM)
"""Reasons in an EtcdTenant's Ready condition."""

_UNSTORED = ("authentication.k8s.io", "authorization.k8s.io")
"""No tenant has anything in them: kinds that it defines in Kubernetes' own groups aren't served."""
_MANAGED_FIELDS_CHARACTERS = 2048
"""What they may grow to: five times what those of a Lease have that one client renews."""
_LONGEST_IDENTITY = 253
_RENEWED = (
    "acquireTime",
    "holderIdentity",
    "leaseDurationSeconds",
    "leaseTransitions",
    "renewTime",
)
_FINALIZERS = "metadata.?finalizers.orValue([])"
_BOOKKEEPING = ("generation", "managedFields", "resourceVersion")


def _unchanged(what: str, but: tuple[str, ...]) -> str:
    """CEL: an update changes none of the fields of `what` but these, though it may drop any."""
    new, old = f"object{what}", f"oldObject{what}"
    return f"{new}.all(field, field in {list(but)} || {new}[?field] == {old}[?field])"


def _managed_fields_size(which: str) -> str:
    """CEL: how large an object's managedFields are, whose paths their writer may make up."""
    return f"size('%s'.format([{which}.metadata.?managedFields.orValue([])]))"


_MANAGED_FIELDS_STAY_SMALL = (
    f"({_managed_fields_size('object')} <= {_MANAGED_FIELDS_CHARACTERS}"
    f" || {_managed_fields_size('object')} <= {_managed_fields_size('oldObject')})"
)
"""CEL: each field manager has an entry, and anybody can be many."""

_RENEWS = " && ".join(
    (
        "request.operation == 'UPDATE' && request.resource.group == 'coordination.k8s.io'",
        "request.resource.resource == 'leases' && has(object.spec) && has(oldObject.spec)",
        _unchanged(".metadata", _BOOKKEEPING),
        _unchanged(".spec", _RENEWED),
        f"size(object.spec.?holderIdentity.orValue('')) <= {_LONGEST_IDENTITY}",
        _MANAGED_FIELDS_STAY_SMALL,
    )
)
"""CEL: whoever leads says so once more, which takes no more space than before."""

_LETS_GO = " && ".join(
    (
        "request.operation == 'UPDATE' && object != null && oldObject != null",
        "has(object.metadata.deletionTimestamp)",
        f"size(object.{_FINALIZERS}) < size(oldObject.{_FINALIZERS})",
        _unchanged("", ("metadata",)),
        _unchanged(".metadata", ("finalizers", *_BOOKKEEPING)),
        _MANAGED_FIELDS_STAY_SMALL,
    )
)
"""CEL: what is being deleted loses a finalizer, and nothing else of it changes."""


def policy_text(limit_mib: int) -> str:
    """Return the file that makes a tenant read-and-delete-only."""
    policy = admission.policy(
        "store-limit",
        [admission.on(["*"], ["*/*"], ("CREATE", "UPDATE"))],
        [
            admission.deny_unless(
                "false",
                f"this control plane's share of its store is full ({limit_mib} MiB): only reading "
                "and deleting is possible; delete what is not needed, or ask the platform's team "
                "for more (storeLimitMib), then wait two minutes",
            )
        ],
        [
            platform_policy.NOT_THE_PLATFORM,
            admission.condition("is-stored", f"!(request.resource.group in {list(_UNSTORED)})"),
            admission.condition(
                "is-no-token", "!has(request.subResource) || request.subResource != 'token'"
            ),
            admission.condition("renews-no-lease", f"!({_RENEWS})"),
            admission.condition("removes-no-finalizer", f"!({_LETS_GO})"),
        ],
    )
    documents = platform_policy.as_files(policy)
    return "---\n".join(yaml.safe_dump(document, width=10**6) for document in documents)
