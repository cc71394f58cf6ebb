// SPDX-License-Identifier: Apache-2.0
//
// What a node or a command asks of a mapper, ours or Erlang's: Registration, Lookup, Names.
//
// Each object is one question under way on the loop. Its answer comes as one call of the function that it was given, on
// the loop, never inside the constructor; the function may destroy the object. Destroying it earlier cancels the question.
//
//   Bounds     An answer is at most kAnswerSizeMax bytes. A Registration has one connection and one timer.
//   Ownership  The asker owns the object. The loop and the Random outlive it; the loop's last operations end in the loop's next turns.
//   Threads    The loop's.
//   Suspends   Never; a coroutine waits by being resumed from the function.
//   Errors     timeout: no whole answer in time. nodedown: no mapper there. not_found: the name is not registered.
//              bad_message: what answered is no mapper. bad_argument: no mapper would take the question.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/random.hpp"
#include "io/loop.hpp"
#include "mapper/callback_timer.hpp"
#include "mapper/epmd_codec.hpp"
#include "mapper/stream.hpp"

namespace pulpo::mapper {

/// A names or dump text: 100,000 nodes of 80 bytes. More is no mapper of boards.
inline constexpr std::size_t kAnswerSizeMax = 8 * 1024 * 1024;
/// EPMD-16: how long `erl` waits for its mapper.
inline constexpr Duration kAnswerTimeout = 10s;
/// What `epmd -names` says when nothing listens (EPMD-14).
inline constexpr std::string_view kNoMapperText = "epmd: Cannot connect to local epmd";

/// One request and its whole answer, as bytes; for the questions below and for kill, stop and dump.
class Query final : public Stream::Owner {
 public:
  /// Whether `answer` is whole already; else the mapper's close ends it.
  using IsWhole = bool (*)(ByteView answer);
  using Done = std::function<void(Outcome<std::string>)>;
  /// `mapper` is the address and port to ask.
  Query(io::Loop& loop, const io::Address& mapper, const Request& request, Timeout timeout, Done done, IsWhole is_whole = nullptr);

 private:
  void connected() override;
  void received(ByteView bytes) override;
  void ended(int error) override;
  void expired();
  void finish(Outcome<std::string> answer);

  io::Loop& loop_;
  io::Address mapper_;
  std::string request_;
  std::string answer_;
  IsWhole is_whole_;
  Done done_;
  Stream::Pointer stream_;
  CallbackTimer<Query> timer_{*this, &Query::expired};
};

/// Where the node `name` (the part before '@') listens, by the mapper of its host. A pulpo node's `extra` is kPulpoExtra;
/// who wants to dial one looks at it first.
class Lookup {
 public:
  using Done = std::function<void(Outcome<NodeRecord>)>;
  Lookup(io::Loop& loop, const io::Address& mapper, std::string name, Timeout timeout, Done done);

 private:
  Query query_;
};

/// All names of a host.
class Names {
 public:
  using Done = std::function<void(Outcome<TextReply>)>;
  Names(io::Loop& loop, const io::Address& mapper, Timeout timeout, Done done);
  /// What `epmd -names` prints (EPMD-14): "epmd: up and running on port N with data:", then "name NAME at port PORT" lines.
  [[nodiscard]] static std::string text(const TextReply& reply);

 private:
  Query query_;
};

/// Keeps a node registered for as long as it lives: when the mapper goes away it tries again, first soon and then twice to four
/// times a second, for ever (EPMD-17, where it is every two seconds). Nodes that are connected do not notice.
class Registration final : private Stream::Owner {
 public:
  struct Settings {
    io::Address mapper = {};  ///< Address and port: loopback, since only this host may register (EPMD-3).
    NodeRecord node = {};     ///< `extra` should be kPulpoExtra.
    /// Before the first retry; it doubles up to `pause_max`. A mapper that was started on demand listens after some 3 ms, and the
    /// node's start waits for it; a retry costs a refused connect on loopback. What is waited is by chance between half a pause and
    /// the whole: fifty nodes that lose their mapper in one moment do not come back in one.
    Duration first_pause = 2ms;
    Duration pause_max = 500ms;  ///< Names are back half a second after the mapper is. EPMD-17's 2 s would be two.
    Duration start_time = 2s;    ///< For so long a mapper that was started may be away before anybody is told.
    /// For so long a name may be refused before anybody is told: its holder may be a life of this very node that was killed a
    /// moment ago, whose connection the kernel is about to end (EPMD-18; Erlang's mapper does not look at it). `erl` needs as long.
    Duration refusal_time = 200ms;
    Duration answer_timeout = kAnswerTimeout;  ///< For connecting and for the answer.
    /// Called once, when no mapper is there at the first try: see on_demand.hpp. What it cannot do becomes part of `unreachable`.
    std::function<Outcome<void>()> start_mapper = {};
  };

  enum class State : std::uint8_t {
    connecting,   ///< Nothing known yet; or the mapper was lost, and the first retry is to come. Never reported.
    registered,   ///< The name is ours. The node keeps the first creation it got, though a new mapper gives another.
    refused,      ///< Somebody else has the name, or the mapper does not take it.
    unreachable,  ///< No mapper answers.
  };
  struct Report {
    State state = State::connecting;
    std::uint32_t creation = 0;  ///< registered.
    Fault fault = {};            ///< refused (already_exists, bad_argument) and unreachable (nodedown, timeout): why.
  };
  /// Called at each change of state, and not for retries that change nothing.
  using Changed = std::function<void(const Report&)>;

  Registration(io::Loop& loop, Random& random, Settings settings, Changed changed);
  [[nodiscard]] State state() const noexcept { return state_; }

 private:
  void connected() override;
  void received(ByteView bytes) override;
  void ended(int error) override;
  void expired();
  void try_now();
  void failed(Fault fault);
  void plan_next_try();
  void report(Report report);

  io::Loop& loop_;
  Random& random_;
  Settings settings_;
  Changed changed_;
  Stream::Pointer stream_;
  std::string answer_;
  State state_ = State::connecting;
  Duration pause_;
  TimePoint start_until_{};                 ///< A mapper was started, and may take until then.
  std::optional<TimePoint> refused_until_;  ///< The name was refused, and that is no news before then.
  Fault start_fault_;
  bool has_asked_for_start_ = false;
  CallbackTimer<Registration> timer_{*this, &Registration::expired};
};

}  // namespace pulpo::mapper
