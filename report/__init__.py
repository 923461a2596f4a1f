"""The report of a recording: one HTML page that needs no network, to look at, to print, and to correct labels in.

    from report import write_report
    write_report("100.html", recording, table, summary)          # or: python inference.py 100.hea --report 100.html

page.html.j2 is the page, page.css its looks, page.js the interactive strip; all three go into the one file. The strip holds the
whole recording at 120 Hz in 8 bits, compressed: 24 h take 3 to 8 MB. Its corrected labels are downloaded as a WFDB annotation
(annotator cor).
"""
import base64
import json
import re
import shlex
import sys
import zlib
from fractions import Fraction
from functools import partial
from pathlib import Path

import jinja2
import numpy as np
from markupsafe import Markup, escape
from scipy import signal as sps

from ecg import artifacts, words
from ecg.beats import CLASS_COLORS, CLASS_MEANINGS, CLASS_NAMES
from ecg.holter import DEFINITIONS
from ecg.words import clock

HERE = Path(__file__).parent
DISPLAY_FS = 120           # Hz of the interactive strip
MISSING = 255              # its code for a missing sample; 0..254 are levels
LIMIT = 8.5e6              # bytes of the strip in the page; a coarser step is taken above it
FINEST = 0.01              # mV
UNSURE = 0.8               # confidence below which a label is drawn hollow
STRIP = 7.0                # s of a printed strip: 175 mm, which A4 holds
STRIPS = 16                # at most

REASONS = {"noise": "noise {time}", "missing": "samples missing {time}", "flat": "flat line {time}", "clipped": "clipped {time}"}

# summary's events, in the order of the page: key, name, colour
EVENTS = (("v_runs", "V runs", CLASS_COLORS["V"]), ("v_couplets", "V couplets", CLASS_COLORS["V"]),
          ("v_bigeminy", "V bigeminy", CLASS_COLORS["V"]), ("v_trigeminy", "V trigeminy", CLASS_COLORS["V"]),
          ("s_runs", "S runs", CLASS_COLORS["S"]), ("s_couplets", "S couplets", CLASS_COLORS["S"]),
          ("s_bigeminy", "S bigeminy", CLASS_COLORS["S"]), ("s_trigeminy", "S trigeminy", CLASS_COLORS["S"]),
          ("pauses", "Pauses", "#56B4E9"), ("tachycardia", "Tachycardia", "#777777"), ("bradycardia", "Bradycardia", "#777777"))


def write_report(path, recording, table, summary, *, warnings=(), command=None, lang="en"):
    """Write the report of a recording to `path`, whole or not at all.

    recording: ecg.records.Recording. table: its beats as inference.classify gives them (sample, label, confidence, p_N .. p_Q,
    quality; attrs model, trained_on, unreadable), or any DataFrame with sample and label. summary: ecg.holter.summary of them.
    warnings: sentences to show besides those found here. command: the line that makes this page again. lang: en or zh; a
    browser without Chinese glyphs shows English. Raises InputError where `path` cannot be written."""
    artifacts.save_text(path, page(recording, table, summary, warnings=warnings, lang=lang,
                                   command=command or _command(recording, path, table, lang)))


