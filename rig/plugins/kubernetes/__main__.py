"""Run the plugin as Pulumi's engine does: `python -m rig.plugins.kubernetes <engine address>`.

Not here: the service (server.py).
"""

import sys

from rig.plugins.kubernetes.server import serve

if __name__ == "__main__":
    addresses = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    serve(addresses[0] if addresses else "")
