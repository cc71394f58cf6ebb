// SPDX-License-Identifier: Apache-2.0
//
// Runtime: one node's inside as an object: cores, processes, names. Several may live in one OS process.
//
//   Ownership  Owns its threads, cores and everything its processes hold. Destroyed only when stopped.
//   Threads    start(), stop(), run() and post(): any thread that is not one of its own. send(), cast() and call(): any that is no
//              core's, and its own processes. Others as said. Its threads block every signal that is sent to the program.
//              With a driver there are no threads: whoever waits in these calls turns the cores meanwhile, and timeouts are of
//              its time.
//   Errors     start() returns what the kernel refused; nothing is left behind then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pulpo/atom.hpp"
#include "pulpo/process.hpp"
#include "pulpo/result.hpp"
#include "pulpo/time.hpp"

namespace pulpo {

class Random;
class BlockingPool;
class Core;
class Gate;
class Driver;
class Router;
enum class Signal : std::uint8_t;
using MakeCallBody = std::unique_ptr<Body> (*)(Term request);

enum class LoopChoice : std::uint8_t { automatic, uring, epoll };

/// Whether a core that has nothing to do looks on for a moment before it sleeps. Answers come some 60 µs sooner where a sleep's wake
/// costs that, for processor time while messages come close together; none while the node is idle.
struct SpinChoice {
  /// automatic: adaptive on x86 where there is a processor for each core, and two at least; off elsewhere. fixed: before each sleep.
  enum class Mode : std::uint8_t { automatic, off, fixed };
  Mode mode = Mode::automatic;
  Duration window = 50us;  ///< The longest look: about what a sleep and its wake cost on a virtual machine.
};

/// Who holds a core is named in the log. Nothing preempts a C++ function: the others on its core wait.
struct WatchdogOptions {
  /// Longer than an SD card of a board takes for a page, and a tenth of what callers wait. 0: off. At least 4 ms.
  Duration limit = 500ms;
  /// With the frames of the thread, its registered name and what it runs: asked by SIGRTMAX-2, whose handler is installed for the program,
  /// unless it has one. Without: the pid alone.
  bool backtrace = false;
};

/// What a core tells of itself.
struct CoreStats {
  /// How long somebody runnable waited for its turn: one sample at a time. How many were taken.
  std::uint64_t run_delays = 0;
  Duration run_delay_average{};
  Duration run_delay_max{};
  std::uint64_t stalls = 0;  ///< Times that the watchdog named somebody.
};

struct RuntimeOptions {
  unsigned cores = 1;  ///< Loops, a thread each; 1 to 64.
  LoopChoice loop = LoopChoice::automatic;
  SpinChoice spin = {};
  std::size_t stack_bytes = 64 * 1024;   ///< Of one process; address space, not memory (a page until used).
  std::size_t processes_max = 1u << 20;  ///< A core. The slot part of a pid allows 2^26.
  std::size_t mailbox_messages_max = 1'000'000;
  std::size_t mailbox_bytes_max = 64u << 20;
  /// Messages of send_after() and the like pending on a core: one for each process, 140 MiB in all. 2^22 is the highest.
  std::size_t timers_max = 1u << 20;
  /// Threads of blocking() at most; 0: four a core, and four at least. They wait for a disk or a library and seldom compute, so that a core
  /// can keep some of them busy; and one that does not return leaves three.
  unsigned blocking_threads_max = 0;
  Duration blocking_idle = 10s;   ///< After so long without work such a thread ends; calls some seconds apart share one.
  Random* random = nullptr;       ///< Borrowed; the system's when null.
  WatchdogOptions watchdog = {};  ///< Not with a driver.
  /// Handles SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT, for the whole program: says which process ran, and whether its stack was used
  /// up, before the program dies of it.
  bool crash_reports = false;
  /// SIGINT and SIGTERM are the program's, which ends in order at them, as pulpo::run() does: watch_os_signal() refuses them.
  bool stops_at_signals = false;
  Driver* driver = nullptr;  ///< Borrowed; turns the cores in the place of threads (a simulated world). Null: each has its thread.
};

/// What a layer above keeps with a runtime, and for as long.
class RuntimeExtension {
 public:
  RuntimeExtension() = default;
  RuntimeExtension(const RuntimeExtension&) = delete;
  RuntimeExtension& operator=(const RuntimeExtension&) = delete;
  virtual ~RuntimeExtension() = default;
};

class Runtime {
 public:
  explicit Runtime(RuntimeOptions options = {});
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  ~Runtime();  ///< Stops it first when it still runs.

