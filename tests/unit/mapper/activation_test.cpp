// SPDX-License-Identifier: Apache-2.0
//
// A mapper on sockets that somebody else made: a service manager.
#include <fmt/format.h>
#include <sys/un.h>

#include "unit/mapper/world.hpp"

namespace pulpo::mapper {
namespace {

/// A socket that listens on a free port of `address`, as a service manager hands it over; or one that does not listen.
int made_elsewhere(const io::Address& address, bool listens = true) {
  const int descriptor = ::socket(address.family(), SOCK_STREAM, 0);
  if (::bind(descriptor, address.kernel(), address.kernel_size()) != 0) std::abort();
  if (listens && ::listen(descriptor, 16) != 0) std::abort();
  return descriptor;
}

std::uint16_t port_of(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  return io::Address::from_kernel(reinterpret_cast<sockaddr*>(&address), size).port();
}

class ActivationTest : public World {
 protected:
  Outcome<void> start_on(std::vector<int> descriptors) {
    mapper = std::make_unique<Mapper>(*loop, random, Options{.port = 1, .listeners = std::move(descriptors)});
    return mapper->start();
  }
};

TEST_P(ActivationTest, ServesOnTheSocketsItWasGiven) {
  const int first = made_elsewhere(io::Address::loopback_v4(0));
  const int second = made_elsewhere(*io::Address::parse("127.0.0.2", port_of(first)));
  const std::uint16_t port = port_of(first);
  ASSERT_TRUE(start_on({first, second}).has_value());
  EXPECT_EQ(mapper->port(), port);
  RawClient node(port);
  EXPECT_NE(register_on(node, "a"), 0u);
  EXPECT_EQ(ask(hex("00 01 6e")), encode_port_word(port) + "name a at port 1\n");
}

TEST_P(ActivationTest, ASocketOfBothFamiliesTellsLocalPeers) {  // EPMD-3: ::ffff:127.0.0.1 is this host
  const int both = ::socket(AF_INET6, SOCK_STREAM, 0);
  const int off = 0;
  ::setsockopt(both, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  const io::Address any = io::Address::any_v6(0);
  ASSERT_EQ(::bind(both, any.kernel(), any.kernel_size()), 0);
  ASSERT_EQ(::listen(both, 16), 0);
  ASSERT_TRUE(start_on({both}).has_value());
  RawClient node(mapper->port());
  EXPECT_NE(register_on(node, "a"), 0u);
}

TEST_P(ActivationTest, TheSocketOutlivesTheMapperInWhoMadeIt) {
  const int socket = made_elsewhere(io::Address::loopback_v4(0));
  const int kept = ::dup(socket);
  ASSERT_TRUE(start_on({socket}).has_value());
  const std::uint16_t port = mapper->port();
  EXPECT_EQ(ask(hex("00 01 6b")), "OK");
  ASSERT_TRUE(until([&] { return mapper->has_ended() && loop->pending() == 0; }));
  // Who comes between two mappers waits in the socket, and is served by the next.
  RawClient early(port);
  early.send(hex("00 01 6e"));
  ASSERT_TRUE(start_on({kept}).has_value());
  ASSERT_TRUE(until([&] { return early.is_closed(); }));
  EXPECT_EQ(early.received(), encode_port_word(port));
}

TEST_P(ActivationTest, WhatIsNoListeningTcpSocketIsRefusedByItsNumber) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const int idle = made_elsewhere(io::Address::loopback_v4(0), false);
  const int local = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un nameless{.sun_family = AF_UNIX, .sun_path = {}};
  ASSERT_EQ(::bind(local, reinterpret_cast<sockaddr*>(&nameless), sizeof nameless.sun_family), 0);
  ASSERT_EQ(::listen(local, 16), 0);
  const std::pair<int, const char*> cases[] = {{ends[0], "is not a socket"}, {idle, "is not listening"}, {local, "is not a TCP socket"}};
  for (const auto& [descriptor, why] : cases) {
    auto started = start_on({descriptor});
    ASSERT_FALSE(started.has_value()) << why;
    EXPECT_NE(started.error().text().find(why), std::string::npos) << started.error().text();
    EXPECT_NE(started.error().text().find(fmt::format("{}", descriptor)), std::string::npos) << started.error().text();
    EXPECT_TRUE(mapper->has_ended());
    mapper.reset();
  }
  for (const int descriptor : {ends[0], ends[1], idle}) ::close(descriptor);
}

INSTANTIATE_TEST_SUITE_P(Loops, ActivationTest, testing::ValuesIn(loop_kinds()), kind_name);

}  // namespace
}  // namespace pulpo::mapper
