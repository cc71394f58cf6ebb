// SPDX-License-Identifier: Apache-2.0
//
// A node with an application `flooding`: processes that send to the server Flood of another node as fast as they may, in small messages
// and in large ones, and that server, which looks at each. Told and asked by rpc:
//
//   Flood.start(node)                    its senders begin, on all cores
//   Flood.stop()                         each ends after the message that it is at
//   Flood.sent()                         {senders that go on, small messages, large ones, bytes} that they have let go of
//   Flood.received()                     {messages, bytes, wrong}: wrong are those that came twice, too early, or with other bytes
//   Flood.beside(node, bytes, calls)     times of small calls, that many before, and all while one binary of that size is on its way:
//                                        {calls before, min, median, p99, max in ns, calls during, min, …, ns that it took}
#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "pulpo/pulpo.hpp"

namespace flooding {

using namespace pulpo;

/// Of the payload of each sender: two cores' worth of small ones, some at the edge of what leaves in fragments, and large ones.
constexpr std::size_t kSizes[] = {0, 0, 100, 100, 1000, 1000, 64u << 10, 64u << 10, 1u << 20, 1u << 20};
constexpr std::size_t kLarge = 64u << 10;
/// A sender hears from time to time that what it sent has been handled: after so many messages or bytes, which is more than a link's queue
/// holds, and of all senders together less than the 64 MiB of a mailbox.
constexpr std::size_t kWindowMessages = 10'000;
constexpr std::size_t kWindowBytes = 4u << 20;

struct Line {
  using Message = Cast<"line">;
  std::int64_t sender = 0;
  std::int64_t number = 0;
  Term payload;
};
struct Received {
  using Message = Call<"received", Term>;
};
struct Ping {
  using Message = Call<"ping", Atom>;
};

char letter_of(std::int64_t sender) { return static_cast<char>('a' + sender % 26); }

class Server {
 public:
  using Protocol = pulpo::Protocol<Line, Received, Ping>;
  void handle_cast(const Line& line) {
    const ByteView bytes = line.payload.bytes();
    const auto sender = static_cast<std::size_t>(line.sender);
    const char letter = letter_of(line.sender);
    const bool is_whole = sender >= std::size(kSizes) ||  // of beside(), of any size
                          (bytes.size() == kSizes[sender] && bytes.find_first_not_of(letter) == ByteView::npos);
    if (line.number != ++last_[line.sender] || !is_whole) ++wrong_;
    ++messages_;
    bytes_ += static_cast<std::int64_t>(bytes.size());
  }
  Term handle_call(const Received&) { return Term::tuple({messages_, bytes_, wrong_}); }
  Atom handle_call(const Ping&) { return "pong"_atom; }

 private:
  std::map<std::int64_t, std::int64_t> last_;
  std::int64_t messages_ = 0;
  std::int64_t bytes_ = 0;
  std::int64_t wrong_ = 0;
};

constexpr auto kServer = local<Server::Protocol>("Flood");

std::atomic<bool> stopping{false};
std::atomic<std::int64_t> senders{0}, sent_small{0}, sent_large{0}, sent_bytes{0};

void be_a_sender(Atom node, std::int64_t sender) {
  const auto server = kServer.on(node);
  const std::size_t size = kSizes[sender];
  const auto window = static_cast<std::int64_t>(std::min(kWindowMessages, kWindowBytes / std::max<std::size_t>(size, 1)));
  for (std::int64_t number = 1; !stopping; ++number) {
    // A payload of its own, so that what is held shows.
    cast(server, Line{.sender = sender, .number = number, .payload = Term::binary(std::string(size, letter_of(sender)))});
    ++(size < kLarge ? sent_small : sent_large);
    sent_bytes += static_cast<std::int64_t>(size);
    if (number % window == 0) call(server, Ping{}, {.timeout = Timeout::infinity()});
  }
  --senders;
}

Atom start(Atom node) {
  for (std::int64_t sender = 0; sender < std::ssize(kSizes); ++sender) {
    ++senders;
    spawn([node, sender] { be_a_sender(node, sender); }, {.core = static_cast<unsigned>(sender) % runtime().core_count()});
  }
  return atoms::ok;
}

using Times = std::vector<std::int64_t>;

void time_a_call(Atom node, Times& times) {
  const TimePoint begun = precise_now();
  call(kServer.on(node), Ping{});
  times.push_back((precise_now() - begun).count());
}

void add_figures(Times& times, std::vector<Term>& figures) {
  std::sort(times.begin(), times.end());
  const std::size_t count = times.size();
  figures.emplace_back(static_cast<std::int64_t>(count));
  if (count == 0) times.push_back(0);
  for (const std::size_t at : {std::size_t{0}, count / 2, count - count / 100, count}) figures.emplace_back(times[at == 0 ? 0 : at - 1]);
}

/// Sends one large message when it is told to, and ends when it has arrived: the call behind it is answered then.
void be_the_one_beside(Atom node, std::size_t bytes, Pid parent) {
  // Of a number that no other sender has: Flood takes it as it comes.
  const auto sender = std::ssize(kSizes) + static_cast<std::int64_t>(self().serial) * 1'000'000 + self().id;
  Term payload = Term::binary(std::string(bytes, 'x'));  // the memory is there before the clock runs
  send(parent, "ready"_atom);
  (void)receive_any();
  cast(kServer.on(node), Line{.sender = sender, .number = 1, .payload = std::move(payload)});
  call(kServer.on(node), Ping{}, {.timeout = Timeout::infinity()});
}

Term beside(Atom node, std::int64_t bytes, std::int64_t calls) {
  Times before, during;
  for (std::int64_t i = 0; i < calls; ++i) time_a_call(node, before);
  const auto [pid, arrived] =
      spawn_monitor([node, bytes, parent = self()] { be_the_one_beside(node, static_cast<std::size_t>(bytes), parent); });
  (void)receive_if([](const Term& each) { return each.is_atom("ready"_atom); });
  const TimePoint begun = precise_now();
  send(pid, "go"_atom);
  while (!receive_if([wanted = Term(arrived)](const Term& each) { return each.is_tuple(5) && each.elements()[1] == wanted; }, 0s)) {
    time_a_call(node, during);
  }
  const auto took = (precise_now() - begun).count();
  std::vector<Term> figures;
  add_figures(before, figures);
  add_figures(during, figures);
  figures.emplace_back(took);
  return Term::tuple(figures);
}

constexpr auto kStart = function("Flood.start", "Senders to that node begin.", [](Atom node) { return start(node); });
constexpr auto kStop = function("Flood.stop", "They end.", [] {
  stopping = true;
  return atoms::ok;
});
constexpr auto kSent = function("Flood.sent", "What they have let go of.", [] {
  return Term::tuple({senders.load(), sent_small.load(), sent_large.load(), sent_bytes.load()});
});
constexpr auto kReceived = function("Flood.received", "What has come here.", [] { return call(kServer, Received{}); });
constexpr auto kBeside = function("Flood.beside", "Times of calls beside a large binary.",
                                  [](Atom node, std::int64_t bytes, std::int64_t calls) { return beside(node, bytes, calls); });

Application application() {
  return {.name = "flooding",
          .start = [](const StartType&, const Env&) { return start_link<Server>({.name = kServer}); },
          .exports = {kStart, kStop, kSent, kReceived, kBeside},
          .applications = {"logger"}};
}

}  // namespace flooding

int main(int argc, char** argv) { return pulpo::run(argc, argv, {flooding::application()}); }
