"""The rhythm below the heart rate, as SVG: sinus rhythm a line, what differs from it a block, with
its name where there is room."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from markupsafe import Markup

from ecg.clock import Clock, elapsed
from ecg.rhythm.names import GRAVEST, RHYTHM_MEANINGS, RHYTHM_SHORT

BAND = 24  # pixels of the band, with the distance to what follows
HIGH, LINE = 16, 5  # of a block, and of the line of sinus rhythm
LEAST = 2.0  # wide is what is not sinus rhythm at least: ten seconds of a day are to be seen
LETTER = 7.5  # a letter of its name takes


def rhythm_band(
    episodes: Sequence[dict[str, Any]],
    x: Callable[[float], float],
    corner: tuple[float, float],
    translate: Callable[..., Markup],
    clock: Clock = Clock(),
) -> Iterator[str]:
    """SVG of the episodes of a recording; nothing where there are none.

    episodes: as Rhythm.as_dict holds them. x: from s to pixels. corner: left end and top of the
    band in pixels. translate: of page_text.page_translator, for text in SVG. clock: what writes
    times. The gravest are drawn last, over others."""
    if not episodes:
        return
    left, top = corner
    yield f'<text class="axis end" x="{left - 6:g}" y="{top + 12:g}">{translate("Rhythm")}</text>'
    for each in sorted(episodes, key=lambda each: -GRAVEST.index(each["rhythm"])):
        yield _block(each, x, top, translate, clock)


def _block(each, x, top, translate, clock):
    rhythm = each["rhythm"]
    start, stop = x(each["start_s"]), x(each["end_s"])
    quiet = rhythm == "N"
    width, height = max(stop - start, 0.0 if quiet else LEAST), LINE if quiet else HIGH
    y = top + (HIGH - height) / 2
    out = (
        f'<rect class="rhythm r{rhythm}" x="{start:.1f}" y="{y:g}" width="{width:.1f}" '
        f'height="{height}"><title>{_told(each, clock, translate)}</title></rect>'
    )
    if not quiet and width > LETTER * len(rhythm) + 4:
        out += (
            f'<text class="rhythm-name" x="{start + width / 2:.1f}" y="{top + 12:g}">'
            f"{translate(RHYTHM_SHORT[rhythm])}</text>"
        )
    return out


def _told(each, clock, translate):
    """What the block says when the pointer rests on it; a title holds plain text only."""
    sure = each.get("confidence")
    told = [
        Markup(translate(RHYTHM_MEANINGS[each["rhythm"]])).striptags(),
        f"{clock(each['start_s'])} – {clock(each['end_s'])}",
        elapsed(each["end_s"] - each["start_s"]),
    ]
    if sure is not None:
        told.append(f"{sure:.0%}")
    return ", ".join(told)
