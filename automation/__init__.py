"""automation: the stacks of this project from Python, by Pulumi's Automation API.

    installation = Installation(Path("."), "dev")
    access = installation.add_tenant(TenantSettings(name="initech"))

Works on the project's own program, config files and state: `pulumi up` and this do the same.
Not here: a command line, printing (examples/automation), what a stack is made of (stacks/).
"""

from automation.errors import (
    AutomationError,
    ConcurrentUpdateError,
    RefusedError,
    StackNotFoundError,
    TenantExistsError,
    TenantNotFoundError,
    ToolchainError,
    UpdateFailedError,
)
from automation.installation import Installation
from automation.progress import Event, Phase
from automation.results import Preview, TenantAccess, UpResult
from core.settings import Settings, TenantSettings

__all__ = [
    "AutomationError",
    "ConcurrentUpdateError",
    "Event",
    "Installation",
    "Phase",
    "Preview",
    "RefusedError",
    "Settings",
    "StackNotFoundError",
    "TenantAccess",
    "TenantExistsError",
    "TenantNotFoundError",
    "TenantSettings",
    "ToolchainError",
    "UpResult",
    "UpdateFailedError",
]
