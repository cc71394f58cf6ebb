// SPDX-License-Identifier: Apache-2.0
#include "service_manager.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <map>

namespace pulpo::cli {
namespace {

/// An environment that holds just these.
Environment holding(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}

std::string own_pid() { return std::to_string(::getpid()); }

TEST(ServiceManager, NothingWasHandedOverByAShell) {
  EXPECT_TRUE(take_listeners(holding({})).value().empty());
  EXPECT_TRUE(take_listeners(holding({{"LISTEN_FDS", "2"}})).value().empty());
}

TEST(ServiceManager, WhatWasMeantForAnotherProcessIsLeftAlone) {
  EXPECT_TRUE(take_listeners(holding({{"LISTEN_PID", "1"}, {"LISTEN_FDS", "2"}})).value().empty());
}

TEST(ServiceManager, TheSocketsAreThoseFromThreeOnAndAreNotPassedOn) {
  // Whatever the test program has open at 3 and 4 stays; what is free is filled for the moment.
  std::vector<int> filled;
  for (int descriptor = 3; descriptor < 5; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) < 0) filled.push_back(::fcntl(STDERR_FILENO, F_DUPFD, descriptor));
  }
  auto listeners = take_listeners(holding({{"LISTEN_PID", own_pid()}, {"LISTEN_FDS", "2"}, {"LISTEN_FDNAMES", "a:b"}}));
  ASSERT_TRUE(listeners.has_value()) << listeners.error().text();
  EXPECT_EQ(*listeners, (std::vector<int>{3, 4}));
  for (const int descriptor : *listeners) EXPECT_EQ(::fcntl(descriptor, F_GETFD), FD_CLOEXEC);
  for (const int descriptor : filled) ::close(descriptor);
}

TEST(ServiceManager, TheVariablesAreGoneAfterwards) {
  for (const char* variable : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::setenv(variable, "1", 1);
  EXPECT_TRUE(take_listeners(process_environment()).has_value());
  for (const char* variable : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) EXPECT_EQ(std::getenv(variable), nullptr) << variable;
}

TEST(ServiceManager, WrongVariablesAreNamed) {
  const std::pair<std::map<std::string, std::string>, const char*> cases[] = {
      {{{"LISTEN_PID", "me"}, {"LISTEN_FDS", "1"}}, "LISTEN_PID is \"me\""},
      {{{"LISTEN_PID", own_pid()}, {"LISTEN_FDS", "1x"}}, "LISTEN_FDS is \"1x\""},
      {{{"LISTEN_PID", own_pid()}, {"LISTEN_FDS", "-1"}}, "LISTEN_FDS is \"-1\""},
      {{{"LISTEN_PID", own_pid()}, {"LISTEN_FDS", "17"}}, "LISTEN_FDS is 17"},
      {{{"LISTEN_PID", own_pid()}, {"LISTEN_FDS", "4294967295"}}, "LISTEN_FDS is 4294967295"},
  };
  for (const auto& [variables, part] : cases) {
    auto listeners = take_listeners(holding(variables));
    ASSERT_FALSE(listeners.has_value()) << part;
    EXPECT_NE(listeners.error().text().find(part), std::string::npos) << listeners.error().text();
  }
}

TEST(ServiceManager, IsToldAtItsSocketWhetherThatHasAPathOrNot) {
  char folder[] = "/tmp/pulpo_notify_XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  const std::string path = std::string(folder) + "/socket";
  for (const std::string& name : {path, "@pulpo_notify_" + own_pid()}) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const int manager = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    ASSERT_EQ(::bind(manager, reinterpret_cast<sockaddr*>(&address), size), 0);
    tell_service_manager(holding({{"NOTIFY_SOCKET", name}}), "READY=1");
    char heard[32];
    const ssize_t got = ::recv(manager, heard, sizeof heard, 0);
    EXPECT_EQ(std::string(heard, got > 0 ? static_cast<std::size_t>(got) : 0), "READY=1");
    ::close(manager);
  }
  // Nobody there, or no such name: not the service's affair.
  for (const std::string& name : {path, std::string("relative"), std::string(200, '/'), std::string("@")}) {
    tell_service_manager(holding({{"NOTIFY_SOCKET", name}}), "READY=1");
  }
  tell_service_manager(holding({}), "READY=1");
  ::unlink(path.c_str());
  ::rmdir(folder);
}

}  // namespace
}  // namespace pulpo::cli
