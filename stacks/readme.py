"""readme: the text of the stack output `readme`, which Pulumi fills with the other outputs.

Not here: the project's README.
"""

_TENANTS = """\
# Tenants on host {host}

| tenant | API server | Kubernetes | certificates until |
|---|---|---|---|
{rows}

Use one of them:

```sh
pulumi stack output kubeconfigs --show-secrets --json | jq -r '.["{example}"]' > {example}.yaml
kubectl --kubeconfig {example}.yaml api-resources
```

A tenant's own people, each with a role, are its `users`; their kubeconfigs are in the output
`userKubeconfigs`.

Add or remove a tenant: edit `tenantplane:tenants` in this stack's config and run
`pulumi up --continue-on-error`, so that a tenant that fails doesn't stop the others.
Removing one deletes its data.
"""

_HOST = """\
# Host {host}

Tenants answer at `<tenant>.{domain}`, {address} port {port}.
Let the DNS name `*.{domain}` lead there, then set `publicDns`.

Tenants live in a stack of their own, which names this one:

```yaml
config:
  tenantplane:kind: tenants
  tenantplane:hostStack: <organization>/tenantplane/<this stack>
  tenantplane:tenants:
    - name: acme
```

Run `pulumi up --continue-on-error` there, so that a tenant that fails doesn't stop the others.
"""


def of_tenants(host: str, tenants: list[str]) -> str:
    """Return what to do with tenants."""
    columns = ("endpoints", "versions", "certificateExpiry")
    rows = [
        " ".join(["|", tenant, *(f"| {_output(column, tenant)}" for column in columns), "|"])
        for tenant in tenants
    ]
    example = tenants[0] if tenants else "acme"
    return _TENANTS.format(host=host, rows="\n".join(rows), example=example)


def of_host(host: str, domain: str) -> str:
    """Return what to do with a host."""
    address, port = _output("hosts", host, "address"), _output("hosts", host, "port")
    return _HOST.format(host=host, domain=domain, address=address, port=port)


def _output(*path: str) -> str:
    """Return what Pulumi replaces by an output."""
    return f"${{outputs.{'.'.join(path)}}}"
