"""One synth a stage for all the tests of this folder, whichever process runs them: a synth takes seconds."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from app import build
from stacks.cost.templates import Templates, read, synthesise
from stacks.platform import add_platform
from stacks.rulebook import check_with_rules
from stacks.stages import DEV, STAGES, Stage

ROOT = Path(__file__).resolve().parents[2]
ALERT_EMAIL = "keeper@example.com"
Once = Callable[[str, Callable[[Path], object]], Path]


@dataclass(frozen=True)
class Resource:
    """One resource of a template."""

    stack: str
    logical_id: str
    type: str
    body: dict[str, Any]

    @property
    def properties(self) -> dict[str, Any]:
        return self.body.get("Properties", {})


@dataclass(frozen=True)
class Synthesised:
    """All templates of one stage."""

    stage: str
    directory: Path

    @cached_property
    def templates(self) -> dict[str, dict[str, Any]]:
        paths = sorted(self.directory.glob("*.template.json"))
        return {path.name.removesuffix(".template.json"): json.loads(path.read_text()) for path in paths}

    @cached_property
    def everything(self) -> list[Resource]:
        return [
            Resource(stack=stack, logical_id=logical_id, type=body["Type"], body=body)
            for stack, template in self.templates.items()
            for logical_id, body in template["Resources"].items()
        ]

    def all(self, resource_type: str) -> list[Resource]:
        found = [resource for resource in self.everything if resource.type == resource_type]
        assert found, f"no {resource_type} in stage {self.stage}: the test would say nothing"
        return found

    def one(self, resource_type: str, name: str = "") -> Resource:
        found = [resource for resource in self.all(resource_type) if resource.logical_id.startswith(name)]
        assert len(found) == 1, [resource.logical_id for resource in found]
        return found[0]

    def output(self, key: str) -> Any:
        values = [t["Outputs"][key]["Value"] for t in self.templates.values() if key in t.get("Outputs", {})]
        assert len(values) == 1, f"{key} is an output {len(values)} times"
        return values[0]

    def findings(self) -> list[str]:
        """Return what the rules say and nobody has accepted."""
        return [finding["ruleName"] for finding in self._reported("violations")]

    def accepted(self) -> set[tuple[str, str]]:
        """Return what the rules say and the rulebook accepts: (construct, finding)."""
        return {(finding["acknowledgedAt"], finding["ruleName"]) for finding in self._reported("suppressedViolations")}

    def _reported(self, kind: str) -> list[dict[str, Any]]:
        report = json.loads((self.directory / "validation-report.json").read_text())
        return [finding for plugin in report["pluginReports"] for finding in plugin.get(kind, [])]


@pytest.fixture(scope="session")
def new_app(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., App]:
    """Return an app as the command line makes it: with the context of cdk.json, in a folder of its own."""
    flags = json.loads((ROOT / "cdk.json").read_text())["context"]

    def make(directory: Path | None = None, **context: str) -> App:
        directory = directory or tmp_path_factory.mktemp("cdk")
        flags["aws:cdk:disable-asset-staging"] = True  # artifacts are hashed, not copied: the detector's has 60 MB
        return App(outdir=str(directory), context=flags | context, analytics_reporting=False)

    return make


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Return a function that fills a folder by its name, unless this or another process of the run has done so."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "synthesised"
    shared.mkdir(exist_ok=True)

    def fill(name: str, make: Callable[[Path], object]) -> Path:
        key = hashlib.sha256(name.encode()).hexdigest()[:16]
        folder, whole = shared / key, shared / f"{key}.whole"
        with (shared / f"{key}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not whole.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                whole.touch()
        return folder

    return fill


@pytest.fixture(scope="session")
def synthesised(new_app: Callable[..., App], once: Once) -> Callable[..., Synthesised]:
    """Return the templates of a stage by its name, with more context for the application if need be."""

    @cache
    def synthesise(stage: str, **context: str) -> Synthesised:
        def make(folder: Path) -> None:
            app = new_app(folder, stage=stage, alert_email=ALERT_EMAIL, **context)
            build(app)
            app.synth()

        return Synthesised(stage=stage, directory=once(f"{stage} {sorted(context.items())}", make))

    return synthesise


@pytest.fixture(scope="session")
def resting(new_app: Callable[..., App]) -> Synthesised:
    """Return the templates of a stage whose detector is stopped at night, held to the rules as the listed ones are.

    Its tables are not kept for ever.
    """
    app = new_app()
    stage = replace(DEV, detector_rests=(22, 6), table_retention=("events=400", "rejects=90"))
    add_platform(app, stage=stage, alert_email=ALERT_EMAIL)
    check_with_rules(app, stage=stage)
    return Synthesised(stage=DEV.name, directory=Path(app.synth().directory))


@pytest.fixture(scope="session")
def welcoming(new_app: Callable[..., App]) -> Synthesised:
    """Return the templates of a stage that knows automata that are welcome, and conceals everybody else's addresses."""
    app = new_app()
    stage = replace(DEV, known_networks=("192.0.2.0/24", "198.51.100.7/32"), address_form="keyed_hash")
    add_platform(app, stage=stage, alert_email=ALERT_EMAIL)
    return Synthesised(stage=DEV.name, directory=Path(app.synth().directory))


@pytest.fixture(scope="session")
def templates_of(synthesised: Callable[[str], Synthesised], once: Once) -> Callable[[Stage], Templates]:
    """Return the templates of any stage as the cost model reads them; of a listed one those that all tests share."""

    @cache
    def templates(stage: Stage) -> Templates:
        if STAGES.get(stage.name) == stage:
            return read(synthesised(stage.name).directory, stage=stage.name)

        def make(folder: Path) -> None:
            (folder / "stacks.json").write_text(json.dumps(synthesise(stage).stacks))

        return Templates(stacks=json.loads((once(repr(stage), make) / "stacks.json").read_text()))

    return templates


@pytest.fixture(params=sorted(STAGES))
def every_stage(request: pytest.FixtureRequest, synthesised: Callable[..., Synthesised]) -> Synthesised:
    return synthesised(request.param)


@pytest.fixture
def dev(synthesised: Callable[[str], Synthesised]) -> Synthesised:
    return synthesised("dev")


@pytest.fixture
def prod(synthesised: Callable[[str], Synthesised]) -> Synthesised:
    return synthesised("prod")


@pytest.fixture
def laptop(synthesised: Callable[[str], Synthesised]) -> Synthesised:
    return synthesised("laptop")


@pytest.fixture(scope="session")
def owner() -> str:
    """Return who owns what is in QuickSight."""
    return "arn:aws:quicksight:eu-west-1:123456789012:user/default/keeper@example.com"


@pytest.fixture(scope="session")
def insights(synthesised: Callable[..., Synthesised], owner: str) -> Synthesised:
    """Return the templates of a stage with an owner of what is in QuickSight."""
    return synthesised("dev", quicksight_user=owner)


@pytest.fixture(scope="session", params=["dev", "prod"])
def keyed(request: pytest.FixtureRequest, synthesised: Callable[..., Synthesised]) -> Synthesised:
    """Return the templates of a stage that is encrypted with keys of the shop's own."""
    return synthesised(request.param, customer_keys="true")
