"""modules: the folders of Go modules whose files are used as they are: definitions, charts.

Not here: what is compiled from modules (build.py), which versions they have (toolchain/).
"""

import json
import subprocess
from pathlib import Path

from core.errors import TenantplaneError
from rig import build


def folder(home: Path, module: str, modfile: str = "go.mod") -> Path:
    """Return the folder of a module in Go's module cache; go.sum vouches for its files.

    Args:
        home: Folder of the go.mod that requires it.
        module: Its path.
        modfile: Name of that go.mod.

    Raises:
        TenantplaneError: it can't be downloaded.
    """
    done = subprocess.run(
        ["go", "mod", "download", f"-modfile={modfile}", "-json", module],
        cwd=home,
        env=build.go_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise TenantplaneError(
            f"{module}: its files can't be downloaded, got {said!r}; check that "
            "`go mod download` reaches its proxy (go env GOPROXY)"
        )
    return Path(json.loads(done.stdout)["Dir"])
