// SPDX-License-Identifier: Apache-2.0
#include "top_model.hpp"

#include <gtest/gtest.h>

#include "pulpo/result.hpp"
#include "unit/cli/top_samples.hpp"

namespace pulpo::cli::top {
namespace {

Term read(std::string_view text) { return *read_elixir(text); }
constexpr TimePoint at(int seconds) { return TimePoint(std::chrono::seconds(seconds)); }

TEST(TopModel, ASummaryIsReadByItsKeysWhateverElseThereIs) {  // OBS-6
  const NodeFacts facts = read_facts(
      "a@h",
      read("[uptime: 5000, run_queue: 2, process_count: 17, total: 4096, version: \"0.1.0\", loop: \"uring\", cpu_us: -1, new: [1, 2]]"),
      at(7));
  EXPECT_TRUE(facts.up);
  EXPECT_EQ(facts.uptime_ms, 5000u);
  EXPECT_EQ(facts.run_queue, 2u);
  EXPECT_EQ(facts.processes, 17u);
  EXPECT_EQ(facts.memory, 4096u);
  EXPECT_EQ(facts.version, "0.1.0");
  EXPECT_EQ(facts.loop, "uring");
  EXPECT_EQ(facts.cpu_us, 0u);
  EXPECT_FALSE(read_facts("a@h", read(":oops"), at(7)).up);
}

TEST(TopModel, WhatIsNoAnswerGivesNoRows) {
  for (const char* const text : {":oops", "[1, :two, {3}]", "%{}", "%{processes: 5}", "[%{}]"}) {
    EXPECT_TRUE(read_processes(Order::memory, read(text)).rows.empty()) << text;
    EXPECT_LE(read_connections(read(text)).size(), 1u) << text;
    EXPECT_LE(read_application_facts(read(text)).size(), 1u) << text;
    EXPECT_LE(read_tree("x", read(text)).rows.size(), 1u) << text;
    EXPECT_LE(read_detail({}, read(text)).rows.size(), 1u) << text;
  }
}

TEST(TopModel, ReductionsArePerSecondOfTheWindow) {  // OBS-3
  const ProcessList list = read_processes(
      Order::reductions,
      read(
          "%{window: 500, count: 3, recent: 100, messages_waiting: 9, processes: [%{name: \"X\", recent: 50, reductions: 700, memory: 128, "
          "message_queue_len: 4, activity: \"idle\", registered: true}]}"));
  ASSERT_EQ(list.rows.size(), 1u);
  EXPECT_EQ(list.rows[0].reductions_per_second, 100);
  EXPECT_EQ(list.reductions_per_second, 200);
  EXPECT_EQ(list.rows[0].mailbox, 4u);
  EXPECT_EQ(list.messages_waiting, 9u);
  EXPECT_TRUE(list.rows[0].registered);
}

TEST(TopModel, RatesAreWhatCameBetweenTwoSamples) {
  Sample before = sample_of_two(), later = sample_of_two();
  for (NodeFacts& each : later.nodes) each.at = at(4);
  for (NodeFacts& each : before.nodes) each.at = at(2);
  before.nodes[0].messages = 100;
  later.nodes[0].messages = 300;
  later.nodes[0].cpu_us = 500'000;
  before.connections_at = at(2);
  later.connections_at = at(4);
  (*later.connections)[0].bytes_in = 5'000;
  add_rates(later, before);
  EXPECT_EQ(later.nodes[0].messages_per_second, 100);
  EXPECT_EQ(later.nodes[0].cpu_percent, 25);
  EXPECT_EQ((*later.connections)[0].bytes_in_per_second, 2'000);
  EXPECT_FALSE(later.nodes[2].cpu_percent);  // it was not there
}

TEST(TopModel, ANodeThatBeganAnewHasNoRateUntilTheNextTime) {
  Sample before = sample_of_two(), later = sample_of_two();
  before.nodes[0].at = at(2);
  later.nodes[0].at = at(4);
  before.nodes[0].messages = 500;
  later.nodes[0].messages = 3;
  add_rates(later, before);
  EXPECT_FALSE(later.nodes[0].messages_per_second);
  // The same of a connection: this one is younger than the one before.
  before.connections_at = at(2);
  later.connections_at = at(4);
  (*before.connections)[0].up_ms = 9'000;
  (*later.connections)[0].up_ms = 1'000;
  add_rates(later, before);
  EXPECT_FALSE((*later.connections)[0].bytes_in_per_second);
}

TEST(TopModel, WhatWasNotAskedThisTimeIsKeptForTheSameNodeAlone) {
  Sample next;
  next.selected = "a@h";
  keep_known(next, sample_of_two());
  EXPECT_TRUE(next.processes && next.applications && next.connections);
  Sample other;
  other.selected = "b@h";
  keep_known(other, sample_of_two());
  EXPECT_FALSE(other.processes || other.applications || other.connections);
}

TEST(TopModel, APidIsWrittenAsItsOwnNodeDoes) {
  EXPECT_EQ(short_pid({.node = 5, .id = 12, .serial = 3}), "<0.12.3>");
  EXPECT_EQ(short_pid({}), "-");
}

}  // namespace
}  // namespace pulpo::cli::top
