"""The pages: their commands are understood by the stages, their links lead somewhere, both
languages show the same commands, and what is cheap is run as it stands there."""

import contextlib
import importlib
import io
import re
import shlex
import shutil
from pathlib import Path

import pytest

from ecg import cli
from ecg.errors import InputError
from ecg.formats.annotation import read_annotation
from ecg.synthetic import synthetic_recording

HOME = Path(__file__).resolve().parent.parent

PAGES = sorted(
    page
    for pattern in ("*.md", "docs/*.md", "benchmarks/*.md", "data/demo/*.md")
    for page in HOME.glob(pattern)
)
IN_ENGLISH_ONLY = {"CHANGELOG.md", "CONTRIBUTING.md"}
TWINS = [
    page
    for page in PAGES
    if not page.name.endswith(".zh-CN.md") and page.name not in IN_ENGLISH_ONLY
]
SHELL = ("", "sh", "bash", "console")
# what a page writes where its reader puts a number of his own
NUMBERS = {"N": "1", "HZ": "250", "$seed": "1"}
VARIABLES = {"PYTHON", "FRESH", "TIMES", "SEED", "DAYS", "PIP_EXTRA_INDEX_URL"}


def name_of(page):
    return str(page.relative_to(HOME))


# ---- reading a page -----------------------------------------------------------------------------


def code_of(page):
    """Shell code of a page: its blocks (fenced or indented), and what stands in backticks in its
    text and begins as a command does."""
    text = page.read_text(encoding="utf-8")
    blocks = []

    def keep(match):
        if match[1].strip() in SHELL:
            blocks.append((match.start(), match[2]))
        return re.sub(r"[^\n]", " ", match[0])

    prose = re.sub(r"^```([^\n]*)\n(.*?)^```", keep, text, flags=re.MULTILINE | re.DOTALL)
    indented = re.finditer(r"(?<=\n\n)((?: {4}.*\n)+)", prose)
    blocks += [(match.start(), match[1]) for match in indented]
    spans = re.finditer(r"`((?:python|make|pytest|torchrun|\.venv/bin/python) [^`]+)`", prose)
    blocks += [(match.start(), match[1]) for match in spans]
    return [code for _, code in sorted(blocks)]


def commands_of(page):
    """The commands of a page in their order: [[word, ...]], without comments, and without what
    stands before and after them in a pipe or a loop."""
    found = []
    for code in code_of(page):
        for line in code.replace("\\\n", " ").splitlines():
            words, command = _words(line), []
            for word in [*words, ";"]:
                if word in (";", "&&", "||", "|", "do", "done"):
                    found += [command] if _is_command(command) else []
                    command = []
                elif command or not re.fullmatch(r"[A-Z_]+=\S*", word):
                    command.append(word.removeprefix(".venv/bin/"))
    return found


def _words(line):
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    with contextlib.suppress(ValueError):  # prose or a listing: an apostrophe
        return list(lexer)
    return []


def _is_command(words):
    return bool(words) and words[0] in ("python", "make", "pytest", "torchrun")


def stage_of(command):
    """(script or module, arguments) of a command, or None where it is not one of this project."""
    if command[0] == "torchrun":
        at = next(k for k, word in enumerate(command) if word.endswith(".py"))
        return command[at], command[at + 1 :]
    if command[0] == "python" and command[1:2] == ["-m"]:
        return command[2], command[3:]
    return (command[1], command[2:]) if command[0] == "python" else None


def parse(command):
    """Raise AssertionError where the command's own parser does not take it."""
    if command[0] == "make":
        _parse_make(command[1:])
    elif "pytest" in command[:3] or command[2:3] and command[2].startswith("tests."):
        _parse_tests(command)
    else:
        script, args = stage_of(command)
        if script == "pip":
            files = [args[k + 1] for k, word in enumerate(args) if word == "-r"]
            assert all((HOME / file).is_file() for file in files), f"no file {files}"
        elif script not in ("venv", "STAGE.py"):
            named = command[1] == "-m" and not args  # a mention in the text
            words = ["--help"] if named else [NUMBERS.get(word, word) for word in args]
            _parse_by(parser_of(script), words)


