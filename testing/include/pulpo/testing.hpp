// SPDX-License-Identifier: Apache-2.0
//
// pulpo::testing: whole clusters in one thread, in virtual time, the same for the same seed.
//
//   TEST(PingPong, ForgetsItsCountWhenItsNodeCrashes) {
//     pulpo::testing::World world{{.seed = pulpo::testing::seed()}};
//     auto& one = world.start({.name = "one", .applications = {ping_pong::application()}});
//     auto& two = world.start({.name = "two"});
//     const auto server = ping_pong::kServer.on(one.atom());
//     two.run([&] { EXPECT_EQ(call(server, ping_pong::Ping{}), "pong"_atom); });
//     one.crash();
//     two.run([&] { EXPECT_FALSE(try_call(server, ping_pong::Ping{}, {.timeout = 5s})); });  // takes no time of yours
//     one.restart();
//     two.run([&] { EXPECT_EQ(call(server, ping_pong::Count{}), 0u); });
//   }
//
// Nodes, links, supervisors and the mapper are the ones that ship; only the clock, the network, the sources of chance and the loop are
// others. Include pulpo/testing_gtest.hpp in one file of a GoogleTest program, and a failure prints the command that replays it.
#pragma once

#include "pulpo/testing/node.hpp"
#include "pulpo/testing/seed.hpp"
#include "pulpo/testing/world.hpp"
