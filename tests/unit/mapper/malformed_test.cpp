// SPDX-License-Identifier: Apache-2.0
//
// The fuzz target's seeds, and each of them cut and altered at every place: on every machine, without clang's fuzzer.
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);  // tests/fuzz/mapper_codec.cpp

namespace pulpo::mapper {
namespace {

void decode(const std::string& bytes) {
  // A copy of its very size: a sanitizer sees the first byte that is read beyond it.
  const std::vector<char> exact(bytes.begin(), bytes.end());
  EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(exact.data()), exact.size()), 0);
}

TEST(MapperMalformed, EverySeedCutOrAlteredAnywhereIsHarmless) {  // EPMD-2, EPMD-4
  int seeds = 0;
  for (const auto& file : std::filesystem::directory_iterator(PULPO_MAPPER_CORPUS)) {
    SCOPED_TRACE(file.path().filename().string());
    std::ifstream stream(file.path(), std::ios::binary);
    const std::string seed{std::istreambuf_iterator<char>(stream), {}};
    ASSERT_FALSE(seed.empty());
    ++seeds;
    for (std::size_t size = 0; size <= seed.size(); ++size) decode(seed.substr(0, size));
    for (std::size_t at = 0; at < seed.size(); ++at) {
      for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
        std::string altered = seed;
        altered[at] = static_cast<char>(value);
        decode(altered);
      }
    }
  }
  EXPECT_GE(seeds, 14);
}

}  // namespace
}  // namespace pulpo::mapper
