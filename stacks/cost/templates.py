"""The synthesised templates of a stage as the model reads them: resources, and which of them another one names."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from aws_cdk import App

from stacks.packaging import ROOT
from stacks.platform import add_platform
from stacks.stages import Stage

# Somebody is told: with nobody subscribed the mails would not be in the bill.
ALERT_EMAIL = "keeper@example.com"
SUFFIX = ".template.json"


class NoTemplatesError(ValueError):
    """A folder without templates; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource; `key` names it among all stacks."""

    key: str
    type: str
    properties: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Templates:
    """All stacks of one stage: stack name to template."""

    stacks: Mapping[str, Mapping[str, Any]]

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Every resource of every stack."""
        return tuple(
            Resource(key=_key(stack, name), type=body["Type"], properties=body.get("Properties", {}))
            for stack, template in self.stacks.items()
            for name, body in template["Resources"].items()
        )

    def all(self, resource_type: str) -> list[Resource]:
        """Return the resources of a type."""
        return [resource for resource in self.resources if resource.type == resource_type]

    def named_by(self, resource: Resource, *path: str | int) -> str | None:
        """Return the key of the resource that a property of this one names, None if there is none."""
        value: Any = resource.properties
        for step in path:
            value = value[step] if isinstance(step, int) else value.get(step)
            if value is None:
                return None
        return next(self._names(_stack(resource.key), value), None)

    def _names(self, stack: str, value: Any) -> Iterator[str]:
        """Give the key of every resource that a value refers to, at any depth, in this stack or another."""
        if isinstance(value, list):
            for each in value:
                yield from self._names(stack, each)
        elif isinstance(value, dict):
            if isinstance(reference := value.get("Ref"), str) and reference in self.stacks[stack]["Resources"]:
                yield _key(stack, reference)
            elif "Fn::GetAtt" in value:
                yield _key(stack, value["Fn::GetAtt"][0])
            elif "Fn::ImportValue" in value:
                yield self._exports[value["Fn::ImportValue"]]
            else:
                yield from self._names(stack, list(value.values()))

    @cached_property
    def _exports(self) -> dict[str, str]:
        """What one stack lends to another, by the name of the export."""
        return {
            output["Export"]["Name"]: next(self._names(stack, output["Value"]))
            for stack, template in self.stacks.items()
            for output in template.get("Outputs", {}).values()
            if "Export" in output
        }


def _key(stack: str, name: str) -> str:
    return f"{stack}/{name}"


def _stack(key: str) -> str:
    return key.partition("/")[0]


def read(directory: Path, *, stage: str) -> Templates:
    """Return a stage's templates in a folder that `cdk synth` wrote; it may hold others. Raises NoTemplatesError."""
    paths = sorted(directory.glob(f"floorwalker-{stage}-*{SUFFIX}"))
    if not paths:
        raise NoTemplatesError(f"{directory} has no templates of the stage {stage}: run `make synth STAGE={stage}`")
    return Templates(stacks={path.name.removesuffix(SUFFIX): json.loads(path.read_text()) for path in paths})


def synthesise(stage: Stage) -> Templates:
    """Return the templates of a stage, made now. Raises PackagingError where an artifact cannot be built."""
    flags = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    # Artifacts are named, not copied: nothing is deployed from here.
    flags["aws:cdk:disable-asset-staging"] = True
    with tempfile.TemporaryDirectory() as folder:
        app = App(outdir=folder, context=flags, analytics_reporting=False)
        add_platform(app, stage=stage, alert_email=ALERT_EMAIL)
        return read(Path(app.synth().directory), stage=stage.name)
