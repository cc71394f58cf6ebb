// SPDX-License-Identifier: Apache-2.0
//
// What two nodes told, for the tests of `pulpo top`'s screens and keys.
#pragma once

#include "top_model.hpp"

namespace pulpo::cli::top {

inline ProcessRow process_row(std::uint32_t slot, std::string name, std::uint64_t memory) {
  return {.pid = {.node = 3, .id = slot, .serial = 1},
          .name = std::move(name),
          .registered = true,
          .reductions = 123'456,
          .reductions_per_second = 42,
          .memory = memory,
          .mailbox = 7,
          .activity = "reply of {:\"Elixir.PingPong\", :\"b@h\"}, 4.9 s left"};
}

/// a@h and b@h are there, c@h is not; a@h is shown with all there is.
inline Sample sample_of_two() {
  Sample sample;
  for (const char* const name : {"a@h", "b@h"}) {
    NodeFacts facts{.name = name, .up = true};
    facts.uptime_ms = 61'000;
    facts.processes = 17;
    facts.processes_max = 1'048'576;
    facts.memory = 4 << 20;
    facts.cores = 1;
    facts.loop = "uring";
    facts.version = "0.1.0";
    facts.machine = "A board of some name";
    sample.nodes.push_back(facts);
  }
  sample.nodes.push_back({.name = "c@h", .cause = "no connection"});
  sample.selected = "a@h";
  sample.processes = ProcessList{.order = Order::memory, .rows = {}, .count = 17, .reductions_per_second = 99, .messages_waiting = 8};
  for (std::uint32_t i = 0; i < 40; ++i) sample.processes->rows.push_back(process_row(i, "Process" + std::to_string(i), 10'000 - i));
  sample.applications = {{.name = "ping_pong", .description = "The tutorial's", .version = "1.0", .running_ms = 5'000}};
  sample.trees = {
      {.application = "ping_pong",
       .rows = {{.depth = 0, .pid = {.id = 20, .serial = 1}, .kind = "master"},
                {.depth = 1, .pid = {.id = 21, .serial = 1}, .kind = "Supervisor", .name = "PingPong.Supervisor", .children = 2},
                {.depth = 2, .pid = {.id = 22, .serial = 1}, .kind = "ping_pong::Server", .name = "PingPong"},
                {.depth = 2, .kind = ":restarting", .name = "Other"}}}};
  sample.connections = {{.node = "b@h", .address = "127.0.0.1:4711", .sealed = true, .bytes_in = 1'000, .queue_bytes = 5'000'000}};
  return sample;
}

}  // namespace pulpo::cli::top
