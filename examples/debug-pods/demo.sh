#!/bin/sh
# The whole of README.md: each command as it stands there, and what it says.
#
# Needs kubectl, pulumi and jq; a stack that is selected, with this example's tenants in its config;
# and in KUBECONFIG the kubeconfig of its host.
set -eu
cd "$(dirname "$0")/../.."
umask 077 # kubeconfigs are secret
export KUBECONFIG="${KUBECONFIG:-.tenantplane/host.kubeconfig}"
# By websocket some versions lose what a command said that ends at once ("Unknown stream id 1").
export KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false

run() {
    printf '$ %s\n' "$1"
    eval "$1" 2>&1
}

run 'pulumi up --yes --skip-preview'

run 'kubectl get etcdtenants -A -l "tenantplane.dev/tenant in (mars, venus)" -o custom-columns=TENANT:.spec.tenant,ETCD:.spec.store,KEYS:.status.prefix'
run 'kubectl get pods -n tenant-mars'
run 'kubectl get pods -n tenant-venus'

run 'pulumi stack output kubeconfigs --show-secrets --json | jq -r .mars > .tenantplane/mars.yaml'
run 'kubectl --kubeconfig .tenantplane/mars.yaml apply -f examples/debug-pods/mars.yaml'
run 'pulumi stack output kubeconfigs --show-secrets --json | jq -r .venus > .tenantplane/venus.yaml'
run 'kubectl --kubeconfig .tenantplane/venus.yaml apply -f examples/debug-pods/venus.yaml'

for tenant in mars venus; do
    in_pod="kubectl exec -n tenant-$tenant deploy/kubedebug -- kubectl"
    run "$in_pod get nodes"
    run "$in_pod get pods -A"
    run "$in_pod get namespaces"
    run "$in_pod get crds"
done

run 'kubectl exec -n tenant-venus deploy/kubedebug -- kubectl auth whoami'
