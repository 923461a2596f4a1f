"""The most frequent confusions, and which files of predictions are refused."""

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.figures.errors import errors_page, plot_errors


def test_errors_stand_by_frequency_the_surest_first_with_record_and_time(data):
    _, _, table, rows = data
    figure = plot_errors(table, rows, confusions=6, examples=3)
    grid = np.array(figure.axes).reshape(2, 3)
    assert [line[0].get_ylabel() for line in grid] == ["N → V\n3", "S → N\n1"]
    titles = [ax.get_title(loc="left") for ax in grid[0]]
    assert (
        titles[0].startswith("101  0:10.0") and "V 95%" in titles[0]
    )  # the surest, at sample 3600 of record 101
    drawn = grid[0][0].lines[0].get_ydata()
    assert np.allclose(drawn, rows[1][: len(drawn)])
    with pytest.raises(InputError, match="no error"):
        plot_errors(table.assign(predicted=table["true"]), rows)


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "\x00\xff"])
def test_a_file_that_is_no_table_of_predictions_is_refused(data, tmp_path, content):
    path = tmp_path / "self_test.csv"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(InputError, match="no table of predictions"):
        errors_page(path, data[0])


def test_predictions_of_other_rows_are_refused(data, tmp_path):
    folder, _, table, _ = data
    path = tmp_path / "self_test.csv"
    table[::-1].to_csv(path, index=False)
    with pytest.raises(InputError, match="other rows"):
        errors_page(path, folder)
