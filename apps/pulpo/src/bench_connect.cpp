// SPDX-License-Identifier: Apache-2.0
#include "bench_connect.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "bench_asker.hpp"
#include "bench_diallers.hpp"
#include "common_options.hpp"
#include "dist/dialer.hpp"
#include "link/admission.hpp"
#include "pulpo/blocking.hpp"
#include "pulpo/net/node.hpp"

namespace pulpo::cli {
namespace {

static_assert(kBenchDiallersMax == links::AdmissionLimits{}.half_open_per_address_max);

/// How soon the diallers hear that the stretch has begun, or is over.
constexpr Duration kDiallersLook = 5ms;

/// What the asking process and the diallers' thread share. What is not atomic is the thread's until it has ended.
struct Dialling {
  enum class Phase : std::uint8_t { warmup, measuring, stopped };
  io::LoopKind kind = io::LoopKind::automatic;
  std::uint16_t mapper_port = 0;
  NodeName name;
  BenchDiallers::Settings settings;
  std::atomic<Phase> phase{Phase::warmup};
  std::atomic<bool> is_over{false};
  std::atomic<std::uint64_t> made{0}, system_calls{0};
  std::optional<Fault> fault = {};
  Duration measured{};
  BenchResult counts{};
};

/// Asks the mapper once.
Outcome<io::Address> find_address(io::Loop& loop, Random& random, const NodeName& name, std::uint16_t port) {
  std::optional<Outcome<io::Address>> found;
  {
    const dist::Dialer dialer(loop, random, host::this_machine(), name, port,
                              [&](Outcome<io::Address> answer) { found = std::move(answer); });
    while (!found) loop.turn(io::Loop::Wait::yes);
  }
  while (loop.pending() > 0) loop.turn(io::Loop::Wait::yes);
  return *found;
}

Outcome<void> dial_until_stopped(Dialling& dialling) {
  using Phase = Dialling::Phase;
  SystemRandom random;
  PULPO_TRY(auto loop, io::make_loop(dialling.kind));
  PULPO_TRY(dialling.settings.address, find_address(*loop, random, dialling.name, dialling.mapper_port));
  BenchDiallers bench(std::move(loop), random, dialling.settings);
  std::optional<TimePoint> begun;
  while (dialling.phase != Phase::stopped && !bench.have_given_up()) {
    if (!begun && dialling.phase == Phase::measuring) {
      begun = bench.now();
      bench.measure();
    }
    bench.run_for(kDiallersLook);
    dialling.made = bench.made();
    dialling.system_calls = bench.system_calls();
  }
  if (begun) dialling.measured = bench.now() - *begun;
  dialling.is_over = true;
  bench.finish();
  bench.report(dialling.counts);
  return {};
}

/// The diallers end when the process does, whatever way it ends.
class DiallingStop {
 public:
  explicit DiallingStop(std::shared_ptr<Dialling> dialling) noexcept : dialling_(std::move(dialling)) {}
  DiallingStop(const DiallingStop&) = delete;
  DiallingStop& operator=(const DiallingStop&) = delete;
  ~DiallingStop() { dialling_->phase = Dialling::Phase::stopped; }

 private:
  std::shared_ptr<Dialling> dialling_;
};

}  // namespace

Outcome<BenchResult> run_connect_plan(const BenchPlan& plan, Atom node, std::optional<Ref> asking) {
  Asker asker(asking);
  const std::string own(runtime().node_name().text());
  const auto dialling = std::make_shared<Dialling>();
  dialling->kind = std::string_view(runtime().loop_name()) == "epoll" ? io::LoopKind::epoll : io::LoopKind::uring;
  PULPO_TRY(dialling->name, parse_node_name(std::string(node.text())));
  PULPO_TRY(dialling->mapper_port, mapper_port(std::getenv("ERL_EPMD_PORT")));
  dialling->settings = {.node = std::string(node.text()),
                        .address = {},
                        .host = own.substr(own.find('@') + 1),
                        .cookie = get_cookie(node),
                        .plain_links = !link_is_sealed(node).value_or(true),  // both sides said so, or they would not be
                        .diallers = plan.concurrency};
  BenchResult result{.kind = BenchKind::connect,
                     .node = std::string(node.text()),
                     .from = asking ? own : std::string(),
                     .server = "handshakes",
                     .concurrency = plan.concurrency,
                     .warmup = plan.warmup,
                     .loop = runtime().loop_name(),
                     .spin = "off"};
  describe_ends(node, result);
  const auto are_over = [&dialling] { return dialling->is_over.load(); };
  const DiallingStop stop(dialling);
  const Ref ended = spawn_monitor([dialling] {
                      blocking([dialling] {
                        if (auto dialled = dial_until_stopped(*dialling); !dialled) dialling->fault = std::move(dialled).error();
                        dialling->is_over = true;
                      });
                    }).monitor;
  asker.sleep(plan.warmup, are_over);
  CostMeter cost(node);
  cost.begin(dialling->system_calls, dialling->made);
  dialling->phase = Dialling::Phase::measuring;
  asker.sleep(plan.duration, are_over);
  cost.end(dialling->system_calls, dialling->made, result);
  dialling->phase = Dialling::Phase::stopped;
  asker.let_go();
  static_cast<void>(receive_if([wanted = Term(ended)](const Term& each) { return each.is_tuple(5) && each.elements()[1] == wanted; }));
  if (dialling->fault) return *std::move(dialling->fault);
  const BenchResult& counts = dialling->counts;
  result.duration = dialling->measured;
  result.latency.merge(counts.latency);
  result.calls_made = counts.calls_made;
  result.turned_away = counts.turned_away;
  result.errors = counts.errors;
  return result;
}

}  // namespace pulpo::cli
