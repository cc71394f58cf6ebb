// SPDX-License-Identifier: Apache-2.0
//
// Child: a program that a test runs beside its loop, and whose output it reads. Ended by its id when the test is over.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

extern char** environ;  // NOLINT: POSIX declares it nowhere

namespace pulpo::mapper {

class Child {
 public:
  /// `program` is looked for in PATH. A test in which it is missing fails, and does not pass by.
  explicit Child(std::vector<std::string> command) {
    std::vector<char*> argv;
    for (std::string& word : command) argv.push_back(word.data());
    argv.push_back(nullptr);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) std::abort();
    output_ = ends[0];
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, ends[1], STDERR_FILENO);
    const int error = ::posix_spawnp(&pid_, argv[0], &files, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&files);
    ::close(ends[1]);
    if (error != 0) {
      pid_ = -1;
      ADD_FAILURE() << command[0] << " cannot be run (package erlang-base): " << std::strerror(error);
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(output_);
  }

  /// True once it has ended; then status() is its exit status.
  bool has_ended() {
    if (pid_ <= 0) return true;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == 0) return false;
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    pid_ = -1;
    return true;
  }
  void kill(int signal) {
    if (pid_ > 0) ::kill(pid_, signal);
  }
  [[nodiscard]] int status() const { return status_; }
  /// What it has written so far.
  const std::string& output() {
    char part[4096];
    ssize_t size = 0;
    while ((size = ::read(output_, part, sizeof part)) > 0) text_.append(part, static_cast<std::size_t>(size));
    return text_;
  }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  int status_ = -1;
  std::string text_;
};

}  // namespace pulpo::mapper
