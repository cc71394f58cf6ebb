// SPDX-License-Identifier: Apache-2.0
//
// The nodes of the lesson on distribution: alex asks, kate has an application whose functions alex does not have.
#pragma once

#include <mutex>
#include <string>

#include "pulpo/gen_server.hpp"
#include "pulpo/io.hpp"
#include "pulpo/rpc.hpp"
#include "pulpo/system.hpp"
#include "unit/dist/nodes_fixture.hpp"
#include "unit/otp/helpers.hpp"

namespace pulpo::testing {

/// What a `user` printed; any thread.
class Printed {
 public:
  [[nodiscard]] std::function<void(std::string_view)> sink() {
    return [this](std::string_view text) {
      const std::lock_guard lock(mutex_);
      text_ += text;
    };
  }
  [[nodiscard]] std::string text() {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  std::mutex mutex_;
  std::string text_;
};

inline constexpr auto kSayName = function("Kate.say_name", "Prints a name.", [] { return io::puts("Hi, my name is Kate"); });
inline constexpr auto kAdd = function("Kate.add", "Adds.", [](std::int64_t x, std::int64_t y) { return x + y; });
inline constexpr auto kExits = function("Kate.exits", "Exits.", [](const Term& reason) { exit(reason); });
inline constexpr auto kThrows = function("Kate.throws", "Throws.", []() -> Term { throw std::runtime_error("no luck"); });
inline constexpr auto kEcho = function("Kate.echo", "Returns it.", [](const Term& term) { return term; });
inline constexpr auto kWho = function("Kate.who", "Who calls.", [] { return self(); });
inline constexpr auto kBig =
    function("Kate.big", "Text of so many bytes.", [](std::int64_t size) { return std::string(static_cast<std::size_t>(size), 'x'); });
/// The tutorial's: answers one {:hi, pid}.
inline constexpr auto kGreeter = function("Kate.greeter", "Answers a greeting.", [] {
  const auto message = receive_any();
  if (message && message->is_tuple(2)) send(message->elements()[1].pid(), "sup?"_atom);
});
/// Tells that it is there, and waits to be ended.
inline constexpr auto kWaits = function("Kate.waits", "Waits for ever.", [](const Pid& told) {
  send(told, Term::tuple({"waits"_atom, self()}));
  for (;;) (void)receive_any();
});
inline constexpr auto kPrintsToServer =
    function("Kate.asks_for_output", "Prints from a server of this node.", [] { return call(Address("printer"_atom), "print"_atom); });

class KateTest : public NodesTest {
 protected:
  void start_system_on(Node& node, Printed& printed, bool is_kate) {
    run_on(node, [&] {
      SystemOptions options{.output = printed.sink(), .input = [] { return std::optional<std::string>(); }};
      if (is_kate) {
        Application application{.name = "kate"};
        application.exports = {kSayName, kAdd, kExits, kThrows, kEcho, kWho, kBig, kGreeter, kWaits, kPrintsToServer};
        options.applications = {application};
      }
      ASSERT_TRUE(start_system(std::move(options)));
    });
  }
  void start_both(unsigned cores = 1) {
    NodeOptions with_cores = options("kate");
    with_cores.runtime.cores = cores;
    kate_ = start(with_cores);
    with_cores = options("alex");
    with_cores.runtime.cores = cores;
    alex_ = start(with_cores);
    start_system_on(*kate_, at_kate_, true);
    start_system_on(*alex_, at_alex_, false);
  }
  void on_alex(std::function<void()> test) { run_on(*alex_, std::move(test)); }

  Printed at_kate_, at_alex_;
  std::unique_ptr<Node> kate_, alex_;
};

inline const char* const kKate = "kate@localhost";

/// The next message, or :nothing after 10 s.
inline Term next_message() { return receive_any(10s).value_or("nothing"_atom); }

}  // namespace pulpo::testing
