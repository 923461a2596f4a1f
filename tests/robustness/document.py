"""Write docs/robustness.md and docs/robustness.zh-CN.md: every case is run, and what a user sees is
put into a table.

    python -m tests.robustness.document
"""

import tempfile
from pathlib import Path

from ecg import artifacts
from tests.conftest import HOME
from tests.robustness.case import Case, cases

LANGUAGES = ("en", "zh")
TITLES = {
    "recordings": ("Recordings", "记录文件"),
    "models": ("Models and stored data", "模型与已存数据"),
    "options": ("Options", "选项"),
    "environment": ("Surroundings", "运行环境"),
}
HEAD = (
    """# What a wrong input does

**English** | [中文](robustness.zh-CN.md)

Whatever a stage is given, it works, or it says in one to three lines what is wrong, in which file
or option, and what to do, and ends with exit status 2 (130 after Ctrl-C). Nothing is left
half-written, and nothing of yours is overwritten. `python -m tests.robustness.document` runs every
row below and prints the tables; `tests/robustness/test_robustness.py` runs them again with the
tests and checks, besides the words, that no file in the folder has changed. Long paths are
shortened; an exit status other than 2 is named.
""",
    """# 输入有误时会怎样

[English](robustness.md) | **中文**

无论给某个阶段什么输入，它要么正常工作，要么用一到三行说明错在哪里、涉及哪个文件或选项、该怎么办，
并以退出码 2 结束（Ctrl-C 为 130）。不会留下写了一半的文件，也不会覆盖您的文件。
下面各表由 `python -m tests.robustness.document` 逐行运行后生成；
`tests/robustness/test_robustness.py` 会随测试再次运行每一行，
除文字外还检查文件夹中的文件没有任何改动。程序的消息为英文；长路径已缩短；退出码不是 2 时会注明。
""",
)
COLUMNS = (("given", "stage", "what is seen"), ("给出的内容", "阶段", "看到的消息"))


def path_of(language: str) -> Path:
    """The document in this language."""
    return HOME / "docs" / f"robustness{'.zh-CN' if language == 'zh' else ''}.md"


def given(case: Case, language: str) -> str:
    """The first cell of the row of a case."""
    return cell(case.given_zh if language == "zh" else case.given)


def cell(text: str) -> str:
    """Text as a cell of a Markdown table holds it, outside of code."""
    return text.replace("|", "\\|").replace("\n", "<br>")


def seen(case: Case) -> str:
    """What a user sees of a case, which is run in a folder of its own: the message and, where it is
    not 2, the exit status."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        done = case.run(folder, case.command(folder))
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    for place in (folder, HOME):
        lines = [line.replace(f"{place}/", "").replace(str(place), ".") for line in lines]
    status = "" if done.returncode == 2 else f" ({done.returncode})"
    return "<br>".join(f"`{code(line)}`" for line in lines) + status


def code(text: str) -> str:
    """Text as a cell holds it between back quotes."""
    return cell(text.replace("`", "'"))


def rows_of(text: str) -> list[list[str]]:
    """The rows of all tables of a document but their heads, cell by cell."""
    heads = {_row(columns) for columns in COLUMNS} | {_row(["---"] * 3)}
    lines = [line for line in text.splitlines() if line.startswith("|") and line not in heads]
    return [line[2:-2].split(" | ") for line in lines]


def _row(cells):
    return f"| {' | '.join(cells)} |"


def main() -> None:
    told = {group: [(case, seen(case)) for case in found] for group, found in cases().items()}
    for k, language in enumerate(LANGUAGES):
        parts = [HEAD[k]]
        for group, found in told.items():
            rows = [[given(case, language), f"`{case.stage}`", words] for case, words in found]
            table = [_row(COLUMNS[k]), _row(["---"] * 3), *map(_row, rows)]
            parts.append("\n".join([f"## {TITLES[group][k]}\n", *table, ""]))
        artifacts.save_text(path_of(language), "\n".join(parts))
        print(f"{path_of(language)}: {sum(map(len, told.values()))} rows")


if __name__ == "__main__":
    main()
