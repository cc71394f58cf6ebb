// SPDX-License-Identifier: Apache-2.0
#include "failover_story.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/random.hpp"
#include "failover_cast.hpp"
#include "otp/application_table.hpp"
#include "proc/core.hpp"
#include "pulpo/net/nodes.hpp"

namespace pulpo::failover {

namespace {

class FailoverPlot {
 public:
  FailoverPlot(std::uint64_t seed, bool keep_trace) : random_(seed ^ 0xfa110), world_({.seed = seed, .keep_trace = keep_trace}) {}

  Outcome live() {
    const TimePoint began = world_.now();
    try {
      begin();
      for (std::size_t chapter = 2 + draw(3); chapter > 0 && broken_.empty(); --chapter) {
        for (std::size_t act = 5 + draw(20); act > 0; --act) {
          play();
          pass(std::chrono::milliseconds(draw(4) == 0 ? draw(15'000) : draw(1'000)));
        }
        be_quiet();
      }
    } catch (const std::exception& error) {
      expect(false, error.what());
    }
    tell_instances();
    return {.seed = world_.seed(), .broken = broken_, .tally = tally_, .trace = world_.trace(), .virtual_time = world_.now() - began};
  }

 private:
  using Member = testing::Node;

  // --- Chance -----------------------------------------------------------------------------------------
  std::size_t draw(std::size_t limit) { return random_.u64() % limit; }
  Member& draw_member() { return *members_[draw(members_.size())]; }
  Member& draw_other(const Member& than) {
    for (;;) {
      Member& other = draw_member();
      if (&other != &than) return other;
    }
  }
  template <class T>
  void shuffle(std::vector<T>& all) {
    for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[draw(i)]);
  }

  void expect(bool holds, std::string_view what) {
    if (!holds && broken_.empty()) broken_ = what;
  }

  void pass(Duration time) {
    world_.run_for(time);
    for (const std::string& name : applications_) {
      const bool doubled = book_.alive(name).size() > 1;
      if (doubled && !std::exchange(doubled_[name], true)) ++tally_.doubles;
      if (!doubled) doubled_[name] = false;
    }
  }

