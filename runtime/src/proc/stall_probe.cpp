// SPDX-License-Identifier: Apache-2.0
#include "proc/stall_probe.hpp"

#include <fmt/format.h>
#include <link.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>

#include "proc/core.hpp"

namespace pulpo {
namespace {

// Nearly the last real-time signal: libc takes the first ones, debuggers and profilers the middle, and qemu-user has no room for the last
// two.
int probe_signal() noexcept { return SIGRTMAX - 2; }

// A signal's frame is up to 3.4 KiB, the unwinder's less than 8 KiB.
constexpr std::size_t kSignalStackBytes = 64 * 1024;

std::uintptr_t interrupted_at([[maybe_unused]] const void* signal_context) noexcept {
  [[maybe_unused]] const auto& machine = static_cast<const ucontext_t*>(signal_context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(machine.gregs[REG_RIP]);
#elif defined(__i386__)
  return static_cast<std::uintptr_t>(machine.gregs[REG_EIP]);
#elif defined(__aarch64__)
  return machine.pc;
#elif defined(__arm__)
  return machine.arm_pc;
#else
  return 0;
#endif
}

struct Walk {
  Frames& frames;
  std::uintptr_t from;
  bool reached;
};

_Unwind_Reason_Code visit(_Unwind_Context* context, void* argument) {
  auto& walk = *static_cast<Walk*>(argument);
  const auto address = static_cast<std::uintptr_t>(_Unwind_GetIP(context));
  if (!walk.reached) {
    // The handler's own frames come first.
    walk.reached = address == walk.from;
    return _URC_NO_REASON;
  }
  if (address == 0 || walk.frames.count == Frames::kFramesMax) return _URC_END_OF_STACK;
  // A return address may belong to the next function already.
  walk.frames.addresses[walk.frames.count++] = address - 1;
  return _URC_NO_REASON;
}

}  // namespace

void Frames::collect(const void* signal_context) noexcept {
  count = 0;
  const std::uintptr_t from = interrupted_at(signal_context);
  if (from != 0) addresses[count++] = from;
  Walk walk{*this, from, from == 0};
  _Unwind_Backtrace(&visit, &walk);
}

void RunningNote::take(Core& here) noexcept {
  core = here.index();
  Process* const process = here.process();
  is_process = process != nullptr;
  has_name = false;
  what_size = 0;
  if (process == nullptr) return;
  slot = process->slot;
  serial = process->serial;
  stack_bytes = here.stack_bytes_of(*process);
  if (process->has_relations() && process->relations->name) {
    has_name = true;
    name = process->relations->name->index();
  }
  if (process->body == nullptr) return;  // it ends
  const std::string_view text = process->body->what();
  what_size = std::min(text.size(), what.size());
  std::copy_n(text.data(), what_size, what.data());
}

SignalStack::SignalStack(bool wanted) {
  stack_t before{};
  if (!wanted || ::sigaltstack(nullptr, &before) != 0 || (before.ss_flags & SS_DISABLE) == 0) return;
  memory_ = static_cast<char*>(std::malloc(kSignalStackBytes));  // NOLINT: untouched until a signal comes
  if (memory_ == nullptr) return;
  stack_t mine{};
  mine.ss_sp = memory_;
  mine.ss_size = kSignalStackBytes;
  (void)::sigaltstack(&mine, nullptr);
}

SignalStack::~SignalStack() {
  if (memory_ == nullptr) return;
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  (void)::sigaltstack(&none, nullptr);
  std::free(memory_);  // NOLINT
}

void StallProbe::handler(int, void* context) noexcept {
  Core* const core = Core::current();
  if (core == nullptr) return;
  StallProbe& probe = core->watch().probe;
  std::uint32_t asked = kAsked;
  if (!probe.state_.compare_exchange_strong(asked, kAnswering, std::memory_order_acquire)) return;  // nobody asks, or gave up
  const int error = errno;
  probe.note.take(*core);
  probe.frames.collect(context);
  errno = error;
  probe.state_.store(kAnswered, std::memory_order_release);
}

bool StallProbe::install() noexcept {
  struct sigaction before {};
  if (::sigaction(probe_signal(), nullptr, &before) != 0) return false;
  const auto mine = [](int signal, siginfo_t*, void* context) { handler(signal, context); };
  void (*const entry)(int, siginfo_t*, void*) = mine;
  if ((before.sa_flags & SA_SIGINFO) != 0) return before.sa_sigaction == entry;
  if (before.sa_handler != SIG_DFL) return false;
  struct sigaction action {};
  action.sa_sigaction = entry;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigemptyset(&action.sa_mask);
  return ::sigaction(probe_signal(), &action, nullptr) == 0;
}

void StallProbe::belongs_here() noexcept {
  sigset_t ours;
  sigemptyset(&ours);
  sigaddset(&ours, probe_signal());
  ::pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
  thread_.store(static_cast<pid_t>(::syscall(SYS_gettid)), std::memory_order_release);
}

bool StallProbe::ask() noexcept {
  const pid_t thread = thread_.load(std::memory_order_acquire);
  if (thread == 0) return false;
  state_.store(kAsked, std::memory_order_release);
  if (::syscall(SYS_tgkill, ::getpid(), thread, probe_signal()) != 0) return false;
  constexpr timespec kPause{0, 1'000'000};
  // A second: on a machine with more to do than processors a thread gets one now and then.
  for (int look = 0; look < 1000; ++look) {
    if (state_.load(std::memory_order_acquire) == kAnswered) return true;
    (void)::nanosleep(&kPause, nullptr);
  }
  // Too late from here on; one that is just answering finishes in microseconds.
  std::uint32_t asked = kAsked;
  if (state_.compare_exchange_strong(asked, kQuiet, std::memory_order_acq_rel)) return false;
  while (state_.load(std::memory_order_acquire) != kAnswered) (void)::nanosleep(&kPause, nullptr);
  return true;
}

std::string frame_text(std::uintptr_t address) {
  struct Search {
    std::uintptr_t address;
    std::string text;
  } search{address, {}};
  ::dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* argument) {
        auto& its = *static_cast<Search*>(argument);
        for (unsigned i = 0; i < object->dlpi_phnum; ++i) {
          const auto& part = object->dlpi_phdr[i];
          const std::uintptr_t begin = object->dlpi_addr + part.p_vaddr;
          if (part.p_type != PT_LOAD || its.address < begin || its.address >= begin + part.p_memsz) continue;
          const std::string_view path = object->dlpi_name != nullptr ? object->dlpi_name : "";
          const std::string_view file = path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
          its.text = fmt::format("{}+{:#x}", file.empty() ? "program" : file, its.address - object->dlpi_addr);
          return 1;
        }
        return 0;
      },
      &search);
  return search.text.empty() ? fmt::format("{:#x}", address) : search.text;
}

std::string program_path() {
  char path[512];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : "PROGRAM";
}

}  // namespace pulpo
