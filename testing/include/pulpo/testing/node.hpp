// SPDX-License-Identifier: Apache-2.0
//
// Node (of a World): a node on a simulated host, through all its lives.
//
//   Ownership  The World's. A reference stays good when the node is down.
//   Threads    The World's one; outside of processes, but for name() and atom().
//   Suspends   run(), eval(), stop(), restart(): the virtual clock goes on meanwhile, for the whole world.
//   Errors     Failure, thrown: what was asked for cannot be, or a process ended by its exit reason. Exceptions that leave the
//              function of run() come out of run().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "pulpo/application.hpp"
#include "pulpo/config.hpp"
#include "pulpo/log.hpp"
#include "pulpo/net/node.hpp"
#include "pulpo/testing/device.hpp"
#include "pulpo/time.hpp"

namespace pulpo::testing {

class World;

/// Something could not be had from the simulated world; what() says what, and at which virtual time.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct NodeSpec {
  std::string name;                            ///< "one": one@one, on a host of its own of that name; or "one@host".
  std::vector<Application> applications = {};  ///< Started in this order, at each start of the node.
  unsigned cores = 1;                          ///< They take turns on the one thread, in an order drawn from the seed.
  std::string cookie = "simulated";            ///< The same for all, unless a test wants otherwise.
  bool system = true;                          ///< start_system() and start_cluster(): applications, global names.
  /// As parse_config() reads it. With `distributed` the node meets the others that it lists, and meets them again whenever they are lost.
  KernelConfig kernel = {};
  RestartType restart = RestartType::temporary;      ///< Of its applications.
  std::function<void(NodeOptions&)> configure = {};  ///< Last word on the options, at each start.
};

struct LogLine {
  TimePoint at;
  log::Level level;
  std::string text;
};

class Node {
 public:
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();

  [[nodiscard]] const std::string& name() const noexcept;  ///< "one@one"
  [[nodiscard]] Atom atom() const noexcept;
  [[nodiscard]] bool is_up() const noexcept;
  /// How often it was started.
  [[nodiscard]] unsigned lives() const noexcept;
  /// The present life; Failure when it is down.
  [[nodiscard]] Runtime& runtime() const;

  /// Runs `function` as a process of this node and returns when that has ended.
  void run(std::function<void()> function);
  /// The same for a function with a value.
  template <class F>
  auto eval(F&& function) {
    std::optional<std::invoke_result_t<F>> value;
    run([&] { value.emplace(function()); });
    return *std::move(value);
  }
  /// Starts `function` as a process of this node, on that core, and returns at once.
  void post(std::function<void()> function, unsigned core = 0);

  /// kill -9: all state is lost, and the kernel closes its sockets. Processes are unwound, unseen by others.
  void crash();
  /// The board goes dark, with every node on its host and the mapper: nobody is told.
  void power_loss();
  /// In order: applications, connections, processes.
  void stop();
  /// Begins a new life, with another creation; its host gets its power back first when it has none. Returns when its applications have
  /// started; but with `distributed` it returns when the cluster's processes run, since the rest waits for other nodes.
  void restart();
  /// Its applications have started, here or elsewhere.
  [[nodiscard]] bool has_begun() const noexcept;
  /// A signal of the operating system, SIGHUP, for who watches it (pulpo/os_signal.hpp). Failure when nobody does: on a board its usual
  /// action would follow, for most the end of the program. stop() is what SIGTERM comes to.
  void signal(int number);
  /// Does nothing for so long, as on a board that is overloaded; what comes for it waits.
  void stall(Duration time);

  // --- What lies on its board, through all lives ----------------------------------------------------------
  /// A file of its host, made or replaced. No folders are needed.
  void write_file(const std::string& path, std::string_view bytes);
  /// Nothing when there is none.
  [[nodiscard]] std::optional<std::string> read_file(const std::string& path) const;
  /// What programs of its host find at `path` when they open a device; made by the first call.
  Device device(const std::string& path);

  /// What it has logged, in all lives.
  [[nodiscard]] const std::vector<LogLine>& log() const noexcept;
  /// What its processes have printed (pulpo/io.hpp), in all lives; of nodes with a system.
  [[nodiscard]] const std::string& printed() const noexcept;
  /// How many of the log's lines hold `text`.
  [[nodiscard]] std::size_t logged(std::string_view text) const;

 private:
  friend class World;
  struct State;
  explicit Node(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace pulpo::testing
