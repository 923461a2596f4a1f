"""The words of figures and reports, in English and Chinese.

    translate = translator("zh")
    translate("Time (s)")                          # 时间（秒）
    translate("{n} rows a class", n=20)            # a phrase with numbers holds them as {name}

English is the key of the table; a phrase that it lacks stays English. Another language is another
table in PHRASES. The longest part of the Chinese one, the report, is in ecg/chinese.py.
"""

from collections.abc import Callable
from typing import Any

from ecg.chinese import REPORT
from ecg.chinese_notes import NOTES

ZH = {
    # classes
    "normal or bundle branch block": "正常或束支传导阻滞",
    "supraventricular ectopic": "室上性异位搏动",
    "ventricular ectopic": "室性异位搏动",
    "fusion of ventricular and normal": "室性与正常融合搏动",
    "paced or unclassifiable": "起搏或无法分类",
    # figures
    "Time (s)": "时间（秒）",
    "Time": "时间",
    "ECG (mV)": "心电（mV）",
    "z-score": "标准分数",
    "Raw": "原始信号",
    "Filtered": "滤波后",
    "ECG before and after filtering": "滤波前后的心电图",
    "Confidence": "置信度",
    "Confidence of the prediction: {label}": "预测置信度：{label}",
    "Confidence of {n} beats": "{n} 个心搏的置信度",
    "Beat": "心搏",
    "below {threshold:.0%} confidence": "置信度低于 {threshold:.0%}",
    "no label": "无标签",
    "signal missing": "信号缺失",
    "25 mm/s  10 mm/mV": "25 mm/s  10 mm/mV",
    "page {page} of {pages}": "第 {page} 页，共 {pages} 页",
    "Beats per class": "各类心搏数",
    "Beats": "心搏数",
    "train": "训练",
    "train with SMOTE": "训练（含 SMOTE）",
    "validation": "验证",
    "test": "测试",
    "{n} rows a class, none of them SMOTE's": "每类 {n} 条心搏（不含 SMOTE 合成）",
    "source {source}, protocol {protocol}": "来源 {source}，协议 {protocol}",
    "synthetic": "合成数据",
    "What the model looked at": "模型关注的部位",
    "The most frequent confusions": "最常见的混淆",
    "true → predicted, number of beats; surest mistakes first": (
        "真实 → 预测，心搏数；按错误置信度排序"
    ),
    "speaks for the label": "支持该标签",
    "speaks against the label": "不支持该标签",
    "row {row}": "第 {row} 行",
    **REPORT,
    **NOTES,
}

PHRASES: dict[str, dict[str, str]] = {"en": {}, "zh": ZH}
LANGUAGES = tuple(PHRASES)


def translator(lang: str = "en") -> Callable[..., str]:
    """A function translate(text, **numbers): `text` in `lang` with its numbers filled in; English
    where there is no translation."""
    phrases = PHRASES.get(lang, {})

    def translate(text: str, **numbers) -> str:
        text = phrases.get(text, text)
        return text.format(**numbers) if numbers else text

    return translate


class Note(str):
    """A sentence in English that can be said in another language: `phrase`, the key of the table
    with its numbers as {name}, and `numbers`."""

    phrase: str
    numbers: dict[str, Any]

    def __new__(cls, phrase: str, **numbers: Any) -> "Note":
        made = super().__new__(cls, phrase.format(**numbers))
        made.phrase, made.numbers = phrase, numbers
        return made

    def __reduce__(self) -> tuple:
        return _note_again, (self.phrase, self.numbers)


def _note_again(phrase, numbers):
    return Note(phrase, **numbers)


def translated(sentence: str, translate: Callable[..., str]) -> str:
    """A sentence as `translate` says it, where it is a Note; any other as it is."""
    if not isinstance(sentence, Note):
        return sentence
    return translate(sentence.phrase, **sentence.numbers)
