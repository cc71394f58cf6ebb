// SPDX-License-Identifier: Apache-2.0
//
// For tests of the language: what a console would print for a line.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "pulpo/lang.hpp"

namespace pulpo::testing {

inline std::string answer(lang::Session& session, std::string_view text) {
  const auto value = session.evaluate(text);
  return value ? lang::inspect(*value) : value.error().text;
}

/// In a session of its own, that only calculates.
inline std::string pure(std::string_view text) {
  lang::Session session({.pure = true});
  return answer(session, text);
}

struct Line {
  const char* text;
  const char* answer;
};

}  // namespace pulpo::testing
