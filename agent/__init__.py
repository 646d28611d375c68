"""The host agent: one small operator per host cluster.

Owns: users, roles and keys of tenants in shared etcds (EtcdTenant), and the objects inside tenants
(TenantManifests). docs/agent.md says why it exists and what it may do.
Not here: its Deployment and rights (core/manifests/agent.py), its kinds (core/manifests/crds.py).
"""
