"""Options that cannot be: numbers out of their range, names of nothing, options that contradict
each other, outputs that would cost a user a file."""

from collections.abc import Callable
from pathlib import Path

from ecg.formats.annotation import write_annotation
from tests.recordings import ECG, FS, edf
from tests.robustness.case import Case

# ---- numbers: (what, in Chinese, stage, typed, seen)

_NUMBERS = [
    ("no process at a time", "并行数为 0", "inference.py", ["--jobs", 0]),
    ("processes below none", "并行数为负", "inference.py", ["--jobs", -1]),
    ("a million processes", "并行数为一百万", "train.py", ["--jobs", 1000000]),
    ("a seed below 0", "随机种子为负", "train.py", ["--seed", -1]),
    ("a seed of 40 digits", "40 位数的随机种子", "data_preprocess.py", ["--seed", "9" * 40]),
    ("a seed that is no number", "随机种子不是数字", "evaluate.py", ["--seed", "one"]),
    ("a rate of 1 GHz", "采样率 1 GHz", "inference.py", ["--fs", "1e9"]),
    ("a rate of 0", "采样率为 0", "monitor.py", ["--fs", 0]),
    ("a rate that is NaN", "采样率为 NaN", "clean_ECG.py", ["--fs", "nan"]),
    ("an infinite rate", "采样率为无穷大", "visualize.py", ["--fs", "inf"]),
    ("no epoch", "训练 0 轮", "train.py", ["--epochs", 0]),
    ("half an epoch", "训练半轮", "continue_train.py", ["--epochs", "0.5"]),
    ("an empty batch", "批大小为 0", "train.py", ["--batch", 0]),
    ("a batch of a billion", "批大小为十亿", "pretrain_translearn.py", ["--batch", 10**9]),
    ("a learning rate of 0", "学习率为 0", "train.py", ["--learning-rate", 0]),
    ("a learning rate that is NaN", "学习率为 NaN", "train.py", ["--learning-rate", "nan"]),
    ("a dropout above all units", "丢弃率大于 1", "train.py", ["--dropout", "1.5"]),
    ("no thread", "线程数为 0", "continue_train.py", ["--threads", 0]),
    ("one part of a cross-validation", "交叉验证只有一折", "train.py", ["--folds", 1]),
    ("no network to average", "平均 0 个网络", "train.py", ["--members", 0]),
    ("no patience", "耐心轮数为 0", "continue_train.py", ["--patience", 0]),
    ("no labelled minute", "注释了 0 分钟", "continue_train.py", ["--minutes", 0]),
    ("no step of fine-tuning", "微调 0 步", "continue_train.py", ["--steps", 0]),
    ("no beat to learn from", "用 0 个心搏学习", "pretrain_translearn.py", ["--beats", 0]),
    ("no bootstrap draw", "自助抽样 0 次", "evaluate.py", ["--draws", 0]),
    ("seconds below 0", "秒数为负", "evaluate.py", ["--learning", -1]),
    ("a window of 0 s", "窗口为 0 秒", "clean_ECG.py", ["--window", 0]),
    ("a figure of 0 s", "绘图 0 秒", "clean_ECG.py", ["--seconds", 0]),
    ("a band from below 0 Hz", "通带下限为负", "clean_ECG.py", ["--band", -1, 40]),
    ("a start before the recording", "起点早于记录开头", "visualize.py", ["--start", -1]),
    ("letters of 0 points", "字号为 0", "visualize.py", ["--fontsize", 0]),
    ("a confidence of 80", "置信度为 80", "visualize.py", ["--threshold", 80]),
    ("lines below 0", "行数为负", "inference.py", ["--lines", -5]),
    ("more leads than there can be", "导联过多", "monitor.py", ["--leads", 10**6]),
    ("a speed below 0", "速度为负", "monitor.py", ["--speed", -1]),
    ("a pause of no length", "停搏时长为 0", "monitor.py", ["--pause", 0]),
    ("a heart rate of 1e9", "心率为 1e9", "monitor.py", ["--tachycardia", "1e9"]),
    ("a recording of 1e12 s", "记录长 1e12 秒", "Noisy_ECG_Signal.py", ["--duration", "1e12"]),
    ("a heart that does not beat", "心率为 0", "Noisy_ECG_Signal.py", ["--heart-rate", 0]),
    ("noise of infinite strength", "噪声无穷强", "Noisy_ECG_Signal.py", ["--snr", "-1e9"]),
]


def _number(given, given_zh, stage, typed):
    """An option whose value is out of its range: it is named, with the range."""
    said = f"{typed[0]} {typed[-1] if len(str(typed[-1])) < 20 else '9' * 17 + '...'}: give"
    said = f"{typed[0]} -1: give" if typed[0] == "--band" else said
    return Case(given, given_zh, stage, typed, said)


# ---- names and options that contradict


