"""The report as one HTML page: page.html.j2 filled in, with page.css and the scripts inside."""

import functools
import json
import re
from collections.abc import Iterable
from pathlib import Path

import jinja2
import pandas as pd
from markupsafe import Markup

from ecg import artifacts, translations
from ecg.beats import CLASS_COLORS, CLASS_MEANINGS, CLASSES
from ecg.clock import Clock, clock_of, elapsed
from ecg.facts import facts_text, start_text
from ecg.formats.recording import Recording
from ecg.holter import DEFINITIONS
from ecg.hourly import LONG, hourly
from ecg.report.data import UNSURE, beat_columns, pack_beats, pack_signals
from ecg.report.limits import find_limits
from ecg.report.page_rhythm import rhythm_view, withheld_text
from ecg.report.page_text import as_json, css_string, number, page_translator
from ecg.report.page_warnings import REASONS, find_warnings
from ecg.report.strip_svg import drawn_leads, strip_svg
from ecg.report.strips import choose_strips
from ecg.report.trend import EVENTS, trend_svg
from ecg.rhythm.names import RHYTHM_COLORS, RHYTHM_MEANINGS, RHYTHM_SHORT, episodes_of
from ecg.translations import translated

HERE = Path(__file__).parent
# notes on the recording that say what was done, and warn of nothing
HARMLESS = re.compile(r"lead .+ taken of |beats are found in ")
# one script, in this order: each uses what stands before it
SCRIPTS = (
    *("page.js", "times.js", "strip_data.js", "strip_corrections.js", "strip_view.js"),
    *("strip_paint.js", "strip_controls.js"),
)


# what every page is told
SAME = {
    **dict(classes=CLASSES, meanings=CLASS_MEANINGS, colors=CLASS_COLORS),
    **dict(rhythm_meanings=RHYTHM_MEANINGS, rhythm_short=RHYTHM_SHORT),
    **dict(rhythm_colors=RHYTHM_COLORS, definitions=DEFINITIONS, unsure=UNSURE),
}


def page_script() -> str:
    """The script of the page: all of SCRIPTS."""
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)


def html_page(
    recording: Recording,
    table: pd.DataFrame,
    summary: dict,
    *,
    warnings: Iterable[str] = (),
    command: str = "",
    lang: str = "en",
) -> str:
    """The report as HTML text; arguments as of ecg.report.write_report."""
    translate, translate_svg = page_translator(lang), page_translator(lang, tag="tspan")
    leads = drawn_leads(recording)
    signals = pack_signals([lead.signal for lead in leads], recording.fs)
    columns = beat_columns(table)
    unreadable = table.attrs.get("unreadable", [])
    script = page_script()
    clock = clock_of(recording.facts, summary["duration_s"])
    meta = {**_meta(recording, table, summary, signals, columns, script, lang), **_start(clock)}
    return _template(clock).render(
        translate=translate,
        lang=lang,
        css=Markup((HERE / "page.css").read_text(encoding="utf-8")),
        script=Markup(script),
        meta=as_json(meta),
        strips_packed=[signal.text for signal in signals],
        beats=pack_beats(table["sample"].to_numpy(), columns),
        recording=recording,
        facts=facts_text(recording.facts, translate),
        start=start_text(recording.facts),
        clock=clock,
        summary=summary,
        rate=summary["heart_rate"],
        hrv=summary["hrv"],
        withheld=functools.partial(withheld_text, translate=translate),
        hours=_hours(recording, table, summary, clock),
        view=rhythm_view(table, recording.fs, len(recording.signal)),
        plain=translations.translator(lang),
        events=[event for event in EVENTS if summary[event.key]["count"]],
        warnings=list(_warnings(recording, table, summary, warnings, translate)),
        notes=_notes(recording, table, translate),
        trend=trend_svg(table, summary, unreadable, recording.fs, translate_svg, clock),
        filtered=any(signal.filtered for signal in signals),
        leads=[lead.name for lead in leads],
        limits=[translate(text, **known) for text, known in find_limits(recording, table)],
        annotation=table.attrs.get("annotation", ""),
        running_head=css_string(f"{recording.name} · {start_text(recording.facts)}".strip(" ·")),
        strips=[
            (strip, strip_svg(recording, table, columns, strip.start, translate_svg, clock))
            for strip in choose_strips(recording, table, summary, translate)
        ],
        command=command,
        model=table.attrs.get("model", ""),
        trained_on=table.attrs.get("trained_on", ""),
        versions=artifacts.versions(),
        strip_fs=signals[0].fs,
        step_uv=round(1000 * max(signal.step for signal in signals)),
    )


