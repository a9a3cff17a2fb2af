# Run as root on Debian. Each target installs what it needs (tools/setup).
MAKEFLAGS += --no-print-directory
# Programs of the environment find each other by PATH.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
LAB = demo
HOST ?= client
SCENARIO ?= dial
# bookworm (Debian 12) or trixie (Debian 13)
IMAGE ?= bookworm
# rp-pppoe, or l2tpns: a cluster of two servers, without PPP in a kernel
ENGINE ?= rp-pppoe
PART ?=
# What `make test` leaves out, since it takes time.
COVERAGE = --cov --cov-report=term
MINUTES ?= 10

.PHONY: help demo demo-down demo-isp demo-isp-down lab-up lab-down lab-ssh test soak quick lint sanity unit integration molecule installed \
	pythons galaxy bench docs changelog build clean root setup-run setup-test

help: ## show this help
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

demo: root setup-run ## boot a server and two clients, run site.yml on them, show before and after [IMAGE=trixie] [ENGINE=l2tpns]
	@$(if $(filter l2tpns,$(ENGINE)),python3 tests/demo/cluster.py,python3 tests/demo --image $(IMAGE))

demo-down: ## remove the hosts of the demo [ENGINE=l2tpns]
	@tests/lab/lab down $(if $(filter l2tpns,$(ENGINE)),demo-cluster,$(LAB))

demo-isp: root setup-run ## two servers, a RADIUS centre, four customers: moves, an outage, a disconnect
	@python3 tests/demo/isp.py

demo-isp-down: ## remove the hosts of that demo
	@tests/lab/lab down demo-isp

lab-up: root setup-run ## only boot the hosts of the demo [IMAGE=trixie]
	@tests/lab/lab up tests/lab/topologies/guide.yml --name $(LAB) --image $(IMAGE)

lab-down: ## remove them
	@tests/lab/lab down $(LAB)

lab-ssh: ## log in to one of them [HOST=server]
	@tests/lab/lab ssh $(LAB) $(HOST)

test: root setup-test ## all tests: lint, sanity, unit, integration, installed and every Molecule scenario
	@python tools/all.py

quick: setup-test ## before each commit: ruff, mypy and the quick unit tests, in less than a minute
	@tools/lint quick
	@python -m pytest -q -n 2 -m "not slow" tests/unit

lint: setup-test ## all linters, type checks, documentation
	@tools/lint

sanity: setup-test ## ansible-test sanity
	@tools/sanity

unit: setup-test ## all unit tests, with coverage
	@python -m pytest -n 2 $(COVERAGE) tests/unit

integration: root setup-test ## test modules on real files, processes and network namespaces
	@python -m pytest tests/integration

molecule: root setup-test ## run a Molecule scenario [SCENARIO=default]
	@molecule test -s $(SCENARIO)

installed: root setup-test ## build, install and use the collection as a user would
	@tools/installed

pythons: setup-test ## unit tests of the modules on every supported Python that is installed
	@tools/pythons

galaxy: setup-test ## run Galaxy's importer on the collection
	@tools/galaxy

soak: root setup-run ## random faults under many customers, for as long as you like [MINUTES=10] [PART=faults]
	@python3 tests/soak --minutes $(MINUTES) $(PART)

bench: root setup-run ## benchmarks [PART=accounts]
	@python tests/bench $(PART)

docs: setup-test ## update generated documentation, and build the site in .build/site
	@python tools/role_readme.py --write
	@python tools/architecture.py --write
	@tools/site

changelog: setup-test ## write CHANGELOG.rst for the version in galaxy.yml, from fragments and new modules
	@antsibull-changelog release --update-existing

build: setup-run ## build the tarball for Galaxy
	@ansible-galaxy collection build --force

clean: ## remove everything that was created, except running labs
	rm -rf .build .venv .*_cache .hypothesis *.tar.gz
	find . -name __pycache__ -not -path './.lab/*' -prune -exec rm -rf {} +

# Said before anything is set up: the lab makes network namespaces.
root:
	@[ "$$(id -u)" = 0 ] || { echo "make: this needs root: network namespaces and hosts are made" >&2; exit 2; }

setup-run:
	@tools/setup run

setup-test:
	@tools/setup test
