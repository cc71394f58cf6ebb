# SPDX-License-Identifier: Apache-2.0
#
# What scripts/test, scripts/demo and .ci/run share. Sourced, never run.

cd "$(dirname "${BASH_SOURCE[0]}")/.."

# A compiler cache when there is one; nothing needs it.
if [ -z "${CMAKE_CXX_COMPILER_LAUNCHER:-}" ] && command -v ccache > /dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi

# Compilers want about 1 GB each: on a machine of 2 GB one at a time, else one per core.
build_jobs() {
  local cores memory_gb
  cores=$(nproc)
  memory_gb=$(awk '/^MemTotal/ { print int($2 / 1024 / 1024 + 0.5) }' /proc/meminfo)
  echo $((memory_gb < cores ? (memory_gb > 0 ? memory_gb : 1) : cores))
}

# configure_and_build PRESET [CMAKE-BUILD-ARGUMENT...]: what CMake says at configuring is shown when it fails.
configure_and_build() {
  local preset=$1 said
  shift
  said=$(cmake --preset "$preset" 2>&1) || { echo "$said" >&2; return 1; }
  cmake --build --preset "$preset" -j "$(build_jobs)" "$@"
}

# run_tests PRESET [CTEST-ARGUMENT...]: runs ctest and leaves how many passed and failed in tests_passed and
# tests_failed, and which failed, a line each, in failed_tests. A GoogleTest binary counts as its cases, any
# other test as one; a binary that crashed or ran out of time wrote no cases and counts as one failure.
run_tests() {
  local preset=$1 status=0 results line name cases failures
  failed_tests=
  shift
  results=$PWD/build/$preset/test-results
  rm -rf "$results"
  mkdir -p "$results"
  ctest --preset "$preset" -j "$(nproc)" --output-junit "$results/ctest.junit" "$@" || status=$?
  tests_passed=0 tests_failed=0
  if [ -f "$results/ctest.junit" ]; then
    while IFS= read -r line; do
      name=${line#*name=\"}
      name=${name%%\"*}
      cases=1 failures=0
      if [ -f "$results/$name.xml" ]; then
        read -r cases failures < <(sed -n 's/^<testsuites tests="\([0-9]*\)" failures="\([0-9]*\)".*/\1 \2/p' "$results/$name.xml") || true
      fi
      case $line in
        *' status="run"'*) ;;
        *)
          failed_tests+="$name$(failed_cases "$results/$name.xml")"$'\n'
          [ "$failures" -gt 0 ] || failures=1
          ;;
      esac
      tests_passed=$((tests_passed + (cases > failures ? cases - failures : 0)))
      tests_failed=$((tests_failed + failures))
    done < <(grep '<testcase ' "$results/ctest.junit")
  fi
  # ctest itself failed (no test found, a fixture broken) although no test did.
  if [ "$status" -ne 0 ] && [ "$tests_failed" -eq 0 ]; then tests_failed=1; fi
  [ "$tests_failed" -eq 0 ]
}

# failed_cases FILE: of GoogleTest's results the cases that failed and where: " Suite.Case (file:line: what)"; nothing without such a file.
failed_cases() {
  [ ! -f "$1" ] || awk '
    function value(of,  begin) { begin = index($0, " " of "=\"") + length(of) + 3; return substr($0, begin, index(substr($0, begin), "\"") - 1) }
    /<testcase / { name = value("classname") "." value("name"); failed = 0 }
    /<failure / && !failed++ { what = substr(value("message"), 1, 240); gsub(/&#x0A;/, ": ", what); printf " %s (%s)", name, what }' "$1"
}

# write_tally FILE: what run_tests left, for who adds up several of these: "PASSED FAILED", then which failed, a line each.
write_tally() {
  { echo "$tests_passed $tests_failed"; printf '%s' "$failed_tests"; } > "$1"
}
