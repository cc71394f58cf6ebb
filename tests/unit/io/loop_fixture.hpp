// SPDX-License-Identifier: Apache-2.0
//
// LoopConformance: what the conformance tests of the loops share: operations that write down what befell
// them, and a turn-until-it-holds with a deadline.
//
// Every test that is about the door runs for every loop. Those about the kernel behind it are of KernelLoopConformance, which
// the simulation does not run: they take descriptors of the test's own (pipes, files, sockets that no loop made), ask the
// kernel for options, fork, or have other threads wake the loop, whom virtual time does not wait for. sim_loop_test.cpp
// has a counterpart of each, on scripted things.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "io/loop.hpp"
#include "io/sim_network.hpp"
#include "io/uring_loop.hpp"

namespace pulpo::io::testing_support {

/// The loops, and those forms of the uring loop that older kernels or a measurement ask for.
enum class Variant { epoll, uring, uring_without_defer, uring_sending_in_the_ring, sim };

inline Outcome<std::unique_ptr<Loop>> make(Variant variant) {
  switch (variant) {
    case Variant::epoll:
      return make_loop(LoopKind::epoll);
    case Variant::uring:
      return make_loop(LoopKind::uring);
    case Variant::uring_without_defer:
      return UringLoop::make({.ring = {.defer_taskrun = false}});
    case Variant::uring_sending_in_the_ring:
      return UringLoop::make({.send_at_once = false});
    case Variant::sim:
      break;  // Not without a network: LoopConformance::SetUp().
  }
  return Fault{.where = "no such variant"};
}

/// The loop under test, for Recorders that a test leaves pending.
inline Loop* current_loop = nullptr;
/// Instead of it, where a test has several simulated loops: ends all that is pending on any (SimWorld).
inline std::function<void()> end_of_world;

/// Writes down its completions; `then` runs inside each. Ends itself when the test is over.
struct Recorder final : Operation {
  Recorder() = default;
  ~Recorder() override {
    then = nullptr;
    // What follows a cancellation comes within a few turns; Operation's destructor stops the test if it does not.
    if (is_pending() && end_of_world) end_of_world();
    if (is_pending()) current_loop->cancel(*this);
    for (int turn = 0; is_pending() && turn < 1000; ++turn) current_loop->turn(Loop::Wait::no);
  }
  void completed(const Completion& completion) override {
    EXPECT_FALSE(ended) << "a completion after the final one";
    results.push_back(completion.result);
    bytes.append(completion.data);
    ended = !completion.more;
    EXPECT_EQ(is_pending(), completion.more);
    if (then) then(completion);
  }
  [[nodiscard]] std::int32_t last() const { return results.empty() ? INT32_MIN : results.back(); }
  /// Ready to be submitted once more.
  Recorder& again() {
    ended = false;
    return *this;
  }

  std::vector<std::int32_t> results;
  std::string bytes;
  bool ended = false;
  std::function<void(const Completion&)> then;
};

/// Bytes that tell where a mix-up or a gap began.
inline std::string pattern(std::size_t size, std::uint64_t seed) {
  std::string bytes(size, '\0');
  SeededRandom(seed).fill(bytes.data(), size);
  return bytes;
}

struct Alarm final : Timer {
  void expired() override {
    ++times;
    if (then) then();
  }
  int times = 0;
  std::function<void()> then;
};

class LoopConformance : public ::testing::TestWithParam<Variant> {
 protected:
  /// No step of these tests takes a hundredth of it; a slower machine fails rather than hangs.
  static constexpr Duration kPatience = 30s;

  void SetUp() override {
    if (GetParam() == Variant::sim) {
      network_ = std::make_unique<SimNetwork>(SimOptions{});
      auto loop = network_->make_loop(network_->add_host());
      sim_ = loop.get();
      loop_ = std::move(loop);
    } else {
      auto made = make(GetParam());
      ASSERT_TRUE(made.has_value()) << made.error().text();
      loop_ = std::move(*made);
    }
    current_loop = loop_.get();
  }
  void TearDown() override {
    if (!loop_) return;
    for (const Handle handle : handles_) loop_->close(handle);
    EXPECT_TRUE(until([this] { return loop_->pending() == 0; })) << loop_->pending() << " operations never ended";
  }

