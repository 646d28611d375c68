"""How what an operator takes is told apart by process."""

import pytest

from benchmarks import operators


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("kube-apiserver --advertise-address=10.232.2.9", "API server"),
        ("kube-controller-manager --bind-address=0.0.0.0", "controller manager"),
        ("/bin/crossplane core start", "Crossplane"),
        ("/bin/crossplane rbac start --provider-clusterrole=crossplane:allowed", "RBAC manager"),
        ("crossplane-kubernetes-provider", "provider"),
        ("python3 -m crossplane.pythonic.main", "function"),
        ("/pause", None),
        ("", None),
    ],
)
def test_each_process_has_a_name_of_its_own(command, name):
    """Command lines as they were on a running host."""
    assert operators.process(command) == name
