// SPDX-License-Identifier: Apache-2.0
//
// The cast of the tests of distributed applications: applications of one server, which has a global name and says who it is, and a book
// of all that ever ran. The book is plain memory: one thread runs all nodes.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <pulpo/gen_server.hpp>
#include <pulpo/name_space.hpp>
#include <pulpo/testing.hpp>
#include <string>
#include <vector>

namespace pulpo::failover {

/// One life of a server, from its constructor to its destructor.
struct Instance {
  std::uint64_t number = 0;
  std::string application;
  Atom node;
  Pid pid;
  StartType type;
  TimePoint began{};
  std::optional<TimePoint> ended{};
  bool is_pinned = false;  ///< Put there by hand.
};

/// How an application begins on one node; read when it does.
struct Manner {
  Duration delay{};
  bool fails = false;
  std::function<void()> in_phase{};  ///< Of one with a start phase.
};

class Book {
 public:
  [[nodiscard]] std::vector<Instance*> alive(const std::string& application);
  /// The only one that lives; null when there is none, or several.
  [[nodiscard]] Instance* only(const std::string& application);
  Manner& manner(const std::string& application, Atom node) { return manners_[application + std::string(node.text())]; }

  std::deque<Instance> instances;

 private:
  std::map<std::string, Manner> manners_;
};

struct Who {
  using Message = Call<"who", std::uint64_t>;
};
/// serving_epoch(), 0 for none.
struct WhichEpoch {
  using Message = Call<"which_epoch", std::uint64_t>;
};
/// What it exits with.
struct Crash {
  using Message = Cast<"crash">;
  Term reason;
};

class Server {
 public:
  using Protocol = pulpo::Protocol<Who, WhichEpoch, Crash>;
  Server(Book* book, const std::string& application);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();
  std::uint64_t handle_call(const Who&) { return me_.number; }
  std::uint64_t handle_call(const WhichEpoch&) { return serving_epoch().value_or(0); }
  void handle_cast(const Crash& crash) { exit(crash.reason); }

 private:
  Instance& me_;
};

/// The global name of an application's server is that of the application.
[[nodiscard]] Via name_of(const std::string& application);
/// `phases`: it has a start phase, so that it hears of a failover (AC-27).
[[nodiscard]] Application application(Book& book, const std::string& name, bool phases = false);

/// The node on which it runs, as `node` knows it; nothing: nowhere.
[[nodiscard]] std::optional<Atom> runner_known_to(testing::Node& node, const std::string& application);
/// What a node answers when it is asked who has the name of an application: its number; nothing when the call fails.
[[nodiscard]] std::optional<std::uint64_t> ask(testing::Node& node, const std::string& application);

// --- What the operator does (application:takeover/2, permit/2) ---------------------------------------------------------
/// To be called inside a process.
[[nodiscard]] Term take_over(const std::string& application);
[[nodiscard]] Term permit(const std::string& application, bool permitted);
/// The planned stop of a node.
[[nodiscard]] bool hand_over();

}  // namespace pulpo::failover