def _parse_tests(command):
    paths = [word.replace(".", "/") + ".py" for word in command if word.startswith("tests.")]
    paths += [word for word in command if word.startswith("tests/") or word == "tests"]
    assert paths and all((HOME / path).exists() for path in paths), f"no file {paths}"


def parser_of(script):
    """The parser of a script, or of what `python -m` runs."""
    name = script.removesuffix(".py").replace("/", ".")
    package = (HOME / name.replace(".", "/") / "__main__.py").exists()
    return importlib.import_module(f"{name}.__main__" if package else name).options()


def _parse_make(words):
    rules = (HOME / "Makefile").read_text(encoding="utf-8")
    for word in words:
        if "=" in word:
            assert word.split("=")[0] in VARIABLES, f"make knows no {word}"
        else:
            assert re.search(rf"^{re.escape(word)}:", rules, re.MULTILINE), f"no rule {word}"


def _parse_by(parser, args):
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            parser.parse_args([word for word in args if word != "..."])
    except (SystemExit, InputError) as refused:
        shown = isinstance(refused, SystemExit) and refused.code in (0, None)
        assert shown, f"{refused} {said.getvalue()}"


# ---- commands -----------------------------------------------------------------------------------


def test_commands_are_found_in_blocks_and_in_the_text(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "Say `python a.py --x` or\n\n```\nV=1 make run  # words\n"
        "python b.py \\\n  --y && pytest t\n"
        "for k in 1 2; do cat f | python c.py -; done\n```\n\n```python\npython = 3\n```\n\n"
        "    .venv/bin/python d.py 'a b'\n"
    )
    assert commands_of(page) == [
        ["python", "a.py", "--x"],
        ["make", "run"],
        ["python", "b.py", "--y"],
        ["pytest", "t"],
        ["python", "c.py", "-"],
        ["python", "d.py", "a b"],
    ]


@pytest.mark.parametrize("command", ["inference.py --nonesuch", "train.py --epochs many"])
def test_a_command_that_its_stage_does_not_know_is_told(command):
    with pytest.raises(AssertionError):
        parse(["python", *command.split()])


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_is_understood_by_its_stage(page):
    wrong = []
    for command in commands_of(page):
        try:
            parse(command)
        except (AssertionError, ImportError) as error:
            wrong.append(f"{shlex.join(command)}: {error}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", TWINS, ids=name_of)
def test_both_languages_show_the_same_commands(page):
    chinese = page.with_name(page.name.replace(".md", ".zh-CN.md"))
    assert chinese.is_file(), f"{name_of(page)} has no Chinese page"
    assert _neutral(commands_of(chinese)) == _neutral(commands_of(page))


def _neutral(commands):
    """Commands without the language that they ask for."""
    return [shlex.join(command).replace(" --lang zh", "") for command in commands]


OTHERS = {"--nproc-per-node", "--logdir"}  # of programs that are not ours


def test_every_option_in_the_text_is_one_of_some_stage():
    scripts = [*HOME.glob("*.py"), *HOME.glob("benchmarks/*.py")]
    names = [name_of(path) for path in scripts if "def options(" in path.read_text("utf-8")]
    parsers = [parser_of(name) for name in (*names, "ecg.ec57")]
    known = {option for parser in parsers for option in parser._option_string_actions}
    strange = [
        f"{name_of(page)}: {option}"
        for page in PAGES
        if not page.name.startswith(("robustness", "CHANGELOG"))  # these tell of wrong ones
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]", page.read_text(encoding="utf-8"))
        if option not in known | OTHERS | set(cli.RENAMED)
    ]
    assert not strange, strange


# ---- links --------------------------------------------------------------------------------------


