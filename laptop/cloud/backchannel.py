"""How the managed services tell moto what became of a job or an application.

AWS has no API by which a customer could say "this job run failed": its own services know. Here they run beside the
server, and report on a path that no AWS API uses.
"""

import json
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_PATH = "/_laptop/"
Notice = Callable[[dict[str, Any]], None]


class Backchannel:
    """A WSGI application that takes notices and hands everything else to moto."""

    def __init__(self, application: Callable[..., Iterable[bytes]], *, notices: Mapping[str, Notice]) -> None:
        self._application = application
        self._notices = notices

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        if not path.startswith(_PATH):
            return self._application(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        notice = path.removeprefix(_PATH)
        if notice != "ready":
            self._notices[notice](json.loads(body))
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]


def tell(endpoint_url: str, notice: str, **content: Any) -> None:
    """Send a notice; the notice `ready` only asks whether the server is there."""
    request = urllib.request.Request(endpoint_url + _PATH + notice, data=json.dumps(content).encode())
    with urllib.request.urlopen(request, timeout=10):  # nosec B310
        pass
