"""policy: a Pulumi policy pack that fails a preview which declares what tenantplane forbids.

Not here: what config may say (core/settings.py), what the host's API server refuses by itself.
"""
