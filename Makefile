# Everyday commands. Each installs the Debian packages it lacks, configures once and builds what changed. CMake does the
# work: `cmake --preset dev && cmake --build --preset dev` serves as well.

PORT ?= 8080
FUZZ_SECONDS ?= 30
JOBS ?= $(shell nproc)

.DEFAULT_GOAL := help
.PHONY: help build run test asan tsan fuzz bench lint clean

# $(call ready,<preset>,<package sets>[,<target>]): that preset, built.
ready = @tools/install_packages.sh $(2) && $(MAKE) --no-print-directory build/$(1)/build.ninja \
  && cmake --build build/$(1) -j $(JOBS) $(addprefix --target ,$(3))

help: ## list these targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

build: ## build the libraries, the torc program, tests and examples into build/release
	$(call ready,release,build test)

run: ## serve examples/site on http://127.0.0.1:8080/ (PORT=... for another port)
	$(call ready,release,build test,torc)
	build/release/bin/torc web --listen tcp:$(PORT):address=127.0.0.1 --path examples/site

test: ## build and run every test
	$(call ready,release,build test)
	@ctest --preset release

asan: ## run the tests under AddressSanitizer and UndefinedBehaviorSanitizer
tsan: ## run the tests under ThreadSanitizer
asan tsan:
	$(call ready,$@,build test)
	@ctest --preset $@

fuzz: ## run each fuzz target for FUZZ_SECONDS=30; finds are kept in build/fuzz/corpus
	$(call ready,fuzz,build test)
	@set -e; for target in build/fuzz/bin/fuzz/*_fuzz; do \
	  name=$$(basename $$target _fuzz); seeds=tests/fuzz/corpus/$$name; found=build/fuzz/corpus/$$name; \
	  mkdir -p $$found; echo "== $$name"; \
	  $$target -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
	    -artifact_prefix=build/fuzz/$$name- $$found $$(test ! -d $$seeds || echo $$seeds); \
	done

bench: ## build and run the benchmarks, print the table
	@tools/install_packages.sh build test bench && cmake --preset release >/dev/null
	$(call ready,release,build test bench)
	@bench/run.py --build build/release

lint: ## check layers, headers and clang-tidy's advice; list what clang-format would change
	$(call ready,release,build test lint)
	@tools/check_layers
	@tools/check_headers build/release
	@git ls-files '*.hpp' '*.cpp' | xargs clang-format-19 --dry-run 2>&1 | sed -n 's/:.*clang-format-violations.*/: clang-format differs/p' | uniq
	@run-clang-tidy-19 -quiet -p build/release -j $(JOBS) '$(CURDIR)/(src|examples)/.*'

clean: ## remove every build
	rm -rf build

# Ninja runs CMake again by itself when a CMake file changes; only this rule knows of the presets.
build/%/build.ninja: CMakePresets.json
	@cmake --preset $* && touch $@
