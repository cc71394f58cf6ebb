// SPDX-License-Identifier: Apache-2.0
//
// A node with an application `talker`, which needs `base`, and whose server does what it is told: print, read, end, stop the node.
#include "pulpo/pulpo.hpp"

namespace talker {

using namespace pulpo;

struct Say {
  using Message = Call<"say", Term>;
  std::string text;
};
struct Flood {
  using Message = Call<"flood", Atom>;
  std::int64_t lines = 0;
};
struct Ask {
  using Message = Call<"ask", Term>;
  std::string prompt;
};
struct End {
  using Message = Call<"end", Atom>;
  Term reason;
};
struct StopNode {
  using Message = Call<"stop_node", Atom>;
  int status = 0;
};
struct Columns {
  using Message = Call<"columns", Term>;
};

class Server {
 public:
  using Protocol = pulpo::Protocol<Say, Flood, Ask, End, StopNode, Columns>;

  Term handle_call(const Say& say) { return io::puts(say.text); }
  Atom handle_call(const Flood& flood) {  // by others, who wait for stdout in our place
    for (std::int64_t line = 0; line < flood.lines; ++line) {
      spawn([line] { io::puts("flood {} {}", line, std::string(1000, 'x')); });
    }
    return atoms::ok;
  }
  void handle_call(const Ask& ask, From<Ask> from) {
    spawn([prompt = ask.prompt, from] {
      const auto line = io::gets(prompt);
      from.reply(line ? Term(*line) : line.error().reason);
    });
  }
  Atom handle_call(const End& how) {
    spawn([reason = how.reason] { exit(*whereis("Elixir.Talker"_atom), reason); });
    return atoms::ok;
  }
  Atom handle_call(const StopNode& how) {
    (void)system_stop(how.status);
    return atoms::ok;
  }
  Term handle_call(const Columns&) { return io::io_request(group_leader(), Term::tuple({"get_geometry"_atom, "columns"_atom})); }
};

constexpr auto kAdd = function("Talker.add", "Adds.", [](std::int64_t x, std::int64_t y) { return x + y; });
constexpr auto kSayName = function("Talker.say_name", "Prints a name.", [] { return io::puts("Hi, my name is Kate"); });
constexpr auto kFail = function("Talker.fail", "Exits.", [](const Term& reason) { exit(reason); });
constexpr auto kSayAndWait = function("Talker.say_and_wait", "Prints, and does not return.", [] {
  io::puts("waiting");
  for (;;) sleep(1h);
});

Application application() {
  return {.name = "talker",
          .start =
              [](const StartType& type, const Env&) {
                io::puts("talker in {} mode", to_term(type).text());
                return start_link<Server>({.name = "Talker"});
              },
          .exports = {kAdd, kSayName, kFail, kSayAndWait},
          .applications = {"logger", "base"}};
}

Application base() {
  return {.name = "base",
          .start =
              [](const StartType&, const Env&) {
                io::puts("base starts");
                return start_supervisor({});
              },
          .stop = [] { io::puts("base stops"); }};
}

Application failing() {
  return {.name = "failing",
          .start = [](const StartType&, const Env&) -> Result<Pid> {
            return Error{Errc::refused, "no_disk"_atom};
          },
          .applications = {"base"}};
}

}  // namespace talker

int main(int argc, char** argv) { return pulpo::run(argc, argv, {talker::application(), talker::base(), talker::failing()}); }
