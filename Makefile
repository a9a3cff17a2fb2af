# Everything here runs as root on Debian, and installs by itself what it needs (tools/setup).
MAKEFLAGS += --no-print-directory
# Programs of the environment find each other by PATH.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
LAB = demo
HOST ?= client
SCENARIO ?= dial
# bookworm (Debian 12) or trixie (Debian 13)
IMAGE ?= bookworm
PART ?=
MINUTES ?= 10

.PHONY: help demo demo-down lab-up lab-down lab-ssh test soak quick lint sanity unit integration molecule installed \
	pythons galaxy bench docs changelog build clean root setup-run setup-test

help: ## show this help
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

demo: root setup-run ## boot a server and two clients, run site.yml on them, show before and after [IMAGE=trixie]
	@python3 tests/demo --image $(IMAGE)

demo-down: lab-down ## end the hosts of the demo

lab-up: root setup-run ## boot the hosts of the demo, and no more [IMAGE=trixie]
	@tests/lab/lab up tests/lab/topologies/guide.yml --name $(LAB) --image $(IMAGE)

lab-down: ## end them
	@tests/lab/lab down $(LAB)

lab-ssh: ## log in to one of them [HOST=server]
	@tests/lab/lab ssh $(LAB) $(HOST)

test: root setup-test ## all tests: lint, sanity, unit, integration, installed and each Molecule scenario
	@python tools/all.py

quick: setup-test ## what to run before each commit: ruff, mypy and the quick unit tests, in less than a minute
	@tools/lint quick
	@python -m pytest -q -n 2 -m "not slow" tests/unit

lint: setup-test ## linters, types, documentation
	@tools/lint

sanity: setup-test ## ansible-test sanity
	@tools/sanity

unit: setup-test ## unit tests, with what they cover
	@python -m pytest -n 2 --cov --cov-report=term tests/unit

integration: root setup-test ## tests of modules on real files, processes and network namespaces
	@python -m pytest tests/integration

molecule: root setup-test ## one Molecule scenario [SCENARIO=default]
	@molecule test -s $(SCENARIO)

installed: root setup-test ## build, install and use the collection as a user does
	@tools/installed

pythons: setup-test ## unit tests of the modules on each Python that this machine has
	@tools/pythons

galaxy: setup-test ## what Galaxy's importer says to the collection
	@tools/galaxy

soak: root setup-run ## random faults under many customers, for as long as you like [MINUTES=10] [PART=faults]
	@python3 tests/soak --minutes $(MINUTES) $(PART)

bench: root setup-run ## figures and ratios, which no test asserts [PART=accounts]
	@python tests/bench $(PART)

docs: setup-test ## write README.md of each role, and build the documentation as a site in .build/site
	@python tools/role_readme.py --write
	@python tools/architecture.py --write
	@tools/site

changelog: setup-test ## CHANGELOG.rst for the version in galaxy.yml: takes up fragments and new modules
	@antsibull-changelog release --update-existing

build: setup-run ## the tarball for Galaxy
	@ansible-galaxy collection build --force

clean: ## remove what was made here, but for labs that are up
	rm -rf .build .venv .*_cache .hypothesis *.tar.gz
	find . -name __pycache__ -not -path './.lab/*' -prune -exec rm -rf {} +

# Said before anything is set up: the lab makes network namespaces.
root:
	@[ "$$(id -u)" = 0 ] || { echo "make: this needs root: network namespaces and hosts are made" >&2; exit 2; }

setup-run:
	@tools/setup run

setup-test:
	@tools/setup test
