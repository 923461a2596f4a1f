"""The rhythm below the heart rate."""

import re

from ecg.clock import Clock
from ecg.report.page_text import page_translator
from ecg.report.rhythm_band import HIGH, LEAST, LINE, rhythm_band
from tests.rhythm_told import told_rhythm

DAY = [(0, 40000, "N"), (40000, 40010, "VF"), (40010, 70000, "AF"), (70000, 86400, "N")]


def band(episodes, seconds=86400, lang="en", clock=Clock()):
    x = lambda t: 80 + 600 * t / seconds  # noqa: E731
    translate = page_translator(lang, tag="tspan")
    rhythm = told_rhythm(*episodes)
    return "".join(rhythm_band(rhythm["episodes"], x, (80, 100), translate, clock))


def blocks(svg):
    found = re.findall(
        r'class="rhythm r(\w+)" x="([\d.]+)" y="[\d.]+" width="([\d.]+)" .*?"(\d+)"', svg
    )
    return [(name, float(x), float(width), int(height)) for name, x, width, height in found]


def test_sinus_rhythm_is_a_line_and_ten_seconds_of_a_day_are_seen_above_the_rest():
    found = blocks(band(DAY))
    assert [name for name, *_ in found] == ["N", "N", "AF", "VF"]  # the gravest last
    assert {height for name, _, _, height in found if name == "N"} == {LINE}
    assert found[-1][2] == LEAST and found[-1][3] == HIGH
    assert abs(found[2][2] - 600 * 29990 / 86400) < 0.1


def test_a_block_has_its_name_where_there_is_room_and_tells_the_rest():
    svg = band(DAY)
    assert re.findall(r'class="rhythm-name"[^>]*>([^<]*)<', svg) == ["AF"]
    assert "atrial fibrillation or flutter, 11:06:50 – 19:26:40, 8:19:50, 87%" in svg
    assert "12:06:50" in band(DAY, clock=Clock(3600.0))
    assert "房颤</tspan>" in band(DAY, lang="zh") and "<tspan>" not in band(DAY, lang="zh")


def test_nothing_is_drawn_where_the_rhythm_is_not_known():
    assert band([]) == ""
