// SPDX-License-Identifier: Apache-2.0
#include "erl_flags.hpp"

#include <gtest/gtest.h>

namespace pulpo::cli {
namespace {

using FlagWords = std::vector<std::string>;

std::string refused_flags(std::string_view text) {
  const auto flags = read_erl_flags(text);
  if (flags) return "accepted";
  EXPECT_EQ(flags.error().code, Errc::bad_argument);
  return flags.error().text();
}

TEST(ErlFlags, ConfigNamesAFileAndMayStandSeveralTimes) {
  const auto flags = read_erl_flags("  -config configs/a -config 'my configs'/b  -config \"c\"\t");
  ASSERT_TRUE(flags) << flags.error().text();
  EXPECT_EQ(flags->configs, (FlagWords{"configs/a", "my configs/b", "c"}));
  EXPECT_TRUE(flags->meaningless.empty());
  EXPECT_TRUE(read_erl_flags("")->configs.empty());
}

TEST(ErlFlags, WhatIsForTheVirtualMachineIsAcceptedAsItWasWritten) {
  const auto flags = read_erl_flags("+S 2:2 +K true -pa ebin deps/x/ebin -noshell -config a");
  ASSERT_TRUE(flags) << flags.error().text();
  EXPECT_EQ(flags->configs, FlagWords{"a"});
  EXPECT_EQ(flags->meaningless, (FlagWords{"+S 2:2", "+K true", "-pa ebin deps/x/ebin", "-noshell"}));
}

TEST(ErlFlags, WhatWouldHaveAMeaningIsRefusedWithWhatToType) {
  EXPECT_EQ(refused_flags("-setcookie x"), "--erl: -setcookie is not read here; give --cookie C outside of --erl");
  EXPECT_EQ(refused_flags("-config a -sname b"), "--erl: -sname is not read here; give --sname N outside of --erl");
  EXPECT_EQ(refused_flags("-kernel net_ticktime 5"), "--erl: -kernel is not read here; give a file with --config outside of --erl");
  EXPECT_EQ(refused_flags("-frobnicate"), "--erl: -frobnicate is not read here; -config FILE is");
}

TEST(ErlFlags, WhatIsNoFlagIsRefused) {
  EXPECT_EQ(refused_flags("configs/a"), "--erl: found 'configs/a', expected a flag, as in --erl \"-config configs/a\"");
  EXPECT_EQ(refused_flags("-config a b"), "--erl: found 'b', expected a flag, as in --erl \"-config configs/a\"");
  EXPECT_EQ(refused_flags("-config"), "--erl: -config needs a file: -config configs/a");
  EXPECT_EQ(refused_flags("-config -config a"), "--erl: -config needs a file: -config configs/a");
  EXPECT_EQ(refused_flags("-config 'a"), "--erl: a quote is open in '-config 'a'");
}

}  // namespace
}  // namespace pulpo::cli
