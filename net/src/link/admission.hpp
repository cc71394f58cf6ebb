// SPDX-License-Identifier: Apache-2.0
//
// Admission: what peers that are not yet authenticated may cost us.
//
// A handshake costs two scalar multiplications (0.1 ms on a PC, some ms on an ARMv7 board) and a few KiB: a flood of
// them must not starve the node, nor let somebody try cookies quickly.
//
//   Bounds     AdmissionLimits. The table of addresses is bounded as well; when it is full, the address that has been
//              quiet longest is forgotten.
//   Ownership  A Slot counts as one half-open connection until it is released or destroyed; the Admission must outlive it.
//   Threads    One: a node accepts on one core.
//   Errors     admit(): Errc::busy, with the limit in words.
//   Cost       A hash look-up.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "io/address.hpp"
#include "pulpo/result.hpp"
#include "pulpo/time.hpp"

namespace pulpo::links {

struct AdmissionLimits {
  std::uint32_t half_open_max = 64;              ///< architecture.md, Defaults and limits.
  std::uint32_t half_open_per_address_max = 32;  ///< Half of them, so that no single address takes all.
  std::uint32_t handshakes_per_second_max = 2000;
  std::uint32_t failures_free = 10;    ///< A person who mistypes a cookie is not punished.
  Duration delay_min = 100ms;          ///< After the next failure; doubles with each further one …
  Duration delay_max = 30s;            ///< … up to this.
  Duration failures_forgotten = 60s;   ///< After so long without a failure an address is as good as new.
  std::uint32_t addresses_max = 1024;  ///< 64 bytes each.
};

class Admission {
 public:
  explicit Admission(const AdmissionLimits& limits = {}) noexcept : limits_(limits) {}
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;
  ~Admission();

  /// One half-open connection.
  class Slot {
   public:
    Slot() noexcept = default;
    Slot(Slot&& other) noexcept : admission_(std::exchange(other.admission_, nullptr)), key_(other.key_) {}
    Slot& operator=(Slot&& other) noexcept;
    ~Slot() { release(); }
    /// The peer proved that it knows the cookie: earlier failures of its address are forgotten.
    void succeeded() noexcept;
    /// The peer's proof was wrong: a guess.
    void failed(TimePoint now) noexcept;
    [[nodiscard]] bool may_log(TimePoint now) noexcept { return admission_ == nullptr || admission_->may_log(now); }
    /// It is no longer half open, whatever became of it.
    void release() noexcept;

   private:
    friend class Admission;
    using Key = std::array<unsigned char, 16>;
    Admission* admission_ = nullptr;
    Key key_{};
  };

  /// A place for a connection from `address`, or why there is none.
  [[nodiscard]] Outcome<Slot> admit(const io::Address& address, TimePoint now);
  /// Whether a line in the log about a peer that is not authenticated is worth its place: ten at once, then one a second.
  [[nodiscard]] bool may_log(TimePoint now) noexcept;
  [[nodiscard]] std::uint32_t half_open() const noexcept { return half_open_; }
  [[nodiscard]] std::size_t addresses() const noexcept { return entries_.size(); }

 private:
  using Key = Slot::Key;
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  struct Entry {
    std::uint32_t half_open = 0;
    std::uint32_t failures = 0;   ///< In a row.
    TimePoint last_failure = {};  ///< Of the youngest of them.
    TimePoint closed_until = {};  ///< No connection is taken before.
    TimePoint last_seen = {};
  };
  static constexpr double kLogBurst = 10;  ///< A port scan or a flood must not fill a board's flash with lines.
  [[nodiscard]] static Key key_of(const io::Address& address) noexcept;
  [[nodiscard]] Entry& entry_of(const Key& key, TimePoint now);
  void make_place(TimePoint now);

  AdmissionLimits limits_;
  std::unordered_map<Key, Entry, KeyHash> entries_;
  std::uint32_t half_open_ = 0;
  double tokens_ = 0;  ///< Handshakes that may begin now; refilled with time.
  TimePoint refilled_ = {};
  double log_tokens_ = kLogBurst;
  TimePoint log_refilled_ = {};
  bool started_ = false;
};

}  // namespace pulpo::links
