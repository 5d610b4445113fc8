"""What the tests of this room share: the cloud under test, zips, and waiting."""

import io
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laptop.network import client

PATIENCE_SECONDS = 300


@dataclass(frozen=True)
class Cloud:
    endpoint_url: str
    work_dir: Path

    def client(self, service: str) -> Any:
        return client(service, self.endpoint_url)

    def function(self, name: str, source: str, **options: Any) -> None:
        """Create a function whose zip holds `handler.py` with the source."""
        self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=self.role,
            Handler="handler.handle",
            Code={"ZipFile": zipped({"handler.py": source})},
            **options,
        )

    @property
    def role(self) -> str:
        iam = self.client("iam")
        try:
            return str(iam.get_role(RoleName="test")["Role"]["Arn"])
        except iam.exceptions.NoSuchEntityException:
            return str(iam.create_role(RoleName="test", AssumeRolePolicyDocument="{}")["Role"]["Arn"])


def zipped(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def eventually(ask: Callable[[], Any]) -> Any:
    """Return the first truthy answer; fail when none comes: so late that a busy machine is no reason."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"still {answer!r} after {PATIENCE_SECONDS} s"
        time.sleep(0.1)
    return answer
