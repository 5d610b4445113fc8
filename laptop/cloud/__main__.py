"""Runs the moto server: `python -m laptop.cloud PORT WORK_DIR FRONT_PORT`. Functions find it at the front port.

Everything that has to happen inside moto's process hangs here: the CloudFormation types, the API operations that
moto lacks, the functions, the mail.
"""

import logging
import os
import signal
import sys
from pathlib import Path

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from laptop import cloudformation
from laptop.cloud import (
    analytics_api,
    athena_api,
    cloudformation_api,
    glue_api,
    kinesis_api,
    kms_api,
    lambda_api,
    mail,
    s3_api,
    stack_order,
)
from laptop.cloud.backchannel import Backchannel
from laptop.functions.fleet import Fleet
from laptop.network import aws_environment, endpoint


class _KeepAlive(MotoRequestHandler):  # type: ignore[misc]  # moto has no types
    """Keeps a client's connection open: a connection a request costs more than the request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True


def main(port: int, work_dir: Path, front_port: int) -> None:
    """Serve until the process is ended."""
    os.environ.update(aws_environment(endpoint(port)))
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    log = work_dir / "logs" / "functions.log"
    fleet = Fleet(work_dir=work_dir / "functions", endpoint_url=endpoint(front_port), log=log)
    cloudformation.register()
    lambda_api.install(fleet)
    mail.install(work_dir / "mail")
    athena_api.install()
    kms_api.install()
    cloudformation_api.install()
    s3_api.install()
    stack_order.install()
    kinesis_api.install()
    notices = {**analytics_api.install(), **glue_api.install()}
    moto = DomainDispatcherApplication(create_backend_app)
    server = make_server(
        "127.0.0.1", port, Backchannel(moto, notices=notices), threaded=True, request_handler=_KeepAlive
    )
    try:
        server.serve_forever()
    finally:
        fleet.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
