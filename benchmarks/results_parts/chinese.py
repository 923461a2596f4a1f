"""The words of the tables in Chinese."""

import re

# whole cells
CELLS = {
    "model": "模型",
    "parameters": "参数",
    "accuracy": "准确率",
    "accuracy %": "准确率 %",
    "macro-F1": "宏平均 F1",
    "macro-F1 N, S, V": "N、S、V 的宏平均 F1",
    "macro-F1 N, S, V, F": "N、S、V、F 的宏平均 F1",
    "rows of ECGCNN's": "ECGCNN 的行",
    "tutorial, validation (leaked)": "tutorial，验证（已泄漏）",
    "tutorial, test": "tutorial，测试",
    "kaggle, test": "kaggle，测试",
    "annotated peaks: accuracy": "注释的 R 峰：准确率",
    "detected peaks: accuracy": "检出的 R 峰：准确率",
    "S F1 with 232": "含 232 时 S 的 F1",
    "beats missed (detector)": "漏检心搏（检测器）",
    "beats invented (detector)": "误检心搏（检测器）",
    "beats mislabelled (classifier)": "标签错误的心搏（分类器）",
    "accuracy % of beats found": "检出心搏的准确率 %",
    "test rows": "测试行",
    "ECE at temperature 1": "温度为 1 时的 ECE",
    "temperature": "温度",
    "accuracy % without the 5 % least sure": "去掉最没有把握的 5 % 后的准确率 %",
    "errors among these 5 %, %": "这 5 % 中的错误占 %",
    "nearest neighbour on": "最近邻，用于",
    "published split": "公开划分",
    "patients never seen, DS1 -> DS2": "未见过的患者，DS1 -> DS2",
    "nearest beat is the same patient's": "最近的心搏属于同一患者",
    "nearest neighbour, SMOTE before the split": "最近邻，先 SMOTE 后划分",
    "real test rows, same training rows": "真实的测试行，训练行相同",
}
# parts of cells
PARTS = (
    (r", without (\d+)", r"，不含 \1"),
    (r"; its training patients", "；其训练患者"),
    (r"validation rows \((\d+) % of them synthetic\)", r"验证行（其中 \1 % 是合成的）"),
    (r" \((\S+) to (\S+)\)", r"（\1 至 \2）"),
    (r"(\d) and (\d)", r"\1 和 \2"),
)


def in_chinese(table: str) -> str:
    """A Markdown table with its words in Chinese; figures, names of models and of measures stay."""
    lines = [line.split(" | ") for line in table.splitlines()]
    return "\n".join(" | ".join(map(_cell, line)) for line in lines)


def _cell(text):
    word = text.removeprefix("| ").removesuffix(" |")
    new = CELLS.get(word, word)
    for english, chinese in PARTS:
        new = re.sub(english, chinese, new)
    return text.replace(word, new) if word else text
