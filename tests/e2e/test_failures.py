"""One bad tenant never stops the others."""

from tests.support.kubectl import Kubectl
from tests.support.pulumi_cli import errors


def test_an_impossible_image_fails_alone_and_by_name(stack):
    """A patch level that no registry has, beside a tenant that can come up."""
    stack.config["tenants"] += [
        {"name": "broken", "version": "1.37.99", "timeoutSeconds": 20},
        {"name": "fine"},
    ]
    try:
        result = stack.up(check=False)
        assert result.returncode
        failed = errors(result)
        assert set(failed) == {"broken-control-plane", "broken-base", "tenantplane-e2e"}, failed
        (reason,) = failed["broken-control-plane"]
        assert "Deployment tenant-broken/control-plane: not ready after 20 s" in reason
        assert "kube-apiserver:v1.37.99" in reason
        fine = Kubectl(stack.kubeconfig("fine"))
        assert fine.out("get", "--raw", "/readyz") == "ok"
    finally:
        stack.config["tenants"] = stack.config["tenants"][:2]
        stack.up()
