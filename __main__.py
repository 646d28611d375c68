"""The Pulumi program: declares what the stack's config says.

Not here: the keys of the config (Pulumi.yaml), what a stack is made of (stacks/).
"""

import pulumi

import stacks

pulumi.run(stacks.main)
