"""profiles: the sizes a tenant can have, as numbers for its two containers.

Not here: the flags made from them (flags.py), replicas and versions (settings.py).
"""

from dataclasses import dataclass

from core.errors import InvalidInputError


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What one pod of a tenant may use. There are no CPU limits: throttled, a lease expires."""

    name: str

    apiserver_cpu_request_millicores: int
    """An idle API server uses 8 to 12; the request only weighs it against its neighbours."""

    apiserver_memory_request_mib: int
    """What the scheduler counts with. An idle small one has 122 MiB of anonymous memory."""

    apiserver_memory_limit_mib: int
    """Beyond it the kernel kills the container."""

    apiserver_gomemlimit_mib: int
    """From here on Go collects garbage harder; four fifths of the limit leave room for the rest."""

    apiserver_gogc: int
    """Percent of growth between collections. docs/adr/0001 has what each costs."""

    apiserver_gomaxprocs: int
    """Threads that run Go at once, so cores it takes of the host: a limit that throttles nobody.

    docs/adr/0010 has what a flood of one tenant does to the others with it and without.
    """

    max_requests_inflight: int
    max_mutating_requests_inflight: int
    """Their sum is what API Priority and Fairness shares out among a tenant's clients."""

    events_per_second: int
    events_burst: int
    """Events that the API server takes; one client, or all in one namespace, half of them.

    client-go lets one source write 25 at once about an object, then one in five
    minutes (client-go tools/record/events_cache.go).
    """

    controller_manager_cpu_request_millicores: int
    controller_manager_memory_request_mib: int
    """An idle controller manager has 19 to 22 MiB of anonymous memory."""

    controller_manager_memory_limit_mib: int
    controller_manager_gomemlimit_mib: int
    controller_manager_gogc: int


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="small",
            apiserver_cpu_request_millicores=10,
            apiserver_memory_request_mib=144,
            apiserver_memory_limit_mib=512,
            apiserver_gomemlimit_mib=410,
            apiserver_gogc=25,
            apiserver_gomaxprocs=1,
            max_requests_inflight=100,
            max_mutating_requests_inflight=50,
            events_per_second=20,
            events_burst=200,
            controller_manager_cpu_request_millicores=5,
            controller_manager_memory_request_mib=32,
            controller_manager_memory_limit_mib=128,
            controller_manager_gomemlimit_mib=102,
            controller_manager_gogc=30,
        ),
        Profile(
            name="medium",
            apiserver_cpu_request_millicores=100,
            apiserver_memory_request_mib=384,
            apiserver_memory_limit_mib=1536,
            apiserver_gomemlimit_mib=1228,
            apiserver_gogc=60,
            apiserver_gomaxprocs=2,
            max_requests_inflight=200,
            max_mutating_requests_inflight=100,
            events_per_second=40,
            events_burst=400,
            controller_manager_cpu_request_millicores=25,
            controller_manager_memory_request_mib=64,
            controller_manager_memory_limit_mib=384,
            controller_manager_gomemlimit_mib=307,
            controller_manager_gogc=60,
        ),
        Profile(
            name="large",
            apiserver_cpu_request_millicores=500,
            apiserver_memory_request_mib=1536,
            apiserver_memory_limit_mib=4096,
            apiserver_gomemlimit_mib=3276,
            apiserver_gogc=100,
            apiserver_gomaxprocs=4,
            max_requests_inflight=400,
            max_mutating_requests_inflight=200,
            events_per_second=80,
            events_burst=800,
            controller_manager_cpu_request_millicores=100,
            controller_manager_memory_request_mib=256,
            controller_manager_memory_limit_mib=1024,
            controller_manager_gomemlimit_mib=819,
            controller_manager_gogc=100,
        ),
    )
}
DEFAULT_PROFILE = "small"


def profile(name: str, thing: str = "profile") -> Profile:
    """Return the profile of that name, or raise InvalidInputError."""
    if name not in PROFILES:
        *most, last = PROFILES
        remedy = f"use {', '.join(most)} or {last}"
        raise InvalidInputError(thing, "is not a profile", name, remedy)
    return PROFILES[name]
