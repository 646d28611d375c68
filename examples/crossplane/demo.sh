#!/bin/sh
# The whole of README.md: each command as it stands there, and what it says.
#
# Needs kubectl, pulumi and jq; a stack that is selected, with this example's tenants in its config;
# and in KUBECONFIG the kubeconfig of its host.
set -eu
cd "$(dirname "$0")/../.."
umask 077 # kubeconfigs are secret
export KUBECONFIG="${KUBECONFIG:-.tenantplane/host.kubeconfig}"

run() {
    printf '$ %s\n' "$1"
    eval "$1" 2>&1
}

refused() {
    printf '$ %s\n' "$1"
    if eval "$1" 2>&1; then
        echo "was allowed: $1"
        exit 1
    fi
}

run 'pulumi up --yes --skip-preview'
run 'kubectl get pods -n tenant-hq'

run 'host=$KUBECONFIG'
run 'pulumi stack output userKubeconfigs --show-secrets --json | jq -r .hq.jane > .tenantplane/jane.yaml'
run 'export KUBECONFIG=.tenantplane/jane.yaml'
run 'kubectl auth whoami'
refused 'kubectl get nodes'
refused 'kubectl get pods -A'
run 'kubectl api-resources --api-group=pkg.crossplane.io'

run 'kubectl apply -f examples/crossplane/packages.yaml'
run 'kubectl wait --for=condition=Healthy --timeout=5m -f examples/crossplane/packages.yaml'
run 'kubectl get providers,functions'
run 'kubectl --kubeconfig $host get pods -n tenant-hq'

run 'pulumi stack output userKubeconfigs --show-secrets --json | jq -r .field.crossplane > .tenantplane/field.yaml'
run 'kubectl create secret generic elsewhere -n crossplane-system --from-file=kubeconfig=.tenantplane/field.yaml'
run 'kubectl apply -f examples/crossplane/elsewhere.yaml'
run 'kubectl apply -f examples/crossplane/definition.yaml'
run 'kubectl wait --for=condition=Established --timeout=1m xrd/workspaces.example.org'

run 'kubectl apply -f examples/crossplane/workspace.yaml'
run 'kubectl wait --for=condition=Ready --timeout=5m workspace/rockets'
run 'kubectl get workspaces'
run 'kubectl get objects.kubernetes.m.crossplane.io --sort-by=.spec.forProvider.manifest.kind'
run 'kubectl --kubeconfig .tenantplane/field.yaml get configmap welcome -n team-rockets -o custom-columns=TEXT:.data.text'

run 'kubectl delete workspace rockets --cascade=foreground'
refused 'kubectl --kubeconfig .tenantplane/field.yaml get namespace team-rockets'
