// SPDX-License-Identifier: Apache-2.0
#include "host/hosts.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace pulpo::host {
namespace {

constexpr std::string_view kHosts =
    "# boards\n"
    "127.0.0.1 localhost\n"
    "192.0.2.1\tAltair.lan   altair # the first\n"
    "\n"
    "  192.0.2.2 vega\r\n"
    "2001:db8::2 vega\n"
    "#192.0.2.9 commented\n"
    "300.1.1.1 broken\n"
    "192.0.2.3";

/// A hosts file of the test's own.
class HostsFile {
 public:
  explicit HostsFile(std::string_view text) {
    const int file = ::mkstemp(path_);
    if (file < 0 || ::write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::abort();
    ::close(file);
  }
  ~HostsFile() { ::unlink(path_); }
  [[nodiscard]] Settings settings(std::string own_name = "vm.lan") const { return {.hosts_file = path_, .own_name = std::move(own_name)}; }

 private:
  char path_[32] = "/tmp/pulpo-hosts-XXXXXX";
};

std::string texts(const Outcome<std::vector<io::Address>>& found) {
  if (!found.has_value()) return found.error().text();
  std::string text;
  for (const io::Address& address : *found) text += address.text() + " ";
  return text;
}

TEST(Hosts, NumericAddressesNeedNoFile) {
  const Settings nothing{.hosts_file = "/no/such/file", .own_name = ""};
  EXPECT_EQ(texts(find("192.0.2.7", 80, nothing)), "192.0.2.7:80 ");
  EXPECT_EQ(texts(find("2001:db8::1", 80, nothing)), "[2001:db8::1]:80 ");
}

TEST(Hosts, LocalhostIsLoopbackWhateverTheFileSays) {
  const HostsFile file("192.0.2.66 localhost\n");
  for (const char* name : {"localhost", "LOCALHOST", "localhost.", "a.localhost"})
    EXPECT_EQ(texts(find(name, 1, file.settings())), "127.0.0.1:1 [::1]:1 ") << name;
}

TEST(Hosts, TheFileIsReadWithoutCaseAndWithAliases) {
  const HostsFile file(kHosts);
  EXPECT_EQ(texts(find("altair", 1, file.settings())), "192.0.2.1:1 ");
  EXPECT_EQ(texts(find("ALTAIR.LAN", 1, file.settings())), "192.0.2.1:1 ");
  EXPECT_EQ(texts(find("altair.lan.", 1, file.settings())), "192.0.2.1:1 ");
  EXPECT_EQ(texts(find("vega", 1, file.settings())), "192.0.2.2:1 [2001:db8::2]:1 ");
}

TEST(Hosts, CommentsAndBrokenLinesAreNoHosts) {
  const HostsFile file(kHosts);
  for (const char* name : {"commented", "broken", "first", "#", "192.0.2.300"})
    EXPECT_FALSE(find(name, 1, file.settings()).has_value()) << name;
}

TEST(Hosts, OurOwnNameIsLoopbackWhenTheFileDoesNotListIt) {
  const HostsFile file(kHosts);
  EXPECT_EQ(texts(find("vm.lan", 1, file.settings())), "127.0.0.1:1 [::1]:1 ");
  EXPECT_EQ(texts(find("vm", 1, file.settings())), "127.0.0.1:1 [::1]:1 ");
  EXPECT_FALSE(find("vm.other", 1, file.settings()).has_value());
  EXPECT_EQ(texts(find("vega", 1, file.settings("vega"))), "192.0.2.2:1 [2001:db8::2]:1 ");
}

TEST(Hosts, AnUnknownHostSaysWhatWasTried) {
  const HostsFile file(kHosts);
  auto found = find("nowhere", 1, file.settings());
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, Errc::not_found);
  for (const char* part : {"\"nowhere\" is unknown", "/tmp/pulpo-hosts-", "this host's own name (vm.lan)"}) {
    EXPECT_NE(found.error().text().find(part), std::string::npos) << found.error().text();
  }
}

TEST(Hosts, AFileThatCannotBeReadIsSaid) {
  auto found = find("nowhere", 1, {.hosts_file = "/no/such/file", .own_name = ""});
  ASSERT_FALSE(found.has_value());
  EXPECT_NE(found.error().text().find("/no/such/file (No such file or directory)"), std::string::npos) << found.error().text();
  EXPECT_NE(found.error().text().find("it has none"), std::string::npos) << found.error().text();
}

TEST(Hosts, WhatIsNoHostNameIsAnError) {
  const HostsFile file(kHosts);
  for (const std::string& name : {std::string(), std::string("."), std::string("a b"), std::string("a\nb"), std::string(254, 'x')}) {
    auto found = find(name, 1, file.settings());
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().code, Errc::bad_argument);
  }
}

TEST(Hosts, ANameHasSixteenAddressesAtMost) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "192.0.2.1 many\n";
  EXPECT_EQ(find_in_hosts(text, "many", 1).size(), 16u);
}

TEST(Hosts, OurOwnNameIsTheKernels) {
  char name[256] = {};
  ASSERT_EQ(::gethostname(name, sizeof name - 1), 0);
  EXPECT_EQ(own_host_name(), name);
  EXPECT_EQ(short_name("vm.lan"), "vm");
  EXPECT_EQ(short_name("vm"), "vm");
}

}  // namespace
}  // namespace pulpo::host
