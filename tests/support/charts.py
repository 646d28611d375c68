"""Charts and manifests of real operators, as their Go modules have them, and how Helm renders them.

A chart in a module is what the release is packed from: what packing it fills in is filled in here,
from the module alone. Needs Go, and its module proxy the first time.
"""

import json
import os
import re
import subprocess
from functools import cache
from pathlib import Path
from unittest.mock import patch

from core import charts as core_charts
from core import kinds, object_lists, versions
from core.charts import ChartSource
from rig import build
from rig import cache as rig_cache
from rig.plugins.kubernetes import charts as plugin_charts
from rig.plugins.kubernetes import values as plugin_values
from rig.plugins.kubernetes.plugin import Plugin
from rig.plugins.kubernetes.protocol import provider_pb2
from tests.support.processes import binary

_VERSIONS = re.compile(r"(?m)^(version|appVersion): .*$")
_BITWARDEN = re.compile(r"(?m)^dependencies:\n  - name: bitwarden-sdk-server\n(    .*\n?)+")


def crossplane():
    """Crossplane 2.3.4: the chart itself; its CRDs are in its image, not in the chart."""
    folder = module("github.com/crossplane/crossplane/v2", "v2.3.4")
    return _completed("crossplane", folder / "cluster/charts/crossplane", "2.3.4", "2.3.4")


def cert_manager():
    """cert-manager 1.21.2: the chart itself."""
    folder = module("github.com/cert-manager/cert-manager", "v1.21.2")
    return _completed("cert-manager", folder / "deploy/charts/cert-manager", "v1.21.2", "v1.21.2")


def external_secrets():
    """External Secrets 1.3.2: the chart, and the CRDs that packing it puts among its templates.

    Without the optional subchart for Bitwarden, which is in no module.
    """
    folder = module("github.com/external-secrets/external-secrets", "v1.3.2")
    crds = (folder / "deploy/crds/bundle.yaml").read_text()

    def complete(chart):
        metadata = chart / "Chart.yaml"
        without, count = _BITWARDEN.subn("", metadata.read_text())
        assert count == 1, "the subchart is declared in another way"
        metadata.write_text(without)
        (chart / "Chart.lock").unlink()
        template = f"{{{{- if .Values.installCRDs }}}}\n{crds}\n{{{{- end }}}}\n"
        (chart / "templates/crds/bundle.yaml").write_text(template)

    source = folder / "deploy/charts/external-secrets"
    return _completed("external-secrets", source, "1.3.2", "v1.3.2", complete)


def argo_cd_manifests():
    """The file of Argo CD 3.6.1 that `kubectl apply` is given."""
    # Its go.mod asks for a newer Go than compiles the rest, even to download it.
    folder = module("github.com/argoproj/argo-cd/v3", "v3.6.1", toolchain="go1.27.3")
    return folder / "manifests/install.yaml"


def rendered(chart, values=None, *, release, namespace, version=versions.DEFAULT_KUBERNETES):
    """The objects of a chart as a tenant's operator gets them, rendered by the real Helm."""
    options = core_charts.options(
        ChartSource(path=str(chart)),
        values or {},
        path=str(chart),
        release=release,
        namespace=namespace,
        kube_version=version,
        api_versions=kinds.of_charts(version),
    )
    return object_lists.uniform(function({"jsonOpts": options})["result"], namespace, release)


def function(args):
    """The offline plugin's answer, where no cluster is; for `RecordingMocks.functions`."""
    request = provider_pb2.InvokeRequest(tok=plugin_charts.TOKEN, args=plugin_values.write(args))
    with patch.dict(os.environ, helm_environment()):
        answer = plugin_charts.template(Plugin(), request)
    return plugin_values.read(getattr(answer, "return")).plain


def helm_environment(folder=None):
    """What makes the plugin find the Helm that it has in the offline toolchain.

    Args:
        folder: Where Helm keeps its own files; default the user's.
    """
    found = {"PATH": f"{binary('helm').parent}{os.pathsep}{os.environ['PATH']}"}
    homes = ("CACHE", "CONFIG", "DATA")
    return found | ({f"HELM_{one}_HOME": f"{folder}/{one}" for one in homes} if folder else {})


@cache
def module(path, version, toolchain="auto"):
    """The folder of a module in Go's cache of modules."""
    done = subprocess.run(
        ["go", "mod", "download", "-json", f"{path}@{version}"],
        cwd=Path.home(),
        env=build.go_environment() | {"GOTOOLCHAIN": toolchain},
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout or "{}")
    assert done.returncode == 0, found.get("Error") or done.stderr
    return Path(found["Dir"])


@cache
def _completed(name, source, version, app_version, complete=lambda _: None):
    """A copy of a chart with its versions in it; Go's cache is read-only."""
    filled = {"version": version, "appVersion": app_version}

    def make(folder):
        for path in source.rglob("*"):
            if path.is_file():
                copy = folder / path.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
        metadata = folder / "Chart.yaml"
        text = _VERSIONS.sub(lambda found: f"{found[1]}: {filled[found[1]]}", metadata.read_text())
        metadata.write_text(text)
        complete(folder)

    key = rig_cache.key(str(source), version, Path(__file__).read_bytes())
    return rig_cache.entry("charts", name, key, make)
