"""What surrounds a run: places that cannot be written, libraries that are missing, signals, strange
names, another run at the same time."""

import os
from collections.abc import Callable
from pathlib import Path

from ecg import locks
from tests.robustness.case import Case
from tests.robustness.cases_options import recording, with_recording

LONG = "x" * 300
NOT_UTF8 = os.fsdecode(b"\xff\xfe.csv")
_HERE = {"PYTHONPATH": ".", "PYTHONDONTWRITEBYTECODE": "1"}


def with_library(code: str, *typed: str) -> Callable[[Path], list]:
    """A command line where NumPy is a file of this `code`."""

    def arguments(folder):
        (folder / "numpy.py").write_text(code)
        return list(typed)

    return arguments


def with_file(name: str, *typed: str) -> Callable[[Path], list]:
    """A command line about a recording, beside an empty file."""

    def arguments(folder):
        (folder / name).touch()
        return [recording(folder), *typed]

    return arguments


def with_folder(name: str, *typed: str) -> Callable[[Path], list]:
    """A command line about a recording, beside a folder."""

    def arguments(folder):
        (folder / name).mkdir()
        return [recording(folder), *typed]

    return arguments


class _Held:
    """Folders that another run holds, each until the next is asked for."""

    handle: int | None = None

    def __call__(self, folder: Path) -> None:
        if self.handle is not None:
            os.close(self.handle)
        folder.mkdir(parents=True)
        self.handle = os.open(folder, os.O_RDONLY)
        locks.lock(self.handle)


_hold = _Held()


def held(name: str, *typed: str, file: bool = True) -> Callable[[Path], list]:
    """A command line, while another run holds the folder `name`."""

    def arguments(folder):
        _hold(folder / name)
        return [*([recording(folder)] if file else []), *typed]

    return arguments