def recording(folder: Path, name: str = "rec.edf") -> str:
    """The name of a readable recording in `folder`."""
    edf(folder / name)
    return name


def with_recording(*typed: str) -> Callable[[Path], list]:
    """A command line about a recording."""
    return lambda folder: [recording(folder), *typed]


def annotated_otherwise(folder: Path) -> list:
    """A command line that would write rec.cnn, where one is whose beats lie between those of the
    recording."""
    write_annotation(folder, "rec", range(200, 2400, 200), "N" * 11, FS)
    return [recording(folder), "--annotation", "."]


_TOGETHER = [
    Case(
        "an option that is misspelt",
        "选项拼写错误",
        "train.py",
        ["--epoch", 3],
        "is --epochs meant",
    ),
    Case(
        "an option of another stage",
        "其他阶段的选项",
        "train.py",
        ["--saliency"],
        "no option --saliency",
    ),
    Case(
        "an option without its value",
        "选项缺少取值",
        "train.py",
        ["--epochs"],
        "--epochs: expected one",
    ),
    Case(
        "a model that there is not",
        "不存在的模型",
        "train.py",
        ["--model", "best"],
        "invalid choice: 'best'",
    ),
    Case(
        "a former spelling",
        "旧版的选项名",
        "evaluate.py",
        ["--weights", "x"],
        "--weights is called --model here",
    ),
    Case("a stray word", "多余的词", "train.py", ["fast"], "fast: nothing is expected there"),
    Case("an empty name of a file", "空文件名", "inference.py", [""], "FILE is empty"),
    Case(
        "an empty name of an output",
        "输出名为空",
        "inference.py",
        with_recording("--csv", ""),
        "--csv is empty",
    ),
    Case(
        "the name of a recording that is not there",
        "不存在的记录名称",
        "inference.py",
        ["none.hea"],
        "none",
    ),
    Case(
        "a folder that is not there", "文件夹不存在", "evaluate.py", ["--records", "none"], "none"
    ),
    Case(
        "a model's name that is none, beside a recording",
        "记录后给出不存在的模型名",
        "inference.py",
        with_recording("--model", "best"),
        "there is no model 'best'",
    ),
    Case(
        "a lead that the recording lacks",
        "记录中没有的导联",
        "inference.py",
        with_recording("--lead", "V9"),
        "V9",
    ),
    Case("a unit of nothing", "不存在的单位", "inference.py", with_recording("--unit", "kg"), "kg"),
    Case(
        "two outputs under one name",
        "两个输出同名",
        "inference.py",
        with_recording("--csv", "x.csv", "--json", "./x.csv"),
        "--csv and --json both name x.csv",
    ),
    Case(
        "one CSV for two recordings",
        "两个记录写入同一个 CSV",
        "inference.py",
        lambda folder: [recording(folder), recording(folder, "other.edf"), "--csv", "x.csv"],
        "use --out DIR",
    ),
    Case(
        "two recordings of one name, one folder for annotations",
        "两个同名记录共用注释文件夹",
        "inference.py",
        lambda folder: [
            *(recording(folder, name) for name in ("rec.edf", "REC.EDF")),
            *("--annotation", "."),
        ],
        "have one name",
    ),
    Case(
        "the annotation of another recording of this name",
        "文件夹中已有另一同名记录的注释",
        "inference.py",
        annotated_otherwise,
        "holds the beats of another recording of this name",
    ),
    Case(
        "a folder, and no place for its labels",
        "给出文件夹但未说明结果存放处",
        "inference.py",
        lambda folder: [folder],
        "say with --out DIR",
    ),
    Case(
        "a cluster without its address",
        "Dask 后端缺少地址",
        "inference.py",
        with_recording("--out", "o", "--backend", "dask"),
        "--backend dask needs --scheduler",
    ),
    Case(
        "bradycardia above tachycardia",
        "心动过缓界限高于心动过速",
        "monitor.py",
        ["--bradycardia", 150, "--tachycardia", 100],
        "bradycardia below tachycardia",
    ),
    Case(
        "a band upside down",
        "通带上下限颠倒",
        "clean_ECG.py",
        with_recording("--band", "40", "0.5"),
        "--band 40 0.5",
    ),
    Case("a pipe without its rate", "管道未给采样率", "monitor.py", ["-"], "give --fs in Hz"),
    Case(
        "three pictures at once",
        "同时要三种图",
        "visualize.py",
        with_recording("--dataset"),
        "FILE, --dataset",
    ),
    Case(
        "the annotation and what a model looked at",
        "同时要注释与显著图",
        "visualize.py",
        with_recording("--reference", "atr", "--saliency"),
        "do not go together",
    ),
    Case(
        "a picture of a kind that is not written",
        "不支持的图片格式",
        "visualize.py",
        with_recording("--save", "x.jpeg"),
        "x.jpeg: figures are written as",
    ),
    Case(
        "a signal of a kind that is not written",
        "不支持的信号格式",
        "clean_ECG.py",
        with_recording("--out", "x.mp3"),
        "ends in .csv, .npy or .npz",
    ),
    Case(
        "a training on rows with an option of another",
        "行训练使用了其他模型的选项",
        "train.py",
        ["--members", 2],
        "--members does not apply",
    ),
    Case(
        "two commands in one",
        "一条命令含两项任务",
        "pretrain_translearn.py",
        ["--compare", "--pretrain"],
        "are two commands",
    ),
    Case(
        "patients, and rows that do not tell whose they are",
        "要求按患者划分但数据不含患者",
        "data_preprocess.py",
        ["--protocol", "patients", "--source", "csv"],
        "whose beat each row is",
    ),
]

