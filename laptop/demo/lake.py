"""Asks the lake with the project's own command line, as an analyst would."""

import json
import os
import subprocess
import sys
from typing import Any

from laptop.network import aws_environment, clean_environment
from laptop.processes import LaptopError
from laptop.running import Laptop


def ask(laptop: Laptop, question: str) -> list[dict[str, Any]]:
    """Return the rows that answer a named query. Raises LaptopError."""
    options = {
        "--raw-bucket": laptop.outputs["RawBucketName"],
        "--warehouse": str(laptop.warehouse),
        "--database": laptop.outputs["GlueDatabaseName"],
        "--engine": "duckdb",
        "--catalog": "sqlite",
        "--format": "json",
    }
    command = [sys.executable, "-m", "glue_jobs", "ask", question, *(text for pair in options.items() for text in pair)]
    environment = {**clean_environment(os.environ), **aws_environment(laptop.endpoint_url)}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise LaptopError(f"The lake could not answer {question}: {answer.stderr.strip()}")
    return list(json.loads(answer.stdout))
