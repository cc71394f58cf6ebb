// SPDX-License-Identifier: Apache-2.0
//
// Stepper: the cores of several runtimes, taking turns on one thread in the virtual time of a simulated network.
//
// Whoever has something to do at the present instant is given a step, in an order drawn from the seed. When nobody has, the clock jumps
// to the next thing that is due. A seat stands for one operating system process: the cores of a runtime whose driver it is, or
// bare loops; it can be killed and stalled.
//
//   Order      The same seed gives the same order of steps.
//   Bounds     A step is kSlices slices. Who does not come to rest within it has worked for kStepTime; so have those who keep
//              each other busy for kRoundsAtOnce rounds of one instant: an endless ping-pong takes virtual time, too.
//   Ownership  The network and the stepper outlive the seats, a seat the runtime that it drives.
//   Threads    One.
//   Errors     run_until(): false when the limit passes first, or nothing is left that could ever happen.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/random.hpp"
#include "io/sim_network.hpp"
#include "proc/driver.hpp"

namespace pulpo {

class Stepper {
 public:
  // A slice is at most 256 activations, which take some 10 µs each on a board (performance-notes.md section 2: 50 ns to some µs): a
  // step of 16 of them is the longest that others wait for their turn, and worth noticing on the clock.
  static constexpr unsigned kSlices = 16;
  static constexpr Duration kStepTime = 100us;
  // A call between two cores takes four rounds; work that is done at one instant seldom takes more than some dozens.
  static constexpr unsigned kRoundsAtOnce = 256;
  /// A driver that waits on its own behalf (start, stop, run) does so for at most this long: nothing of ours takes an hour.
  static constexpr Duration kPatience = 1h;

  class Seat final : public Driver {
   public:
    Seat(Stepper& stepper, io::HostNumber host) noexcept;
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    ~Seat() override;

    /// A loop of its own, turned whenever it has something to do.
    [[nodiscard]] io::SimLoop& add_loop();
    /// kill -9: what its sockets were connected with sees them close. From here on the seat is alone: run_until() steps nobody
    /// else and lets no time pass, so that what is left can be taken apart.
    void kill();
    [[nodiscard]] bool is_killed() const noexcept { return killed_; }
    /// A signal of the operating system: how many of its loops' watches it reached.
    std::size_t raise(int number);
    /// Does nothing until then.
    void stall(TimePoint until);

    Outcome<std::unique_ptr<io::Loop>> enlist(Core& core) override;
    void retire(Core& core) noexcept override;
    bool run_until(const std::function<bool()>& done) override;

   private:
    friend class Stepper;
    Stepper& stepper_;
    const io::HostNumber host_;
    std::vector<std::unique_ptr<io::SimLoop>> loops_;
    bool killed_ = false;
    TimePoint stalled_until_{};
  };

  Stepper(io::SimNetwork& network, std::uint64_t seed) noexcept : network_(network), random_(seed) {}
  Stepper(const Stepper&) = delete;
  Stepper& operator=(const Stepper&) = delete;
  ~Stepper();

  /// Steps whoever has something to do and lets time pass until `done` holds, at most to `limit`, which is then the time.
  bool run_until(const std::function<bool()>& done, TimePoint limit);
  [[nodiscard]] io::SimNetwork& network() noexcept { return network_; }
  /// Whose step it is; null between steps.
  [[nodiscard]] const Seat* running() const noexcept { return running_; }
  /// Called after each round of steps; may throw, and then run_until() does.
  std::function<void()> after_round;

 private:
  struct Place {
    Seat* seat;
    io::SimLoop* loop;
    Core* core;  ///< Null: a bare loop.
  };
  enum class Round : std::uint8_t { idle, some, busy };
  [[nodiscard]] static bool wants_step(const Place& place) noexcept;
  [[nodiscard]] Round step(const Place& place);
  [[nodiscard]] Round round(const Seat* only);
  [[nodiscard]] TimePoint next_due() const;
  void leave(const io::SimLoop& loop) noexcept;

  io::SimNetwork& network_;
  SeededRandom random_;
  std::vector<Place> places_;
  const Seat* running_ = nullptr;
};

}  // namespace pulpo