  [[nodiscard]] Outcome<void> start();
  /// Kills every process (destructors run), ends the loops and joins the threads. Orderly stops of applications come before, by
  /// their supervisors.
  void stop();

  /// Runs `function` as a process on core 0 and waits for its end. True when it returned normally; false also when the runtime does not
  /// run, or is stopped meanwhile, and, with a driver, when nothing is left that could let it end.
  bool run(std::function<void()> function);
  /// Starts `function` as a process on `core`; does not wait. A runtime that does not run lets go of it.
  void post(std::function<void()> function, unsigned core = 0);

  // --- From any thread of the program, also while another one stops the runtime (pulpo/embed.hpp has the typed forms) --------------
  /// Sends a plain message. Waits while 4 MiB of such messages have not been taken by the cores, or are held up by a full link. Errors:
  /// noproc (a local name that nobody has); stopped (not started yet, or stopped). What is sent while the runtime stops may be lost.
  Result<void> send(const Address& to, Term message);
  /// The same as GenServer.cast/2; whoever does not exist does not matter (GS-16). Errors: stopped.
  Result<void> cast(const Address& to, Term message);
  /// Asks, and waits for the reply; inside a process of this runtime, as request() does. Errors: those of request(), and stopped, also
  /// when stop() comes while it waits; busy when no process can be made.
  [[nodiscard]] Result<Term> call(const Address& server, Term request, Timeout timeout = Timeout(5s));

  /// This node's name, nonode@nohost until a Router names it.
  [[nodiscard]] Atom node_name() const noexcept;
  [[nodiscard]] unsigned core_count() const noexcept;
  [[nodiscard]] const RuntimeOptions& options() const noexcept;
  /// "uring", "epoll" or "sim", and why it is not what one would expect ("" otherwise).
  [[nodiscard]] const char* loop_name() const noexcept;
  [[nodiscard]] const std::string& loop_reason() const noexcept;
  /// What the spin setting comes to here: "off", "adaptive" or "50us".
  [[nodiscard]] std::string spin_text() const;
  /// Calls into the kernel that the loops made to wait, to submit, to move bytes and to wake each other. Any thread; a snapshot, 0
  /// while it does not run.
  [[nodiscard]] std::uint64_t system_calls() const noexcept;
  /// Living processes, of all cores. Any thread; a snapshot, 0 while it does not run.
  [[nodiscard]] std::size_t process_count() const noexcept;

  /// Of each core; any thread, a snapshot; empty while it does not run.
  [[nodiscard]] std::vector<CoreStats> core_stats() const;

  // --- For the layers above (otp, net) ------------------------------------------------------------
  [[nodiscard]] Core& core(unsigned index) noexcept;
  [[nodiscard]] Random& random() noexcept;
  /// Installs the way to other nodes; before start(), and for the life of the runtime.
  void set_router(Router* router) noexcept;
  [[nodiscard]] Router* router() const noexcept;
  void set_node_name(Atom name) noexcept;
  /// Looks a name up; any thread, no lock.
  [[nodiscard]] std::optional<Pid> find_name(Atom name) const noexcept;
  /// The one extension of this runtime (otp's), made at first use, and destroyed after all processes. Any thread.
  [[nodiscard]] RuntimeExtension& extension(std::unique_ptr<RuntimeExtension> (*make)());
  /// Who makes the bodies of processes that other nodes ask for (proc/remote_spawn.hpp); null: nobody. Any thread.
  void set_call_bodies(MakeCallBody make) noexcept;
  [[nodiscard]] MakeCallBody call_bodies() const noexcept;
  /// The core with the fewest processes; any thread, a snapshot.
  [[nodiscard]] unsigned least_loaded_core() const noexcept;

 private:
  friend class Core;
  // embed.cpp
  [[nodiscard]] bool is_caller_inside() const;
  [[nodiscard]] unsigned core_of(const Address& to) const noexcept;
  Result<void> send_outside(Signal kind, const Address& to, Term message);
  [[nodiscard]] Gate& gate() noexcept;
  [[nodiscard]] BlockingPool& blocking_pool() noexcept;

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pulpo
