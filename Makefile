# make run      the whole chain on recordings of real patients that come with it (data/demo), in demo/; ends with the default
#               model labelling four minutes of one of them, beside the cardiologists' annotation
# make test     the tests; those on real recordings are skipped where there are none (ECG_DATA names their folder)
# make check    style and unused code (ruff), types (mypy); make test begins with it
# make fuzz     10,000 damaged files a reader of ecg/formats: each must be read, or refused in one line (tests/fuzz_formats.py);
#               and as many of model files and stored data (tests/fuzz_loaders.py)
# make kill     every stage killed 50 times at random moments (TIMES, SEED): no file is broken, a resumed training ends the same
# make soak     a simulated day (DAYS=7) through the monitor, with noise, gaps and electrodes that fall off (tests/soak.py)
# make results  every figure and table of the README and docs/results.md, from stored predictions (FRESH=1: predict again)
# Each sets up .venv by itself. PYTHON=python3.12 chooses another interpreter, 3.11 to 3.13.

PYTHON ?= python3
VENV   := .venv
# compiled when first imported: most of what is installed never is, and compiling it all takes minutes
PIP    := -m pip install --no-compile --quiet --disable-pip-version-check
PY     := $(VENV)/bin/python
unexport PYTHONDONTWRITEBYTECODE
DEMO   := --data demo/data --weight demo/weight
# what is trained there
MODEL  := self_interpatient

.PHONY: run check test fuzz kill soak results clean
.DELETE_ON_ERROR:

$(VENV)/ready: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "$$($(PYTHON) --version) is not 3.11 to 3.13: make PYTHON=python3.12 ..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(PY) $(PIP) -r requirements.txt
	@touch $@

$(VENV)/ready-test: $(VENV)/ready tests/requirements.txt requirements-formats.txt
	$(PY) $(PIP) -r tests/requirements.txt
	@touch $@

# The stages in order, small: a minute a patient, split by patient, few epochs. The weights this trains are worth nothing
# beyond the show.
run: $(VENV)/ready
	$(PY) data_preprocess.py --source demo --data demo/data
	$(PY) visualize.py --dataset --data demo/data --save demo/dataset.png
	$(PY) train.py --epochs 2 --batch 128 $(DEMO) --runs demo/runs
	$(PY) continue_train.py --epochs 1 --batch 128 $(DEMO) --runs demo/runs
	$(PY) evaluate.py $(DEMO)
	$(PY) export_onnx.py --model $(MODEL) $(DEMO)
	$(PY) Noisy_ECG_Signal.py --save demo/noisy.png
	$(PY) clean_ECG.py --save demo/cleaned.png
	$(PY) inference.py data/demo/excerpt/213.hea --model demo/weight/ecg_model_$(MODEL).onnx --lines 1
	$(PY) visualize.py --save demo/labels.png
	$(PY) inference.py --csv demo/beats.csv --json demo/beats.json --annotation demo --report demo/report.html
	@echo
	@echo "demo/ holds all of this: pictures (labels-2.png: the labels on the ECG), labels, and the report (report.html)."
	@echo "Who saw whom: the model trained here saw a minute each of 16 records, never 213; it is there to show the chain."
	@echo "The default model (context), which labelled beats.csv, report and pictures, has learnt from record 213 too;"
	@echo "context_interpatient, whose figures come last, never saw it: expect those on people of your own."

check: $(VENV)/ready-test
	$(PY) -m ruff check --quiet .
	$(PY) -m ruff format --quiet --check .
	$(PY) -m mypy --no-error-summary

test: check
	$(PY) -m pytest -q -n 2 --dist loadfile tests

fuzz: $(VENV)/ready-test
	$(PY) -m tests.fuzz_formats
	$(PY) -m tests.fuzz_loaders

kill: $(VENV)/ready-test
	$(PY) -m tests.kill $(if $(TIMES),--times $(TIMES)) $(if $(SEED),--seed $(SEED))

soak: $(VENV)/ready-test
	$(PY) -m tests.soak $(if $(DAYS),--days $(DAYS))

results: $(VENV)/ready
	$(PY) benchmarks/results.py $(if $(FRESH),--fresh)
	@if [ -d data/mitdb ]; then $(PY) benchmarks/gallery.py docs --records data/mitdb; \
		else echo "data/mitdb is missing: the pictures of docs/gallery.md stay as they are"; fi

clean:
	rm -rf demo .pytest_cache
