// SPDX-License-Identifier: Apache-2.0
#include "pulpo/runtime.hpp"

#include <algorithm>
#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "base/block_signals.hpp"
#include "base/random.hpp"
#include "proc/blocking_pool.hpp"
#include "proc/core.hpp"
#include "proc/crash_report.hpp"
#include "proc/gate.hpp"
#include "proc/watchdog.hpp"
#include "term/block.hpp"

namespace pulpo {
namespace {

/// How run() learns that its process has ended, whatever way it ended: the body dies with the process.
struct Completion {
  explicit Completion(Driver* driver) noexcept : ended(driver) {}
  Occurrence ended;
  bool returned = false;
};

class CompletionBody final : public Body {
 public:
  CompletionBody(std::function<void()> function, std::shared_ptr<Completion> completion)
      : function_(std::move(function)), completion_(std::move(completion)) {}
  ~CompletionBody() override {
    function_ = {};  // what it holds is gone when run() returns
    completion_->ended.set();
  }
  bool start() override {
    function_();
    completion_->returned = true;
    return false;
  }
  [[nodiscard]] std::string_view what() const noexcept override { return "Runtime::run"; }

 private:
  std::function<void()> function_;
  const std::shared_ptr<Completion> completion_;  ///< Shared: with a driver, run() may give up before we end.
};

}  // namespace

struct Runtime::State {
  RuntimeOptions options;
  SystemRandom system_random;
  Registry registry;
  std::vector<std::unique_ptr<Core>> cores;
  std::vector<std::thread> threads;
  std::unique_ptr<Watchdog> watchdog;
  Router* router = nullptr;
  Gate gate;
  std::optional<BlockingPool> blocking;  ///< While it runs.
  std::atomic<std::uint32_t> node_name{atoms::nonode_nohost.index()};
  bool running = false;
  std::atomic<RuntimeExtension*> extension{nullptr};
  std::atomic<MakeCallBody> call_bodies{nullptr};

  ~State() { delete extension.load(); }
  [[nodiscard]] Outcome<void> open_threads();
  [[nodiscard]] Outcome<void> open_for_driver();
  void await_end();

