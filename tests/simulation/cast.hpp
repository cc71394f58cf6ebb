// SPDX-License-Identifier: Apache-2.0
//
// The cast of the story: what it remembers of its nodes, calls and processes, and the server that each node runs.
#pragma once

#include <map>
#include <pulpo/gen_server.hpp>

#include "story.hpp"

namespace pulpo::story {

/// One call, from before it is made.
struct CallRecord {
  enum class State : std::uint8_t { pending, ok, failed, abandoned };  ///< abandoned: its caller's node died
  State state = State::pending;
  unsigned executed = 0;
  std::size_t caller = 0;    ///< Member.
  std::size_t target = 0;    ///< Member.
  unsigned target_life = 0;  ///< By pid: the life that it is for; 0 by name, for whichever.
  Timeout timeout{0s};
  TimePoint began{};          ///< None: its process did not come to it.
  Duration stalled_before{};  ///< Its caller's, when it began.
};

/// A process that others link and monitor. It knows who it is, so that what is for another is noticed.
struct Extra {
  std::uint64_t number = 0;  ///< Unique in the story.
  Pid pid{};                 ///< As its own node knows it.
};

/// Another node's process, as a member knows it; its pid means something in this life only.
struct Acquaintance {
  std::uint64_t number = 0;
  Pid pid{};
  std::size_t member = 0;
  unsigned life = 0;
};

/// A monitor or a link on an acquaintance.
struct Watcher {
  std::size_t member = 0;
  unsigned life = 0;
  bool is_link = false;
  unsigned fired = 0;
};

struct Member {
  testing::Node* node = nullptr;
  std::size_t index = 0;
  std::vector<Extra> extras;                     ///< Of its present life.
  std::vector<Acquaintance> acquaintances;       ///< The same.
  Pid server{};                                  ///< The same.
  std::vector<Pid> others;                       ///< Watchers, to be ended at the end.
  std::map<std::uint64_t, std::uint64_t> heard;  ///< By sender: the last number of its casts that came, in this life.
  std::size_t processes_before = 0;              ///< When its life began.
  Duration stalled{};                            ///< In all.
};

/// All of it; the server and the processes write into it.
struct Stage {
  std::deque<Member> members;
  std::deque<CallRecord> calls;
  std::deque<Watcher> watchers;
  Tally tally;
  std::string broken;
  std::uint64_t next_number = 1;

  /// Remembers the first rule that was broken.
  void expect(bool holds, std::string_view what) {
    if (!holds && broken.empty()) broken = what;
  }
};

struct Bump {
  using Message = Call<"bump", std::uint64_t>;
  std::uint64_t call = 0;
  std::uint64_t milliseconds = 0;  ///< How long it takes.
  std::string padding;
};
struct WhoIsThere {
  using Message = Call<"who_is_there", Term>;
};
struct Line {
  using Message = Cast<"line">;
  std::uint64_t sender = 0, number = 0;
  std::string padding;
};

class Counter {
 public:
  using Protocol = pulpo::Protocol<Bump, WhoIsThere, Line>;
  Counter(Stage* stage, std::size_t member, unsigned life) : stage_(*stage), me_(stage->members[member]), life_(life) {}

  std::uint64_t handle_call(const Bump& bump) {
    CallRecord& record = stage_.calls[bump.call];
    ++record.executed;
    stage_.expect(record.executed == 1, "2: a call was executed twice");
    stage_.expect(record.target == me_.index, "6: a call reached another node than its own");
    stage_.expect(record.target_life == 0 || record.target_life == life_, "6: a call for a server of an earlier life was executed");
    if (bump.milliseconds > 0) sleep(std::chrono::milliseconds(bump.milliseconds));
    return bump.call;
  }
  Term handle_call(const WhoIsThere&) {
    std::vector<Term> all;
    for (const Extra& extra : me_.extras) all.push_back(Term::tuple({Term(static_cast<std::int64_t>(extra.number)), extra.pid}));
    all.push_back(Term::tuple({0, self()}));
    return Term::tuple({static_cast<std::int64_t>(life_), Term::list(all)});
  }
  void handle_cast(const Line& line) {
    std::uint64_t& last = me_.heard[line.sender];
    stage_.expect(line.number > last, line.number == last ? "3: a cast arrived twice" : "3: casts arrived out of order");
    last = line.number;
    ++stage_.tally.casts_arrived;
  }

 private:
  Stage& stage_;
  Member& me_;
  const unsigned life_;
};

inline constexpr auto kCounter = local<Counter::Protocol>("Counter");

}  // namespace pulpo::story
