"""kubernetes: stands in for pulumi-resource-kubernetes where that can't be downloaded.

A state that it writes is read by the official plugin (4.34) with no changes, and the other way
round. It supports the resource types of kinds.txt, custom resources, and the options that
config.py lists; anything else is refused by name.
Not here: Pulumi itself (rig/pulumi.py), the other plugins (rig/plugins/).

From the wire inwards:
    __main__.py server.py engine.py protocol.py values.py   the engine's messages
    config.py kubeconfig.py credentials.py                  the provider's settings
    check.py diff.py create.py read.py update.py delete.py  one module per operation
    charts.py helm.py                                       the function that renders a chart
    normalize.py quantity.py naming.py immutable.py state.py managed_fields.py  what they share
    waiting/                                                 when a resource counts as ready
    transport.py api.py discovery.py                         the Kubernetes API
"""
