"""The picture of the data set."""

from ecg.figures import dataset


def test_dataset_shows_real_rows_only(data):
    figure = dataset.plot_dataset(data[0], per_class=20)
    lines = [line for ax in figure.axes for line in ax.lines]
    assert len(lines) == 20 + 6 + 8 + 3 + 10  # no more than there are
    assert (
        max(line.get_ydata().max() for line in lines) < 2
    )  # the filler of 9 stands for SMOTE's rows
