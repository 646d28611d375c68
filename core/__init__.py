"""core: everything of tenantplane that can be decided without asking anybody.

Owns: names, versions, profiles, settings, kubeconfigs, plans of keys, manifests as dicts.
Not here: Pulumi resources (components/), reads of files and clusters (stacks/, components/).
"""
