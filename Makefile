# Two commands matter: `make demo` and `make test`. Each does all its own set-up.
BIN := .venv/bin
SIMULATION = PYTHONPATH=tests $(BIN)/python -m simulation
.DEFAULT_GOAL := help
.PHONY: help setup demo test nightly campaign replay plants check bench search mutate outages fuzz system fmt pictures lock clean

help:  ## what there is to make
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup:  ## interpreter, .venv, locked packages, mosquitto and dbus-daemon (under 2 minutes, then seconds)
	@scripts/setup

demo: setup  ## a backward session against the simulated treadmill, and a strap trip (under 3 minutes)
	@$(BIN)/retrowalk demo

test: setup  ## the tests (under 10 minutes on 2 cores)
	@$(BIN)/pytest -n 3 --dist worksteal --timeout 180

nightly: setup  ## what takes too long for every run: programs × machines, then 10,000 stories or MINUTES=60 of them
	@$(BIN)/pytest -n 2 --dist worksteal --timeout 600 -m nightly
	@$(SIMULATION) campaign --seeds 10000 --minutes $(or $(MINUTES),60) --every-rule $(if $(HTML),--html $(HTML)) --json

campaign: setup  ## seeded stories of the whole daemon, judged (SEEDS=200 FROM=0 JOBS=… MINUTES=… LONG=1 PLANT=… HTML=… JSON=1)
	@$(SIMULATION) campaign --seeds $(or $(SEEDS),200) --from $(or $(FROM),0) $(if $(JOBS),--jobs $(JOBS)) \
		$(if $(MINUTES),--minutes $(MINUTES)) $(if $(LONG),--long) $(if $(PLANT),--plant $(PLANT)) \
		$(if $(HTML),--html $(HTML)) $(if $(JSON),--json)

replay: setup  ## one seed of the campaign as a story (SEED=… SHRINK=1 LONG=1 PLANT=…)
	@$(SIMULATION) replay $(SEED) $(if $(SHRINK),--shrink) $(if $(LONG),--long) $(if $(PLANT),--plant $(PLANT))

plants: setup  ## each defect that is planted into the daemon is found by the campaign (SEEDS=2000 JOBS=…)
	@$(SIMULATION) plants --seeds $(or $(SEEDS),2000) $(if $(JOBS),--jobs $(JOBS))

check: setup  ## format, lint, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup  ## the figures of benchmarks/, and whether they pass (under 20 minutes, 10 of them one session)
	@$(BIN)/python -m benchmarks

search: setup  ## every state near an ordinary session, from the real interlock (under a minute on 2 cores; AWAY=2: a minute)
	@PYTHONPATH=tests $(BIN)/python -m search --away $(or $(AWAY),1)

mutate: setup  ## every small fault in the interlock must fail a test (10 to 20 minutes on 2 cores; ONLY=ladder: one module)
	@PYTHONPATH=tests $(BIN)/python -m mutation $(if $(ONLY),--only $(ONLY))

outages: setup  ## kill, hang, cut off Bluetooth 100 times each in mid-session (under 25 minutes; RUNS=…, ONLY="killed hung", OUT=file.json)
	@PYTHONPATH=tests $(BIN)/python -m outages --runs $(or $(RUNS),100) $(if $(ONLY),--only $(ONLY)) $(if $(OUT),--out $(OUT))

fuzz: setup  ## every reader of outside bytes, guided by coverage (SECONDS_EACH=60, 10 minutes; ONLY="config marker")
	@UV_LINK_MODE=copy $(BIN)/uv pip install -q --require-hashes --target build/fuzz/packages -r requirements/fuzz.txt
	@PYTHONPATH=tests:build/fuzz/packages $(BIN)/python -m fuzz --seconds $(or $(SECONDS_EACH),60) $(if $(ONLY),--only $(ONLY))

system: setup  ## sessions, crashes, radio failures in a virtual machine: real kernel, bluetoothd, systemd (about an hour; ONLY=…, REPEAT=…, ARCH=arm64)
	@PYTHONPATH=tests $(BIN)/python -m system --arch $(or $(ARCH),amd64) --repeat $(or $(REPEAT),1) $(if $(ONLY),--only "$(ONLY)")

coverage: setup  ## each module of the core by its own test module alone: 100 % of lines and branches (a minute)
	@$(BIN)/python scripts/own_coverage.py

fmt: setup  ## rewrite the code in the house style
	@$(BIN)/ruff check --fix-only -q .
	@$(BIN)/ruff format .

pictures: setup  ## the pictures of the documents, from a real demo (under 3 minutes)
	@$(BIN)/python scripts/pictures.py

lock: setup  ## resolve the lock files anew
	@scripts/lock

clean:  ## remove what set-up made
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
