// SPDX-License-Identifier: Apache-2.0
#include "story.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cast.hpp"

namespace pulpo::story {

namespace {

/// Beyond a call's own time: a step of others, a turn of the timers' wheel.
constexpr Duration kSlack = 50ms;

class Plot {
 public:
  Plot(std::uint64_t seed, bool keep_trace) : random_(seed ^ 0x5eed), world_({.seed = seed, .keep_trace = keep_trace}) {}

  Outcome live() {
    const TimePoint began = world_.now();
    try {
      begin();
      const std::size_t acts = 40 + draw(60);
      for (std::size_t act = 0; act < acts && stage_.broken.empty(); ++act) {
        play();
        pass(std::chrono::milliseconds(draw(120)));
      }
      make_well();
      end_all();
    } catch (const std::exception& error) {
      stage_.expect(false, error.what());
    }
    return {.seed = world_.seed(),
            .broken = stage_.broken,
            .tally = stage_.tally,
            .trace = world_.trace(),
            .virtual_time = world_.now() - began};
  }

 private:
  // --- Chance -----------------------------------------------------------------------------------------
  std::size_t draw(std::size_t limit) { return random_.u64() % limit; }
  Member& draw_member() { return stage_.members[draw(stage_.members.size())]; }
  Member& draw_other(const Member& than) {
    return stage_.members[(than.index + 1 + draw(stage_.members.size() - 1)) % stage_.members.size()];
  }

  Timeout draw_timeout() { return draw(5) == 0 ? Timeout::infinity() : Timeout(std::chrono::milliseconds(20 + draw(2000))); }

  // --- Time -------------------------------------------------------------------------------------------
  void pass(Duration time) {
    world_.run_for(time);
    look_at_calls();
  }

  // Rule 1.
  void look_at_calls() {
    std::erase_if(pending_, [&](std::size_t number) {
      const CallRecord& call = stage_.calls[number];
      if (call.state != CallRecord::State::pending) return true;
      if (call.timeout.is_infinite()) return false;
      const Duration allowed = call.timeout.duration() + kSlack + stage_.members[call.caller].stalled - call.stalled_before;
      stage_.expect(world_.now() - call.began <= allowed, fmt::format("1: call {} did not end in its time", number));
      return false;
    });
  }

  // --- Lives ------------------------------------------------------------------------------------------
  void begin() {
    const std::size_t count = 2 + draw(4);
    for (std::size_t i = 0; i < count; ++i) {
      Member& member = stage_.members.emplace_back();
      member.index = i;
      member.node = &world_.start({.name = std::string(1, static_cast<char>('a' + i)), .cores = draw(4) == 0 ? 2u : 1u, .system = false});
      settle(member);
    }
  }

  // What each life of a node begins with: its server, and two processes to be watched.
  void settle(Member& member) {
    member.extras.clear();
    member.acquaintances.clear();
    member.others.clear();
    member.heard.clear();
    member.processes_before = member.node->runtime().process_count();
    member.node->run([&] {
      member.server = start_unlinked(member);
      for (int i = 0; i < 2; ++i) {
        const std::uint64_t number = stage_.next_number++;
        member.extras.push_back({number, spawn([this, number] { be_watched(number); })});
      }
    });
  }

  Pid start_unlinked(Member& member) {
    const Pid server = start_link<Counter>({.name = kCounter}, &stage_, member.index, member.node->lives()).value();
    unlink(server);
    return server;
  }

  void be_watched(std::uint64_t number) {
    for (;;) {
      const auto message = receive_any();
      if (!message) return;
      stage_.expect(message->integer() == static_cast<std::int64_t>(number), "6: a message for a process of an earlier life arrived");
    }
  }

  // --- Acts -------------------------------------------------------------------------------------------
  void play() {
    Member& one = draw_member();
    Member& other = draw_other(one);
    switch (draw(24)) {
      case 0:
        return connect(one, other);
      case 1:
      case 2:
        return get_to_know(one, other);
      case 3:
      case 4:
      case 5:
        return watch(one);
      case 6:
      case 7:
        return haunt(one);
      case 8:
      case 9:
      case 10:
        return talk(one, other);
      case 11:
        return fall(one);
      case 12:
      case 13:
        return rise();
      case 14:
        ++stage_.tally.partitions;
        return world_.partition({*one.node}, {*other.node});
      case 15:
        ++stage_.tally.cuts;
        return world_.cut(*one.node, *other.node);
      case 16:
        ++stage_.tally.heals;
        return draw(2) == 0 ? world_.heal() : world_.heal(*one.node, *other.node);
      case 17:
        ++stage_.tally.drops;
        return world_.drop_connections(*one.node, *other.node);
      case 18:
        return stall(one);
      default:
        for (std::size_t i = 1 + draw(4); i > 0; --i) call_in_a_row(one, draw_other(one));
    }
  }

  void connect(Member& one, Member& other) {
    if (!one.node->is_up()) return;
    one.node->post([this, node = other.node->atom()] {
      if (connect_node(node)) ++stage_.tally.connects;
    });
  }

