// SPDX-License-Identifier: Apache-2.0
#include "mapper/on_demand.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

extern char** environ;  // NOLINT: POSIX declares it nowhere

namespace pulpo::mapper {
namespace {

// The process that was started detaches within milliseconds. Should it not (another program, a debugger), looking once a
// second costs nothing.
constexpr Duration kFirstPause = 10ms;
constexpr Duration kPauseMax = 1s;

Fault refused(const char* where, int error, std::string detail) {
  return {.code = Errc::io, .sys = error, .where = where, .detail = std::move(detail)};
}

}  // namespace

std::string own_program() {
  constexpr const char* kSelf = "/proc/self/exe";
  char path[4096];
  const ssize_t size = ::readlink(kSelf, path, sizeof path);
  if (size <= 0 || static_cast<std::size_t>(size) == sizeof path) return kSelf;
  std::string file(path, static_cast<std::size_t>(size));
  return ::access(file.c_str(), X_OK) == 0 ? file : kSelf;
}

OnDemand::OnDemand(io::Loop& loop, Settings settings) : loop_(loop), settings_(std::move(settings)) {}

OnDemand::~OnDemand() {
  if (child_ > 0) static_cast<void>(::waitpid(child_, nullptr, WNOHANG));
}

std::vector<std::string> OnDemand::arguments(const Settings& settings) {
  std::vector<std::string> arguments = {settings.program,
                                        "mapper",
                                        "--daemon",
                                        "--idle-exit",
                                        fmt::format("{}", settings.idle_exit.count()),
                                        "--port",
                                        fmt::format("{}", settings.port)};
  if (settings.addresses.empty()) return arguments;
  std::string list;
  for (const io::Address& address : settings.addresses) {
    if (!list.empty()) list += ',';
    list += address.ip_text();
  }
  arguments.insert(arguments.end(), {"--address", list});
  return arguments;
}

Outcome<void> OnDemand::start() {
  if (is_pending()) return {};
  // posix_spawn() reports a missing program only where vfork is a real one, which it is not under emulators.
  if (::access(settings_.program.c_str(), X_OK) != 0) return refused("start a mapper", errno, settings_.program);
  std::vector<std::string> texts = arguments(settings_);
  std::vector<char*> argv;
  for (std::string& text : texts) argv.push_back(text.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  // It must not hold the node's terminal or pipes open: who reads the node's output to its end would wait for the mapper.
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    ::posix_spawn_file_actions_addopen(&files, stream, "/dev/null", O_RDWR, 0);
  }
  // Signals that the node blocks or ignores are its own affair.
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int error = ::posix_spawn(&child_, settings_.program.c_str(), &files, &attributes, argv.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  if (error != 0) {
    child_ = -1;
    return refused("start a mapper", error, settings_.program);
  }
  pause_ = kFirstPause;
  loop_.timers().arm(timer_, loop_.refresh() + pause_);
  return {};
}

void OnDemand::collect() {
  if (::waitpid(child_, nullptr, WNOHANG) != 0) {  // collected, or somebody else did it
    child_ = -1;
    return;
  }
  pause_ = std::min(2 * pause_, kPauseMax);
  loop_.timers().arm(timer_, loop_.now() + pause_);
}

Outcome<void> detach() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return refused("detach", errno, "/dev/null");
  const pid_t child = ::fork();
  if (child < 0) return refused("detach", errno, "fork");
  if (child > 0) ::_exit(0);
  ::setsid();
  if (::chdir("/") != 0) return refused("detach", errno, "/");
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, stream);
  if (null > STDERR_FILENO) ::close(null);
  return {};
}

}  // namespace pulpo::mapper
