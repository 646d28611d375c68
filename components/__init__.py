"""components: the ComponentResources of tenantplane, one public class per file.

Not here: what objects look like (core/manifests/), what a stack is made of (stacks/).
"""

from core import deep_messages

deep_messages.allow()  # the objects of operators come and go through the engine
