// SPDX-License-Identifier: Apache-2.0
#include "mapper/on_demand.hpp"

#include <sys/wait.h>

#include "unit/mapper/world.hpp"

namespace pulpo::mapper {
namespace {

using OnDemandTest = World;

TEST(OnDemandArguments, TellTheMapperWhereItsNodeListens) {  // architecture: Where things listen
  EXPECT_EQ(OnDemand::arguments({}),
            (std::vector<std::string>{own_program(), "mapper", "--daemon", "--idle-exit", "60", "--port", "4369"}));
  OnDemand::Settings narrowed{.port = 14399, .addresses = {io::Address::loopback_v4(9000), *io::Address::parse("::1", 9000)}};
  narrowed.program = "/bin/pulpo";
  EXPECT_EQ(OnDemand::arguments(narrowed), (std::vector<std::string>{"/bin/pulpo", "mapper", "--daemon", "--idle-exit", "60", "--port",
                                                                     "14399", "--address", "127.0.0.1,::1"}));
}

TEST_P(OnDemandTest, AProgramThatIsMissingIsSaidAtOnce) {
  OnDemand on_demand(*loop, {.program = "/no/such/program"});
  auto started = on_demand.start();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().sys, ENOENT);
  EXPECT_NE(started.error().text().find("/no/such/program"), std::string::npos) << started.error().text();
  EXPECT_FALSE(on_demand.is_pending());
}

TEST_P(OnDemandTest, TheProcessThatDetachedIsCollected) {
  OnDemand on_demand(*loop, {.program = "/bin/true"});
  ASSERT_TRUE(on_demand.start().has_value());
  EXPECT_TRUE(on_demand.is_pending());
  ASSERT_TRUE(until([&] { return !on_demand.is_pending(); }));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);  // no child, and no zombie, is left
}

INSTANTIATE_TEST_SUITE_P(Loops, OnDemandTest, testing::ValuesIn(loop_kinds()), kind_name);

TEST(OnDemand, TheProgramIsNamedByItsOwnFile) { EXPECT_TRUE(own_program().ends_with("/unit_mapper")) << own_program(); }

}  // namespace
}  // namespace pulpo::mapper