  /// For any thread: the cores stay while the gate is held open, and for those who run on one of them. 0 once they may be going.
  template <class F>
  void for_each_core(F&& visit) {
    const auto visit_all = [&] {
      for (const auto& core : cores) visit(*core);
    };
    const Core* const here = Core::current();
    const bool ours = here != nullptr && std::any_of(cores.begin(), cores.end(), [&](const auto& core) { return core.get() == here; });
    if (ours) {
      visit_all();
    } else {
      (void)gate.pass(0, visit_all);
    }
  }
  template <class F>
  [[nodiscard]] std::uint64_t sum_of_cores(F&& value) noexcept {
    std::uint64_t sum = 0;
    for_each_core([&](Core& core) { sum += value(core); });
    return sum;
  }
};

Runtime::Runtime(RuntimeOptions options) : state_(std::make_unique<State>()) {
  // 6 bits of a pid name the core; 26 its slot.
  options.cores = std::clamp(options.cores, 1u, 1u << (32 - Pid::kSlotBits));
  state_->options = options;
}

Runtime::~Runtime() { stop(); }

Outcome<void> Runtime::start() {
  PULPO_ASSERT(!state_->running);
  log::set_source(&add_log_fields);
  detail::take_large_blocks(&Core::take_large_block);
  if (state_->options.crash_reports) CrashReports::install();
  const unsigned count = state_->options.cores;
  for (unsigned i = 0; i < count; ++i) state_->cores.push_back(std::make_unique<Core>(*this, state_->registry, i, count));
  const unsigned threads_max = state_->options.blocking_threads_max;
  state_->blocking.emplace(threads_max != 0 ? threads_max : std::max(4u, 4 * count), state_->options.blocking_idle);
  auto opened = state_->options.driver == nullptr ? state_->open_threads() : state_->open_for_driver();
  if (opened) {
    if (state_->options.driver == nullptr && state_->options.watchdog.limit > Duration::zero()) {
      std::vector<Core*> watched;
      for (const auto& core : state_->cores) watched.push_back(core.get());
      state_->watchdog = std::make_unique<Watchdog>(*this, state_->options.watchdog, std::move(watched));
      for (const auto& core : state_->cores) core->set_watchdog(state_->watchdog.get());
    }
    state_->running = true;
    state_->gate.open();
  } else {
    state_->blocking.reset();
    state_->cores.clear();
  }
  return opened;
}

// The driver has the cores from here on, and steps them when it likes.
Outcome<void> Runtime::State::open_for_driver() {
  for (const auto& core : cores) PULPO_CHECK(core->open());
  return {};
}

Outcome<void> Runtime::State::open_threads() {
  const auto count = static_cast<unsigned>(cores.size());
  // The threads may look at this after start() has returned.
  struct Opening {
    explicit Opening(unsigned count) : outcomes(count, Outcome<void>{}), open(count) {}
    std::vector<Outcome<void>> outcomes;
    std::atomic<bool> go{true};
    std::latch open;
    std::latch decided{1};
  };
  const auto opening = std::make_shared<Opening>(count);
  const BlockSignals blocked;
  for (unsigned i = 0; i < count; ++i) {
    threads.emplace_back([opening, core = cores[i].get(), i] {
      // A loop is made by the thread that turns it (IORING_SETUP_SINGLE_ISSUER).
      opening->outcomes[i] = core->open();
      if (!opening->outcomes[i]) opening->go = false;
      opening->open.count_down();
      opening->decided.wait();
      if (opening->go) core->run();
    });
  }
  opening->open.wait();
  opening->decided.count_down();
  if (opening->go) return {};
  for (auto& thread : threads) thread.join();
  threads.clear();
  const auto refused = std::find_if(opening->outcomes.begin(), opening->outcomes.end(), [](const auto& outcome) { return !outcome; });
  return std::move(*refused).error();
}

void Runtime::State::await_end() {
  if (options.driver != nullptr) {
    const bool all = options.driver->run_until(
        [this] { return std::all_of(cores.begin(), cores.end(), [](const auto& core) { return core->has_ended(); }); });
    PULPO_ASSERT(all && "a process does not let itself be ended");
    return;
  }
  for (auto& thread : threads) thread.join();
  threads.clear();
}

void Runtime::stop() {
  if (!state_->running) return;
  state_->gate.close();
  for (auto& core : state_->cores) core->post([raw = core.get()] { raw->stop_processes(); });
  state_->await_end();
  state_->blocking.reset();  // what it still has to say goes to the cores
  state_->watchdog.reset();  // until here a process that does not let itself be ended is named
  // All before any is destroyed: a message on its way to one core lies in the pool of another.
  for (auto& core : state_->cores) core->discard_left();
  state_->cores.clear();
  state_->running = false;
}

bool Runtime::run(std::function<void()> function) {
  PULPO_ASSERT(Core::current() == nullptr && "run() waits: inside the runtime it would wait for itself");
  const auto completion = std::make_shared<Completion>(state_->options.driver);
  auto body = std::make_unique<CompletionBody>(std::move(function), completion);
  if (!gate().pass(0, [&] { core(0).post_spawn(std::move(body)); })) return false;
  return completion->ended.wait() && completion->returned;
}

void Runtime::post(std::function<void()> function, unsigned where) {
  (void)gate().pass(0, [&] { core(where).post_spawn(detail::function_body(std::move(function))); });
}

Atom Runtime::node_name() const noexcept { return Atom::from_index(state_->node_name.load(std::memory_order_relaxed)); }
void Runtime::set_node_name(Atom name) noexcept { state_->node_name.store(name.index(), std::memory_order_relaxed); }
unsigned Runtime::core_count() const noexcept { return static_cast<unsigned>(state_->cores.size()); }
const RuntimeOptions& Runtime::options() const noexcept { return state_->options; }
const char* Runtime::loop_name() const noexcept { return state_->cores.empty() ? "" : state_->cores[0]->loop().name(); }
const std::string& Runtime::loop_reason() const noexcept {
  static const std::string none;
  return state_->cores.empty() ? none : state_->cores[0]->loop_reason();
}

std::string Runtime::spin_text() const { return state_->cores.empty() ? "off" : state_->cores[0]->spin_plan().text(); }

std::uint64_t Runtime::system_calls() const noexcept {
  return state_->sum_of_cores([](Core& core) { return core.loop().system_calls(); });
}

std::vector<CoreStats> Runtime::core_stats() const {
  std::vector<CoreStats> stats;
  state_->for_each_core([&](const Core& core) { stats.push_back(core.watch().stats()); });
  return stats;
}

std::size_t Runtime::process_count() const noexcept {
  return state_->sum_of_cores([](const Core& core) { return core.process_count(); });
}

Core& Runtime::core(unsigned index) noexcept {
  PULPO_ASSERT(index < state_->cores.size());
  return *state_->cores[index];
}

Random& Runtime::random() noexcept { return state_->options.random != nullptr ? *state_->options.random : state_->system_random; }
Gate& Runtime::gate() noexcept { return state_->gate; }
BlockingPool& Runtime::blocking_pool() noexcept { return *state_->blocking; }
void Runtime::set_router(Router* router) noexcept { state_->router = router; }
Router* Runtime::router() const noexcept { return state_->router; }
std::optional<Pid> Runtime::find_name(Atom name) const noexcept { return state_->registry.find(name); }

RuntimeExtension& Runtime::extension(std::unique_ptr<RuntimeExtension> (*make)()) {
  RuntimeExtension* there = state_->extension.load(std::memory_order_acquire);
  if (there != nullptr) return *there;
  auto made = make();
  if (state_->extension.compare_exchange_strong(there, made.get(), std::memory_order_acq_rel)) there = made.release();
  return *there;
}

void Runtime::set_call_bodies(MakeCallBody make) noexcept { state_->call_bodies.store(make, std::memory_order_release); }
MakeCallBody Runtime::call_bodies() const noexcept { return state_->call_bodies.load(std::memory_order_acquire); }

unsigned Runtime::least_loaded_core() const noexcept {
  unsigned best = 0;
  for (unsigned i = 1; i < state_->cores.size(); ++i) {
    if (state_->cores[i]->process_count() < state_->cores[best]->process_count()) best = i;
  }
  return best;
}

}  // namespace pulpo
