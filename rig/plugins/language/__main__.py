"""Serve programs: what the plugin folder's `pulumi-language-python` runs."""

import sys

from rig.plugins.language import warm

# Before anything else: it forks, which is safe only while there are no threads.
_RUNNER = warm.start(engine=sys.argv[-1])

from rig.plugins.language.server import serve  # noqa: E402  see above

serve(_RUNNER)
