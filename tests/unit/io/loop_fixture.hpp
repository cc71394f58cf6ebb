// SPDX-License-Identifier: Apache-2.0
//
// LoopConformance: what the conformance tests of the loops share: operations that write down what befell
// them, and a turn-until-it-holds with a deadline.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "io/loop.hpp"
#include "io/uring_loop.hpp"

namespace pulpo::io::testing_support {

/// The loops, and those forms of the uring loop that older kernels or a measurement ask for.
enum class Variant { epoll, uring, uring_without_defer, uring_sending_in_the_ring };

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
  }
  return Fault{.where = "no such variant"};
}

/// The loop under test, for Recorders that a test leaves pending.
inline Loop* current_loop = nullptr;

/// Writes down its completions; `then` runs inside each. Ends itself when the test is over.
struct Recorder final : Operation {
  Recorder() = default;
  ~Recorder() override {
    then = nullptr;
    // What follows a cancellation comes within a few turns; Operation's destructor stops the test if it does not.
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

class LoopConformance : public testing::TestWithParam<Variant> {
 protected:
  /// No step of these tests takes a hundredth of it; a slower machine fails rather than hangs.
  static constexpr Duration kPatience = 30s;

  void SetUp() override {
    auto made = make(GetParam());
    ASSERT_TRUE(made.has_value()) << made.error().text();
    loop_ = std::move(*made);
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
    while (!holds() && patience.times == 0) loop_->turn(Loop::Wait::yes);
    return holds();
  }
  /// Turns a few times without sleeping: what ought not to happen has its chance to.
  void settle() {
    for (int turn = 0; turn < 20; ++turn) loop_->turn(Loop::Wait::no);
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

  std::unique_ptr<Loop> loop_;
  std::vector<Handle> handles_;
};

}  // namespace pulpo::io::testing_support