def page(recording, table, summary, *, warnings=(), command="", lang="en"):
    """The report as HTML text; arguments as of write_report."""
    say, say_svg = partial(_marked, lang), partial(_marked, lang, tag="tspan")
    unreadable = table.attrs.get("unreadable", [])
    strip, step, zero, fs, filtered = pack_signal(recording.signal, recording.fs)
    columns = _columns(table)
    script = (HERE / "page.js").read_text(encoding="utf-8")
    keys = sorted({*columns["qualities"], *REASONS} | {json.loads(f'"{key}"')
                                                       for key in re.findall(r'\bsay\("((?:[^"\\]|\\.)*)"', script)})
    meta = {"name": recording.name, "lead": recording.lead, "fs": recording.fs, "n": len(recording.signal), "strip_fs": fs,
            "step": step,
            "zero": zero, "classes": CLASS_NAMES, "colors": CLASS_COLORS, "unsure": UNSURE, "qualities": columns["qualities"],
            "beats": len(table), "unreadable": [[a, b, str(why)] for a, b, why in unreadable], "model": table.attrs.get("model",
                                                                                                                        ""),
            "pauses": [[e["time_s"], e["duration_s"]] for e in summary["pauses"]["events"]],
            "lang": lang, "words": {key: words.ZH[key] for key in keys if key in words.ZH} if lang == "zh" else {}}
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined,
                                     trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(clock=clock, number=_number)
    rate = summary["heart_rate"]
    return environment.get_template("page.html.j2").render(
        say=say, lang=lang, css=Markup((HERE / "page.css").read_text(encoding="utf-8")), script=Markup(script), meta=_json(meta),
        strip=strip, beats=pack_beats(table["sample"].to_numpy(), columns), recording=recording, table=table, summary=summary,
        rate=rate,
        classes=CLASS_NAMES, meanings=CLASS_MEANINGS, colors=CLASS_COLORS,
        events=[event for event in EVENTS if summary[event[0]]["count"]], definitions=DEFINITIONS,
        warnings=[*(say(text, **numbers) for text, numbers in find_warnings(recording, table, summary)),
                  *(note for note in recording.notes if not note.startswith("lead ")), *warnings],
        notes=[*(note for note in recording.notes if note.startswith("lead ")),
               *([say("The labels rest on lead {second} too, which is not drawn.", second=recording.second_lead)]
                 if table.attrs.get("leads") == 2 else [])],
        trend=trend_svg(table, summary, unreadable, recording.fs, say_svg), filtered=filtered, unsure=UNSURE,
        strips=[{**s, "svg": strip_svg(recording, table, columns, s["start"], say_svg)} for s in choose_strips(recording, table,
                                                                                                               summary, say)],
        command=command, model=table.attrs.get("model", ""), trained_on=table.attrs.get("trained_on", ""),
        versions=artifacts.versions(),
        strip_fs=fs, step_uv=round(1000 * step))


def _command(recording, path, table, lang):
    """The line that makes the page again: the one that was typed, or from a notebook the one that does the same."""
    if Path(sys.argv[0]).name == "inference.py":
        return shlex.join(["python", "inference.py", *sys.argv[1:]])
    model = table.attrs.get("model")
    return shlex.join(["python", "inference.py", recording.name, *(["--model", model] if model else []), "--report", str(path),
                       *(["--lang", lang] if lang != "en" else [])])


def _marked(lang, text, tag="span", **numbers):
    """`text` in `lang`, as HTML; Chinese carries the English text along, for a browser that has no glyphs for it."""
    english = words.speaker("en")(text, **numbers)
    if lang == "en":
        return escape(english)
    return Markup('<{0} data-en="{1}">{2}</{0}>').format(tag, english, words.speaker(lang)(text, **numbers))


def _json(value):
    """JSON that may stand in a script element."""
    return Markup(json.dumps(artifacts.plain(value), ensure_ascii=False, allow_nan=False).replace("<", "\\u003c"))


def _number(value, form=",.0f"):
    return "–" if value is None else format(value, form)


# --------------------------------------------------------------------------------------------------- the data of the page

