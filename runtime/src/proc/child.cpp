// SPDX-License-Identifier: Apache-2.0
#include "pulpo/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "io/child.hpp"
#include "proc/io_wait.hpp"
#include "pulpo/blocking.hpp"
#include "pulpo/poll.hpp"

namespace pulpo {

using io::Child;
using io::ChildPlan;
using io::OwnedDescriptor;
using io::Pipe;

namespace {

constexpr const char* kNames[] = {"standard input", "standard output", "standard error"};

ExitStatus status_of(const Child& child) { return {.code = child.exit_code(), .signal = child.exit_signal()}; }

/// The pipes of a child: its ends, which go with the plan, and ours.
struct Pipes {
  OwnedDescriptor theirs[3];
  OwnedDescriptor ours[3];
};

Result<detail::ChildPtr> spawn_child(const Command& command, const Standard (&standard)[3], OwnedDescriptor (&ours)[3],
                                     TimePoint deadline) {
  Core& core = Core::here();
  if (core.runtime().options().driver != nullptr) {
    Error error(Errc::unsupported, "enotsup"_atom, "start a program");
    error.detail = command.program + ": in a simulation there are no other programs";
    return error;
  }
  const CommandOptions& options = command.options;
  ChildPlan plan{.program = command.program,
                 .arguments = command.arguments,
                 .environment = options.environment.value_or(std::vector<std::string>{}),
                 .own_environment = options.environment.has_value(),
                 .folder = options.folder,
                 .own_group = options.own_group};
  std::vector<OwnedDescriptor> theirs;
  for (int number = 0; number < 3; ++number) {
    if (standard[number] == Standard::inherit) plan.standard[number] = ChildPlan::kInherit;
    if (standard[number] != Standard::pipe) continue;
    auto pipe = Pipe::make();
    if (!pipe) return io_error(pipe.error().sys, "start a program", kNames[number]);
    OwnedDescriptor& its = number == 0 ? pipe->read : pipe->write;
    ours[number] = std::move(number == 0 ? pipe->write : pipe->read);
    plan.standard[number] = its.get();
    theirs.push_back(std::move(its));
  }
  // A program is read from its disk before exec returns, and may be killed meanwhile: then whoever drops it last ends it.
  const Timeout left = deadline == kNever ? Timeout::infinity() : Timeout(std::max(deadline - core.loop().now(), Duration::zero()));
  auto child = try_blocking(left, [plan = std::move(plan), theirs = std::move(theirs)] { return Child::spawn(plan); });
  if (!child) return child.error();
  if (!*child) return io_error(child->error().sys, child->error().where, child->error().detail);
  return detail::ChildPtr(std::move(*child).value().release(), detail::EndChild{options.patience});
}

/// What run() does with the pipes: everything that can be done without waiting, as often as one of them asks.
class Talk {
 public:
  Talk(const Command& command, OwnedDescriptor (&pipes)[3]) : command_(command), pipes_(pipes) {}

  [[nodiscard]] Result<void> watch(int end) {
    epoll_ = OwnedDescriptor(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_.is_open()) return io_error(errno, "run a program");
    for (int number = 0; number < 3; ++number) {
      if (!pipes_[number].is_open()) continue;
      const int flags = ::fcntl(pipes_[number].get(), F_GETFL);
      if (flags < 0 || ::fcntl(pipes_[number].get(), F_SETFL, flags | O_NONBLOCK) != 0) return io_error(errno, "run a program");
      PULPO_CHECK(add(pipes_[number].get(), number == 0 ? EPOLLOUT : EPOLLIN));
    }
    return add(end, EPOLLIN);
  }
  /// Readable when there is something to do.
  [[nodiscard]] int descriptor() const noexcept { return epoll_.get(); }
  [[nodiscard]] Result<void> go_on() {
    write_input();
    PULPO_CHECK(read_all(1, output.out));
    return read_all(2, output.err);
  }

  CommandOutput output;

