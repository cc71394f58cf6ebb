// SPDX-License-Identifier: Apache-2.0
#include "base/machine.hpp"

#include <gtest/gtest.h>

namespace pulpo {
namespace {

TEST(Machine, ABoardIsNamedByItsDeviceTree) {
  using namespace std::string_literals;
  EXPECT_EQ(parse_board("Raspberry Pi 4 Model B Rev 1.4\0"s), "Raspberry Pi 4 Model B Rev 1.4");
  EXPECT_EQ(parse_board("a\x1b[31mb\n"), "a[31mb");
  EXPECT_EQ(parse_board(std::string(5000, 'x')).size(), 100u);
  EXPECT_EQ(parse_board(""), "");
}

TEST(Machine, APcIsNamedByItsProcessor) {
  EXPECT_EQ(parse_processor("processor\t: 0\nvendor_id\t: GenuineIntel\nmodel\t\t: 85\nmodel name\t: Intel(R) Xeon(R) CPU @ 2.20GHz\n"),
            "Intel(R) Xeon(R) CPU @ 2.20GHz");
  EXPECT_EQ(parse_processor("processor\t: 0\nmodel name\t: ARMv7 Processor rev 4 (v7l)"), "ARMv7 Processor rev 4 (v7l)");
  EXPECT_EQ(parse_processor("processor\t: 0\nCPU implementer\t: 0x41\n"), "");
  EXPECT_EQ(parse_processor("model name"), "");
}

TEST(Machine, ThisOneHasANameAndAKernel) {
  EXPECT_NE(this_machine().board, "");
  EXPECT_NE(this_machine().kernel.find(' '), std::string::npos);
}

}  // namespace
}  // namespace pulpo
