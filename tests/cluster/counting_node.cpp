// SPDX-License-Identifier: Apache-2.0
//
// A node with an application `counting`: a server that writes down each call and cast that it executes, and clients that call and cast the
// servers of other nodes and write down what became of it. What was written survives kill -9, so that a test can hold the one against
// the other. COUNTING_FILE is where; COUNTING_PEERS the nodes, with spaces between; COUNTING_STOP a file that ends the clients.
//
//   executed CALL       line SENDER NUMBER      by the server
//   asked CALL          answered CALL           failed CALL        by the clients
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "pulpo/pulpo.hpp"

namespace counting {

using namespace pulpo;

constexpr int kClients = 4;

struct Journal {
  int file = -1;
  std::string life;  ///< Unique to this life of this node.
  std::vector<Atom> peers;
  std::string stop;

  /// One line, by one write: whole or not there.
  void write(const std::string& line) const {
    if (::write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
  }
};

Journal& journal() {
  static Journal all;
  return all;
}

struct Bump {
  using Message = Call<"bump", std::string>;
  std::string call;
};
struct Line {
  using Message = Cast<"line">;
  std::string sender;
  std::int64_t number = 0;
};

class Counter {
 public:
  using Protocol = pulpo::Protocol<Bump, Line>;
  std::string handle_call(const Bump& bump) {
    journal().write("executed " + bump.call + "\n");
    return bump.call;
  }
  void handle_cast(const Line& line) { journal().write(fmt::format("line {} {}\n", line.sender, line.number)); }
};

constexpr auto kCounter = local<Counter::Protocol>("Counter");

void be_a_client(int number) {
  const Journal& all = journal();
  const std::string me = fmt::format("{}.{}", all.life, number);
  std::vector<std::int64_t> lines(all.peers.size());
  for (std::int64_t i = 0; ::access(all.stop.c_str(), F_OK) != 0; ++i) {
    const std::size_t peer = static_cast<std::size_t>(i + number) % all.peers.size();
    const auto server = kCounter.on(all.peers[peer]);
    const std::string call = fmt::format("{}.{}", me, i);
    all.write("asked " + call + "\n");
    cast(server, Line{.sender = fmt::format("{}>{}", me, peer), .number = ++lines[peer]});
    const auto reply = try_call(server, Bump{.call = call}, {.timeout = 5s});
    if (reply && *reply != call) std::abort();
    all.write((reply ? "answered " : "failed ") + call + "\n");
    sleep(2ms);
  }
}

Application application() {
  return {.name = "counting",
          .start =
              [](const StartType&, const Env&) {
                for (int i = 0; i < kClients; ++i) spawn([i] { be_a_client(i); });
                return start_link<Counter>({.name = kCounter});
              },
          .applications = {"logger"}};
}

}  // namespace counting

int main(int argc, char** argv) {
  auto& all = counting::journal();
  const auto variable = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::string(value != nullptr ? value : "");
  };
  all.life = variable("COUNTING_LIFE");
  all.stop = variable("COUNTING_STOP");
  all.file = ::open(variable("COUNTING_FILE").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  std::string peers = variable("COUNTING_PEERS");
  while (!peers.empty()) {
    const auto end = peers.find(' ');
    all.peers.emplace_back(peers.substr(0, end));
    peers = end == std::string::npos ? "" : peers.substr(end + 1);
  }
  return pulpo::run(argc, argv, {counting::application()});
}