 private:
  [[nodiscard]] Result<void> add(int descriptor, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) return io_error(errno, "run a program");
    return {};
  }
  void write_input() {
    const std::string& input = command_.options.input;
    while (pipes_[0].is_open()) {
      const ssize_t written = ::write(pipes_[0].get(), input.data() + written_, input.size() - written_);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0 && errno == EAGAIN) return;
      if (written > 0) written_ += static_cast<std::size_t>(written);
      // A program need not read it all (EPIPE): what that means, its status tells. Our threads block SIGPIPE.
      if (written < 0 || written_ == input.size()) pipes_[0].reset();
    }
  }
  [[nodiscard]] Result<void> read_all(int number, std::string& into) {
    char buffer[4096];
    while (pipes_[number].is_open()) {
      const ssize_t got = ::read(pipes_[number].get(), buffer, sizeof buffer);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return {};
      if (got < 0) return io_error(errno, "run a program", kNames[number]);
      if (got == 0) pipes_[number].reset();
      if (into.size() + static_cast<std::size_t>(got) > command_.options.output_bytes_max) {
        Error error(Errc::busy, atoms::system_limit, "run a program");
        error.detail = command_.program + ": more than " + std::to_string(command_.options.output_bytes_max) + " bytes of " +
                       kNames[number] + "; give it a larger output_bytes_max, or start() it and read as they come";
        return error;
      }
      into.append(buffer, static_cast<std::size_t>(got));
    }
    return {};
  }

  const Command& command_;
  OwnedDescriptor (&pipes_)[3];
  OwnedDescriptor epoll_;
  std::size_t written_ = 0;
};

}  // namespace

// From SIGTERM to the last of it, in a process of its own: whoever lets go of a child may be unwinding.
void detail::EndChild::operator()(Child* raw) const noexcept {
  std::unique_ptr<Child> child(raw);  // else its destructor does it, at once
  if (child->try_reap() || !inside_process()) return;
  const NoKill no_kill;  // we may be in a destructor: nothing may be thrown here
  (void)Core::here().spawn(function_body([child = std::move(child), patience = patience] {
                             set_group_leader({});  // the end of an application is no reason to be impatient
                             child->send_signal(SIGTERM);
                             (void)poll(child->end_descriptor(), POLLIN, patience);
                             if (child->try_reap()) return;
                             child->send_signal(SIGKILL);
                             (void)poll(child->end_descriptor(), POLLIN);
                             child->try_reap();
                           }),
                           {});
}

Result<CommandOutput> Command::run(Timeout timeout) const {
  const TimePoint deadline = timeout.after(Core::here().loop().now());
  OwnedDescriptor pipes[3];
  const Standard standard[3] = {options.input.empty() ? Standard::null : Standard::pipe, Standard::pipe, Standard::pipe};
  PULPO_TRY(const detail::ChildPtr child, spawn_child(*this, standard, pipes, deadline));
  Talk talk(*this, pipes);
  PULPO_CHECK(talk.watch(child->end_descriptor()));
  for (;;) {
    // Reaped first: what it said before its end is in the pipes by then. Who inherited them and lives on is not waited for.
    const bool has_ended = child->try_reap();
    PULPO_CHECK(talk.go_on());
    if (has_ended) break;
    const Timeout left = deadline == kNever ? Timeout::infinity() : Timeout(std::max(deadline - now(), Duration::zero()));
    if (const auto seen = poll(talk.descriptor(), POLLIN, left); !seen) {
      Error error = seen.error();
      error.where = "run a program";
      error.detail = program;
      return error;
    }
  }
  talk.output.status = status_of(*child);
  return std::move(talk.output);
}

Result<ChildProcess> Command::start() const {
  OwnedDescriptor pipes[3];
  const Standard standard[3] = {options.in, options.out, options.err};
  PULPO_TRY(detail::ChildPtr child, spawn_child(*this, standard, pipes, kNever));
  ChildProcess started(std::move(child));
  for (int number = 0; number < 3; ++number) {
    if (!pipes[number].is_open()) continue;
    PULPO_TRY(Device stream, Device::adopt(pipes[number].get()));
    (void)pipes[number].take();
    started.streams_[number].emplace(std::move(stream));
  }
  return started;
}

int ChildProcess::pid() const noexcept { return child_ ? child_->pid() : -1; }

ByteStream& ChildProcess::stream(int number) noexcept {
  PULPO_ASSERT(streams_[number].has_value() && "that one was not made a pipe: CommandOptions::in, out, err");
  return *streams_[number];
}

Result<ExitStatus> ChildProcess::wait(Timeout timeout) {
  if (!child_) return Error{Errc::bad_argument, atoms::badarg, "ChildProcess.wait"};
  while (!child_->try_reap()) {
    // Its end is told once: the descriptor stays readable.
    PULPO_TRY([[maybe_unused]] const short seen, poll(child_->end_descriptor(), POLLIN, timeout));
  }
  return status_of(*child_);
}

Result<void> ChildProcess::signal(int number) {
  if (!child_) return Error{Errc::bad_argument, atoms::badarg, "ChildProcess.signal"};
  if (child_->is_reaped()) return Error{Errc::noproc, atoms::noproc, "ChildProcess.signal"};
  if (!child_->send_signal(number)) return io_error(errno, "ChildProcess.signal");
  return {};
}

}  // namespace pulpo
