"""The sampling rate in the words and units of many programs and languages, each on a line."""

import pytest

from ecg.formats.text.rate import rate_of


@pytest.mark.parametrize(
    "line, fs",
    [
        ("Sampling Rate (Hz): 250", 250),
        ("Sampling frequency [Hz],250", 250),
        ("250 samples/second", 250),
        ("250 SPS", 250),
        ("250 sps", 250),
        ("500 Samples/s", 500),
        ("1 kS/s", 1000),
        ("Rate: 250 S/s", 250),
        ("Samples per second: 250", 250),
        ("sampling_rate_hz,250", 250),
        ("# Sampling Rate (Hz):= 2000.0", 2000),
        ("%Sample Rate = 250.0 Hz", 250),
        ("fs=250.0 Hz", 250),
        ("# fs = 250", 250),
        ("fs_hz=250", 250),
        ("SamplingRate=250", 250),
        ("samplerate 360", 360),
        ("SR=500", 500),
        ("sfreq: 256", 256),
        ("Samp. rate 250", 250),
        ("Sampl.Freq.: 500", 500),
        ("ECG_SAMPLE_RATE=300", 300),
        ("Sample Rate;250;Hz", 250),
        ("sampling rate per channel: 250", 250),
        ("Sampling Rate [1/s]: 250", 250),
        ("Sampling Freq. [kHz]: 1", 1000),
        ("Sampling frequency = 0.25 kHz", 250),
        ("Sampling Rate: 1e3", 1000),
        ('{"sampling rate": 1000, "x": 3}', 1000),
        ("250 Hz sampling rate", 250),
        ("Sampled at 250Hz", 250),
        ("Digitised at 360 samples per second per channel", 360),
        ("Frequency,250", 250),
        ("Hz: 250", 250),
        ("Rate,250 Hz", 250),
        ("Sampling rate: 25", 25),  # no ECG's, which is said later
        # intervals
        ("Sample interval (ms): 4", 250),
        ("Sampling interval: 0.004 s", 250),
        ("Sampling period: 4 ms", 250),
        ("Sampling period = 4000 us", 250),
        ("Sample Period (s)=0.002", 500),
        ("sampling_interval_ms=4", 250),
        ("sample_interval,0.004", 250),
        ("Sample Interval: 4", 250),
        ("Sample time: 0,004 s", 250),
        ("Time interval: 4 ms", 250),
        ("Interval=\t0.001 s", 1000),
        ("dt = 0.004", 250),
        ("1 msec/sample", 1000),
        ("0.5 msec/sample\tSample rate =\t2000Hz", 2000),
        ("Sampling Rate: 4 ms", 250),
        # German
        ("Abtastrate (Hz): 250", 250),
        ("Abtastfrequenz: 250,0 Hz", 250),
        ("Abtastintervall: 4 ms", 250),
        ("Messrate,511,422\u00a0Hertz", 511.422),
        # French
        ("Fréquence d'échantillonnage : 250 Hz", 250),
        ("Fréquence d’échantillonnage,512 hertz", 512),
        ("Fréquence d'échantillonnage: 1.000 Hz", 1000),  # a point between thousands
        ("Période d'échantillonnage: 2 ms", 500),
        # Spanish, Portuguese, Italian, Polish, Turkish
        ("frecuencia de muestreo: 360 Hz", 360),
        ("Intervalo de muestreo: 4 ms", 250),
        ("Taxa de amostragem: 1000", 1000),
        ("Frequenza di campionamento: 500 Hz", 500),
        ("Częstotliwość próbkowania: 250 Hz", 250),
        ("Örnekleme frekansı: 250 Hz", 250),
        # Chinese, Japanese, Korean, Russian
        ("采样率: 250", 250),
        ("采样频率：500", 500),
        ("採樣率：500 Hz", 500),
        ("取样率：250点/秒", 250),
        ("采样率,512赫兹", 512),
        ("采样间隔: 4 毫秒", 250),
        ("采样周期(ms): 2", 500),
        ("サンプリング周波数（Hz）：250", 250),
        ("표본화율: 250", 250),
        ("샘플링 주파수: 250 Hz", 250),
        ("샘플링: 250 Hz", 250),
        ("Частота дискретизации: 250 Гц", 250),
        ("Частота дискретизации: 1 кГц", 1000),
    ],
)
def test_a_line_tells_the_rate(line, fs):
    assert rate_of(["Patient: 17", line, "Gain: 10"]) == pytest.approx(fs, rel=1e-12)


@pytest.mark.parametrize(
    "line",
    [
        "Samples: 2500",
        "Number of samples: 250",
        "Heart rate: 72",
        "Average Heart Rate,64 bpm",
        "Samples: 2500; Heart rate: 72",
        "Filter: 0.5 - 40 Hz, notch 50 Hz",
        "Notch 60 Hz",
        "Band: 150 Hz",
        "Tiefpassfilter 150 Hz",
        "Range: 5 mV",
        "Sweep speed 25 mm/s",
        "Baud rate: 115200",
        "Duration: 250 s",
        "Sample time: 30 s",
        "Recording time: 3600 s",
        "Acquisition time: 12:30:00",
        "Recording date: 2024-05-01",
        "Interval: 2 days",
        "RR interval: 800 ms",
        "QT interval: 400 ms",
        "Sampling site: ward 250",
        "Sample Index, EXG Channel 0",
        "Software Version,1.90",
    ],
)
def test_other_figures_are_no_rate(line):
    assert rate_of([line]) is None


def test_of_two_rates_that_of_the_ecg_is_taken():
    assert rate_of(["ACC sampling rate: 50 Hz", "ECG sampling rate: 250 Hz"]) == 250
    assert rate_of(["Original sampling rate: 1000 Hz", "Sampling rate: 250 Hz"]) == 250
    assert rate_of(["Filter 50 Hz", "measured with 500 Hz"]) == 500
    assert rate_of(["100 Hz or 500 Hz"]) is None