  Loop& loop() { return *loop_; }

  /// Turns until `holds`, sleeping between; false when that takes longer than kPatience.
  bool until(const std::function<bool()>& holds) {
    Alarm patience;
    loop_->timers().arm(patience, loop_->refresh() + kPatience);
    while (!holds() && patience.times == 0) sleep();
    return holds();
  }
  /// turn(Wait::yes). A kernel's loop sleeps in it; for a simulated one time passes before it.
  std::size_t sleep() {
    if (sim_ == nullptr) return loop_->turn(Loop::Wait::yes);
    for (;;) {
      const bool is_woken = sim_->has_work() && !sim_->ready() && sim_->next_due() > network_->now();
      pass_time();
      if (!sim_->has_work() && next_moment() == kNever) {
        ADD_FAILURE() << "a sleep without end";
        return 0;
      }
      const std::size_t handled = loop_->turn(Loop::Wait::yes);
      if (handled > 0 || is_woken) return handled;
    }
  }
  /// For those who do not sleep: in a simulation, what happens next happens now.
  void pass_time() {
    if (sim_ == nullptr || sim_->has_work()) return;
    if (const TimePoint next = next_moment(); next != kNever) network_->advance(next);
  }
  /// Turns a few times without sleeping: what ought not to happen has its chance to.
  void settle() {
    for (int turn = 0; turn < 20; ++turn) {
      if (network_) network_->advance(network_->now() + 1ms);
      loop_->turn(Loop::Wait::no);
    }
  }

  // --- What only the kernel, or the network, knows --------------------------------------------------
  /// The number that the next descriptor will get.
  [[nodiscard]] int lowest_free() const {
    if (sim_ != nullptr) return sim_->next_handle();
    const int fd = ::dup(0);
    ::close(fd);
    return fd;
  }
  [[nodiscard]] bool is_taken(Handle handle) const { return sim_ != nullptr ? sim_->is_open(handle) : ::fcntl(handle, F_GETFD) != -1; }
  /// Closes with a reset.
  void reset(Handle handle) {
    std::erase(handles_, handle);
    if (sim_ != nullptr) return sim_->abort(handle);
    const linger at_once = {.l_onoff = 1, .l_linger = 0};
    ASSERT_EQ(::setsockopt(handle, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    loop_->close(handle);
  }

  /// Closed at the end of the test.
  Handle keep(Handle handle) {
    handles_.push_back(handle);
    return handle;
  }
  void close(Handle handle) {
    std::erase(handles_, handle);
    loop_->close(handle);
  }

  struct Listener {
    Handle handle = -1;
    Address address;
  };
  Listener listen(const Address& address = Address::loopback_v4(0), ListenOptions options = {}) {
    auto handle = loop_->listen(address, options);
    EXPECT_TRUE(handle.has_value()) << handle.error().text();
    if (!handle) return {};
    return {.handle = keep(*handle), .address = loop_->local_address(*handle).value()};
  }

  struct Pair {
    Handle near = -1;  ///< The one that connected.
    Handle far = -1;   ///< The one that was accepted.
  };
  Pair connected_pair() {
    const Listener listener = listen();
    Recorder accept, connect;
    loop_->accept(accept, listener.handle);
    loop_->connect(connect, listener.address);
    EXPECT_TRUE(until([&] { return connect.ended && !accept.results.empty(); }));
    EXPECT_GE(connect.last(), 0);
    EXPECT_GE(accept.results.at(0), 0);
    loop_->cancel(accept);
    EXPECT_TRUE(until([&] { return accept.ended; }));
    close(listener.handle);
    return {.near = keep(connect.last()), .far = keep(accept.results.at(0))};
  }

  [[nodiscard]] TimePoint next_moment() const { return std::min(network_->next_event(), sim_->next_due()); }

  std::unique_ptr<SimNetwork> network_;  ///< Of a simulated loop.
  std::unique_ptr<Loop> loop_;
  SimLoop* sim_ = nullptr;  ///< loop_, when it is one.
  std::vector<Handle> handles_;
};

/// See above: what the simulation has no part in.
class KernelLoopConformance : public LoopConformance {};

}  // namespace pulpo::io::testing_support
