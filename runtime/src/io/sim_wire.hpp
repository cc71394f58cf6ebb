// SPDX-License-Identifier: Apache-2.0
//
// SimWire: what lies between simulated hosts: one virtual clock, one queue of events, one seeded source of
// randomness, and which ways are open.
//
//   Order      Events of one moment come in the order in which they were scheduled.
//   Bounds     Events under way: what the connections' windows hold, and a few for each connection.
//   Threads    One.
//   Cost       schedule(), pop(): a binary heap of small events; no allocation once it has grown.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "io/loop.hpp"
#include "io/sim_options.hpp"
#include "pulpo/bytes.hpp"
#include "pulpo/time.hpp"

namespace pulpo::io {

struct SimEvent {
  enum class Kind : std::uint8_t {
    // Segments: arrive at `to_side` of a connection.
    syn,
    syn_ack,
    refusal,  ///< Answers a SYN to a port where nobody listens.
    ack,      ///< The third of the handshake.
    data,
    fin,
    reset,
    credit,  ///< The receiver's word on how much it has read.
    // Timers of a connection.
    dial,     ///< Sends the SYN again, or gives up.
    again,    ///< Sends what was lost again, or gives up.
    update,   ///< Sends a credit again that was lost.
    severed,  ///< reset_connections(): this end's moment has come.
    // Others.
    script,    ///< A scripted device speaks.
    datagram,  ///< One arrives.
  };
  TimePoint at{};
  std::uint64_t order = 0;
  std::uint64_t end = 0;         ///< data: the sequence number after it; credit: what was read.
  std::uint32_t connection = 0;  ///< Its place in the table; or the number of the script or datagram.
  std::uint32_t serial = 0;      ///< Tells it from later users of the place.
  std::uint32_t epoch = 0;       ///< Segments of a flow: those sent before a loss are not taken.
  Kind kind = Kind::syn;
  std::uint8_t to_side = 0;
};

/// Who is told that a handle may have something to read, or room to write: a SimLoop.
class SimOwner {
 public:
  virtual void readable(Handle handle) = 0;
  virtual void writable(Handle handle) = 0;

 protected:
  ~SimOwner() = default;
};

class SimWire {
 public:
  explicit SimWire(const SimOptions& options) noexcept : options_(options), random_(options.seed) {}

  [[nodiscard]] const SimOptions& options() const noexcept { return options_; }

  // --- Time ---------------------------------------------------------------------------------------
  [[nodiscard]] TimePoint now() const noexcept { return now_; }
  /// Each host booted at another time, and its quartz is not that of the others.
  [[nodiscard]] Duration boot_time(HostNumber host) const noexcept {
    const std::int64_t mix = static_cast<std::int64_t>((options_.seed * 31 + host) * 2'654'435'761u % 1'000'003);
    const std::int64_t passed = (now_ - kStart).count();
    return Duration(1'000'000 * mix + passed + passed / 1'000'000 * (mix % (2 * kDriftPpm + 1) - kDriftPpm));
  }
  [[nodiscard]] std::int64_t wall_time() const noexcept { return options_.wall_start_ns + (now_ - kStart).count(); }
  void set_now(TimePoint now) noexcept { now_ = now; }
  void schedule(SimEvent event, TimePoint at);
  /// kNever when there is none.
  [[nodiscard]] TimePoint next_event() const noexcept { return events_.empty() ? kNever : events_.front().at; }
  /// Takes the next event and sets the clock to it; there must be one.
  [[nodiscard]] SimEvent pop();

  // --- Chance -------------------------------------------------------------------------------------
  /// Uniform in [0, limit); limit > 0.
  [[nodiscard]] std::uint64_t draw(std::uint64_t limit) noexcept { return random_.u64() % limit; }
  /// How long a segment is on its way.
  [[nodiscard]] Duration draw_delay(HostNumber from, HostNumber to) noexcept;

  // --- Ways ---------------------------------------------------------------------------------------
  HostNumber add_host();
  [[nodiscard]] HostNumber hosts() const noexcept { return static_cast<HostNumber>(up_.size()); }
  void set_cut(HostNumber from, HostNumber to, bool is_cut) noexcept { cut_[from][to] = is_cut; }
  void set_up(HostNumber host, bool is_up) noexcept { up_[host] = is_up; }
  [[nodiscard]] bool is_up(HostNumber host) const noexcept { return host < up_.size() && up_[host]; }
  /// What `from` sends now reaches `to`; kNoHost is never reached.
  [[nodiscard]] bool is_open(HostNumber from, HostNumber to) const noexcept {
    return is_up(from) && is_up(to) && (from == to || !cut_[from][to]);
  }

  // --- Trace --------------------------------------------------------------------------------------
  using Trace = std::function<void(std::string_view line)>;
  void set_trace(Trace trace) { trace_ = std::move(trace); }
  [[nodiscard]] bool is_traced() const noexcept { return trace_ != nullptr; }
  /// "12.000345678 1>2 c17 data 512 9f3c…": time, hosts, connection, kind, bytes, digest of `bytes`. Only when is_traced().
  void trace(HostNumber from, HostNumber to, std::uint32_t connection, std::string_view kind, std::uint64_t size = 0, ByteView bytes = {});

  /// The virtual clock does not begin at zero, since a real one is never there either.
  static constexpr TimePoint kStart = TimePoint{1000s};
  /// How wrong a board's clock may run, either way: worse than any quartz.
  static constexpr std::int64_t kDriftPpm = 30'000;
  static constexpr HostNumber kNoHost = ~HostNumber{0};

 private:
  SimOptions options_;
  SeededRandom random_;
  TimePoint now_ = kStart;
  std::uint64_t order_ = 0;
  std::vector<SimEvent> events_;        ///< A heap; the next one first.
  std::vector<std::vector<bool>> cut_;  ///< [from][to]
  std::vector<bool> up_;
  Trace trace_;
};

}  // namespace pulpo::io
