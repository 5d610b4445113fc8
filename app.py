"""The CDK application: read the stage, build the stacks, hold them to the rules."""

import sys

from aws_cdk import App

from stacks.platform import Platform
from stacks.rulebook import check_with_rules
from stacks.stages import UnknownStageError, stage_named


def build(app: App) -> Platform:
    """Put the platform of the stage that the context names into the app; raises UnknownStageError."""
    stage = stage_named(app.node.try_get_context("stage"))
    platform = Platform(app, stage=stage, alert_email=app.node.try_get_context("alert_email"))
    check_with_rules(app, stage_name=stage.name)
    return platform


def main() -> None:
    """Synthesise; one line and exit 1 where the stage is unknown."""
    app = App()
    try:
        build(app)
    except UnknownStageError as error:
        sys.exit(str(error))
    app.synth()


if __name__ == "__main__":
    main()
