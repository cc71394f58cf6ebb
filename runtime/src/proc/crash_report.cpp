// SPDX-License-Identifier: Apache-2.0
#include "proc/crash_report.hpp"

#include <link.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/sanitizers.hpp"
#include "proc/core.hpp"

namespace pulpo {
namespace {

/// Text without memory, locks or printf: what a signal handler may do.
class SignalText {
 public:
  SignalText& operator<<(std::string_view text) noexcept {
    const std::size_t size = std::min(text.size(), bytes_.size() - size_);
    std::memcpy(bytes_.data() + size_, text.data(), size);
    size_ += size;
    return *this;
  }
  SignalText& number(std::uint64_t value, unsigned base = 10) noexcept {
    std::array<char, 20> digits;
    std::size_t at = digits.size();
    do digits[--at] = "0123456789abcdef"[value % base];
    while ((value /= base) != 0);
    return *this << (base == 16 ? "0x" : "") << std::string_view(digits.data() + at, digits.size() - at);
  }
  void write() noexcept {
    (void)!::write(STDERR_FILENO, bytes_.data(), size_);
    size_ = 0;
  }

 private:
  std::array<char, 2048> bytes_;
  std::size_t size_ = 0;
};

constexpr std::array kSignals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

std::string_view name_of(int signal) noexcept {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGILL:
      return "SIGILL";
    case SIGFPE:
      return "SIGFPE";
    default:
      return "SIGABRT";
  }
}

std::uintptr_t program_at = 0;  ///< What lies between the program's addresses and those that its file has.

void add_process(SignalText& text, const RunningNote& note) noexcept {
  if (!note.is_process) {
    text << "the scheduler";
  } else {
    text << "process #PID<0.";
    text.number(Pid{kOwnNode, note.core << Pid::kSlotBits | note.slot, note.serial}.id) << ".";
    text.number(note.serial) << ">";
    if (note.has_name && note.name < Atom::count()) text << " (" << Atom::from_index(note.name).text() << ")";
  }
  text << " on core ";
  text.number(note.core);
}

// Unused where a sanitizer has handlers of its own.
[[maybe_unused]] void handler(int signal, siginfo_t* info, void* context) noexcept {
  // What goes wrong from here on ends the program without more words.
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (const int each : kSignals) (void)::sigaction(each, &usual, nullptr);

  SignalText text;
  Core* const core = Core::current();
  RunningNote note;
  if (core != nullptr) note.take(*core);
  const bool is_fault = (signal == SIGSEGV || signal == SIGBUS) && info->si_code > 0;
  if (core != nullptr && is_fault && core->is_below_stack(info->si_addr)) {
    text << "stack overflow: ";
    add_process(text, note);
    text << " has used up its stack of ";
    text.number(core->running_stack_bytes()) << " bytes; the node ends. Give it more: SpawnOptions::stack_bytes for this process, "
                                                "--stack-size for all; or recurse less, and keep large buffers on the heap.\n";
  } else {
    text << "the program dies of " << name_of(signal);
    if (is_fault) {
      text << " at address ";
      text.number(reinterpret_cast<std::uintptr_t>(info->si_addr), 16);
    }
    text << "; there ran ";
    if (core == nullptr) {
      text << "a thread that is no core's";
    } else {
      add_process(text, note);
    }
    text << ".\n";
  }
  if (note.what_size > 0) text << "Initial Call: " << note.initial_call() << "\n";
  text.write();  // before the frames, whose walk may fail where memory is broken

  Frames frames;
  frames.collect(context);
  text << "addr2line -Cfpie PROGRAM";
  for (std::size_t i = 0; i < frames.count; ++i) {
    text << " ";
    text.number(frames.addresses[i] - program_at, 16);
  }
  text << "\n";
  text.write();
  // A fault happens again when we return, now with the default action. What somebody sent does not.
  if (info->si_code <= 0) (void)::syscall(SYS_tgkill, ::getpid(), static_cast<pid_t>(::syscall(SYS_gettid)), signal);
}

}  // namespace

void CrashReports::install() noexcept {
#if !defined(PULPO_ASAN) && !defined(PULPO_TSAN)
  // The first object is the program itself.
  ::dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void*) {
        program_at = object->dlpi_addr;
        return 1;
      },
      nullptr);
  struct sigaction action {};
  action.sa_sigaction = &handler;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (const int signal : kSignals) (void)::sigaction(signal, &action, nullptr);
#endif
}

}  // namespace pulpo
