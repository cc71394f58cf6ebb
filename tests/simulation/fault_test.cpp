// SPDX-License-Identifier: Apache-2.0
//
// The story finds the fault that was planted into this program (PULPO_FAULT); see where the sources say "Planted".
#include <gtest/gtest.h>

#include <cstdio>

#include "failover_story.hpp"
#include "story.hpp"

namespace pulpo {
namespace {

#if PULPO_FAULT <= 3
namespace planted = story;
#else
namespace planted = failover;
#endif

TEST(PlantedFault, IsFoundWithinAThousandSeeds) {
  constexpr std::uint64_t kSeeds = 1000;
  for (std::uint64_t seed = testing::seed(); seed <= kSeeds; ++seed) {
    const planted::Outcome outcome = planted::live(seed);
    if (outcome.broken.empty()) continue;
    std::printf("fault %d is found by seed %llu: %s\n", PULPO_FAULT, static_cast<unsigned long long>(seed), outcome.broken.c_str());
    return;
  }
  ADD_FAILURE() << "fault " << PULPO_FAULT << " was not found in " << kSeeds << " seeds";
}

}  // namespace
}  // namespace pulpo
