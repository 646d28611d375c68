"""Whose pods a full node keeps."""

from core.manifests import priorities

ORDER = [
    priorities.STORE,
    priorities.GATEWAY,
    priorities.AGENT,
    priorities.TENANTS,
    priorities.OPERATORS,
]
_LOWEST_OF_KUBERNETES = 2_000_000_000
"""system-cluster-critical (kubernetes pkg/apis/scheduling/types.go)."""


def test_what_others_need_stays_longer():
    """A store takes all its tenants with it, an operator one."""
    values = [priorities.priority_class(role)["value"] for role in ORDER]
    assert values == sorted(set(values), reverse=True)
    assert list(priorities.NAMES) == ORDER


def test_all_are_above_the_default_and_below_kubernetes_own():
    """Pods of kube-system never give way to ours; those that say nothing do."""
    for role in ORDER:
        assert 0 < priorities.priority_class(role)["value"] < _LOWEST_OF_KUBERNETES


def test_none_is_the_default_of_other_pods():
    """A host has workloads of others too."""
    for role in ORDER:
        assert "globalDefault" not in priorities.priority_class(role)
