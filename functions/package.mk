# How a function's package is made: its door (app.py), the house (src/cliploop) and the locked libraries, and nothing
# else. `sam build` and the local stack call the same targets. Needs pip, but neither Docker nor the target's
# interpreter: pip takes the wheels of the platform that it is told.
#
#   ARTIFACTS_DIR  where to (SAM sets it)        ARCH     arm64 | x86_64
#   PYTHON         whose pip to use              RUNTIME  python3.12 | python3.13 | python3.14

ARCH ?= arm64
RUNTIME ?= python3.13
PYTHON ?= python3

# From the place of the makefiles, not of the shell: SAM may run this in a copy of the function's folder.
door := $(abspath $(dir $(firstword $(MAKEFILE_LIST))))
root := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))..)
minor := $(patsubst python%,%,$(RUNTIME))
machine := $(patsubst arm64,aarch64,$(ARCH))

# Both tags: pip does not add the older ones by itself, and with one of them alone it falls back, without a word, to
# whatever ancient release happens to carry that tag.
wheels := --platform manylinux_2_28_$(machine) --platform manylinux2014_$(machine) \
	--python-version $(minor) --implementation cp --only-binary=:all:

.PHONY: package
package:
	@test -n "$(ARTIFACTS_DIR)" || { echo "Set ARTIFACTS_DIR, or run 'make build' in $(root)." >&2; exit 2; }
	mkdir -p "$(ARTIFACTS_DIR)"
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-compile --upgrade $(wheels) \
		--require-hashes --no-deps --requirement "$(door)/requirements.txt" --target "$(ARTIFACTS_DIR)"
	cp "$(door)/app.py" "$(ARTIFACTS_DIR)/"
	rm -rf "$(ARTIFACTS_DIR)/cliploop" && cp -R "$(root)/src/cliploop" "$(ARTIFACTS_DIR)/"
	@# What no function imports, for the 250 MiB that a function and its layers may have: a third of NumPy is its tests
	@# and C headers, a tenth of Pillow reads and writes AVIF. cliploop/testing is for tests.
	cd "$(ARTIFACTS_DIR)" && rm -rf bin cliploop/testing numpy/_core/include numpy/f2py \
		numpy/_core/_simd.* numpy/_core/*_tests.* PIL/_avif.* pillow.libs/libavif-*
	find "$(ARTIFACTS_DIR)" -depth -type d \( -name tests -o -name __pycache__ \) -exec rm -rf {} +
	find "$(ARTIFACTS_DIR)" -type f \( -name '*.pyi' -o -name '*.a' -o -name '*.h' -o -name '*.pxd' \) -delete
	@# Lambda cannot write .pyc files beside the code, so without them each cold start compiles everything again
	@# (+0.5 s). Hashes unchecked: unzipping changes the times that Python would compare.
	@for python in $(RUNTIME) $(PYTHON); do \
		if [ "$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$(minor)" ]; then \
			exec $$python -m compileall -q --invalidation-mode unchecked-hash \
				-s "$(ARTIFACTS_DIR)" -p /var/task "$(ARTIFACTS_DIR)"; \
		fi; \
	done; \
	echo "No python$(minor) here: the package goes without .pyc files (it works; cold starts are 0.5 s slower)."
