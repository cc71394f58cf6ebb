// SPDX-License-Identifier: Apache-2.0
#include "mapper/registry.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <vector>

namespace pulpo::mapper {
namespace {

/// Draws what it was told, in order.
class ToldRandom final : public Random {
 public:
  explicit ToldRandom(std::vector<std::uint32_t> values) : values_(std::move(values)) {}
  void fill(void* out, std::size_t size) noexcept override {
    ASSERT_EQ(size, sizeof(std::uint32_t));
    ASSERT_LT(next_, values_.size());
    std::memcpy(out, &values_[next_++], size);
  }

 private:
  std::vector<std::uint32_t> values_;
  std::size_t next_ = 0;
};

TEST(Registry, TheFirstCreationIsDrawnAndNeverBelowFour) {  // EPMD-7, architecture: Pids and references
  ToldRandom random({0, 3, 77});
  Registry registry(random);
  EXPECT_EQ(registry.add({.name = "a"}, 1).creation, 77u);
}

TEST(Registry, ANameThatComesBackGetsTheNextCreation) {  // EPMD-7
  ToldRandom random({100, 200});
  Registry registry(random);
  registry.remove(registry.add({.name = "a"}, 1));
  EXPECT_EQ(registry.add({.name = "b"}, 1).creation, 200u);
  EXPECT_EQ(registry.add({.name = "a"}, 1).creation, 101u);
  registry.remove(*registry.find("a"));
  EXPECT_EQ(registry.add({.name = "a"}, 1).creation, 102u);
}

TEST(Registry, ACreationWrapsToFour) {  // EPMD-7
  ToldRandom random({0xffffffff});
  Registry registry(random);
  registry.remove(registry.add({.name = "a"}, 1));
  EXPECT_EQ(registry.add({.name = "a"}, 1).creation, 4u);
}

TEST(Registry, TheLastThousandNamesAreRemembered) {  // EPMD-7
  SeededRandom random(1);
  Registry registry(random);
  const std::uint32_t forgotten = registry.add({.name = "n0"}, 1).creation;
  registry.remove(*registry.find("n0"));
  std::uint32_t kept = 0;
  for (int i = 1; i <= 1000; ++i) {
    Registry::Entry& entry = registry.add({.name = fmt::format("n{}", i)}, 1);
    if (i == 1) kept = entry.creation;
    registry.remove(entry);
  }
  EXPECT_EQ(registry.remembered_size(), Registry::kRememberedMax);
  EXPECT_EQ(registry.add({.name = "n1"}, 1).creation, kept + 1);
  EXPECT_NE(registry.add({.name = "n0"}, 1).creation, forgotten + 1);
}

TEST(Registry, NamesAreExactAndCaseSensitive) {
  SeededRandom random(1);
  Registry registry(random);
  registry.add({.name = "a"}, 1);
  EXPECT_NE(registry.find("a"), nullptr);
  EXPECT_EQ(registry.find("A"), nullptr);
  EXPECT_EQ(registry.find("aa"), nullptr);
}

TEST(Registry, TheTextsListTheNewestFirst) {  // EPMD-9, EPMD-10
  SeededRandom random(1);
  Registry registry(random);
  EXPECT_EQ(registry.names_text(), "");
  registry.add({.port = 1, .name = "a"}, 7);
  registry.add({.port = 2, .name = "b"}, 8);
  registry.add({.port = 3, .name = "c"}, 9);
  registry.remove(*registry.find("b"));
  EXPECT_EQ(registry.names_text(), "name c at port 3\nname a at port 1\n");
  const char dump[] =
      "active name     <c> at port 3, fd = 9\n\0"
      "active name     <a> at port 1, fd = 7\n\0"
      "old/unused name <b>, port = 2, fd = 8 \n";
  EXPECT_EQ(registry.dump_text(), std::string(dump, sizeof dump));
}

}  // namespace
}  // namespace pulpo::mapper
