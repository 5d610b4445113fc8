"""The CDK application: read the stage, build the stacks, hold them to the rules."""

import sys
from dataclasses import replace

from aws_cdk import App

from stacks.packaging import PackagingError
from stacks.platform import add_platform
from stacks.rulebook import check_with_rules
from stacks.stages import UnknownStageError, UnknownUserError, stage_named


def build(app: App) -> None:
    """Put the platform of the stage that the context names into the app.

    Raises UnknownStageError, UnknownUserError, and PackagingError where something that goes into an artifact is not
    there.
    """
    stage = stage_named(app.node.try_get_context("stage"))
    if quicksight_user := app.node.try_get_context("quicksight_user"):
        stage = replace(stage, quicksight_user=quicksight_user)
    add_platform(app, stage=stage, alert_email=app.node.try_get_context("alert_email"))
    check_with_rules(app, stage=stage)


def main() -> None:
    """Synthesise; one line and exit 1 where that cannot be."""
    app = App()
    try:
        build(app)
    except (UnknownStageError, UnknownUserError, PackagingError) as error:
        sys.exit(str(error))
    app.synth()


if __name__ == "__main__":
    main()