  std::size_t plan_call(const Member& from, const Member& to, unsigned life) {
    stage_.calls.push_back({.caller = from.index, .target = to.index, .target_life = life, .timeout = draw_timeout()});
    return stage_.calls.size() - 1;
  }

  // Runs inside the caller.
  void make_call(const Address& server, std::size_t number, std::uint64_t milliseconds, std::size_t padding) {
    CallRecord& call = stage_.calls[number];
    struct Abandoned {
      ~Abandoned() {
        if (call.state == CallRecord::State::pending) call.state = CallRecord::State::abandoned;
      }
      CallRecord& call;
    } abandoned{call};
    call.began = now();
    call.stalled_before = stage_.members[call.caller].stalled;
    pending_.push_back(number);
    const auto answer = try_call(server, Bump{number, milliseconds, std::string(padding, 'x')}, {.timeout = call.timeout});
    call.state = answer ? CallRecord::State::ok : CallRecord::State::failed;
    if (answer) stage_.expect(*answer == number, "2: a call got the answer of another");
  }

  // A process that calls a few times, one after the other.
  void call_in_a_row(Member& one, Member& other) {
    if (!one.node->is_up()) return;
    struct Plan {
      std::size_t number;
      std::uint64_t milliseconds;
      std::size_t padding;
    };
    std::vector<Plan> plans;
    for (std::size_t i = 1 + draw(3); i > 0; --i) {
      plans.push_back({plan_call(one, other, 0), draw(3) == 0 ? draw(60) : 0, draw(8) == 0 ? draw(100'000) : 0});
    }
    one.node->post(
        [this, plans, node = other.node->atom()] {
          for (const Plan& plan : plans) make_call(kCounter.on(node), plan.number, plan.milliseconds, plan.padding);
        },
        static_cast<unsigned>(draw(one.node->runtime().core_count())));
  }

  void get_to_know(Member& one, Member& other) {
    if (!one.node->is_up()) return;
    one.node->post([&one, &other, life = one.node->lives()] {
      const auto there = try_call(kCounter.on(other.node->atom()), WhoIsThere{}, {.timeout = 2s});
      if (!there || one.node->lives() != life) return;
      const auto its_life = static_cast<unsigned>(there->elements()[0].integer());
      const Term all = there->elements()[1];
      for (std::size_t i = 0; i < all.list_size(); ++i) {
        const auto pair = all.list_at(i).elements();
        one.acquaintances.push_back({static_cast<std::uint64_t>(pair[0].integer()), pair[1].pid(), other.index, its_life});
      }
    });
  }

  // Rule 4: a process that monitors, or is linked with, another node's.
  void watch(Member& one) {
    if (!one.node->is_up() || one.acquaintances.empty()) return;
    const Acquaintance whom = one.acquaintances[draw(one.acquaintances.size())];
    const bool by_link = whom.number != 0 && draw(2) == 0;  // a server would end with whoever is linked to it
    stage_.watchers.push_back({one.index, one.node->lives(), by_link});
    one.node->post(
        [this, &one, whom, by_link, &watcher = stage_.watchers.back()] {
          one.others.push_back(self());
          trap_exit(true);
          if (by_link) {
            link(whom.pid);
          } else {
            (void)monitor(whom.pid);
          }
          for (;;) {
            const auto message = receive_any();
            if (!message) return;
            const auto parts = message->elements();
            const bool is_exit = message->is_tuple(3) && parts[0].is_atom(atoms::EXIT) && parts[1] == Term(whom.pid);
            const bool is_down = message->is_tuple(5) && parts[0].is_atom(atoms::DOWN);
            if (!is_exit && !is_down) return;  // the end of the story
            ++watcher.fired;
            ++(by_link ? stage_.tally.links_fired : stage_.tally.monitors_fired);
            stage_.expect(watcher.fired == 1, by_link ? "4: a link fired twice" : "4: a monitor fired twice");
          }
        },
        static_cast<unsigned>(draw(one.node->runtime().core_count())));
  }

  // Rule 6: speaks to whoever was known once, dead or alive.
  void haunt(Member& one) {
    if (!one.node->is_up() || one.acquaintances.empty()) return;
    const Acquaintance whom = one.acquaintances[draw(one.acquaintances.size())];
    const Member& target = stage_.members[whom.member];
    const bool is_dead = whom.life != target.node->lives() || !target.node->is_up();
    if (is_dead) ++(whom.number == 0 ? stage_.tally.calls_to_the_dead : stage_.tally.ghosts);
    if (whom.number != 0) {
      one.node->post([whom] { send(whom.pid, static_cast<std::int64_t>(whom.number)); });
      return;
    }
    const std::size_t number = plan_call(one, target, whom.life);
    one.node->post([this, whom, number] { make_call(whom.pid, number, 0, 0); });
  }

  // Rule 3: a process that casts in a row, now and then something large.
  void talk(Member& one, Member& other) {
    if (!one.node->is_up()) return;
    std::vector<std::pair<std::size_t, std::size_t>> lines;  // milliseconds before, bytes
    for (std::size_t i = 2 + draw(20); i > 0; --i) lines.emplace_back(draw(4) == 0 ? draw(10) : 0, draw(6) == 0 ? draw(60'000) : 0);
    stage_.tally.casts += lines.size();
    one.node->post(
        [lines, node = other.node->atom(), sender = stage_.next_number++] {
          std::uint64_t number = 0;
          for (const auto& [pause, bytes] : lines) {
            if (pause > 0) sleep(std::chrono::milliseconds(pause));
            cast(kCounter.on(node), Line{sender, ++number, std::string(bytes, 'x')});
          }
        },
        static_cast<unsigned>(draw(one.node->runtime().core_count())));
  }

  void fall(Member& one) {
    if (!one.node->is_up()) return;
    if (draw(3) == 0) {
      ++stage_.tally.power_losses;
      one.node->power_loss();
    } else {
      ++stage_.tally.crashes;
      one.node->crash();
    }
  }

  void rise() {
    for (Member& member : stage_.members) {
      if (member.node->is_up()) continue;
      ++stage_.tally.restarts;
      member.node->restart();
      settle(member);
      return;
    }
  }

  void stall(Member& one) {
    if (!one.node->is_up()) return;
    ++stage_.tally.stalls;
    const Duration time = std::chrono::milliseconds(10 + draw(700));
    one.stalled += time;
    one.node->stall(time);
  }

  // --- The end ------------------------------------------------------------------------------------------

  // Rule 5. TCP sends again after up to 120 s (RFC 6298, and Linux), so that it takes that long until both ends of each connection know
  // whether it is still one.
  void make_well() {
    if (!stage_.broken.empty()) return;
    world_.heal();
    for (std::size_t i = 0; i < stage_.members.size(); ++i) rise();
    pass(300s);
    for (Member& one : stage_.members) {
      for (Member& other : stage_.members) {
        if (&one != &other) reach(one, other);
      }
    }
    pass(300s);
    // Rule 1 for calls without limit: whoever waits for a server that was lost has learnt of it by now.
    for (std::size_t number = 0; number < stage_.calls.size(); ++number) {
      const CallRecord& call = stage_.calls[number];
      stage_.expect(call.state != CallRecord::State::pending || call.began == TimePoint{}, fmt::format("1: call {} never ended", number));
    }
  }

  // The first call over a connection to a life that is gone fails, which is how we learn of it.
  void reach(Member& one, Member& other) {
    bool reached = false;
    for (int attempt = 0; attempt < 3 && !reached && stage_.broken.empty(); ++attempt) {
      const std::size_t number = plan_call(one, other, 0);
      stage_.calls[number].timeout = Timeout(10s);
      one.node->run([&] { make_call(kCounter.on(other.node->atom()), number, 0, 0); });
      reached = stage_.calls[number].state == CallRecord::State::ok;
    }
    stage_.expect(reached, fmt::format("5: {} cannot call {} though all is well", one.node->name(), other.node->name()));
  }

  void end_all() {
    if (!stage_.broken.empty()) return;
    for (const Member& member : stage_.members) {
      member.node->run([&] {
        for (const Extra& extra : member.extras) exit(extra.pid, atoms::shutdown);
        exit(member.server, atoms::kill);
      });
    }
    pass(300s);
    for (const Watcher& watcher : stage_.watchers) {
      const testing::Node& node = *stage_.members[watcher.member].node;
      if (watcher.life != node.lives() || !node.is_up()) continue;
      stage_.expect(watcher.fired == 1, watcher.is_link ? "4: a link did not fire" : "4: a monitor did not fire");
    }
    for (const Member& member : stage_.members) {
      member.node->run([&] {
        for (const Pid& pid : member.others) exit(pid, atoms::kill);
      });
    }
    pass(300s);
    for (std::size_t number = 0; number < stage_.calls.size(); ++number) count(number, stage_.calls[number]);
    for (const Member& member : stage_.members) {
      const std::size_t left = member.node->runtime().process_count();
      stage_.expect(left == member.processes_before,
                    fmt::format("7: {} has {} processes, and had {}", member.node->name(), left, member.processes_before));
      member.node->stop();
    }
  }

  // Rule 2, and rule 1 for the last ones.
  void count(std::size_t number, const CallRecord& call) {
    switch (call.state) {
      case CallRecord::State::pending:
        stage_.expect(call.executed == 0, fmt::format("2: call {} was never made, and executed", number));
        break;
      case CallRecord::State::ok:
        ++stage_.tally.calls_ok;
        stage_.expect(call.executed == 1, fmt::format("2: call {} was answered and not executed", number));
        break;
      case CallRecord::State::failed:
        ++stage_.tally.calls_failed;
        stage_.expect(call.executed <= 1, fmt::format("2: call {} failed and was executed {} times", number, call.executed));
        break;
      case CallRecord::State::abandoned:
        ++stage_.tally.calls_abandoned;
        break;
    }
  }

  SeededRandom random_;
  Stage stage_;
  std::vector<std::size_t> pending_;
  testing::World world_;  ///< Last: what its nodes run refers to the stage.
};

}  // namespace

Outcome live(std::uint64_t seed, bool keep_trace) { return Plot(seed, keep_trace).live(); }

}  // namespace pulpo::story