def pack_signal(ecg, fs):
    """The recording for the interactive strip: (text, step in mV, level of 0 mV, rate in Hz, whether drift was taken out).

    text: base64 of the gzip of the differences (modulo 256) of 8-bit codes; code 255 is missing, 0..254 are levels `step`
    apart. A strip that drifts through more than 254 levels of 30 uV is high-passed at 0.3 Hz (zero-phase Butterworth of order
    2); artefacts may be clipped."""
    ecg = np.asarray(ecg)
    ratio = Fraction(DISPLAY_FS / fs).limit_denominator(500) if fs > DISPLAY_FS else Fraction(1)
    up, down = ratio.numerator, ratio.denominator
    block, margin = 60000 * down, 200 * down
    parts, lost = [], []
    for a in range(0, len(ecg), block):                     # bounded memory over 24 h
        left = min(a, margin)
        piece = np.asarray(ecg[a - left:a + block + margin], float)
        missing = ~np.isfinite(piece)
        if missing.any():
            good = np.flatnonzero(~missing)
            piece = np.interp(np.arange(len(piece)), good, piece[good]) if len(good) else np.zeros(len(piece))
        keep = -(-min(block, len(ecg) - a) * up // down)
        first = left * up // down
        y = sps.resample_poly(piece, up, down, padtype="line") if ratio != 1 else piece
        parts.append(y[first:first + keep].astype(np.float32))
        at = np.minimum((np.arange(first, first + keep) * down + down // 2) // up, len(piece) - 1)
        lost.append(missing[at])
    x, lost = (np.concatenate(p) if p else np.zeros(0, kind) for p, kind in ((parts, np.float32), (lost, bool)))
    rate = fs * up / down
    low, high = _reach(x[~lost])
    filtered = high - low > 254 * 0.03 and len(x) > 30
    if filtered:
        x = sps.sosfiltfilt(sps.butter(2, 0.3, "highpass", fs=rate, output="sos"), x).astype(np.float32)
        low, high = _reach(x[~lost])
    step = max(FINEST, (high - low) / 254)
    while True:
        zero = int(np.clip(round(-low / step), 0, 254))
        codes = np.clip(np.rint(x / step) + zero, 0, 254).astype(np.uint8)
        codes[lost] = MISSING
        text = _compressed(np.diff(codes, prepend=np.uint8(0)), zlib.Z_RLE)      # as small as the default, ten times as fast
        if len(text) <= LIMIT:
            return text, step, zero, rate, filtered
        step *= 2 ** max(6 * (len(text) - LIMIT) / len(codes),
                         0.2)     # 6 bits a character; half the levels are a bit less a sample


def _reach(x):
    """Lowest and highest level to be shown, with a tenth to spare; wild artefacts of 1 sample in 10,000 left out."""
    if len(x) == 0:
        return -1.0, 1.0
    low, high = np.percentile(x[::max(len(x) // 2_000_000, 1)], [0.01, 99.99])
    spare = 0.1 * (high - low) + 0.05
    return float(low - spare), float(high + spare)


def _compressed(array, strategy=zlib.Z_DEFAULT_STRATEGY):
    """base64 of the gzip stream of an array's bytes, as text."""
    stream = zlib.compressobj(6, zlib.DEFLATED, 31, 9, strategy)
    return base64.b64encode(stream.compress(np.ascontiguousarray(array).tobytes()) + stream.flush()).decode()


def _columns(table):
    """What is known of every beat, as bytes: label 0..4 (5: none), probabilities in 1/250 (255: unknown), quality as an
    index."""
    n = len(table)
    index = {name: k for k, name in enumerate(CLASS_NAMES)}
    label = np.array([index.get(v, 5) for v in table["label"]], np.uint8)
    percent = []
    for column in ("confidence", *(f"p_{name}" for name in CLASS_NAMES)):
        p = table[column].to_numpy(float) if column in table else np.full(n, np.nan)
        percent.append(np.where(np.isfinite(p), np.rint(np.clip(np.nan_to_num(p), 0, 1) * 250), 255).astype(np.uint8))
    quality = table["quality"].astype(str) if "quality" in table else ["ok"] * n
    qualities = list(dict.fromkeys(["ok", *quality]))[:256]
    place = {text: k for k, text in enumerate(qualities)}
    return {"label": label, "confidence": percent[0], "p": percent[1:], "qualities": qualities,
            "quality": np.array([place.get(text, 0) for text in quality], np.uint8)}


def pack_beats(samples, columns):
    """Positions (differences, little-endian 32 bits, low bytes first as planes) and columns of the beats, compressed."""
    planes = np.diff(np.asarray(samples, np.int64), prepend=0).astype("<u4").view(np.uint8).reshape(-1, 4).T
    return _compressed(np.concatenate([planes.ravel(), columns["label"], columns["confidence"], columns["quality"],
                                       *columns["p"]]))


# --------------------------------------------------------------------------------------------------- warnings

def find_warnings(recording, table, summary):
    """What a reader must know before trusting the figures: list of (sentence, its numbers)."""
    found, duration = [], summary["duration_s"]
    lost = duration - summary["readable_s"]
    reasons = {}
    for a, b, why in table.attrs.get("unreadable", []):
        reasons[str(why)] = reasons.get(str(why), 0) + (b - a) / recording.fs
    if lost > 0 and duration > 0:
        found.append(("{percent:.1f} % of the recording ({lost}) cannot be read and was not labelled",
                      {"percent": 100 * lost / duration, "lost": clock(lost)}))
        found += [(REASONS[why], {"time": clock(s)}) for why, s in sorted(reasons.items(), key=lambda item: -item[1])
                  if why in REASONS]
    if inverted(recording.signal, table["sample"].to_numpy(), recording.fs):
        found.append(("The main deflection of most beats points down: the lead may be inverted (electrodes swapped).", {}))
    if table.attrs.get("trained_on", "").startswith("synthetic"):
        found.append(("The model was trained on synthetic data: its labels mean nothing for patients.", {}))
    total, labelled = summary["beats"]["total"], summary["beats"]["labelled"]
    if total > labelled + 1:                                  # the last beat of a recording never has a label
        found.append(("{n} of {total} beats could not be classified.", {"n": f"{total - labelled:,}", "total": f"{total:,}"}))
    if "confidence" in table and labelled:
        unsure = int((table["confidence"] < UNSURE).sum())
        if unsure > 0.1 * labelled:
            found.append(("The model is unsure of {percent:.0f} % of the beats (confidence below {threshold:.0%}): "
                          "look at them below.",
                          {"percent": 100 * unsure / labelled, "threshold": UNSURE}))
    if summary["readable_s"] < 60:
        found.append(("Less than a minute could be read: rates and burden say little.", {}))
    return found


def inverted(ecg, peaks, fs):
    """Whether the QRS of most beats points down: the deepest point within 60 ms of R at least 1.5 times as far from the local
    median as the highest, in three beats of four."""
    reach, around = max(int(0.06 * fs), 1), int(0.3 * fs)
    peaks = peaks[(peaks >= around) & (peaks < len(ecg) - around)]
    peaks = peaks[np.linspace(0, len(peaks) - 1, min(len(peaks), 500)).astype(int)]
    if len(peaks) < 8:
        return False
    level = np.median(ecg[peaks[:, None] + np.arange(-around, around, max(around // 60, 1))], axis=1)
    qrs = ecg[peaks[:, None] + np.arange(-reach, reach + 1)] - level[:, None]
    with np.errstate(invalid="ignore"):
        down = -qrs.min(axis=1) > 1.5 * qrs.max(axis=1)
    return bool(down.mean() >= 0.75)


# --------------------------------------------------------------------------------------------------- strips

def choose_strips(recording, table, summary, say):
    """The stretches most worth a look: list of {"title" (HTML), "start" (s)}. Stretches that would show the same are one."""
    fs, end = recording.fs, len(recording.signal) / recording.fs
    sample, label = table["sample"].to_numpy(), table["label"].to_numpy()
    confidence = table["confidence"].to_numpy(float) if "confidence" in table else np.full(len(table), np.nan)
    wanted = []                                              # (title, time of interest, where in the strip it stands)

    def event(key, which, title, lead_in=1.2):
        found = summary[key][which]
        if found:
            wanted.append((say(title, beats=found.get("beats"), rate=_number(found.get("rate_bpm")),
                               seconds=_number(found["duration_s"], ".1f")),
                           found["time_s"], lead_in))

    event("v_runs", "longest", "Longest V run: {beats} beats, {rate}/min")
    event("v_runs", "fastest", "Fastest V run: {beats} beats, {rate}/min")
    event("s_runs", "longest", "Longest S run: {beats} beats, {rate}/min")
    event("s_runs", "fastest", "Fastest S run: {beats} beats, {rate}/min")
    event("pauses", "longest", "Longest pause: {seconds} s", 2.0)
    rate = summary["heart_rate"]
    for key, title in (("max", "Fastest: {rate}/min over 8 intervals"), ("min", "Slowest: {rate}/min over 8 intervals")):
        if rate[f"{key}_bpm"] is not None:
            wanted.append((say(title, rate=_number(rate[f"{key}_bpm"])), rate[f"{key}_time_s"], 0.6))
    event("v_couplets", "fastest", "V couplet: {rate}/min", 2.0)
    event("v_bigeminy", "longest", "Longest V bigeminy: {seconds} s")
    event("v_trigeminy", "longest", "Longest V trigeminy: {seconds} s")
    event("s_couplets", "fastest", "S couplet: {rate}/min", 2.0)
    event("s_bigeminy", "longest", "Longest S bigeminy: {seconds} s")
    for name in ("V", "S", "F", "Q"):
        mine = np.flatnonzero(label == name)
        if len(mine):
            best = mine[np.argmax(np.nan_to_num(confidence[mine], nan=0.0))]
            wanted.append((say("Surest {label} beat", label=name), sample[best] / fs, 3.0))
    taken = []
    for k in np.argsort(np.nan_to_num(confidence, nan=2.0), kind="stable")[:200]:
        t = sample[k] / fs
        if np.isnan(confidence[k]) or len(taken) == 3:
            break
        if confidence[k] < UNSURE and all(abs(t - other) > STRIP for other in taken):
            taken.append(t)
            wanted.append((say("Least certain: {label}, {confidence:.0%}", label=label[k], confidence=confidence[k]), t, 3.0))
    wanted.append((say("First seconds"), 0.0, 0.0))
    strips = []
    for title, t, lead_in in wanted:
        start = float(np.clip(t - lead_in, 0, max(end - STRIP, 0)))
        same = next((s for s in strips if s["start"] + 0.3 < t < s["start"] + STRIP - 2.5 or s["start"] == start), None)
        if same:
            same["title"] += Markup(" · ") + title
        elif len(strips) < STRIPS:
            strips.append({"title": title, "start": start, "mark": t})
    return strips


def strip_svg(recording, table, columns, start, say, seconds=STRIP):
    """A strip of ECG paper as SVG: 25 mm/s, 10 mm/mV when printed at its size; the unit inside is 0.01 mm."""
    fs = recording.fs
    a, b = int(start * fs), min(int((start + seconds) * fs) + 1, len(recording.signal))
    ecg = np.asarray(recording.signal[a:b], float)
    good = ecg[np.isfinite(ecg)]
    middle = float(np.median(good)) if len(good) else 0.0
    reach = min(max(float(np.percentile(np.abs(good - middle), 99)) * 8, 1.0), 4.0) if len(good) else 1.0
    low = np.floor((max(good.min(), middle - reach) if len(good) else -0.5) / 0.5 - 0.1) * 0.5
    high = max(np.ceil((min(good.max(), middle + reach) if len(good) else 1.0) / 0.5 + 0.1) * 0.5, low + 2.0)
    band = 850                                                # 0.01 mm above the trace, for the labels
    width, height = int(seconds * 2500), int(round((high - low) * 1000)) + band
    x = np.rint(np.arange(len(ecg)) * 2500 / fs).astype(int)
    y = np.rint(height - (np.clip(ecg, low, high) - low) * 1000)
    if fs > 500:                                              # more points than paper can show: extremes of every 4 ms
        every = int(fs // 250)
        n = len(y) // every * every
        block = y[:n].reshape(-1, every)
        x, y = np.repeat(x[:n:every], 2), np.column_stack([block.min(axis=1), block.max(axis=1)]).ravel()
    out = [f'<svg class="paper" viewBox="0 0 {width} {height}" style="--mm:{width / 100:g}mm" role="img">',
           f'<rect width="{width}" height="{height}" class="sheet"/><rect width="{width}" height="{height}" fill="url(#mm)"/>'
           f'<rect width="{width}" height="{height}" fill="url(#cm)"/>']
    for s, e, why in table.attrs.get("unreadable", []):
        left, right = max((s - a) / fs * 2500, 0), min((e - a) / fs * 2500, width)
        if right > left:
            out.append(f'<rect x="{left:.0f}" y="{band}" width="{right - left:.0f}" height="{height - band}" class="lost"/>'
                       f'<text x="{(left + right) / 2:.0f}" y="{height - 150}" class="note">{say(str(why))}</text>')
    out.append(f'<path class="trace" d="{_path(x, y)}"/>')
    first, last = np.searchsorted(table["sample"].to_numpy(), [a, b])
    ends = -np.inf
    for k in range(first, last):
        at = (int(table["sample"].iloc[k]) - a) / fs * 2500
        letter, sure = (CLASS_NAMES + ["?"])[columns["label"][k]], columns["confidence"][k]
        hollow = " unsure" if sure < UNSURE * 250 else ""
        color = CLASS_COLORS.get(letter, "#777777")
        out.append(f'<path d="M{at:.0f} {band - 90}v150" stroke="{color}" class="tick"/>')
        if at - 190 > ends and 0 < at < width:
            ends = at + 190
            out.append(f'<g class="beat{hollow} c{letter if letter != "?" else "none"}">'
                       f'<rect x="{at - 170:.0f}" y="60" width="340" height="390" rx="60"/>'
                       f'<text x="{at:.0f}" y="370">{letter}</text></g>')
            if sure != 255:
                out.append(f'<text x="{at:.0f}" y="690" class="percent">{round(sure / 2.5)}</text>')
    out.append(f'<text x="60" y="{height - 80}" class="stamp">{clock(start, 1)}</text></svg>')
    return Markup("".join(str(part) for part in out))


def _path(x, y):
    """SVG path through integer points, relative moves; NaN in y starts a new stroke."""
    text, pen, at = [], False, (0, 0)
    for px, py in zip(x.tolist(), y.tolist()):
        if py != py:
            pen = False
            continue
        py = int(py)
        text.append(f"l{px - at[0]} {py - at[1]}" if pen else f"M{px} {py}")
        pen, at = True, (px, py)
    return "".join(text)


# --------------------------------------------------------------------------------------------------- heart-rate trend

def trend_svg(table, summary, unreadable, fs, say):
    """Heart rate over the recording, where it cannot be read, and a lane for every kind of event that occurs."""
    duration = max(summary["duration_s"], 1e-9)
    left, right, top, plot = 74, 8, 20, 130
    lanes = [(say(name), color, [(e["time_s"], e["duration_s"]) for e in summary[key]["events"]]) for key, name, color in EVENTS
             if summary[key]["count"]]
    for name in ("S", "V"):
        times = table["sample"].to_numpy()[table["label"].to_numpy() == name] / fs
        if len(times):
            lanes.insert(0, (say("{label} beats", label=name), CLASS_COLORS[name], [(t, 0) for t in times]))
    lane = 15
    width, height = 760, top + plot + 8 + lane * len(lanes) + 24
    span = width - left - right

    def px(t):
        return left + span * t / duration

    trend = summary["heart_rate"]["trend"]
    if duration > 600:                                        # a value a minute
        t = np.minimum(np.array(trend["time_s"]) + trend["step_s"] / 2, duration)
        mean, least, most = (np.array([np.nan if v is None else v for v in trend[key]], float)
                             for key in ("mean_bpm", "min_bpm", "max_bpm"))
    else:                                                     # every interval
        sample = table["sample"].to_numpy()
        t, mean = (sample[1:] + sample[:-1]) / 2 / fs, 60 * fs / np.maximum(np.diff(sample), 1)
        for a, b, _ in unreadable:
            mean[(sample[1:] > a) & (sample[:-1] < b)] = np.nan
        least = most = np.full(len(mean), np.nan)
    values = np.concatenate([mean, least, most])
    values = values[np.isfinite(values)]
    low, high = (40.0, 120.0) if len(values) == 0 else (min(50, np.floor(values.min() / 10) * 10),
                                                        max(100, np.ceil(min(values.max(), 300) / 10) * 10))

    def py(v):
        return top + plot * (1 - (np.clip(v, low, high) - low) / (high - low))

    out = [f'<svg class="trend" viewBox="0 0 {width} {height}" role="img" '
           f'data-left="{left}" data-right="{width - right}" data-width="{width}">']
    for a, b, _ in unreadable:
        x, w = px(a / fs), max(span * (b - a) / fs / duration, 0.5)
        out.append(f'<rect class="lost" x="{x:.1f}" y="{top}" width="{w:.1f}" height="{plot}"/>')
    each = next(s for s in (10, 20, 25, 50, 100) if (high - low) / s <= 6)
    for v in np.arange(np.ceil(low / each) * each, high + 1, each):
        out.append(f'<path class="rule" d="M{left} {py(v):.1f}H{width - right}"/>'
                   f'<text class="axis end" x="{left - 6}" y="{py(v) + 4:.1f}">{v:.0f}</text>')
    out.append(f'<text class="axis" x="0" y="10">{say("beats/min")}</text>')
    step = next((s for s in (5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10800) if duration / s <= 9), 21600)
    for k in range(int(duration // step) + 1):
        anchor = "" if k == 0 else "end" if px(k * step) > width - 24 else "middle"
        out.append(f'<path class="rule" d="M{px(k * step):.1f} {top}V{height - 22}"/>'
                   f'<text class="axis {anchor}" x="{px(k * step):.1f}" y="{height - 8}">{clock(k * step)}</text>')
    known = np.isfinite(least) & np.isfinite(most)
    for first, last in _stretches(known):
        upper = [f"{px(t[k]):.1f},{py(most[k]):.1f}" for k in range(first, last)]
        lower = [f"{px(t[k]):.1f},{py(least[k]):.1f}" for k in reversed(range(first, last))]
        out.append(f'<polygon class="range" points="{" ".join(upper + lower)}"/>')
    for first, last in _stretches(np.isfinite(mean)):
        points = " ".join(f"{px(t[k]):.1f},{py(mean[k]):.1f}" for k in range(first, last))
        out.append(f'<polyline class="rate" points="{points}"/>')
    for k, (name, color, events) in enumerate(lanes):
        y = top + plot + 8 + k * lane
        out.append(f'<text class="axis end" x="{left - 6}" y="{y + 10}">{name}</text>'
                   f'<path class="rule" d="M{left} {y + 13}H{width - right}"/>')
        cells = {}                          # events that fall on the same pixel are one mark, the darker the more
        for time, length in events:
            cell = (int(px(time)), max(int(px(time + length)) - int(px(time)), 1))
            cells[cell] = cells.get(cell, 0) + 1
        most_in = max(cells.values())
        out += [f'<rect x="{x}" y="{y + 1}" width="{w}" height="11" fill="{color}" opacity="{0.35 + 0.65 * n / most_in:.2f}"/>'
                for (x, w), n in cells.items()]
    return Markup("".join(str(part) for part in out) + "</svg>")


def _stretches(flags):
    edge = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return edge.reshape(-1, 2)