_MISSING = "raise ModuleNotFoundError('No module named numpy', name='numpy')"
_KILLED = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
_PLACES = [
    Case(
        "a full disk",
        "磁盘已满",
        "inference.py",
        with_recording("--csv", "/dev/full"),
        "No space left",
    ),
    Case(
        "a full disk for the report",
        "写报告时磁盘已满",
        "inference.py",
        with_recording("--report", "/dev/full"),
        "/dev/full: cannot be written",
    ),
    Case(
        "a place where nothing can be written",
        "无法写入的位置",
        "inference.py",
        with_recording("--json", "/proc/x.json"),
        "/proc/x.json: cannot be written",
    ),
    Case(
        "a figure where nothing can be written",
        "图片位置无法写入",
        "Noisy_ECG_Signal.py",
        ["--save", "/proc/x.png"],
        "/proc/x.png: cannot be written",
    ),
    Case(
        "recordings where nothing can be written",
        "记录位置无法写入",
        "Noisy_ECG_Signal.py",
        ["--records", "/proc/x"],
        "/proc/x",
    ),
    Case(
        "a folder as the table to write",
        "输出表是文件夹",
        "inference.py",
        with_folder("there", "--csv", "there"),
        "there is a folder",
    ),
    Case(
        "a folder as the figure to write",
        "图片名是文件夹",
        "visualize.py",
        with_folder("a.png", "--save", "a.png"),
        "a.png is a folder",
    ),
    Case(
        "a file as the folder of annotations",
        "注释文件夹是文件",
        "inference.py",
        with_file("there", "--annotation", "there"),
        "--annotation there is a file",
    ),
    Case(
        "a file as the folder of an archive",
        "结果文件夹是文件",
        "inference.py",
        with_file("there", "--out", "there"),
        "--out there is a file",
    ),
    Case(
        "a file as the folder of the weights",
        "权重文件夹是文件",
        "export_onnx.py",
        lambda folder: ["--weight", Path(with_file("w")(folder)[0]).name],
        "is a file: give a folder",
    ),
    Case(
        "a file as the folder of the data",
        "数据文件夹是文件",
        "data_preprocess.py",
        lambda folder: ["--source", "demo", "--data", with_file("w")(folder)[0]],
        "is a file: give a folder",
    ),
    Case(
        "an output below a file",
        "输出位于文件之下",
        "inference.py",
        with_file("there", "--csv", "there/x.csv"),
        "there/x.csv: cannot be written",
    ),
]
_NAMES = [
    Case("a name of 300 letters", "300 个字母的文件名", "inference.py", [LONG], "xxx"),
    Case(
        "an output of 300 letters",
        "300 个字母的输出名",
        "inference.py",
        with_recording("--csv", f"{LONG}.csv"),
        "File name too long",
    ),
    Case(
        "a folder of 300 letters", "300 个字母的文件夹名", "evaluate.py", ["--records", LONG], "xxx"
    ),
    Case(
        "a model of 300 letters", "300 个字母的模型名", "export_onnx.py", ["--model", LONG], "xxx"
    ),
    Case(
        "weights in a folder of 300 letters",
        "权重文件夹名有 300 个字母",
        "export_onnx.py",
        ["--weight", LONG],
        "xxx",
    ),
    Case(
        "a name that is no UTF-8, of nothing",
        "不存在的非 UTF-8 文件名",
        "clean_ECG.py",
        [NOT_UTF8],
        "\\udcff\\udcfe.csv",
        process=True,
    ),
]
_PROCESS = [
    Case(
        "a Python without the libraries",
        "缺少所需库的 Python",
        "data_preprocess.py",
        with_library(_MISSING),
        "the library numpy is not installed here: run make run, or pip install -r requirements.txt",
        process=True,
        env=_HERE,
    ),
    Case(
        "a library that is broken",
        "损坏的库",
        "inference.py",
        with_library("raise ImportError('libblas.so.3: cannot open')"),
        "libblas.so.3: cannot open: run make run, or pip install -r requirements.txt",
        process=True,
        env=_HERE,
    ),
    Case(
        "Ctrl-C while the libraries are loaded",
        "加载库时按下 Ctrl-C",
        "train.py",
        with_library("raise KeyboardInterrupt"),
        "train.py: stopped",
        code=130,
        process=True,
        env=_HERE,
    ),
    Case(
        "SIGTERM while the libraries are loaded",
        "加载库时收到 SIGTERM",
        "evaluate.py",
        with_library(_KILLED),
        "evaluate.py: stopped",
        code=143,
        process=True,
        env=_HERE,
    ),
    Case(
        "warnings that are errors (PYTHONWARNINGS=error), and a seed below 0",
        "警告被视为错误 (PYTHONWARNINGS=error)，且种子为负",
        "Noisy_ECG_Signal.py",
        ["--seed", -1],
        "--seed -1: give",
        process=True,
        env={"PYTHONWARNINGS": "error"},
    ),
    Case(
        "a terminal without UTF-8, no home, and a name in Chinese",
        "终端不支持 UTF-8、没有主目录，且文件名为中文",
        "clean_ECG.py",
        ["\u8bb0\u5f55.csv"],
        "\\u8bb0\\u5f55.csv",
        process=True,
        env={"HOME": "/nonexistent", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    ),
]
_OTHERS = [
    Case(
        "another run that writes the same rows",
        "另一个运行正在写入同一批数据",
        "data_preprocess.py",
        held("d/processed_data", "--source", "demo", "--data", "d", file=False),
        "d/processed_data: another run writes there at this moment",
    ),
    Case(
        "another run that labels into the same folder",
        "另一个运行正在写入同一结果文件夹",
        "inference.py",
        held("labels", "--out", "labels"),
        "labels: another run writes there at this moment",
    ),
    Case(
        "a cluster whose address is none",
        "Dask 地址无效",
        "inference.py",
        with_recording("--out", "o", "--backend", "dask", "--scheduler", "nowhere://x"),
        "no Dask scheduler answers there",
    ),
]

CASES = [*_PLACES, *_NAMES, *_PROCESS, *_OTHERS]
