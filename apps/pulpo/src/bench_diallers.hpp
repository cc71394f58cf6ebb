// SPDX-License-Identifier: Apache-2.0
//
// BenchDiallers: connections to one node, one after another on each of some slots: dial, prove the cookie to each other, say goodbye.
//
//   Order      A slot dials again when its last connection has ended, goodbye included.
//   Ownership  Owns its loop and its connections.
//   Threads    The thread that made it.
//   Suspends   run_for() and finish() turn the loop.
//   Bounds     A connection a slot.
//   Errors     By kind, in report(). A node that is gone, or refuses the cookie, ends the bench: have_given_up(). What the node's limits
//              for peers that it does not know yet turn away is tried again after a pause, and counted by itself.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "bench_result.hpp"
#include "io/loop.hpp"
#include "link/connection.hpp"

namespace pulpo::cli {

class BenchDiallers {
 public:
  struct Settings {
    std::string node;     ///< Whom they dial, "a@host".
    io::Address address;  ///< Where that was found.
    std::string host;     ///< Behind the @ of our own names, of which each connection has its own.
    std::string cookie;
    bool plain_links = false;
    std::uint64_t diallers = 1;
  };
  BenchDiallers(std::unique_ptr<io::Loop> loop, Random& random, Settings settings);
  ~BenchDiallers();

  /// From now on latencies are recorded, of connections that begin from now on.
  void measure() noexcept { is_measuring_ = true; }
  void run_for(Duration duration);
  /// No more connections begin. Waits for those under way, and ends what does not.
  void finish();
  [[nodiscard]] TimePoint now() noexcept { return loop_->refresh(); }
  [[nodiscard]] bool have_given_up() const noexcept { return has_given_up_; }
  [[nodiscard]] std::uint64_t made() const noexcept { return made_; }  ///< So far.
  [[nodiscard]] std::uint64_t system_calls() const noexcept { return loop_->system_calls(); }
  void report(BenchResult& result) const;

 private:
  class Slot;
  class OneCookie final : public links::Cookies {
   public:
    explicit OneCookie(const std::string& cookie) noexcept : cookie_(cookie) {}
    [[nodiscard]] std::string_view cookie_for(std::string_view) const override { return cookie_; }

   private:
    const std::string& cookie_;
  };
  class Tick final : public io::Timer {
    void expired() override {}
  };
  void dial_where_idle();
  void turn_until(TimePoint end);
  [[nodiscard]] std::string next_name();

  std::unique_ptr<io::Loop> loop_;
  Random& random_;
  Settings settings_;
  OneCookie cookies_{settings_.cookie};
  std::uint64_t run_;  ///< Chance: names of two runs differ.
  std::uint64_t named_ = 0;
  std::vector<std::unique_ptr<Slot>> slots_;
  Tick tick_;
  bool is_measuring_ = false;
  bool has_given_up_ = false;
  std::uint64_t made_ = 0;
  std::uint64_t turned_away_ = 0;
  Histogram latency_;
  std::map<std::string, std::uint64_t> failures_;
};

}  // namespace pulpo::cli
