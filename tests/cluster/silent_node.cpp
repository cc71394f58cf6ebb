// SPDX-License-Identifier: Apache-2.0
//
// A node with an application `silent`, whose server takes every request and never answers, so that a test can end the
// node while a call waits; one `stubborn`, which never stops of its own; and one `saboteur`, which ends the node's own processes. Also the
// proof that a program of one's own is `pulpo` with other applications in it.
#include <vector>

#include "pulpo/log.hpp"
#include "pulpo/program.hpp"
#include "pulpo/supervisor.hpp"

namespace silent {

using namespace pulpo;

class Silent {
 public:
  void handle_call(const Term& request, From<Term> caller) {
    callers_.push_back(std::move(caller));
    log::info("holding {}", request.text());
  }

 private:
  std::vector<From<Term>> callers_;
};

Result<Pid> start(const StartType&, const Env&) {
  return start_supervisor({.name = "Silent.Supervisor", .children = {worker<Silent>({.name = "Silent"})}});
}

Application application() { return {.name = "silent", .start = start}; }

}  // namespace silent

namespace stubborn {

using namespace pulpo;

Result<Pid> start(const StartType&, const Env&) { return start_supervisor({.name = "Stubborn.Supervisor"}); }

void never_stop() {
  log::info("stubborn");
  static_cast<void>(receive_if([](const Term&) { return false; }));
}

Application application() { return {.name = "stubborn", .start = start, .prep_stop = never_stop}; }

}  // namespace stubborn

namespace saboteur {

using namespace pulpo;

Result<Pid> start(const StartType&, const Env&) {
  spawn([] {
    (void)receive_any(100ms);  // until the node has said that it is up
    exit(*whereis("Elixir.Pulpo.Supervisor"_atom), atoms::kill);
  });
  return start_supervisor({.name = "Saboteur.Supervisor"});
}

Application application() { return {.name = "saboteur", .start = start}; }

}  // namespace saboteur

int main(int argc, char** argv) {
  return pulpo::run(argc, argv, {silent::application(), stubborn::application(), saboteur::application()});
}
