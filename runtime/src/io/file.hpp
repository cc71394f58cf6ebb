// SPDX-License-Identifier: Apache-2.0
//
// File: opening files and devices, the same for every loop on a real kernel.
//
//   Ownership  A descriptor that is returned is the caller's.
//   Threads    Any.
//   Suspends   open() of a regular file for as long as its disk takes; of a device never.
//   Errors     Faults whose detail says what to do about it.
#pragma once

#include <string>

#include "io/loop.hpp"
#include "pulpo/result.hpp"

namespace pulpo::io::file {

[[nodiscard]] Outcome<int> open(const std::string& path, const OpenOptions& options);
[[nodiscard]] Outcome<std::uint64_t> size(int descriptor);
/// Makes a descriptor from elsewhere one that a loop can have as a device.
[[nodiscard]] Outcome<int> adopt_device(int descriptor);
/// What open() answers for `error`.
[[nodiscard]] Fault open_fault(int error, const std::string& path, const OpenOptions& options);

}  // namespace pulpo::io::file
