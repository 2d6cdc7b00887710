#!/usr/bin/env bash
# What CI runs, cheapest first; the first failure stops. `make test` calls this with .venv on PATH.
#   tools/check.sh               every stage
#   tools/check.sh lint types    only these
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

stages=(lint types build docs package sanitizers tests)
scratch=$(mktemp -d)
stage=

finish() {
  local status=$?
  rm -rf "$scratch"
  [ "$status" -eq 0 ] || printf '\ncheck.sh: FAILED in stage "%s"\n' "$stage" >&2
}
trap finish EXIT

quietly() { # a command whose output matters only when it fails
  "$@" >"$scratch/log" 2>&1 || {
    cat "$scratch/log" >&2
    return 1
  }
}

lint() {
  ruff check --quiet .
  ruff format --quiet --check .
  find csrc -name '*.?pp' -print0 | xargs -0 clang-format --dry-run --Werror
}

types() {
  mypy
}

build() { # the kernels that the tests use, in place, unless `make` has just built them
  local kernels=(disentlib/_kernels.*.so)
  if [ ! -e "${kernels[0]}" ] || [ -n "$(find csrc setup.py -newer "${kernels[0]}")" ]; then
    DISENTLIB_WERROR=1 python setup.py --quiet build_ext --inplace
  fi
}

docs() {
  # Never with --quiet: it hides the warnings from --strict, too.
  NO_MKDOCS_2_WARNING=1 quietly mkdocs build --strict --site-dir "$scratch/site"
}

package() { # an sdist, a wheel made from it alone, and that wheel used far from this checkout
  DISENTLIB_WERROR=1 quietly python -m build --no-isolation --outdir "$scratch/dist" .
  python tools/check_contents.py "$scratch"/dist/*
  # A bare environment that borrows the dependencies, but not the editable install, of this one.
  python -m venv --without-pip "$scratch/venv"
  python -m pip --quiet --python "$scratch/venv/bin/python" \
    install --ignore-installed --no-deps --no-index "$scratch"/dist/*.whl
  local purelib='import sysconfig; print(sysconfig.get_path("purelib"))'
  python -c "$purelib" >"$("$scratch/venv/bin/python" -c "$purelib")/dependencies.pth"
  local root=$PWD
  (cd "$scratch" && env -u PYTHONPATH venv/bin/python -W error "$root/tools/check_installed.py" venv)
}

sanitizers() { # the kernel tests with the kernels under AddressSanitizer and UBSan
  DISENTLIB_SANITIZE=1 quietly python setup.py build \
    --build-temp "$scratch/sanitized.o" --build-lib "$scratch/sanitized"
  # Both libraries come first, or the runtime finds no exceptions to intercept. TensorFlow does not
  # live under AddressSanitizer, so files that import it stay out.
  local tests
  mapfile -t tests < <(grep -rL tensorflow --include='test_*.py' tests/ops | sort)
  env PYTHONPATH="$scratch/sanitized" PYTHONSAFEPATH=1 PYTHONMALLOC=malloc \
    ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
    LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libstdc++.so)" \
    python -m pytest --quiet --capture=sys -p no:cacheprovider "${tests[@]}"
}

tests() { # warnings are errors: pyproject.toml
  # Two processes, each file in one of them: what a file shares is made once.
  python -m pytest --numprocesses 2 --dist loadfile
}

for stage in "${@:-${stages[@]}}"; do
  [[ " ${stages[*]} " == *" $stage "* ]] || {
    echo "check.sh: no stage \"$stage\"; there are: ${stages[*]}" >&2
    exit 2
  }
  printf '\n==== %s\n' "$stage"
  SECONDS=0
  "$stage"
  [ "$stage" = tests ] || printf '     %s: good, %d s\n' "$stage" "$SECONDS"
done
