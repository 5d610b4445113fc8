"""No process is left behind, however the laptop ends, and what is not the laptop's is left alone."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from laptop_rig import eventually

from laptop.network import chosen_port
from laptop.processes import LaptopError, members
from laptop.running import bring_down, read_state, running_laptop
from laptop.work_dir import MARKER, claim

ROOT = Path(__file__).resolve().parent.parent.parent
# A program that has the laptop up without an application, and a grandchild that nobody tells anything.
PROGRAM = """
import signal, subprocess, sys, time
from pathlib import Path
# Whoever is started in the background by a shell has its children ignore Ctrl-C; this one listens wherever it runs.
signal.signal(signal.SIGINT, signal.default_int_handler)
from laptop.running import running_laptop
from laptop.deploy import Deployment
Deployment.synthesise = Deployment.bootstrap = lambda *_: None
def deploy(self, endpoint_url):
    subprocess.Popen(["sh", "-c", "trap '' TERM; sleep 600 & wait"], process_group=self.group)
    print(self.group, flush=True)
    return {}
Deployment.deploy = deploy
with running_laptop(work_dir=Path(sys.argv[1]), flink=False):
    print("up", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def started(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "work")],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )
    group = int(process.stdout.readline())
    assert process.stdout.readline() == "up\n"
    yield process, group, tmp_path / "work"
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_the_laptop(started, number):
    """Ctrl-C, an end by the system, even SIGKILL: the machine is as before."""
    process, group, _ = started
    names = " ".join(" ".join(member.cmdline()) for member in members(group))
    assert "laptop.cloud" in names
    assert "laptop.services" in names
    assert "sleep 600" in names
    process.send_signal(number)
    process.wait(300)
    eventually(lambda: not members(group))


def test_down_ends_the_laptop_of_its_folder_and_says_when_there_is_none(started):
    """`python -m laptop down` finds it by the folder, from any other shell."""
    process, group, work_dir = started
    assert read_state(work_dir)["pid"] == process.pid
    with pytest.raises(LaptopError, match="running already"), running_laptop(work_dir=work_dir, flink=False):
        pass
    assert bring_down(work_dir)
    assert members(group) == []
    assert not bring_down(work_dir)
    assert (work_dir / MARKER).exists()


def test_a_process_that_has_the_number_of_the_laptop_s_is_left_alone(tmp_path):
    """After a restart of the machine, or a kill, the number may be anybody's: `down` would end a stranger."""
    with subprocess.Popen(["sleep", "600"]) as stranger:
        state = {"pid": stranger.pid, "created_at": psutil.Process(stranger.pid).create_time() - 3600}
        (tmp_path / "laptop.json").write_text(json.dumps(state))
        assert not bring_down(tmp_path)
        (tmp_path / "laptop.json").write_text(json.dumps({"pid": stranger.pid}))
        assert not bring_down(tmp_path)
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("inside", ["thesis.tex", ".git/HEAD", "warehouse/mine", "logs/mine"])
def test_a_folder_that_is_not_a_laptop_s_is_not_emptied(tmp_path, inside):
    """`--work-dir ~/data` and `--work-dir .` are slips of a moment, and what they would delete is gone for good."""
    file = tmp_path / inside
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine")
    with (
        pytest.raises(LaptopError, match="name a new folder with --work-dir"),
        running_laptop(work_dir=tmp_path, flink=False),
    ):
        pass
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == [file]
    with pytest.raises(LaptopError, match="name a new folder"):
        claim(file)


@pytest.mark.parametrize("before", [[], [MARKER, "mail/1.eml"], ["logs/cloud.log", "warehouse/catalog.db"]])
def test_a_folder_of_a_laptop_is_emptied_and_goes_on_being_one(tmp_path, before):
    """What the last one left must not look like this one's. Those of versions without the mark are known too."""
    for name in before:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("old")
    for _ in range(2):
        claim(tmp_path)
        left = {each.name for each in tmp_path.rglob("*")}
        assert left == {MARKER, "laptop.json", "logs", "warehouse"}
        (tmp_path / "laptop.json").unlink()


def test_what_a_laptop_s_folder_points_to_is_not_emptied(tmp_path):
    """A link in it is the laptop's, what it leads to is not."""
    mine, work = tmp_path / "mine", tmp_path / "work"
    mine.mkdir()
    (mine / "thesis.tex").touch()
    claim(work)
    (work / "laptop.json").unlink()
    (work / "link").symlink_to(mine)
    claim(work)
    assert not (work / "link").exists()
    assert (mine / "thesis.tex").exists()


def test_a_port_in_use_is_one_clear_line():
    """The message names the port and the option."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LaptopError, match=f"^Port {port} for AWS is in use: name another with --port"):
            chosen_port(port, what="AWS", option="--port")


def test_a_child_dies_with_the_process_that_started_it(tmp_path):
    """A service that is killed takes its Flink with it, so that the next one does not find two."""
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom laptop.processes import spawn\n"
        "print(spawn(['sleep', '600'], environment={'PATH': '/usr/bin:/bin'}, log=Path(sys.argv[1])).pid, flush=True)\n"
        "time.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "log")],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    child = int(parent.stdout.readline())
    time.sleep(0.2)
    assert psutil.pid_exists(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    eventually(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == "zombie")
