"""A rhythm as a recording's table of beats holds it, made up, for the tests of what is shown."""


def told_rhythm(*episodes, of="N", probability=0.8, burden=0.0, rate=None):
    """As ecg.rhythm.track.Rhythm.as_dict gives it. episodes: (start s, end s, rhythm) with or
    without confidence."""
    found = [
        {"start_s": start, "end_s": end, "rhythm": name, "confidence": sure[0] if sure else 0.87}
        for start, end, name, *sure in episodes
    ]
    af = [each["end_s"] - each["start_s"] for each in found if each["rhythm"] == "AF"]
    others = [name for name in ("N", "AF", "other", "noise") if name != of]
    return {
        "of_recording": of,
        "probabilities": {of: probability, **dict.fromkeys(others, (1 - probability) / 3)},
        "af_burden": burden,
        "af_episodes": len(af),
        "af_longest_s": max(af, default=None),
        "af_rate_bpm": rate,
        "episodes": found,
    }
