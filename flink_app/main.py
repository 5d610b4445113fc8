"""The detector's entry: settings, tables at the edges, the pipeline between, execute.

`flink run -py flink_app/main.py` starts it, in Managed Service for Apache Flink as on a laptop.
"""

import sys
from pathlib import Path

# The zip's root is the repository's root; Flink puts only this file's own folder on the path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from commerce.rules import RULES
from commerce.rules.rule import with_thresholds
from commerce.settings import decode
from flink_app.connectors import sink_ddls, source_ddl
from flink_app.pipeline import build
from flink_app.properties import property_group
from flink_app.settings import PROPERTY_GROUP, DetectorSettings
from flink_app.tables import table_environment


def main() -> None:
    """Start the detector and leave it running."""
    settings = decode(DetectorSettings, property_group(PROPERTY_GROUP))
    tables = table_environment()
    for ddl in (source_ddl(settings), *sink_ddls(settings)):
        tables.execute_sql(ddl)
    build(tables, rules=with_thresholds(RULES, settings.threshold_overrides), settings=settings).execute()


if __name__ == "__main__":
    main()
