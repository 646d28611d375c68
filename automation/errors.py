"""errors: what can go wrong with a stack that a script drives, one class for each.

    AutomationError               catch this one to catch all of them
    ├── ToolchainError            there is no Pulumi to call, or it can't be used
    ├── StackNotFoundError        no such stack in the backend
    ├── ConcurrentUpdateError     somebody else changes the stack now
    ├── TenantExistsError         a tenant of that name is there already
    ├── TenantNotFoundError       no tenant of that name
    ├── RefusedError              the program refused the config; nothing was changed
    └── UpdateFailedError         something could not be made; names the tenants it belongs to

Settings that can't be right are core.errors.InvalidInputError, as everywhere.
Not here: how an update's events become these (progress.py, installation.py).
"""

from collections.abc import Mapping, Sequence

from core.errors import TenantplaneError, list_of


class AutomationError(TenantplaneError):
    """Anything that went wrong with a stack."""


class ToolchainError(AutomationError):
    """Pulumi can't be called, or said something that no other class is for."""


class StackNotFoundError(AutomationError):
    """The backend has no such stack."""


class ConcurrentUpdateError(AutomationError):
    """Another update of the stack is running, or was killed and left its lock."""


class TenantExistsError(AutomationError):
    """A tenant of that name is in the config already."""


class TenantNotFoundError(AutomationError):
    """No tenant of that name is in the config, or it did not come up yet."""


class RefusedError(AutomationError):
    """The program refused what the config says, before anything was changed."""


class UpdateFailedError(AutomationError):
    """An update in which something failed. Everything that did not need it was done."""

    tenants: Mapping[str, tuple[str, ...]]
    """What failed, by the tenant that it belongs to."""

    others: tuple[str, ...]
    """What failed and belongs to no tenant."""

    def __init__(
        self, stack: str, tenants: Mapping[str, Sequence[str]], others: Sequence[str]
    ) -> None:
        """Name every tenant that failed, with its reasons."""
        self.tenants = {name: tuple(reasons) for name, reasons in sorted(tenants.items())}
        self.others = tuple(others)
        lines = [f"tenant {name}: {text}" for name, texts in self.tenants.items() for text in texts]
        problems = [*lines, *self.others] or ["it says no reason"]
        super().__init__(list_of(f"stack {stack}: the update failed", problems))
