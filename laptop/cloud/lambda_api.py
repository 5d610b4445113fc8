"""Lambda's Invoke, run by `laptop.functions` in place of moto's Docker containers."""

import base64
import json
import threading
from typing import Any

from moto.awslambda.models import LambdaBackend, LambdaFunction

from laptop.functions.fleet import Fleet, Function

_TAIL_BYTES = 4096


def install(fleet: Fleet) -> None:
    """Let moto run its functions in the fleet."""

    def invoke(self: Any, body: str | bytes, request_headers: Any, response_headers: Any) -> str | bytes:
        event = body if isinstance(body, bytes) else (body or "{}").encode()
        if request_headers.get("x-amz-invocation-type") == "Event":
            threading.Thread(target=fleet.invoke, args=(described(self), event), daemon=True).start()
            return ""
        result = fleet.invoke(described(self), event or b"{}")
        if result.error:
            response_headers["x-amz-function-error"] = result.error
        response_headers["x-amz-log-result"] = base64.b64encode(result.log[-_TAIL_BYTES:]).decode()
        return result.payload

    LambdaFunction.invoke = invoke
    # moto calls the function for every record that is put; the event source mapping does that here, in batches.
    LambdaBackend.send_kinesis_message = lambda *_, **__: None


def described(function: Any) -> Function:
    """Return what running one version of a function takes, out of moto's own record of it."""
    return Function(
        name=function.function_name,
        arn=function.function_arn,
        version=str(function.version),
        runtime=function.run_time,
        handler=function.handler,
        code=function.code_bytes,
        code_sha256=function.code_sha_256,
        environment=tuple(sorted((function.environment_vars or {}).items())),
        timeout_seconds=int(function.timeout or 3),
        memory_mebibytes=int(function.memory_size or 128),
        log_group=_log_group(function),
    )


def _log_group(function: Any) -> str:
    logging = getattr(function, "logging_config", None) or {}
    if isinstance(logging, str):
        logging = json.loads(logging)
    return str(logging.get("LogGroup") or f"/aws/lambda/{function.function_name}")
