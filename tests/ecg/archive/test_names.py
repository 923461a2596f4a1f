"""What results are called: by the files alone, never over what is not their own."""

import json

import pytest

from ecg.archive.names import CSV_HEAD, input_sha256, is_results, path_sha256, plan


@pytest.fixture
def files(tmp_path):
    """files("a/night.csv", ...): these files, made; their paths."""

    def files(*names):
        paths = [tmp_path / name for name in names]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"of {path}")
        return paths

    return files


def results(folder, name, path, **changes):
    """Finished results of `path`, as label_file writes them."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.csv").write_bytes(CSV_HEAD + b"\n")
    (folder / f"{name}.cnn").write_bytes(b"")
    made = {"input_sha256": input_sha256(path)}
    document = {"recording": name, "made_from": made, "path_sha256": path_sha256(path), **changes}
    (folder / f"{name}.json").write_text(json.dumps(document, indent=1))


def names(paths, out, root=None):
    """The names of the recordings, in the order of `paths`."""
    of = {task.path: task.name for task in plan({root: paths}, out)}
    assert {task.path: task.name for task in plan({root: paths[::-1]}, out)} == of
    return [of[path] for path in paths]


@pytest.mark.parametrize(
    "given, called",
    [
        (["night.csv", "day.csv"], ["night", "day"]),
        (["night.csv", "night.edf"], ["night_csv", "night_edf"]),
        (["a.csv", "a.csv.gz", "b.csv"], ["a_csv", "a_csv_gz", "b"]),
        (["mon/x.csv", "tue/x.csv"], ["mon_x", "tue_x"]),
        (["mon/x.csv", "tue/x.edf"], ["x_csv", "x_edf"]),
        (["p/1/x.csv", "q/1/x.csv"], ["p_1_x", "q_1_x"]),
        (["mon day/x.csv", "tue.3/x.csv"], ["mon_day_x", "tue_3_x"]),
        (["Night.csv", "night.edf"], ["Night_csv", "night_edf"]),
        (["d/x.csv", "d/x.edf", "x_csv.npy"], ["d_x", "x_edf", "x_csv"]),
    ],
)
def test_names_of_a_first_run(files, tmp_path, given, called):
    assert names(files(*given), tmp_path / "out") == called


def test_a_record_has_one_name_whichever_of_its_files_is_given(files, tmp_path):
    header, data = files("100.hea", "100.dat")
    tasks = plan({None: [header, data, tmp_path / "100"]}, tmp_path / "out")
    assert [(task.path, task.name) for task in tasks] == [(header, "100")]
    (csv,) = files("100.csv")
    assert names([tmp_path / "100", csv], tmp_path / "out") == ["100_wfdb", "100_csv"]
    files("x.1.hea", "x.2.hea")
    assert names([tmp_path / "x.1", tmp_path / "x.2"], tmp_path / "out") == ["x_1_wfdb", "x_2_wfdb"]


def test_results_lie_as_their_recordings_lie(files, tmp_path):
    one, other = files("in/a/x.csv", "in/b/x.csv")
    tasks = plan({tmp_path / "in": [one, other]}, tmp_path / "out")
    assert [(task.folder.name, task.name) for task in tasks] == [("a", "x"), ("b", "x")]
    assert all(task.folder.parent == tmp_path / "out" for task in tasks)
    (third,) = files("more/a/x.csv")  # of another archive
    found = {tmp_path / "in": [one, other], tmp_path / "more": [third]}
    tasks = plan(found, tmp_path / "out")
    assert [task.name for task in tasks] == ["in_a_x", "x", "more_a_x"]


def test_results_that_stand_keep_their_name(files, tmp_path):
    csv, edf = files("night.csv", "night.edf")
    out = tmp_path / "out"
    results(out, "night", csv)
    assert names([csv, edf], out) == ["night", "night_edf"]
    assert names([edf], out) == ["night_edf"]
    results(out, "night_edf", edf)
    for path in out.glob("night.*"):
        path.unlink()
    assert names([edf], out) == ["night_edf"]
    assert names([csv, edf], out) == ["night_csv", "night_edf"]


def test_a_recording_is_known_again_changed_or_moved(files, tmp_path):
    (path,) = files("a/night.csv")
    out = tmp_path / "out"
    results(out, "night", path)
    path.write_text("longer by now")
    assert names([path], out) == ["night"]
    (other,) = files("b/night.csv")  # another of this name is not taken for it
    assert names([other], out) == ["night_csv"]
    assert names([path, other], out) == ["night", "b_night"]
    other.write_text(f"of {path}")  # but where it has moved to, it is
    assert names([other], out) == ["night"]
    results(out, "night", other, path_sha256=None)  # as earlier versions wrote it
    assert names([other], out) == ["night"]


def test_what_is_no_result_is_never_written_over(files, tmp_path):
    (path,) = files("night.edf")
    files("night.csv")  # somebody's, in the folder where results go
    assert names([path], tmp_path) == ["night_edf"]
    (tmp_path / "night_edf.json").write_text('{"samples": []}')
    assert names([path], tmp_path) == [f"{tmp_path.name}_night"]
    for name in {task.name for task in plan({None: [path]}, tmp_path)}:
        results(tmp_path, name, path, made_from=None, path_sha256=None)  # what --json wrote
    assert names([path], tmp_path) == [f"{tmp_path.name}_night_edf"]


def test_where_no_name_is_left_there_is_none(files, tmp_path, monkeypatch):
    monkeypatch.setattr("ecg.archive.names.MOST_FOLDERS", 1)
    paths = files("p/1/x.csv", "q/1/x.csv", "q/1/y.csv")
    assert names(paths, tmp_path / "out") == ["", "", "y"]


def test_unfinished_results_are_made_again_under_their_name(files, tmp_path):
    (path,) = files("night.edf")
    out = tmp_path / "out"
    results(out, "night", path)
    for left in ("night.json", "night.csv"):
        (out / left).unlink()
        assert names([path], out) == ["night"]
    results(out, "night", path)
    (out / "night.json").write_text('{\n "recording": "nig')
    assert names([path], out) == ["night"]


def test_results_are_told_from_recordings(files, tmp_path):
    (path,) = files("night.edf")
    results(tmp_path, "x", path)
    assert is_results(tmp_path / "x.csv") and is_results(tmp_path / "x.json")
    (tmp_path / "y.csv").write_text("sample,ecg\n1,0.2\n")
    (tmp_path / "y.json").write_text('{"fs": 250}')
    assert not any(map(is_results, [tmp_path / "y.csv", tmp_path / "y.json", path]))


def test_a_name_too_long_for_results_is_no_crash(files, tmp_path):
    paths = files(f"{'n' * 251}.csv", f"{'n' * 251}.edf")
    assert names(paths, tmp_path) == [f"{'n' * 251}_csv", f"{'n' * 251}_edf"]
