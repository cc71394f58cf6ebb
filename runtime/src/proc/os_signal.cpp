// SPDX-License-Identifier: Apache-2.0
#include "pulpo/os_signal.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "proc/descriptor.hpp"
#include "proc/io_wait.hpp"

namespace pulpo {
namespace detail {

/// What its core keeps of an OsSignal: the loop goes on receiving from the start to the end, and each arrival becomes a message.
class SignalWatch final : public Descriptor, private io::Operation, private HeldBack, private EndsWithProcess {
 public:
  // A process that serves has few messages waiting, one that receives selectively may leave some hundred behind; and a signal that
  // somebody sends in a loop must not fill a mailbox to its limit.
  static constexpr std::size_t kMessagesMax = 1024;

  SignalWatch(Core& core, io::Handle handle, Process& owner, Atom name)
      : Descriptor(core, handle), owner_(core.pid_of(owner)), name_(name) {
    owner.related().rarely().dependents.push_back(*this);
    hold();
    core.loop().receive(*this, handle);
  }

  [[nodiscard]] const Pid& owner() const noexcept { return owner_; }
  [[nodiscard]] Term message() const { return to_term(OsSignal::Arrived{name_}); }

 private:
  void completed(const io::Completion& completion) override {
    if (completion.more) return pass_on();
    drop();  // closed: there is no other end
  }
  void try_again() override { pass_on(); }
  void pass_on() {
    if (handle() < 0) return;
    const Process* const owner = core().find(owner_);
    if (owner == nullptr) return;
    const MailboxLimit limit = core().mailbox_limit(*owner);
    if (owner->mail_count >= std::min(kMessagesMax, limit.messages_max) || owner->mail_bytes > limit.bytes_max / 2) {
      return core().hold_back(*this);
    }
    MessagePtr signal = core().make(Signal::message);
    signal->to = owner_;
    signal->body = message();
    core().send(std::move(signal));
  }
  void process_ended() noexcept override { close(); }
  void closed() noexcept override {
    HeldBack::unlink();
    EndsWithProcess::unlink();
  }

  const Pid owner_;
  const Atom name_;
};

}  // namespace detail

namespace {

struct KnownSignal {
  int number;
  const char* name;     ///< As OTP writes it.
  const char* instead;  ///< Not to be watched: what is to be done instead.
};

constexpr const char* kNobodysSignal = "the kernel lets nobody handle it";
constexpr const char* kFaultSignal =
    "it tells of a fault of this program, which cannot go on; RuntimeOptions::crash_reports says which process ran";

constexpr KnownSignal kKnownSignals[] = {
    {SIGHUP, "sighup", nullptr},
    {SIGINT, "sigint", nullptr},
    {SIGQUIT, "sigquit", nullptr},
    {SIGILL, "sigill", kFaultSignal},
    {SIGTRAP, "sigtrap", kFaultSignal},
    {SIGABRT, "sigabrt", kFaultSignal},
    {SIGBUS, "sigbus", kFaultSignal},
    {SIGFPE, "sigfpe", kFaultSignal},
    {SIGKILL, "sigkill", kNobodysSignal},
    {SIGUSR1, "sigusr1", nullptr},
    {SIGSEGV, "sigsegv", kFaultSignal},
    {SIGUSR2, "sigusr2", nullptr},
    {SIGPIPE, "sigpipe", "a write to nobody answers with an error: closed"},
    {SIGALRM, "sigalrm", nullptr},
    {SIGTERM, "sigterm", nullptr},
    {SIGCHLD, "sigchld", "ChildProcess::wait() (pulpo/child.hpp) tells when a program that was started has ended"},
    {SIGCONT, "sigcont", nullptr},
    {SIGSTOP, "sigstop", kNobodysSignal},
    {SIGTSTP, "sigtstp", nullptr},
    {SIGTTIN, "sigttin", nullptr},
    {SIGTTOU, "sigttou", nullptr},
    {SIGURG, "sigurg", nullptr},
    {SIGXCPU, "sigxcpu", nullptr},
    {SIGXFSZ, "sigxfsz", "a write beyond the limit answers with the error :efbig"},
    {SIGVTALRM, "sigvtalrm", nullptr},
    {SIGPROF, "sigprof", "it is left to profilers, and comes to runtimes' threads too; use SIGUSR1"},
    {SIGWINCH, "sigwinch", nullptr},
    {SIGIO, "sigio", nullptr},
    {SIGPWR, "sigpwr", nullptr},
    {SIGSYS, "sigsys", kFaultSignal},
};

Error refused_signal(Errc code, Atom reason, std::string detail) {
  Error error(code, reason, "watch_os_signal");
  error.detail = std::move(detail);
  return error;
}

/// What may be watched in this runtime.
Result<Atom> name_of_signal(int number, const RuntimeOptions& options) {
  const auto* const known =
      std::find_if(std::begin(kKnownSignals), std::end(kKnownSignals), [number](const KnownSignal& each) { return each.number == number; });
  if (known == std::end(kKnownSignals)) {
    const bool is_real_time = number > SIGSYS && number <= SIGRTMAX;
    return refused_signal(Errc::bad_argument, atoms::badarg,
                          is_real_time
                              ? fmt::format("{} is a real-time signal: those carry values, the C library and the watchdog use some, "
                                            "and a message here stands for several; use SIGUSR1 or SIGUSR2",
                                            number)
                              : fmt::format("{} is no signal that can be watched; SIGHUP, SIGUSR1 and SIGUSR2 are", number));
  }
  if (known->instead != nullptr) {
    return refused_signal(Errc::bad_argument, atoms::badarg, fmt::format("{} cannot be watched: {}", known->name, known->instead));
  }
  if (options.stops_at_signals && (number == SIGINT || number == SIGTERM)) {
    return refused_signal(Errc::not_allowed, "eperm"_atom,
                          fmt::format("{} ends this program in order; do what must be done then in terminate() of a server, or in "
                                      "Application::prep_stop",
                                      known->name));
  }
  return Atom(known->name);
}

}  // namespace

Result<OsSignal> watch_os_signal(int number) {
  Core& core = Core::here();
  PULPO_ASSERT(core.process() != nullptr && "watch_os_signal() belongs inside a process");
  PULPO_TRY(const Atom name, name_of_signal(number, core.runtime().options()));
  const auto handle = core.loop().watch_signal(number);
  if (!handle) return io_error(handle.error());
  return OsSignal(number, name, detail::DescriptorPtr(new detail::SignalWatch(core, *handle, *core.process(), name)));
}

Result<void> OsSignal::wait(Timeout timeout) {
  constexpr const char* kCall = "OsSignal.wait";
  if (auto refused = detail::Descriptor::refusal(watch_.get(), kCall)) return std::move(*refused);
  const auto& watch = static_cast<const detail::SignalWatch&>(*watch_);
  if (watch.owner() != self()) {
    Error error(Errc::bad_argument, atoms::badarg, kCall);
    error.detail = "its messages go to the process that called watch_os_signal(), which alone can wait for them";
    return error;
  }
  const Term wanted = watch.message();  // the object may be gone when somebody else has it
  if (receive_if([&](const Term& message) { return message == wanted; }, timeout)) return {};
  return Error{Core::here().process()->exit_pending ? Errc::killed : Errc::timeout, {}, kCall};
}

}  // namespace pulpo
