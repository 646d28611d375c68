"""installation: one stack of this project, driven from Python.

Not here: the config file (config.py), the events of an update (progress.py), what the operations
return (results.py).
"""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pulumi.automation as auto
from pulumi.automation import errors as auto_errors

from automation import config
from automation.errors import (
    ConcurrentUpdateError,
    RefusedError,
    StackNotFoundError,
    TenantExistsError,
    TenantNotFoundError,
    ToolchainError,
    UpdateFailedError,
)
from automation.progress import Event, Watch
from automation.results import Preview, TenantAccess, UpResult, accesses
from core.settings import Settings, TenantSettings

OnEvent = Callable[[Event], None]

_HOST_TYPE = "tenantplane:index:HostCluster"


class Installation:
    """A stack of the project: a host, tenants on a host, or both.

    Config and state are those of `pulumi up`: the file `Pulumi.<stack>.yaml` in the project, and
    the backend, passphrase and `pulumi` that the environment says (`eval "$(make env)"`).
    One update of a stack runs at a time; different stacks may be driven from several threads.
    """

    def __init__(
        self, project: Path, stack: str, environment: Mapping[str, str] | None = None
    ) -> None:
        """Name a stack; nothing is called yet.

        Args:
            project: Folder with the project's Pulumi.yaml.
            stack: Name of the stack.
            environment: Variables for Pulumi, on top of this process's own. With a PATH, pulumi
                must be in a folder named bin on it.
        """
        self.project = project.absolute()
        self.stack = stack
        self._environment = dict(environment or {})

    def create(self, settings: Settings) -> None:
        """Make the stack, or let an existing one mean this from its next `up` on.

        Raises:
            core.errors.InvalidInputError: the settings can't be right; nothing was made.
            ToolchainError: Pulumi can't be called.
        """
        config.check(settings)
        with self._errors():
            found = auto.create_or_select_stack(
                self.stack, work_dir=str(self.project), opts=self._options()
            )
            config.write(found, settings)

    def settings(self) -> Settings:
        """Return what the stack's config says.

        Raises:
            StackNotFoundError: there is no such stack.
            core.errors.InvalidInputError: the config can't be right.
        """
        with self._errors():
            return config.read(self._select())

    def tenants(self) -> dict[str, TenantSettings]:
        """Return the tenants that the config names, whether they are up or not."""
        return {tenant.name: tenant for tenant in self.settings().tenants}

    def up(self, on_event: OnEvent | None = None) -> UpResult:
        """Make everything as the config says. One bad tenant does not stop the others.

        Args:
            on_event: Told of what happens, as it happens, from another thread.

        Raises:
            RefusedError: the config was refused; nothing was changed.
            UpdateFailedError: something could not be made; the rest was.
            ConcurrentUpdateError: somebody else changes the stack now.
        """
        with self._errors():
            found = self._select()
            return self._up(found, on_event)

    def preview(self, on_event: OnEvent | None = None) -> Preview:
        """Return what `up` would do."""
        with self._errors():
            found = self._select()
            watch = Watch(on_event)
            with self._explained(watch):
                found.preview(on_event=watch, color="never")
            by_tenant = {name: dict(counts) for name, counts in watch.changes_by_tenant.items()}
            return Preview(changes=dict(watch.changes), tenants=by_tenant)

    def add_tenant(self, tenant: TenantSettings, on_event: OnEvent | None = None) -> TenantAccess:
        """Add a tenant to the config, make it, and return the ways into it.

        The tenant stays in the config if it fails to come up: mend the reason and call `up`.

        Raises:
            TenantExistsError: there is one of that name.
            core.errors.InvalidInputError: its settings can't be right; the config is untouched.
        """
        with self._errors():
            found = self._select()
            settings = config.read(found)
            if any(tenant.name == other.name for other in settings.tenants):
                raise TenantExistsError(
                    f"tenant {tenant.name}: is in stack {self.stack} already; "
                    "use update_tenant to change it"
                )
            return self._with_tenants(
                found, settings, (*settings.tenants, tenant), on_event
            ).tenants[tenant.name]

    def update_tenant(
        self, tenant: TenantSettings, on_event: OnEvent | None = None
    ) -> TenantAccess:
        """Change a tenant's version, profile or replicas, and return the ways into it.

        Raises:
            TenantNotFoundError: there is none of that name.
        """
        with self._errors():
            found = self._select()
            settings = config.read(found)
            self._find(settings, tenant.name)
            tenants = tuple(tenant if old.name == tenant.name else old for old in settings.tenants)
            return self._with_tenants(found, settings, tenants, on_event).tenants[tenant.name]

    def remove_tenant(self, name: str, on_event: OnEvent | None = None) -> UpResult:
        """Remove a tenant with everything that is stored in it. Nothing brings it back.

        Raises:
            TenantNotFoundError: there is none of that name.
        """
        with self._errors():
            found = self._select()
            settings = config.read(found)
            self._find(settings, name)
            tenants = tuple(tenant for tenant in settings.tenants if tenant.name != name)
            return self._with_tenants(found, settings, tenants, on_event)

    def access(self, name: str) -> TenantAccess:
        """Return the ways into a tenant that is up.

        Raises:
            TenantNotFoundError: there is none of that name, or it did not come up.
        """
        with self._errors():
            up = accesses(self._select().outputs())
        if name not in up:
            raise TenantNotFoundError(
                f"tenant {name}: is not up in stack {self.stack}; "
                f"{'up are ' + ', '.join(up) if up else 'run up'}"
            )
        return up[name]

    def kubeconfig(self, name: str) -> str:
        """Return the kubeconfig of a tenant's users: a secret."""
        return self.access(name).kubeconfig

    def host_servers(self) -> tuple[str, ...]:
        """Return the API servers of the host clusters that the stack has something on.

        They are those of the state: the config may name another cluster already.

        Raises:
            StackNotFoundError: there is no such stack.
        """
        with self._errors():
            deployment = self._select().export_stack().deployment or {}
        hosts = [one for one in deployment.get("resources", ()) if one["type"] == _HOST_TYPE]
        servers = [host.get("outputs", {}).get("server") for host in hosts]
        return tuple(server for server in servers if isinstance(server, str))

    def destroy(self, on_event: OnEvent | None = None) -> None:
        """Destroy everything in the stack, tenants and their data; the config stays.

        Raises:
            UpdateFailedError: something could not be deleted.
        """
        with self._errors():
            found = self._select()
            watch = Watch(on_event)
            with self._explained(watch):
                found.destroy(on_event=watch, color="never")

    def forget(self) -> None:
        """Remove the stack itself and its config file; it must have been destroyed."""
        with self._errors():
            found = self._select()
            found.workspace.remove_stack(self.stack)

    def _options(self) -> auto.LocalWorkspaceOptions:
        if not (self.project / "Pulumi.yaml").exists():
            raise ToolchainError(
                f"project {self.project}: has no Pulumi.yaml; give the folder of the checkout"
            )
        path = self._environment.get("PATH")
        found = shutil.which("pulumi", path=path)
        if found is None:
            raise ToolchainError('pulumi: is not on PATH; run make up, then eval "$(make env)"')
        command = None
        if path is not None:  # the Automation API looks in this process's own
            command = auto.PulumiCommand(root=str(Path(found).parents[1]))
        return auto.LocalWorkspaceOptions(env_vars=self._environment, pulumi_command=command)

    def _select(self) -> auto.Stack:
        return auto.select_stack(self.stack, work_dir=str(self.project), opts=self._options())

    def _with_tenants(
        self,
        found: auto.Stack,
        settings: Settings,
        tenants: tuple[TenantSettings, ...],
        on_event: OnEvent | None,
    ) -> UpResult:
        changed = replace(settings, tenants=tenants)
        config.check(changed)  # before the file is touched
        config.write_tenants(found, changed)
        return self._up(found, on_event)

    def _up(self, found: auto.Stack, on_event: OnEvent | None) -> UpResult:
        watch = Watch(on_event)
        started = time.monotonic()
        with self._explained(watch):
            result = found.up(
                on_event=watch, color="never", suppress_outputs=True, continue_on_error=True
            )
        return UpResult(
            tenants=accesses(result.outputs),
            changes=dict(watch.changes),
            seconds=time.monotonic() - started,
        )

    def _find(self, settings: Settings, name: str) -> TenantSettings:
        for tenant in settings.tenants:
            if tenant.name == name:
                return tenant
        known = ", ".join(tenant.name for tenant in settings.tenants) or "none"
        raise TenantNotFoundError(f"tenant {name}: is not in stack {self.stack}; there are {known}")

    @contextmanager
    def _explained(self, watch: Watch) -> Iterator[None]:
        """Say by the events why an update failed."""
        try:
            yield
        except (auto_errors.StackNotFoundError, auto_errors.ConcurrentUpdateError):
            raise
        except auto_errors.CommandError as error:
            tenants, others = watch.failures()
            if watch.failed or tenants:
                raise UpdateFailedError(self.stack, tenants, others) from error
            if others:
                raise RefusedError("\n".join(others)) from error
            raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn the Automation API's errors into ours."""
        try:
            yield
        except auto_errors.StackNotFoundError as error:
            raise StackNotFoundError(
                f"stack {self.stack}: is not in the backend; make it with create"
            ) from error
        except auto_errors.ConcurrentUpdateError as error:
            raise ConcurrentUpdateError(
                f"stack {self.stack}: another update is running; wait for it, or run `pulumi "
                "cancel` if it was killed"
            ) from error
        except auto_errors.CommandError as error:
            raise ToolchainError(f"stack {self.stack}: pulumi failed:\n{error}") from error
