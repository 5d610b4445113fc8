"""Paths, names and dates given to the simulator stay what they are: nothing is run, and nothing written elsewhere."""

import sys
from pathlib import Path

import pytest
from hostile import DAYS, PATHS, WORDS, left_alone

from simulator.__main__ import main
from simulator.kaggle import HEADER

ROW = "2019-10-01 00:00:00 UTC,view,1,1,,b,1.00,7,72d76fde-8bb3-4e00-8c23-a032dfed738c"
# An argument of the operating system holds no NUL; what is no UTF-8 in it reaches Python as half a pair.
ARGUMENTS = [word.replace("\0", "").replace("\ud800", "\udcff") for word in WORDS]
A_LINE = pytest.mark.parametrize("word", ARGUMENTS, ids=ascii)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """Return what calls the command in an empty folder without AWS settings; gives exit code and standard error."""
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def call(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["simulator", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        text = capfd.readouterr().err
        assert ended.value.code in (1, 2), (ended.value.code, text)
        assert text.strip() and "Traceback" not in text
        lines = [line for line in text.splitlines() if line.strip()]
        assert [line for line in lines if line.startswith("simulator: ")] == lines[-1:], text
        return text

    return call


@A_LINE
def test_a_file_to_replay_is_a_file(said, tmp_path, word):
    """It is opened as it is written, by no shell."""
    said("replay", "--to=file:out.jsonl", "--", word)
    assert not (tmp_path / "pwned").exists()


@A_LINE
def test_a_target_is_of_the_kinds_there_are(said, tmp_path, word):
    """A word that is no target is no file either."""
    Path("in.csv").write_text(f"{HEADER}\n{ROW}\n")
    said("replay", "in.csv", f"--to={word}")
    assert set(left_alone(tmp_path)) == {"in.csv"}


@pytest.mark.parametrize("path", [path for path in PATHS if path.startswith(("/dev", "a" * 300)) or not path])
@pytest.mark.parametrize("option", ["--to=file:", "--truth=", "--account="])
def test_a_path_that_cannot_be_written_is_refused(said, tmp_path, option, path):
    """The run says so, rather than lose what it was to write there."""
    if path or option == "--to=file:":
        said(
            "generate", "--hours=1", "--events=10", "--attacks=none", "--no-sale", "--to=file:out.jsonl", option + path
        )


# Wide digits are digits: the date library reads them.
@pytest.mark.parametrize("day", [day for day in DAYS if day.isascii() and "\0" not in day], ids=ascii)
def test_a_start_is_a_date(said, tmp_path, day):
    """Nothing is made up for a date that is none."""
    said("generate", "--events=10", "--to=file:out.jsonl", f"--start={day}")
    assert left_alone(tmp_path) == {}


@pytest.mark.parametrize("option", ["--attacks", "--look-alikes"])
@A_LINE
def test_a_family_is_of_the_list(said, tmp_path, option, word):
    """Its name chooses a recipe, never a module."""
    if word.strip():
        said("generate", "--events=10", "--to=file:out.jsonl", f"{option}={word}")
        said("generate", "--events=10", "--to=file:out.jsonl", f"{option}={word}=1")
        assert left_alone(tmp_path) == {}
