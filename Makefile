# Everything is installed into this folder (.tools, node_modules), built into .build and cdk.out, and run from .rehearsal.
.DEFAULT_GOAL := help
.PHONY: help rehearse report drill bench-heal rehearse-links rehearse-changes rehearse-rekey rehearse-stock test prove check figures synth cdk-bootstrap doctor plan look pause resume deploy destroy lambda-asset azure-package bench-import format lock clean setup setup-rehearsal

SHELL := bash
export PATH := $(CURDIR)/.tools/venv/bin:$(PATH)
export PYTHONDONTWRITEBYTECODE := 1
# The CDK command line asks nobody anything: no notices, no version check, no telemetry.
export CDK_DISABLE_VERSION_CHECK := 1
export CDK_DISABLE_CLI_TELEMETRY := true
export CDK_HOME := $(CURDIR)/.tools/cdk

CODE := link gateway lambdas azure_functions stacks causeway rehearsal tests tools app.py
CDK := node $(CURDIR)/node_modules/aws-cdk/bin/cdk --no-notices
SCRIPTS := .ci/run tools/find-python tools/setup tools/setup-data-plane tools/setup-picture tools/build-lambda tools/build-azure tools/lock

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 20

rehearse: setup-rehearsal lambda-asset ## deploy a link on an embedded pair of clouds, check it, take it down
	@python -m rehearsal run

rehearse-changes: setup-rehearsal lambda-asset ## change a running link by `cdk deploy`, with a ping all the while; prints the lost ones
	@python -m rehearsal changes

rehearse-rekey: setup-rehearsal lambda-asset ## let either side renew its SAs every half minute, with a ping all the while; none may be lost
	@python -m rehearsal rekey

rehearse-stock: setup-rehearsal lambda-asset ## the same from Debian's stock image, which installs its packages as it boots
	@python -m rehearsal.stock

rehearse-links: setup-rehearsal lambda-asset ## several links at once, of which one fails and one goes
	@python -m rehearsal links

report: setup-rehearsal lambda-asset ## the cost mail of a rehearsed link, with pictures of it, into .rehearsal/report
	@tools/setup-picture
	@python -m rehearsal report

drill: setup-rehearsal lambda-asset ## NAME="one two" or all: break a link and show how it heals; OPTIONS=--resume, --list, --without-remedy, --muted, --active-active
	@python -m rehearsal drill $(if $(filter all,$(NAME)),--all,$(NAME)) $(OPTIONS)

bench-heal: setup-rehearsal lambda-asset ## seconds until traffic is restored, medians of five, and a bare boot beside them
	@python -m rehearsal bench-heal

test: setup lambda-asset azure-package ## unit tests: no root, no network, no credentials
	@rm -rf .build/tmp && mkdir -p .build/tmp
	@TMPDIR=$(CURDIR)/.build/tmp pytest -n 2 -m 'not root' # the CDK leaves folders of its own in the temporary one

prove: setup lambda-asset ## every case of the proofs of which `make test` runs a spread (docs/proofs.md)
	@PROVE_EVERY=1 pytest tests/walks/test_faults.py
	@PROVE_WORLDS=10000 pytest -n 2 tests/link/test_convergence.py
	@PROVE_YEARS=20 pytest -n 2 tests/link/cost/test_year.py

check: setup ## formatting, lint, types, import contracts, shell lint, cdk-nag
	@ruff format --check --quiet --output-format concise . || { echo "run 'make format'"; exit 1; }
	@ruff check --quiet .
	@lint-imports --no-logo >.build/imports.log || { cat .build/imports.log; exit 1; }
	@mypy --no-error-summary $(wildcard $(CODE))
	@shellcheck $(SCRIPTS)
	@python -m tools.nag
	@echo "check passed"

figures: setup lambda-asset ## the product's size and speed in figures, into .build/figures.json; what was not measured is absent
	@python -m tools.figures

format: setup ## write the code as `make check` wants it
	@ruff format . && ruff check --fix-only .

synth: setup lambda-asset ## the CloudFormation templates, linted; needs no credentials
	@$(CDK) synth --quiet --no-lookups
	# W3005: the CDK names a dependency that a reference implies already.
	@cfn-lint --non-zero-exit-code warning --ignore-checks W3005 --template cdk.out/*.template.json
	@python tools/state_machines.py cdk.out .build/asl
	@for file in .build/asl/*.json; do node_modules/.bin/asl-validator --json-path "$$file" --silent || exit 1; done
	@echo "synth passed: $$(ls cdk.out/*.template.json | wc -l) template(s), $$(ls .build/asl | wc -l) state machine(s)"

cdk-bootstrap: setup ## once in each AWS account and region; the account of the credentials in the environment
	@cd .build && $(CDK) bootstrap

look: setup ## LINK=name: have the watch look at this link now
	@python -m causeway look "$(LINK)"

pause: setup ## LINK=name MINUTES=n [WHY=text]: for so long this link is looked at, and nothing is changed
	@python -m causeway pause "$(LINK)" --minutes "$(MINUTES)" $(if $(WHY),--why "$(WHY)")

resume: setup ## LINK=name: end a pause
	@python -m causeway resume "$(LINK)"

doctor: setup ## whether all that a deployment needs is there, and what is to be done where it is not; nothing is changed
	@python -m causeway doctor

plan: setup ## LINK=name: what a deployment would do to this link, and why; nothing is changed
	@python -m causeway plan "$(LINK)"

# After a stack has failed, aws-cdk 2.1148.1 lets those that run come to their end but begins no further one (WorkGraph in
# its lib/index.js). So that one link cannot stop another all begin at once; rehearsal/deploy.py reads this line too.
AT_ONCE := --all --concurrency 100

# With several stacks at once cdk can ask nobody, and fails where it would have to: `cdk diff` shows permissions before.
deploy: setup lambda-asset ## build the links of cdk.json, all at once; returns when they are verified
	@$(CDK) deploy $(AT_ONCE) --require-approval never

destroy: setup lambda-asset ## remove the links of cdk.json, both sides, all at once
	@$(CDK) destroy $(AT_ONCE)

lambda-asset: setup
	@tools/build-lambda

azure-package: setup ## the Function app as a folder and a zip, complete and compiled; `azd up` takes the folder
	@tools/build-azure

bench-import: azure-package ## how long a cold start of the Function imports, with the package's bytecode and without
	@python -m tools.bench_import

setup:
	@mkdir -p .build
	@tools/setup venv node

setup-rehearsal: setup
	@tools/setup emulator lambda
	@tools/setup-data-plane

schema: setup ## write cdk.schema.json anew after a change of the spec
	@python -m tools.schema

lock: setup ## compile the lock files anew after a change of a requirements file
	@tools/lock

clean: ## remove what was built and run; what was installed stays (rm -r .tools node_modules)
	@[ ! -d .rehearsal ] || python -m rehearsal down
	@rm -rf .build .rehearsal cdk.out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -not -path './.tools/*' -not -path './node_modules/*' -prune -exec rm -rf {} +
