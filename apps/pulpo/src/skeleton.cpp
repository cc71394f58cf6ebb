// SPDX-License-Identifier: Apache-2.0
#include "skeleton.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "arguments.hpp"

namespace pulpo::cli {
namespace {

constexpr std::string_view kCMakeLists = R"(cmake_minimum_required(VERSION 3.25)
project(@app@ LANGUAGES CXX)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)  # stripped, with its symbols beside it in @app@.debug
endif()

find_package(pulpo REQUIRED)
pulpo_program(@app@ SOURCES src/main.cpp)

# The test runs the application on simulated boards, in virtual time. GoogleTest is Debian's libgtest-dev.
enable_testing()
find_package(GTest QUIET)
if(GTest_FOUND)
  add_executable(@app@_test test/@app@_test.cpp)
  target_include_directories(@app@_test PRIVATE src)
  target_link_libraries(@app@_test PRIVATE pulpo::testing GTest::gtest_main)
  add_test(NAME @app@_test COMMAND @app@_test)
else()
  message(STATUS "no GoogleTest here: the test is left out")
endif()
)";

constexpr std::string_view kHeader = R"(// @app@: a server that greets and counts, its supervisor, its application.
#pragma once

#include <pulpo/pulpo.hpp>

namespace app {
using namespace pulpo;

struct Greet {
  using Message = Call<"greet", std::string>;  // {:greet, name}, answered by text
  std::string name;
};
struct Count {
  using Message = Call<"count", std::uint64_t>;  // :count
};

class Server {
 public:
  using Protocol = pulpo::Protocol<Greet, Count>;  // anything else sent to it does not compile

  std::string handle_call(const Greet& greet) {
    ++greeted_;
    return "Hello, " + greet.name + "!";
  }
  std::uint64_t handle_call(const Count&) { return greeted_; }
  std::uint64_t describe() const { return greeted_; }  // what crash reports show

 private:
  std::uint64_t greeted_ = 0;
};

inline constexpr auto kServer = local<Server::Protocol>("@App@");

inline Result<Pid> start(const StartType&, const Env&) {
  return start_supervisor({.name = "@App@.Supervisor", .children = {worker<Server>({.name = kServer})}});
}
inline Application application() { return {.name = "@app@", .start = start}; }

}  // namespace app
)";

constexpr std::string_view kMain = R"(#include "@app@.hpp"

int main(int argc, char** argv) { return pulpo::run(argc, argv, {app::application()}); }
)";

constexpr std::string_view kTest = R"(#include "@app@.hpp"

#include <pulpo/testing.hpp>
#include <pulpo/testing_gtest.hpp>

using namespace pulpo;

TEST(@App@, GreetsWhoeverCallsFromAnotherBoard) {
  pulpo::testing::World world{{.seed = pulpo::testing::seed()}};
  auto& board = world.start({.name = "board", .applications = {app::application()}});
  auto& desk = world.start({.name = "desk"});
  const auto server = app::kServer.on(board.atom());
  EXPECT_EQ(desk.eval([&] { return try_call(server, app::Greet{"world"}); }).value(), "Hello, world!");
  EXPECT_EQ(desk.eval([&] { return try_call(server, app::Count{}); }).value(), 1u);
}
)";

constexpr std::string_view kReadme = R"(# @app@

    cmake -S . -B build && cmake --build build
    ctest --test-dir build
    build/@app@ node --sname @app@@localhost --app @app@ --cookie secret &
    build/@app@ call @app@@localhost @App@ '{:greet, "world"}' --cookie secret

`src/@app@.hpp` is the server, its supervisor and its application; `test/@app@_test.cpp` runs them on simulated boards.
`build/@app@ --help` shows pulpo's whole command line, which the program has.
)";

constexpr std::array kFiles{
    SkeletonFile{"src/", {}},
    SkeletonFile{"test/", {}},
    SkeletonFile{".gitignore", "/build/\n"},
    SkeletonFile{"CMakeLists.txt", kCMakeLists},
    SkeletonFile{"README.md", kReadme},
    SkeletonFile{"src/@app@.hpp", kHeader},
    SkeletonFile{"src/main.cpp", kMain},
    SkeletonFile{"test/@app@_test.cpp", kTest},
};

// What C++ and CMake keep for themselves, among words of small letters: the first as authors call namespaces and files by the
// application's name, the second as it is a target.
constexpr std::string_view kTaken =
    " alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl concept const consteval constexpr constinit "
    "const_cast continue co_await co_return co_yield decltype default delete do double dynamic_cast else enum explicit export extern false "
    "float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public "
    "register reinterpret_cast requires return short signed sizeof static static_assert static_cast struct switch template this "
    "thread_local throw true try typedef typeid typename union unsigned using virtual void volatile wchar_t while xor xor_eq "
    "all clean depend edit_cache help install main package preinstall pulpo rebuild_cache std test ";

constexpr std::size_t kNameMax = 64;  // "NAME_test.cpp" is a file's name, and a node's name has 255

bool is_small(char c) { return c >= 'a' && c <= 'z'; }
bool is_figure(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::span<const SkeletonFile> skeleton_files() noexcept { return kFiles; }

Outcome<void> check_application_name(std::string_view name) {
  const bool plain = !name.empty() && is_small(name.front()) &&
                     std::all_of(name.begin(), name.end(), [](char c) { return is_small(c) || is_figure(c) || c == '_'; });
  if (!plain) return wrong_usage(fmt::format("'{}' is no name of an application: small letters, digits and _, as in my_app", name));
  if (name.size() > kNameMax) return wrong_usage(fmt::format("an application's name has at most {} letters", kNameMax));
  if (kTaken.find(fmt::format(" {} ", name)) != std::string_view::npos) {
    return wrong_usage(fmt::format("'{}' means something else to C++ or CMake; call it my_{}", name, name));
  }
  return {};
}

std::string module_of(std::string_view application) {
  std::string module;
  bool begins = true;
  for (const char c : application) {
    if (c == '_') {
      begins = true;
    } else {
      module += begins && is_small(c) ? static_cast<char>(c - 'a' + 'A') : c;
      begins = false;
    }
  }
  return module;
}

std::string filled(std::string_view text, std::string_view application) {
  constexpr std::string_view kName = "@app@";
  constexpr std::string_view kModule = "@App@";
  const std::string module = module_of(application);
  std::string out;
  while (!text.empty()) {
    if (text.starts_with(kName)) {
      out += application;
      text.remove_prefix(kName.size());
    } else if (text.starts_with(kModule)) {
      out += module;
      text.remove_prefix(kModule.size());
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace pulpo::cli
