"""tls: stands in for the official Pulumi tls plugin where that can't be downloaded.

Keys, certificate requests and certificates, with the `cryptography` library. A state that it wrote
is the official plugin's too, and the other way round.
Not here: planning, secrets, messages (rig/plugins/bridged).
"""
