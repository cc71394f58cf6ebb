// SPDX-License-Identifier: Apache-2.0
#include "io/child.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

#include "base/block_signals.hpp"

extern char** environ;  // NOLINT: POSIX's name

namespace pulpo::io {
namespace {

#ifndef SYS_pidfd_open
constexpr long kPidfdOpen = 434;  // the same on every architecture
#else
constexpr long kPidfdOpen = SYS_pidfd_open;
#endif

std::vector<char*> pointers(const std::vector<std::string>& texts, const std::string* first = nullptr) {
  std::vector<char*> out;
  if (first != nullptr) out.push_back(const_cast<char*>(first->c_str()));                // NOLINT: posix_spawn(3) does not write there
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));  // NOLINT
  out.push_back(nullptr);
  return out;
}

struct Actions {
  Actions() noexcept { ::posix_spawn_file_actions_init(&value); }
  ~Actions() { ::posix_spawn_file_actions_destroy(&value); }
  posix_spawn_file_actions_t value;
};
struct Attributes {
  Attributes() noexcept { ::posix_spawnattr_init(&value); }
  ~Attributes() { ::posix_spawnattr_destroy(&value); }
  posix_spawnattr_t value;
};

// The number of the first step that failed, or 0.
int prepare(const ChildPlan& plan, Actions& actions, Attributes& attributes) {
  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (plan.own_group) flags |= POSIX_SPAWN_SETPGROUP;
  int error = ::posix_spawnattr_setflags(&attributes.value, flags);
  if (error == 0) error = ::posix_spawnattr_setsigmask(&attributes.value, &none);
  if (error == 0) error = ::posix_spawnattr_setsigdefault(&attributes.value, &all);
  if (error == 0 && plan.own_group) error = ::posix_spawnattr_setpgroup(&attributes.value, 0);
  for (int number = 0; number < 3 && error == 0; ++number) {
    const int given = plan.standard[number];
    if (given == ChildPlan::kInherit) continue;
    error = given >= 0 ? ::posix_spawn_file_actions_adddup2(&actions.value, given, number)
                       : ::posix_spawn_file_actions_addopen(&actions.value, number, "/dev/null", number == 0 ? O_RDONLY : O_WRONLY, 0);
  }
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
  if (error == 0) error = ::posix_spawn_file_actions_addclosefrom_np(&actions.value, 3);
#endif
  if (error == 0 && !plan.folder.empty()) error = ::posix_spawn_file_actions_addchdir_np(&actions.value, plan.folder.c_str());
  return error;
}

}  // namespace

void OwnedDescriptor::reset() noexcept {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

Outcome<Pipe> Pipe::make() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Fault{.code = Errc::io, .sys = errno, .where = "pipe"};
  return Pipe{OwnedDescriptor(ends[0]), OwnedDescriptor(ends[1])};
}

Outcome<std::unique_ptr<Child>> Child::spawn(const ChildPlan& plan, Notice notice) {
  Actions actions;
  Attributes attributes;
  pid_t pid = -1;
  int error = prepare(plan, actions, attributes);
  if (error == 0) {
    const std::vector<char*> arguments = pointers(plan.arguments, &plan.program);
    const std::vector<char*> environment = pointers(plan.environment);
    error = ::posix_spawnp(&pid, plan.program.c_str(), &actions.value, &attributes.value, arguments.data(),
                           plan.own_environment ? environment.data() : environ);
  }
  if (error != 0) {
    return Fault{.code = Errc::io,
                 .sys = error,
                 .where = "start a program",
                 .detail = plan.folder.empty() ? plan.program : plan.program + " in " + plan.folder};
  }
  std::unique_ptr<Child> child(new Child(pid, plan.own_group));
  PULPO_CHECK(child->watch(notice));
  return child;
}

Outcome<void> Child::watch(Notice notice) {
  if (notice == Notice::automatic) {
    end_ = OwnedDescriptor(static_cast<int>(::syscall(kPidfdOpen, pid_, 0)));
    if (end_.is_open()) return {};
    if (errno == EMFILE || errno == ENFILE) return Fault{.code = Errc::busy, .sys = errno, .where = "start a program"};
  }
  end_ = OwnedDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!end_.is_open()) return Fault{.code = Errc::busy, .sys = errno, .where = "start a program"};
  try {
    const BlockSignals blocked;
    waiter_ = std::thread([pid = pid_, event = end_.get()] {
      siginfo_t info;
      // It stays to be reaped. ECHILD: it was, meanwhile.
      while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
      }
      const std::uint64_t one = 1;
      (void)!::write(event, &one, sizeof one);
    });
  } catch (const std::system_error&) {
    return Fault{.code = Errc::busy, .where = "start a program", .detail = "no thread can be made"};
  }
  return {};
}

Child::~Child() {
  if (!reaped_) {
    send_signal(SIGKILL);
    reap(WEXITED);
  }
  if (waiter_.joinable()) waiter_.join();
}

void Child::reap(int options) noexcept {
  siginfo_t info{};
  int result = 0;
  do {
    result = ::waitid(P_PID, static_cast<id_t>(pid_), &info, options);
  } while (result != 0 && errno == EINTR);
  if (result != 0) {
    exit_code_ = -1;  // ECHILD: the kernel has reaped it by itself
    reaped_ = true;
  } else if (info.si_pid == pid_) {
    if (info.si_code == CLD_EXITED) {
      exit_code_ = info.si_status;
    } else {
      exit_signal_ = info.si_status;
    }
    reaped_ = true;
  }
}

bool Child::try_reap() noexcept {
  if (!reaped_) reap(WEXITED | WNOHANG);
  return reaped_;
}

bool Child::send_signal(int signal) const noexcept {
  if (reaped_) {
    errno = ESRCH;  // the number may be another's by now
    return false;
  }
  return ::kill(own_group_ ? -pid_ : pid_, signal) == 0;
}

}  // namespace pulpo::io
