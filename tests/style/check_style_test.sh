#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal:   scripts/check-style finds each fault that it promises to find, and nothing in a clean tree.
# Method: a tiny tree with one fault at a time; the finding must name the file and the rule.
set -euo pipefail

check=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cp "$(dirname "$check")/../.clang-format" "$tree"
licence='// SPDX-License-Identifier: Apache-2.0'
failed=0

write() {  # PATH LINE...
  mkdir -p "$tree/$(dirname "$1")"
  local path=$1
  shift
  printf '%s\n' "$@" > "$tree/$path"
}
expect() {  # NAME PATH EXPECTED-TEXT LINE...
  local name=$1 path=$2 wanted=$3 said status=0
  shift 3
  write "$path" "$@"
  said=$("$check" "$tree" 2>&1) || status=$?
  if [ "$status" -ne 1 ] || [[ $said != *"$path"*"$wanted"* ]]; then
    echo "FAILED: $name: status $status, said: $said"
    failed=1
  fi
  rm "$tree/$path"
}

write runtime/src/base/good.hpp "$licence" '#pragma once' '#include "pulpo/result.hpp"'
write net/src/link/good.cpp "$licence" '#include <sodium.h>' '' '#include "io/loop.hpp"' '#include "wire/frame.hpp"' '// getaddrinfo() is not called.'
if ! said=$("$check" "$tree" 2>&1); then
  echo "FAILED: a clean tree passes, said: $said"
  failed=1
fi

expect 'a file without the licence line' runtime/src/base/a.cpp 'first line' 'int x;'
expect 'a header without pragma once' runtime/src/base/a.hpp 'pragma once' "$licence" 'int x;'
expect 'iostream in the product' apps/a.cpp '<iostream>' "$licence" '#include <iostream>'
expect 'an include that points upwards' runtime/src/base/a.cpp 'layer base must not know layer proc' "$licence" '#include "proc/message.hpp"'
expect 'a public header of a higher layer' runtime/src/io/a.cpp 'layer io must not know layer term' "$licence" '#include "pulpo/term.hpp"'
expect 'the runtime knowing the net' runtime/src/otp/a.cpp 'layer otp must not know layer dist' "$licence" '#include "dist/session.hpp"'
expect 'the mapper knowing terms' net/src/mapper/a.cpp 'layer mapper must not know layer term' "$licence" '#include "pulpo/atom.hpp"'
expect 'a public header with a private one' runtime/include/pulpo/runtime.hpp 'public headers only' "$licence" '#pragma once' '#include "proc/message.hpp"'
expect 'an unknown layer' net/src/magic/a.cpp 'no layer is called magic' "$licence" 'int x;'
expect 'liburing outside io' runtime/src/proc/a.cpp 'liburing' "$licence" '#include <liburing.h>'
expect 'Boost.Context outside its file' runtime/src/proc/a.cpp 'Boost.Context' "$licence" '#include <boost/context/detail/fcontext.hpp>'
expect 'protozero outside wire' net/src/link/a.cpp 'protozero' "$licence" '#include <protozero/pbf_reader.hpp>'
expect 'libsodium outside link' net/src/wire/a.cpp 'libsodium' "$licence" '#include <sodium.h>'
expect 'getaddrinfo' runtime/src/io/a.cpp 'getaddrinfo' "$licence" 'int x = getaddrinfo(0, 0, 0, 0);'
expect 'a clock above the loop' runtime/src/proc/a.cpp 'reads a clock' "$licence" 'auto t = std::chrono::steady_clock::now();'
expect 'system randomness above the loop' net/src/dist/a.cpp 'pulpo::Random' "$licence" 'std::random_device d;'
expect 'something left to do' apps/a.cpp 'finish it' "$licence" "// TO""DO: later"
expect 'a file that clang-format would change' apps/a.cpp 'clang-format' "$licence" 'int   x;'
mapfile -t many < <(yes 'int x;' | head -n 700 || true)
expect 'a file that is too long' tests/a.cpp 'over 700 lines' "$licence" "${many[@]}"

[ "$failed" -eq 0 ] && echo 'every fault is found'
