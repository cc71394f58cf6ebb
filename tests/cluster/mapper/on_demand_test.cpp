// SPDX-License-Identifier: Apache-2.0
//
// A node that finds no mapper starts one, and the mapper outlives it. This program is both: told `mapper`, it is the
// daemon, as the program of every author is.
#include "mapper/on_demand.hpp"

#include <fmt/format.h>

#include <cstring>
#include <optional>

#include "mapper/client.hpp"
#include "mapper/mapper.hpp"
#include "unit/mapper/world.hpp"

namespace pulpo::mapper {
namespace {

using OnDemandTest = World;

TEST_P(OnDemandTest, TheFirstNodeStartsAMapperThatEndsWithTheLast) {  // EPMD-16; architecture: Where things listen
  const io::Handle handle = *loop->listen(io::Address::loopback_v4(0), {});
  const io::Address address = *loop->local_address(handle);
  loop->close(handle);
  OnDemand on_demand(*loop, {.port = address.port(), .addresses = {io::Address::loopback_v4(0)}, .idle_exit = 1s});

  std::vector<Registration::Report> reports;
  const auto collect = [&](const Registration::Report& report) { reports.push_back(report); };
  Registration::Settings settings;
  settings.mapper = address;
  settings.node = {.port = 1, .name = "a"};
  settings.start_mapper = [&] { return on_demand.start(); };
  auto first = std::make_unique<Registration>(*loop, random, settings, collect);
  ASSERT_TRUE(until([&] { return reports.size() == 1; }));
  EXPECT_EQ(reports[0].state, Registration::State::registered) << reports[0].fault.text();
  EXPECT_TRUE(until([&] { return !on_demand.is_pending(); }));  // nothing of it is our child: it outlives us

  settings.node.name = "b";
  settings.start_mapper = {};
  auto second = std::make_unique<Registration>(*loop, random, settings, collect);
  ASSERT_TRUE(until([&] { return reports.size() == 2; }));
  EXPECT_EQ(reports[1].state, Registration::State::registered);

  first.reset();
  second.reset();
  const auto is_there = [&] {
    std::optional<Outcome<TextReply>> answer;
    const Names names(*loop, address, 10s, [&](Outcome<TextReply> outcome) { answer = std::move(outcome); });
    EXPECT_TRUE(until([&] { return answer.has_value(); }));
    return answer->has_value();
  };
  EXPECT_TRUE(is_there());
  EXPECT_TRUE(until([&] { return !is_there(); }));
}

INSTANTIATE_TEST_SUITE_P(Loops, OnDemandTest, testing::ValuesIn(loop_kinds()), kind_name);

/// `mapper --daemon --idle-exit S --port P --address A`, as OnDemand::arguments() spells it.
int run_daemon(int argc, char** argv) {
  Options options;
  for (int i = 3; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--idle-exit") == 0) options.idle_exit = std::chrono::seconds(std::atoi(argv[i + 1]));
    if (std::strcmp(argv[i], "--port") == 0) options.port = static_cast<std::uint16_t>(std::atoi(argv[i + 1]));
    if (std::strcmp(argv[i], "--address") == 0) options.addresses = parse_addresses(argv[i + 1]).value();
  }
  if (!detach().has_value()) return 1;
  auto loop = io::make_loop(io::LoopKind::automatic);
  SystemRandom random;
  Mapper mapper(**loop, random, options);
  return mapper.run().has_value() ? 0 : 1;
}

}  // namespace
}  // namespace pulpo::mapper

int main(int argc, char** argv) {
  if (argc > 2 && std::strcmp(argv[1], "mapper") == 0 && std::strcmp(argv[2], "--daemon") == 0)
    return pulpo::mapper::run_daemon(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
