// SPDX-License-Identifier: Apache-2.0
#include <pulpo/pulpo.hpp>

using namespace pulpo;

struct Greet {
  using Message = Call<"greet", std::string>;  // {:greet, name}
  std::string name;
};

class Greeter {
 public:
  using Protocol = pulpo::Protocol<Greet>;
  std::string handle_call(const Greet& greet) { return "Hello, " + greet.name + "!"; }
};

Result<Pid> start_hello(const StartType&, const Env&) {
  return start_supervisor({.name = "Hello.Supervisor", .children = {worker<Greeter>({.name = "Hello"})}});
}

int main(int argc, char** argv) { return pulpo::run(argc, argv, {{.name = "hello", .start = start_hello}}); }