# ---- a user's files


def beside(name: str, content: bytes | str, *typed: str) -> Callable[[Path], list]:
    """A command line about a recording, beside a file of the user's."""

    def arguments(folder):
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
        return [recording(folder), *typed]

    return arguments


def as_csv(folder: Path) -> str:
    """The name of a recording in a CSV."""
    rows = "".join(f"{k / FS:.6f},{value:.5f}\n" for k, value in enumerate(ECG))
    (folder / "rec.csv").write_text("time (s),II (mV)\n" + rows)
    return "rec.csv"


def record(folder: Path) -> Path:
    """The base of a WFDB record."""
    from ecg.synthetic import demo_recording, write_wfdb

    made = demo_recording(0, 10, 360, 0)
    write_wfdb(folder, made)
    return folder / made.name


def linked(folder):
    (folder / "link.csv").symlink_to(as_csv(folder))
    return ["rec.csv", "--csv", "link.csv"]


def shipped_elsewhere(folder):
    from tests.conftest import HOME

    return ["--weight", HOME / "weight" / "shipped", "--data", "none"]


_NEVER = "is an input of this run, never written over"
_NO_OUTPUT = "is no earlier output of this kind"
_LOST = [
    Case(
        "the recording as the table to write",
        "把记录本身作为输出表",
        "inference.py",
        lambda folder: [as_csv(folder), "--csv", "rec.csv"],
        _NEVER,
    ),
    Case(
        "the recording as the table to write, with --overwrite",
        "把记录本身作为输出表并加 --overwrite",
        "inference.py",
        lambda folder: [as_csv(folder), "--csv", "rec.csv", "--overwrite"],
        _NEVER,
    ),
    Case(
        "a link to the recording as the table to write",
        "输出是指向记录的链接",
        "inference.py",
        linked,
        "link.csv is an input of this run",
    ),
    Case(
        "the cleaned signal in place of the recording",
        "用去噪信号替换原记录",
        "clean_ECG.py",
        lambda folder: [as_csv(folder), "--out", "rec.csv"],
        _NEVER,
    ),
    Case(
        "the signals of a WFDB record as an output, with --overwrite",
        "输出为 WFDB 信号文件并加 --overwrite",
        "inference.py",
        lambda folder: [record(folder), "--csv", f"{record(folder)}.dat", "--overwrite"],
        _NEVER,
    ),
    Case(
        "a CSV of the user's as an output",
        "输出名是用户自己的 CSV",
        "inference.py",
        beside("notes.csv", "name,age\nA,70\n", "--csv", "notes.csv"),
        _NO_OUTPUT,
    ),
    Case(
        "another recording as the cleaned signal",
        "输出名是另一份记录",
        "clean_ECG.py",
        beside("other.csv", "time (s),II (mV)\n0,0.1\n", "--out", "other.csv"),
        _NO_OUTPUT,
    ),
    Case(
        "a JSON of the user's as an output",
        "输出名是用户自己的 JSON",
        "inference.py",
        beside("patients.json", '{"patients": []}', "--json", "patients.json"),
        _NO_OUTPUT,
    ),
    Case(
        "a picture of the user's as an output",
        "输出名是用户自己的图片",
        "visualize.py",
        beside("photo.png", b"\x89PNG\r\n\x1a\n photo", "--save", "photo.png"),
        _NO_OUTPUT,
    ),
    Case(
        "a page of the user's as the report",
        "输出名是用户自己的网页",
        "inference.py",
        beside("page.html", "<!DOCTYPE html>\n<title>mine</title>", "--report", "page.html"),
        _NO_OUTPUT,
    ),
    Case(
        "an array of the user's as the cleaned signal",
        "输出名是用户自己的数组",
        "clean_ECG.py",
        beside("mine.npy", b"\x93NUMPY\x01\0", "--out", "mine.npy"),
        _NO_OUTPUT,
    ),
    Case(
        "the folder of the shipped weights as that of a training",
        "训练写入自带权重文件夹",
        "train.py",
        shipped_elsewhere,
        "weight/shipped",
    ),
]

CASES = [*(_number(*each) for each in _NUMBERS), *_TOGETHER, *_LOST]
