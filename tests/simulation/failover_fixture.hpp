// SPDX-License-Identifier: Apache-2.0
//
// Three nodes as in the tutorials, one, {two, three}, and what their tests ask of them.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "failover_cast.hpp"
#include "pulpo/config.hpp"
#include "pulpo/net/nodes.hpp"
#include "pulpo/system.hpp"

namespace pulpo::failover {

using SimulatedNode = testing::Node;

class Failover : public ::testing::Test {
 protected:
  static constexpr Duration kWait = 5s;  ///< As the tutorials' configurations have it.

  void TearDown() override {
    if (HasFailure()) ADD_FAILURE() << "The trace of its world:\n" << world.trace();
  }

  /// The tutorials' configuration; but the nodes that a node waits for are optional, so that tests can boot it alone.
  static KernelConfig configuration(const std::string& kernel_more = "", const std::string& wait = "5000") {
    const std::string text = fmt::format(
        "[{{kernel, [{{distributed, [{{distro, {}, ['one@one', {{'two@two', 'three@three'}}]}}]}},\n"
        "  {{sync_nodes_optional, ['one@one', 'two@two', 'three@three']}}, {{sync_nodes_timeout, 3000}}{}]}}].\n",
        wait, kernel_more);
    return parse_config(text, "distro.config").value().kernel;
  }
  SimulatedNode& start(const std::string& name, const KernelConfig& kernel = configuration(),
                       RestartType restart = RestartType::temporary) {
    return world.start({.name = name, .applications = {application(book, kDistro, has_phases)}, .kernel = kernel, .restart = restart});
  }
  /// All three, together; the application runs on one, and all know that.
  void start_all(const KernelConfig& kernel = configuration(), RestartType restart = RestartType::temporary) {
    for (const char* name : {"one", "two", "three"}) start(name, kernel, restart);
    ASSERT_TRUE(world.run_until([&] { return one().has_begun() && two().has_begun() && three().has_begun(); }, 20s));
    ASSERT_TRUE(runs_on("one"));
    world.run_for(100ms);
  }
  SimulatedNode& one() { return world.node("one"); }
  SimulatedNode& two() { return world.node("two"); }
  SimulatedNode& three() { return world.node("three"); }

  /// One instance, and that is there.
  bool runs_on(const std::string& name) {
    const Instance* const only = book.only(kDistro);
    return only != nullptr && only->node == world.node(name).atom();
  }
  std::string where() {
    std::string text;
    for (const Instance* each : book.alive(kDistro)) text += fmt::format("{}{}", text.empty() ? "" : ", ", each->node.text());
    return text.empty() ? "nowhere" : text;
  }
  bool comes_to(const std::string& name, Duration limit) {
    return world.run_until([&] { return runs_on(name); }, limit);
  }
  std::vector<SimulatedNode*> alive() {
    std::vector<SimulatedNode*> all;
    for (const char* name : {"one", "two", "three"}) {
      if (world.node(name).is_up()) all.push_back(&world.node(name));
    }
    return all;
  }
  bool all_connected() {
    const auto nodes_up = alive();
    return std::all_of(nodes_up.begin(), nodes_up.end(),
                       [&](SimulatedNode* node) { return node->eval([] { return nodes().size(); }) + 1 == nodes_up.size(); });
  }
  /// Every node that is up finds the one instance by its name.
  void expect_one_name() {
    const Instance* const only = book.only(kDistro);
    ASSERT_NE(only, nullptr) << "it runs on " << where();
    for (SimulatedNode* node : alive()) EXPECT_EQ(ask(*node, kDistro), only->number) << "asked on " << node->name();
  }
  /// What an operator's request on that node is answered, as text.
  static std::string told(SimulatedNode& node, const std::function<Term()>& request) {
    return node.eval([&] { return request().text(); });
  }
  /// A process that calls the name all the time, and how long it was without an answer at most.
  struct Caller {
    TimePoint last{};
    Duration gap{};
    std::size_t answers = 0, failures = 0;
    bool ends = false;
  };
  Caller& keep_calling(SimulatedNode& node) {
    Caller& caller = callers.emplace_back();
    node.post([&caller] {
      caller.last = now();
      while (!caller.ends) {
        const bool answered = try_call(name_of(kDistro), Who{}, {.timeout = 1s}).has_value();
        ++(answered ? caller.answers : caller.failures);
        if (answered) {
          caller.gap = std::max(caller.gap, now() - caller.last);
          caller.last = now();
        }
        sleep(1ms);
      }
    });
    return caller;
  }

  static constexpr const char* kDistro = "distro";
  bool has_phases = false;
  Book book;  ///< Outlives the nodes that write into it, and so do the callers.
  std::deque<Caller> callers;
  testing::World world{{.seed = testing::seed()}};
};

}  // namespace pulpo::failover