def links_of(page):
    """What a page links to or shows, web addresses left out."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    text = re.sub(r"`[^`\n]*`", "", text)
    found = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src(?:set)?="([^"]+)"', text)
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def anchors_of(page):
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    anchors = set()
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.strip()).lower()
        anchor = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        anchors.add(anchor if anchor not in anchors else f"{anchor}-1")
    return anchors


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page):
    broken = []
    for link in links_of(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            broken.append(link)
    assert not broken, broken


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_that_a_page_names_is_there(page):
    text = page.read_text(encoding="utf-8")
    folders = "ecg|tests|docs|notebooks|benchmarks"
    named = set(re.findall(rf"`((?:{folders})/[a-z0-9_/.\-]+\.(?:py|md|ipynb|json))`", text))
    missing = sorted(file for file in named if not (HOME / file).exists())
    assert not missing or page.name == "CHANGELOG.md", missing


# ---- run ----------------------------------------------------------------------------------------

# command as the page has it -> the file that it makes, or what it says
RUN = {
    "README.md": {
        "visualize.py data/demo/233.hea --start 8.5 --seconds 8 --model context_interpatient": (
            "233.png"
        ),
        "inference.py YOUR_ECG --report report.html": "report.html",
        "inference.py YOUR_ECG --csv beats.csv": "beats.csv",
    },
    "docs/stages.md": {
        "Noisy_ECG_Signal.py --save noisy.png": "noisy.png",
        "clean_ECG.py 100.hea --band 0.5 150 --mains none --out clean.csv": "clean.csv",
        "visualize.py RECORD --reference atr --start 600": "100.png",
    },
    "docs/your-own-data.md": {"inference.py ecg.csv --fs 250 --unit mV": "N"},
}


@pytest.mark.parametrize(
    "page, command", [(page, command) for page, those in RUN.items() for command in those]
)
def test_what_is_cheap_runs_as_it_stands(page, command, run, tmp_path):
    assert ["python", *command.split()] in commands_of(HOME / page)
    record = HOME / "data" / "demo" / "100.hea"
    table = tmp_path / "ecg.csv"
    table.write_text(_csv(), encoding="utf-8")
    mine = {
        "YOUR_ECG": record,
        "RECORD": record,
        "100.hea": record,
        "ecg.csv": table,
        "data/demo/233.hea": record.with_name("233.hea"),
        "600": "6",  # a minute is there
    }
    script, *args = command.split()
    done = run(script, *(mine.get(arg, arg) for arg in args), cwd=tmp_path)
    made = RUN[page][command]
    assert (tmp_path / made).exists() or made in done.stdout.split()


def test_the_python_of_the_pages_runs(tmp_path, monkeypatch):
    made, told = synthetic_recording(20, fs=360, seed=3), []
    names = {"signal": made.signal, "samples": made.r_peaks, "symbols": made.symbols}
    for file in (HOME / "data" / "demo").glob("100.*"):
        shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)
    ours, stages = (HOME / "docs" / f"{name}.md" for name in ("your-own-data", "stages"))
    for code in python_of(ours):
        exec(code, names)  # the project's own pages
    for code in python_of(stages):
        exec(code, {"samples": made.signal, "print": told.append})
    assert told
    text = ours.read_text(encoding="utf-8")
    (listed,) = re.findall(r"a line a beat: (.*)\. `", text)
    columns = listed.replace("p_N ... p_Q", "p_N, p_S, p_V, p_F, p_Q").split(", ")
    assert [column for column in names["beats"] if column != "clock"] == columns
    assert read_annotation(tmp_path / "one", "atr").symbols == made.symbols


def python_of(page):
    return re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)


def _csv():
    """Ten seconds of a recording without rate and unit, one number a line."""
    signal = synthetic_recording(10, fs=250, seed=3).signal
    return "ecg\n" + "\n".join(f"{value:.4f}" for value in signal) + "\n"
