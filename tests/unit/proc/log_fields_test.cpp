// SPDX-License-Identifier: Apache-2.0
//
// What the log knows of processes.
#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "pulpo/log.hpp"
#include "unit/proc/runtime_fixture.hpp"

namespace pulpo::testing {
namespace {

/// While it lives, entries come here.
class Entries {
 public:
  struct Kept {
    std::string message;
    std::map<std::string, std::string, std::less<>> fields;
  };
  Entries() : before_(log::exchange_target({&Entries::take, this})) {}
  ~Entries() { log::exchange_target(before_); }
  Entries(const Entries&) = delete;
  Entries& operator=(const Entries&) = delete;
  [[nodiscard]] std::vector<Kept> all() {
    const std::lock_guard lock(mutex_);
    return kept_;
  }

 private:
  static void take(void* context, const log::Entry& entry) {
    auto& self = *static_cast<Entries*>(context);
    const std::lock_guard lock(self.mutex_);
    self.kept_.push_back({std::string(entry.message), {}});
    for (const log::Field& field : entry.fields) self.kept_.back().fields.emplace(field.key, field.value);
  }
  std::mutex mutex_;
  std::vector<Kept> kept_;
  log::Target before_;
};

class LogFields : public OnEachLoop {};

TEST_P(LogFields, AnEntryKnowsItsProcessNameAndNode) {  // LOG-1
  Entries entries;
  std::string me;
  run([&] {
    (void)register_name("Sensor"_atom, self());
    me = Term(self()).text();
    log::info({{"bus", 2}}, "reading");
  });
  log::info("from outside");
  const auto all = entries.all();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].fields.at("pid"), me);
  EXPECT_EQ(all[0].fields.at("name"), ":Sensor");
  EXPECT_EQ(all[0].fields.at("node"), "nonode@nohost");
  EXPECT_EQ(all[0].fields.at("bus"), "2");
  EXPECT_TRUE(all[1].fields.empty());
}

TEST_P(LogFields, AProcessThatRaisesIsReportedWithNameTypeAndText) {  // LOG-5
  Entries entries;
  std::string pid;
  run([&] {
    const auto [child, monitor] = spawn_monitor([] {
      (void)register_name("Sensor"_atom, self());
      throw std::runtime_error("no such sensor");
    });
    pid = Term(child).text();
    down_reason(monitor);
  });
  const auto all = entries.all();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_TRUE(all[0].message.starts_with("Process " + pid + " (:Sensor) raised an exception\n** (std::runtime_error) no such sensor\n"))
      << all[0].message;
  EXPECT_EQ(all[0].fields.at("pid"), pid);
}

TEST_P(LogFields, AnExitIsNoNews) {  // SIG-6
  Entries entries;
  run([&] { down_reason(spawn_monitor([] { exit("bad"_atom); }).monitor); });
  EXPECT_TRUE(entries.all().empty());
}

PULPO_ON_EACH_LOOP(LogFields);

}  // namespace
}  // namespace pulpo::testing
