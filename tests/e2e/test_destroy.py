"""The last test on the shared stack: `pulumi destroy` leaves the host as it was."""

from tests.e2e.conftest import inventory
from tests.support.kubectl import eventually


def test_destroy_leaves_the_host_as_it_was(stack, host, pristine):
    assert inventory(host) != pristine
    stack.run("destroy", "--yes", "--skip-preview")
    eventually(lambda: inventory(host) == pristine, "the host as it was")