  // --- The beginning ----------------------------------------------------------------------------------
  void begin() {
    const std::size_t count = 3 + draw(5);
    std::vector<Atom> nodes;
    for (std::size_t i = 0; i < count; ++i) nodes.emplace_back(std::string{static_cast<char>('a' + i), '@', static_cast<char>('a' + i)});
    KernelConfig kernel{.sync_nodes_optional = nodes, .sync_nodes_timeout = Timeout(std::chrono::milliseconds(500 + draw(4'000)))};
    applications_.emplace_back("alpha");
    if (draw(2) == 0) applications_.emplace_back("beta");
    for (const std::string& name : applications_) kernel.distributed.push_back(draw_application(name, nodes));
    kernel_ = kernel;
    world_.check_always("4: a consistent application serves on one node at most", [this] { return one_serves_at_most(); });
    for (const DistributedApplication& each : kernel.distributed) world_.note(text_of(each));
    for (const Atom node : nodes) {
      std::vector<Application> all;
      for (const std::string& name : applications_) all.push_back(application(book_, name, name == "beta"));
      members_.push_back(&world_.start({.name = std::string(node.text()), .applications = std::move(all), .kernel = kernel}));
      if (draw(3) == 0) pass(std::chrono::milliseconds(draw(2'000)));
    }
    be_quiet();
  }

  /// On all of the nodes, now and then on some of them; in groups of equal priority.
  DistributedApplication draw_application(const std::string& name, std::vector<Atom> nodes) {
    shuffle(nodes);
    if (draw(3) == 0) nodes.resize(2 + draw(nodes.size() - 1));
    constexpr std::array<int, 4> kWaits{0, 500, 2'000, 5'000};
    DistributedApplication made{.name = Atom(name), .wait = Timeout(std::chrono::milliseconds(kWaits[draw(kWaits.size())]))};
    made.consistent = draw(2) == 0;
    for (const Atom node : nodes) {
      if (made.nodes.empty() || draw(2) == 0) made.nodes.emplace_back();
      made.nodes.back().push_back(node);
    }
    return made;
  }

  static std::string text_of(const DistributedApplication& application) {
    std::string text = fmt::format("{}{} after {} ms on", application.consistent ? "consistent " : "", application.name.text(),
                                   application.wait.duration() / 1ms);
    for (const auto& group : application.nodes) {
      text += " {";
      for (const Atom node : group) text += fmt::format(" {}", node.text());
      text += " }";
    }
    return text;
  }

  bool one_serves_at_most() {
    return std::all_of(kernel_.distributed.begin(), kernel_.distributed.end(), [&](const DistributedApplication& application) {
      if (!application.consistent) return true;
      return std::count_if(members_.begin(), members_.end(), [&](const Member* each) { return may_serve(*each, application.name); }) <= 1;
    });
  }
  /// A request that it takes up now is served.
  static bool may_serve(const Member& node, Atom application) {
    if (!node.is_up()) return false;
    const auto lease = ApplicationTable::of(node.runtime()).lease_of(application);
    return lease != nullptr && lease->right(node.runtime().core(0).loop().boot_time()) == Lease::Right::to_all;
  }

  // --- Acts -------------------------------------------------------------------------------------------
  void play() {
    Member& one = draw_member();
    Member& other = draw_other(one);
    switch (draw(21)) {
      case 0:
      case 1:
        return fall(one);
      case 2:
        return fall_where_it_runs();
      case 3:
      case 4:
      case 5:
      case 6:
        return rise();
      case 7:
      case 8:
        return split();
      case 9:
        ++tally_.cuts;
        return world_.cut(one, other);
      case 10:
        ++tally_.partitions;
        return world_.partition({one}, {other});
      case 11:
        ++tally_.heals;
        return world_.heal();
      case 12:
        ++tally_.heals;
        return world_.heal(one, other);
      case 13:
        ++tally_.drops;
        return world_.drop_connections(one, other);
      case 14:
      case 15:
        return stall(one);
      case 16:
      case 17:
      case 18:
        return take_over_by_hand(one);
      case 19:
        return brown_out(one);
      default:
        return leave(one);
    }
  }

  void fall(Member& one) {
    if (!one.is_up()) return;
    if (draw(3) == 0) {
      ++tally_.power_losses;
      one.power_loss();
    } else {
      ++tally_.crashes;
      one.crash();
    }
  }
  void fall_where_it_runs() {
    for (Member* const member : members_) {
      const auto all = book_.alive(applications_[draw(applications_.size())]);
      if (!all.empty() && all.front()->node == member->atom()) return fall(*member);
    }
  }

  /// One is cut off from all others, and they reset, with all that they remembered.
  void brown_out(Member& one) {
    ++tally_.brown_outs;
    for (Member* const other : members_) {
      if (other == &one) continue;
      world_.partition({one}, {*other});
      if (!other->is_up()) continue;
      other->power_loss();
      other->restart();
    }
  }

  void rise() {
    const std::size_t first = draw(members_.size());
    for (std::size_t i = 0; i < members_.size(); ++i) {
      Member& one = *members_[(first + i) % members_.size()];
      if (one.is_up()) continue;
      ++tally_.restarts;
      return one.restart();
    }
  }

  /// Two groups that do not hear each other.
  void split() {
    ++tally_.partitions;
    std::vector<Member*> all = members_;
    shuffle(all);
    const std::size_t size = 1 + draw(all.size() - 1);
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t k = size; k < all.size(); ++k) world_.partition({*all[i]}, {*all[k]});
    }
  }

  void stall(Member& one) {
    if (!one.is_up()) return;
    ++tally_.stalls;
    one.stall(std::chrono::milliseconds(10 + (draw(3) == 0 ? draw(15'000) : draw(1'000))));
  }

  void take_over_by_hand(Member& one) {
    if (!one.is_up()) return;
    one.post([this, &one, name = applications_[draw(applications_.size())]] {
      if (!take_over(name).is_atom(atoms::ok)) return;
      for (Instance* const each : book_.alive(name)) {
        if (each->node != one.atom()) continue;
        each->is_pinned = true;
        ++tally_.by_hand;
      }
    });
  }

  /// A planned stop, or System.stop alone.
  void leave(Member& one) {
    if (!one.is_up()) return;
    if (draw(2) == 0) {
      ++tally_.hand_overs;
      one.run([] { static_cast<void>(hand_over()); });
    }
    ++tally_.stops;
    one.stop();
  }

  // --- Quiet ------------------------------------------------------------------------------------------
  std::vector<Member*> up() {
    std::vector<Member*> all;
    std::copy_if(members_.begin(), members_.end(), std::back_inserter(all), [](const Member* each) { return each->is_up(); });
    return all;
  }

  bool have_met() {
    const auto all = up();
    return std::all_of(all.begin(), all.end(),
                       [&](Member* each) { return each->has_begun() && each->eval([] { return nodes().size(); }) + 1 == all.size(); });
  }

  std::string who_misses_whom() {
    std::string text;
    for (Member* const each : up()) {
      const auto met = each->eval([] { return nodes(); });
      text += fmt::format(" {}{}", each->name(), each->has_begun() ? " has met" : " has not begun, and met");
      for (const Atom node : met) text += fmt::format(" {}", node.text());
    }
    return text;
  }

  /// A connection that one end believes in ends within the tick time, or TCP's 120 s, and whoever is to be met is dialled every 37 s.
  void be_quiet() {
    if (!broken_.empty()) return;
    world_.heal();
    const bool all_rise = draw(2) == 0;
    while (all_rise ? up().size() < members_.size() : up().empty()) rise();
    int together = 0;
    for (int seconds = 0; together < 60; ++seconds) {
      if (seconds == 600) return expect(false, "the nodes do not meet though all is well:" + who_misses_whom());
      pass(1s);
      together = have_met() ? together + 1 : 0;
    }
    ++tally_.quiet_points;
    world_.note("quiet");
    for (const DistributedApplication& each : kernel_.distributed) look_at(each);
  }

  static std::size_t rank_of(const DistributedApplication& application, Atom node) {
    for (std::size_t rank = 0; rank < application.nodes.size(); ++rank) {
      const auto& group = application.nodes[rank];
      if (std::find(group.begin(), group.end(), node) != group.end()) return rank;
    }
    return SIZE_MAX;
  }

  bool has_majority(const DistributedApplication& application) {
    std::size_t all = 0, there = 0;
    for (const auto& group : application.nodes) all += group.size();
    for (const Member* each : up()) there += rank_of(application, each->atom()) != SIZE_MAX;
    return 2 * there > all;
  }

  void look_at(const DistributedApplication& application) {
    const std::string name(application.name.text());
    std::size_t best = SIZE_MAX;
    for (const Member* each : up()) best = std::min(best, rank_of(application, each->atom()));
    const auto all = book_.alive(name);
    if (best == SIZE_MAX) return expect(all.empty(), fmt::format("1: {} runs though none of its nodes is up", name));
    if (application.consistent && !has_majority(application)) {
      ++tally_.minorities;
      return expect(all.empty(), fmt::format("1: {} runs though a majority of its nodes is down", name));
    }
    std::string where;
    for (const Instance* each : all) where += fmt::format(" {}", each->node.text());
    expect(all.size() == 1, fmt::format("1: {} runs {} times:{}", name, all.size(), where));
    if (all.size() != 1) return;
    const Instance& only = *all.front();
    const std::size_t rank = rank_of(application, only.node);
    expect(rank == best || (only.is_pinned && rank != SIZE_MAX),
           fmt::format("2: {} runs on {}, of priority {}, and a node of priority {} is up", name, only.node.text(), rank, best));
    for (Member* const each : up()) {
      const auto found = ask(*each, name);
      expect(found == only.number, fmt::format("3: on {} the name {} is {}, and not the instance on {}", each->name(), name,
                                               found ? fmt::format("instance {}", *found) : "nobody", only.node.text()));
    }
  }

  void tell_instances() {
    for (const Member* each : members_) tally_.lapses += each->logged("has let it go on");
    for (std::size_t i = 0; i < book_.instances.size(); ++i) {
      const Instance& each = book_.instances[i];
      for (const DistributedApplication& application : kernel_.distributed) {
        if (application.consistent && application.name.text() == each.application) ++tally_.consistent;
      }
      if (each.type.is_takeover()) {
        ++tally_.takeovers;
        continue;
      }
      const auto earlier =
          std::find_if(book_.instances.rbegin() + static_cast<std::ptrdiff_t>(book_.instances.size() - i), book_.instances.rend(),
                       [&](const Instance& other) { return other.application == each.application; });
      if (earlier != book_.instances.rend() && earlier->node != each.node) ++tally_.failovers;
    }
  }

  SeededRandom random_;
  Book book_;
  Tally tally_;
  std::string broken_;
  std::vector<std::string> applications_;
  std::map<std::string, bool> doubled_;
  KernelConfig kernel_;
  std::vector<Member*> members_;
  testing::World world_;  ///< Last: what its nodes run refers to the others.
};

}  // namespace

Outcome live(std::uint64_t seed, bool keep_trace) { return FailoverPlot(seed, keep_trace).live(); }

}  // namespace pulpo::failover
