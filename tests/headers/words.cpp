// SPDX-License-Identifier: Apache-2.0
//
// The C++ of the table in DIFFERENCES.md, from Elixir's words to ours. That it compiles is the test.
#include <pulpo/pulpo.hpp>

namespace words {

using namespace pulpo;
struct Ping {
  using Message = Call<"ping", Atom>;
};
struct Add {
  using Message = Call<"cal", std::int64_t>;
  std::int64_t x = 0, y = 0;
};
struct Fresh {
  using Message = Call<"fresh", double>;
};
struct Reset {
  using Message = Cast<"reset">;
};
struct Line {
  using Message = Info<"line">;
  std::string text{};
};
struct Stale {
  using Message = Info<"stale">;
};
struct Hi {
  using Message = Info<"hi">;
  Pid pid{};
};
class Server {
 public:
  using Protocol = pulpo::Protocol<Ping, Add, Fresh, Reset, Line, Stale>;
  explicit Server(int arg) : arg_(arg) {}
  Atom handle_call(const Ping&) {
    stop_with("reason"_atom);
    return "pong"_atom;
  }
  std::int64_t handle_call(const Add& add) { return add.x + add.y; }
  void handle_call(const Fresh&, From<Fresh> from) { waiting_.push_back(std::move(from)); }
  void handle_cast(const Reset&) {
    for (auto& from : waiting_) from.reply(21.5);
  }
  void handle_info(const Line& line) { log::info("x {}", line.text); }
  void handle_info(const Stale&) {}
  void handle_info(const Down&) {}
  void handle_info(const Exit&) {}
  int arg_;
  std::vector<From<Fresh>> waiting_;
};
inline constexpr auto kServer = local<Server::Protocol>("PingPong");
inline constexpr auto kF = function("M.f", "What it does.", [](Atom to) { return to; });
Result<Pid> start(const StartType&, const Env& env) {
  (void)env.get<int>("port", 1);
  (void)get_env<int>("app"_atom, "port", 1);
  return start_supervisor({.name = "My.Supervisor",
                           .children = {worker<Server>({.name = kServer}, 1), worker<Server>({.name = global("Counter")}, 1),
                                        dynamic_supervisor({.name = "Ports"}), task_supervisor({.name = "Tasks"})}});
}
Application application() { return Application{.name = "chat", .start = start, .exports = {kF}}; }
/// Never called.
void all(Pid pid, Atom node, Atom x) {
  (void)call(local<Server::Protocol>("PingPong"), Ping{});
  (void)try_call(local<Server::Protocol>("PingPong").on("a@altair"), Ping{});
  (void)start_child("Elixir.Ports"_atom, worker<Server>({}, 1));
  (void)async({.name = "Tasks", .node = node}, kF, x).await();
  (void)spawn_link([] {});
  (void)spawn_link("kate@localhost", "Kate.say_name");
  (void)rpc::call(node, "M.f", {x});
  (void)erpc::try_call(node, kF, x);
  receive(on<Hi>([](const Hi&) {}), after(5s, [] {}));
  send(pid, Hi{self()});
  (void)send_after(10s, pid, Stale{});
  (void)monitor(pid);
  link(pid);
  trap_exit(true);
  (void)connect_node("a@altair"_atom);
  (void)nodes();
  monitor_nodes();
  io::puts("x");
  io::inspect(Term(x));
  exit("reason"_atom);
}

}  // namespace words
