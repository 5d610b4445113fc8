"""Starts the server's process and waits until it answers."""

import subprocess
import sys
from pathlib import Path
from urllib.error import URLError

from laptop.cloud.backchannel import tell
from laptop.network import clean_environment, endpoint, wait_until
from laptop.processes import LaptopError, spawn

ROOT = Path(__file__).resolve().parent.parent.parent


def start_cloud(
    port: int, work_dir: Path, *, group: int | None = None, front_port: int | None = None
) -> subprocess.Popen[bytes]:
    """Start AWS on the port; it takes about two seconds until `wait_for_cloud` returns.

    Functions find AWS at `front_port` if something stands in front of it.
    """
    (work_dir / "logs").mkdir(parents=True, exist_ok=True)
    return spawn(
        [sys.executable, "-m", "laptop.cloud", str(port), str(work_dir), str(front_port or port)],
        environment={**clean_environment(), "PYTHONPATH": str(ROOT)},
        log=work_dir / "logs" / "cloud.log",
        cwd=ROOT,
        group=group,
    )


def wait_for_cloud(process: subprocess.Popen[bytes], port: int, work_dir: Path) -> None:
    """Wait until the server answers; raises LaptopError when it ends instead."""

    def answers() -> bool:
        if process.poll() is not None:
            raise LaptopError(f"AWS on the laptop did not start, see {work_dir / 'logs' / 'cloud.log'}")
        try:
            tell(endpoint(port), "ready")
        except (URLError, OSError):
            return False
        return True

    wait_until(answers, seconds=180, what="AWS on the laptop")
