"""The words of figures and reports, in English and Chinese, and a font that can draw the latter.

English is the key: `say = words.speaker("zh"); say("Time (s)")`. A phrase with numbers holds them as {name}.
"""
import subprocess
import sys
from functools import lru_cache

LANGUAGES = ("en", "zh")

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
    "{n} real rows a class": "每类 {n} 条真实心搏",
    "source {source}, protocol {protocol}": "来源 {source}，协议 {protocol}",
    "synthetic": "合成数据",
    "What the model looked at": "模型关注的部位",
    "matters for {label}": "支持判为 {label}",
    "speaks against {label}": "不支持判为 {label}",
    "change of log-odds": "对数几率变化",
    "The most frequent confusions": "最常见的混淆",
    "{true} taken for {predicted}: {n}": "{true} 误判为 {predicted}：{n}",
    "row {row}": "第 {row} 行",
}


def speaker(lang="en"):
    """A function say(text, **numbers) that gives `text` in `lang` with its numbers filled in; English where no translation exists."""
    def say(text, **numbers):
        text = ZH.get(text, text) if lang == "zh" else text
        return text.format(**numbers) if numbers else text
    return say


# Fonts that hold simplified Chinese, by the systems that bring them
CJK_FONTS = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "WenQuanYi Micro Hei",
             "WenQuanYi Zen Hei", "Droid Sans Fallback", "Microsoft YaHei", "SimHei", "DengXian", "SimSun", "PingFang SC",
             "Hiragino Sans GB", "STHeiti", "Heiti SC", "Arial Unicode MS", "Noto Sans CJK JP", "Noto Sans CJK TC")


@lru_cache
def cjk_font():
    """Name, as matplotlib knows it, of an installed font that can draw Chinese; None where there is none."""
    from matplotlib import font_manager
    known = {font.name: font.fname for font in font_manager.fontManager.ttflist}
    for name in CJK_FONTS:
        if name in known and _draws_chinese(known[name]):
            return name
    try:                                                   # installed since matplotlib listed the fonts, or of another name
        found = subprocess.run(["fc-list", ":lang=zh-cn", "file"], capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    for line in sorted(found.splitlines()):
        path = line.strip().rstrip(":")
        try:
            if _draws_chinese(path):
                font_manager.fontManager.addfont(path)
                return font_manager.fontManager.ttflist[-1].name
        except (OSError, RuntimeError):
            continue
    return None


def _draws_chinese(path):
    from matplotlib.ft2font import FT2Font
    try:
        charmap = FT2Font(path).get_charmap()
    except (OSError, RuntimeError):
        return False
    return all(ord(letter) in charmap for letter in "心电图搏动预测置信度")


def figure_language(lang):
    """(language, rcParams) for matplotlib: Chinese with a font that has it, else English and a line on stderr that says so."""
    if lang != "zh":
        return lang, {}
    font = cjk_font()
    if font is None:
        print("no Chinese font found: the figures are in English (install Noto Sans CJK, Debian package fonts-noto-cjk)", file=sys.stderr)
        return "en", {}
    return "zh", {"font.family": [font, "DejaVu Sans"], "axes.unicode_minus": False}
