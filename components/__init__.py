"""components: the ComponentResources of tenantplane, one public class per file.

Not here: what objects look like (core/manifests/), what a stack is made of (stacks/).
"""
