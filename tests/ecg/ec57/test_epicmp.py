"""The reports of episodes equal epicmp's and sumstats' own output."""

import pytest

from ecg import ec57
from ecg.formats import annotation


@pytest.fixture(scope="module")
def rhythm_folder(request):
    folder = request.getfixturevalue("ec57") / "rhythm"
    if not folder.is_dir():
        pytest.skip(f"no output of epicmp: {folder} does not exist")
    return folder


@pytest.fixture(scope="module")
def compared(mitdb, rhythm_folder):
    """(kind, exclude_flutter) -> comparison of all records."""
    names = annotation.annotated_records(mitdb, "atr")
    assert len(names) == 48

    def of(kind, exclude_flutter=False):
        return {
            name: ec57.compare_episodes_of_record(
                mitdb, name, "atr", "rhy", rhythm_folder, kind, exclude_flutter=exclude_flutter
            )
            for name in names
        }

    return of


@pytest.mark.parametrize("kind", ["af", "vf"])
def test_equals_epicmp_to_the_character(compared, rhythm_folder, kind):
    results = compared(kind)
    for made, shape in (
        (ec57.format_episode_line, "line"),
        (ec57.format_episode_matrix, "matrix"),
        (ec57.format_episode_summary, "summary"),
    ):
        assert made(results, kind) == (rhythm_folder / f"{kind}_{shape}.txt").read_text(), shape


def test_equals_epicmp_without_flutter(compared, rhythm_folder):
    results = compared("af", exclude_flutter=True)
    assert ec57.format_episode_line(results, "af") == (rhythm_folder / "af_line_x.txt").read_text()
    # the figures leave flutter out where epicmp adds it: 2:33.356 of AF instead of 4:02.978
    assert results["222"].test_s == pytest.approx(153.356, abs=1e-3)
    assert results["222"].figures()["duration"]["+P"] == pytest.approx(49, abs=0.5)


def test_durations():
    result = ec57.EpisodeComparison(1, 0, 1, 0, 0.9996, 7384.5, 0.9996)
    line = ec57.format_episode_line({"r": result}, "af").splitlines()[-1]
    assert line.split() == "r 1 0 1 0 100 100 100 0 0:01.000 2:03:04.500".split()


def test_summary_of_records_without_episodes():
    none = ec57.EpisodeComparison(0, 0, 0, 0, 0, 0, 0)
    for results in ({"r": none}, {}):
        lines = ec57.format_episode_summary(results, "vf").splitlines()
        assert lines[-3].split() == ["Average", "-", "-", "-", "-"]
        assert lines[-4].split() == ["Gross", "-", "-", "-", "-"]
        assert lines[-5].split() == ["Sum", "0", "0", "0", "0", "0.000", "0.000"]
