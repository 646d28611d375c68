"""random: stands in for the official Pulumi random plugin where that can't be downloaded.

Ids, bytes and passwords from the operating system's random numbers. A state that it wrote is the
official plugin's too, and the other way round.
Not here: planning, secrets, messages (rig/plugins/bridged).
"""
