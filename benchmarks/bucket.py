"""An S3 that only lists and gets: a folder of raw objects behind the endpoint that boto3 is told.

The jobs read their raw records through boto3, as on AWS, and tens of millions do not fit into a mock's memory.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "raw"


@contextmanager
def served(folder: Path, *, withheld: str = "") -> Iterator[dict[str, str]]:
    """Serve the folder as the bucket `raw`; yields the environment in which boto3 finds it.

    Objects from the key `withheld` on have not been delivered yet; empty for none.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, folder, withheld))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, name="bucket", daemon=True)
    thread.start()
    try:
        yield {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
            "AWS_ACCESS_KEY_ID": "benchmark",
            "AWS_SECRET_ACCESS_KEY": "benchmark",  # nosec B105
            "AWS_DEFAULT_REGION": "us-east-1",
        }
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    """One request. The first part of a path is the bucket, the rest the key."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or the end of each object waits 40 ms for an acknowledgement

    def __init__(self, folder: Path, withheld: str, *arguments: object) -> None:
        self._folder = folder
        self._withheld = withheld
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer ListObjectsV2 or GetObject."""
        address = urlsplit(self.path)
        _, _, key = unquote(address.path).lstrip("/").partition("/")
        if not key:
            self._answer(200, self._listed(parse_qs(address.query).get("prefix", [""])[0]), "application/xml")
        elif (self._folder / key).is_file():
            self._answer(200, (self._folder / key).read_bytes(), "application/octet-stream")
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>", "application/xml")

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: the measurement is on the terminal."""

    def _listed(self, prefix: str) -> bytes:
        """Return every object below the prefix, in one page however many they are."""
        paths = sorted(path for path in self._folder.rglob("*") if path.is_file())
        found = [(path.relative_to(self._folder).as_posix(), path.stat().st_size) for path in paths]
        listed = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{size}</Size></Contents>"
            for key, size in found
            if key.startswith(prefix) and not (self._withheld and key >= self._withheld)
        )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{listed}</ListBucketResult>".encode()

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
