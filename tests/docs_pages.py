"""The pages of the documentation as the tests read them: their code, their commands and their links."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What stands for "anything" in a command.
PLACEHOLDER = "placeholder"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`]+)`")
_SUBSTITUTED = re.compile(r"\$\((?:[^()]|\([^()]*\))*\)")


@dataclass(frozen=True)
class Page:
    """One page; `path` is relative to the repository."""

    path: Path

    @cached_property
    def text(self) -> str:
        return (ROOT / self.path).read_text(encoding="utf-8")

    def blocks(self, language: str) -> list[str]:
        """Return the fenced blocks in that language."""
        return [body for found, body in _FENCE.findall(self.text) if found == language]

    @cached_property
    def prose(self) -> str:
        """Return the page without its fenced blocks."""
        return _FENCE.sub("", self.text)

    @cached_property
    def spans(self) -> list[str]:
        """Return what stands between backticks in the prose, on one line each."""
        return [" ".join(span.replace("\\|", "|").split()) for span in _SPAN.findall(self.prose)]

    @cached_property
    def command_lines(self) -> list[str]:
        """Return each line of the shell blocks, continued lines joined."""
        return [line for block in self.blocks("sh") for line in block.replace("\\\n", " ").splitlines()]

    @cached_property
    def links(self) -> list[str]:
        """Return the targets of links within the repository."""
        targets = re.findall(r"\]\(([^)\s]+)\)", self.prose)
        return [target for target in targets if not target.startswith(("https://", "http://"))]

    @cached_property
    def anchors(self) -> set[str]:
        """Return what its headings are called in links."""
        titles = re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}

    def table(self, header: str) -> list[list[str]]:
        """Return the rows of the table that has this header line, cell by cell."""
        rest = self.text.split(header + "\n", 1)[1].splitlines()[1:]
        rows: list[list[str]] = []
        for line in rest:
            if not line.startswith("|"):
                break
            rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
        return rows

    def python_commands(self) -> Iterator[tuple[bool, str, list[str]]]:
        """Give (whether it is written in full, module, arguments) of every `python -m`."""
        for whole, line in [*((True, line) for line in self.command_lines), *((False, span) for span in self.spans)]:
            for command in re.findall(r"python -m (.+)", _SUBSTITUTED.sub(PLACEHOLDER, line)):
                module, *arguments = shlex.split(re.split(r" [>|] | && ", command)[0], comments=True)
                yield whole, module, arguments

    def make_commands(self) -> Iterator[tuple[str, list[str]]]:
        """Give the target and the variables of every `make`."""
        for line in (*self.command_lines, *self.spans):
            for command in re.findall(r"(?:^|[;&] *)make ([^#;&]+)", line.strip()):
                target, *rest = shlex.split(command)
                yield target, [word for word in rest if "=" in word]


PAGES = [Page(Path("README.md")), *(Page(p.relative_to(ROOT)) for p in sorted((ROOT / "docs").rglob("*.md")))]


def page(path: str) -> Page:
    """Return the page of that path."""
    return next(found for found in PAGES if found.path == Path(path))
