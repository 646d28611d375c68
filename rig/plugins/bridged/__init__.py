"""bridged: a provider plugin that behaves like one made by Pulumi's Terraform bridge.

The official tls and random plugins are Terraform providers behind that bridge. Their states carry
its marks (`__meta`, `__pulumi_raw_state_delta`), and what is replaced follows Terraform's rules of
planning; both are reproduced here, driven by a table of attributes per resource type.
Not here: the tables and what makes a key or a password (tls/, random/).
"""
