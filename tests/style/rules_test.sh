#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What scripts/rules (the argument) reads out of a small project's tests, and what it complains about.
set -euo pipefail
rules=$1
project=$(mktemp -d)
trap 'rm -rf "$project"' EXIT
mkdir -p "$project/tests/unit"

fail() { echo "rules_test: $1"; exit 1; }
expect() { grep -qF -- "$2" <<< "$1" || fail "nothing says: $2 in: $1"; }

cat > "$project/tests/unit/a_test.cpp" <<'CPP'
TEST_P(SuiteTest, ABehaviour) {  // GS-10, LOG-5
}
TEST_P(SuiteTest,
       ABehaviourOfALongName) {  // GS-10
}
TEST(SuiteTest, Another) {
  // GS-11 is not cited here, but behind the name.
}
CPP
cat > "$project/tests/b_test.py" <<'PY'
class Test:
    def test_of_python(self):
        """GS-12: what it says."""
    def test_of_nothing(self):
        pass
    def test_with_a_comment(self):  # GS-13
        pass
PY
table=$("$rules" --root "$project" GS)
expect "$table" '| GS-10 | `SuiteTest.ABehaviour` (tests/unit/a_test.cpp:1)<br>`SuiteTest.ABehaviourOfALongName` (tests/unit/a_test.cpp:3) |'
expect "$table" '| GS-11 | **no test cites it** |'
expect "$table" '| GS-12 | `test_of_python` (tests/b_test.py:2) |'
expect "$table" '| GS-13 | `test_with_a_comment` (tests/b_test.py:6) |'
expect "$table" 'Cited by a test: GS 3 of 19.'
"$rules" --root "$project" --check || fail "it complains about rules that there are"

echo 'TEST(Suite, OfARuleThatThereIsNot) {  // GS-99' >> "$project/tests/unit/a_test.cpp"
if said=$("$rules" --root "$project" --check 2>&1); then fail "a wrong number passes"; fi
expect "$said" 'tests/unit/a_test.cpp:9: Suite.OfARuleThatThereIsNot cites GS-99, and there is no such rule'
if said=$("$rules" --root "$project" NIX 2>&1); then fail "a wrong chapter passes"; fi
expect "$said" 'no chapter NIX'
echo "rules_test: passed"
