"""Runs inside a function's process: loads the handler, takes one event a line, answers one line an event.

A script that is started isolated (`python -I -S`), with the standard library only; the function's own folder and the
SDK that AWS provides are put on the path. Whatever the function prints goes to standard error, which is its log.
"""

import importlib
import json
import os
import sys
import time
import traceback
from typing import Any


class Context:
    """What AWS hands to a handler beside the event."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.aws_request_id = given["request_id"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.invoked_function_arn = given["arn"]
        self.identity = None
        self.client_context = None
        self._deadline = given["deadline"]

    def get_remaining_time_in_millis(self) -> int:
        """Return how much time the invocation has left."""
        return max(0, int((self._deadline - time.time()) * 1000))


def main() -> None:
    """Load the handler once, then serve until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", buffering=1)
    sys.path[:0] = sys.argv[1:]
    try:
        module, _, name = os.environ["_HANDLER"].rpartition(".")
        handler = getattr(importlib.import_module(module.replace("/", ".")), name)
    except Exception as error:  # noqa: BLE001  # the border: AWS reports whatever the import raised
        _answer(answers, {"unhandled": _described(error)})
        return
    _answer(answers, {"ready": True})
    for line in sys.stdin:
        _answer(answers, _handled(handler, json.loads(line)))


def _handled(handler: Any, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"result": json.dumps(handler(request["event"], Context(request)))}
    except Exception as error:  # noqa: BLE001  # the border: AWS reports whatever the handler raised
        return {"unhandled": _described(error)}


def _described(error: Exception) -> dict[str, Any]:
    described = {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "stackTrace": traceback.format_tb(error.__traceback__),
    }
    print("[ERROR] " + "".join(traceback.format_exception(error)))  # noqa: T201  # the function's log
    return described


def _answer(answers: Any, content: dict[str, Any]) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    answers.write(json.dumps(content) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