def _template(clock):
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(clock=clock, elapsed=elapsed, number=number)
    environment.globals.update(SAME)
    return environment.get_template("page.html.j2")


def _meta(recording, table, summary, signals, columns, script, lang):
    """What the script needs to know, beside the signal and the beats."""
    phrases = translations.PHRASES.get(lang, {})
    shown = {*columns.qualities, *REASONS, *RHYTHM_SHORT.values(), *RHYTHM_MEANINGS.values()}
    keys = sorted({*shown, *script_phrases(script)})
    unreadable = table.attrs.get("unreadable", [])
    return {
        "name": recording.name,
        "lead": recording.lead,
        "fs": recording.fs,
        "n": len(recording.signal),
        "strip_fs": signals[0].fs,
        "signals": [
            {"name": lead.name, "step": signal.step, "zero": signal.zero}
            for lead, signal in zip(drawn_leads(recording), signals)
        ],
        "classes": CLASSES,
        "colors": CLASS_COLORS,
        "unsure": UNSURE,
        "qualities": columns.qualities,
        "beats": len(table),
        "unreadable": [[start, stop, str(reason)] for start, stop, reason in unreadable],
        "model": table.attrs.get("model", ""),
        "rhythm": [
            [each["start_s"], each["end_s"], each["rhythm"]]
            for each in episodes_of(table.attrs.get("rhythm"))
        ],
        "rhythms": {
            name: [RHYTHM_SHORT[name], RHYTHM_MEANINGS[name], color]
            for name, color in RHYTHM_COLORS.items()
        },
        "pauses": [[e["time_s"], e["duration_s"]] for e in summary["pauses"]["events"]],
        "lang": lang,
        "words": {key: phrases[key] for key in keys if key in phrases},
    }


def _hours(recording, table, summary, clock):
    """The table of the hours of a long recording; of others nothing."""
    fs, n = recording.fs, len(recording.signal)
    if n / fs <= LONG:
        return []
    known = table.attrs.get("unreadable", []), clock, summary, table.attrs.get("rhythm")
    return summary.get("hourly") or hourly(table["sample"], table["label"], fs, n, *known)


def _start(clock: Clock) -> dict:
    """When the recording began, for times.js."""
    date = clock.date and clock.date.isoformat()
    return {"clock": clock.first, "date": date, "days": clock.days}


def script_phrases(script: str) -> set[str]:
    """The phrases that the script shows: what it calls say("...") with."""
    found = re.findall(r'\bsay\("((?:[^"\\]|\\.)*)"', script)
    return {json.loads(f'"{phrase}"') for phrase in found}


def _warnings(recording, table, summary, given, translate):
    """What a reader must know, the recording's own notes but those that warn of nothing, and the
    warnings that were given."""
    for text, numbers in find_warnings(recording, table, summary):
        yield translate(text, **numbers)
    told = [note for note in recording.notes if not HARMLESS.match(note)]
    yield from (translated(sentence, translate) for sentence in [*told, *given])


def _notes(recording, table, translate):
    notes = [translated(note, translate) for note in recording.notes if HARMLESS.match(note)]
    if table.attrs.get("leads") == 2:
        text = "The labels rest on lead {second} too."
        notes.append(translate(text, second=recording.second_lead))
    return notes
