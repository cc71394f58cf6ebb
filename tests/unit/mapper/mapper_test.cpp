// SPDX-License-Identifier: Apache-2.0
#include "mapper/mapper.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include "unit/mapper/world.hpp"

namespace pulpo::mapper {
namespace {

using MapperTest = World;

const std::string kRegisterPy = hex("00 0f 78 aa 2f 4d 00 00 06 00 06 00 02 70 79 00 00");
const std::string kLookUpPy = hex("00 03 7a 70 79");
const std::string kNames = hex("00 01 6e");
const std::string kDump = hex("00 01 64");
const std::string kKill = hex("00 01 6b");

std::string stop_request(const std::string& name) { return encode_request({.kind = RequestKind::stop, .node = {.name = name}}); }

TEST_P(MapperTest, AnswersTheDialogueOfTheReferenceDaemon) {  // EPMD-4, EPMD-5, EPMD-8, EPMD-9, EPMD-11
  start_mapper();
  RawClient py(mapper->port());
  py.send(kRegisterPy);
  ASSERT_TRUE(until([&] { return py.received().size() >= 6; }));
  EXPECT_EQ(py.received().substr(0, 2), hex("76 00"));

  RawClient again(mapper->port());
  again.send(hex("00 0f 78 00 01 4d 00 00 06 00 06 00 02 70 79 00 00"));
  ASSERT_TRUE(until([&] { return again.received().size() >= 6; }));
  EXPECT_EQ(again.received(), hex("76 01 00 00 00 63"));

  RawClient old(mapper->port());
  old.send(hex("00 0f 78 00 01 4d 00 00 05 00 05 00 02 6f 6c 00 00"));
  ASSERT_TRUE(until([&] { return old.received().size() >= 4; }));
  EXPECT_EQ(old.received().substr(0, 3), hex("79 00 00"));
  EXPECT_TRUE(old.received()[3] >= 1 && old.received()[3] <= 3);

  EXPECT_EQ(ask(kLookUpPy), hex("77 00 aa 2f 4d 00 00 06 00 06 00 02 70 79 00 00"));
  EXPECT_EQ(ask(hex("00 03 7a 71 71")), hex("77 01"));
  EXPECT_EQ(ask(kNames), encode_port_word(mapper->port()) + "name ol at port 1\nname py at port 43567\n");
  EXPECT_EQ(ask(kKill), "NO");
  EXPECT_FALSE(py.is_closed());
  EXPECT_FALSE(old.is_closed());
}

TEST_P(MapperTest, ExtraComesBackFromALookUp) {  // EPMD-8; architecture: Wire
  start_mapper();
  RawClient client(mapper->port());
  client.send(encode_request(
      {.kind = RequestKind::alive, .node = {.port = 5, .type = kHiddenNode, .name = "a", .extra = std::string(kPulpoExtra)}}));
  ASSERT_TRUE(until([&] { return client.received().size() == 6; }));
  auto record = decode_port_reply(ask(encode_request({.kind = RequestKind::port_please, .node = {.name = "a"}})));
  ASSERT_TRUE(record.has_value() && record->has_value());
  EXPECT_EQ((*record)->extra, "pulpo/1");
  EXPECT_EQ((*record)->type, kHiddenNode);
}

TEST_P(MapperTest, TakesRequestsAByteAtATime) {  // EPMD-2
  start_mapper();
  RawClient py(mapper->port());
  ASSERT_TRUE(until([&] { return mapper->connections_size() == 1; }));
  for (const char byte : kRegisterPy) {
    EXPECT_EQ(mapper->names_size(), 0u);
    py.send(std::string_view(&byte, 1));
    for (int turn = 0; turn < 3; ++turn) loop->turn(io::Loop::Wait::no);
  }
  ASSERT_TRUE(until([&] { return py.received().size() == 6; }));
  EXPECT_EQ(mapper->names_size(), 1u);
}

TEST_P(MapperTest, ClosesWhatIsNoRequestWithoutAnAnswerAndSaysWhoSentIt) {  // EPMD-2, EPMD-4, EPMD-8
  start_mapper();
  const LogLines lines;
  const std::pair<std::string, const char*> cases[] = {
      {hex("00 00"), "sent a request of a wrong length"},
      {hex("0b f2"), "sent a request of a wrong length"},  // 3058
      {hex("ff ff"), "sent a request of a wrong length"},
      {"GET / HTTP/1.1\r\n\r\n", "sent a request of a wrong length"},
      {hex("00 01 6e 00"), "sent more than the request it announced"},
      {hex("00 01 01"), "sent unknown request 1"},
      {hex("00 01 7a"), "sent an empty name"},
      {hex("00 0d 78 aa 2f 4d 00 00 06 00 06 00 00 00 00"), "sent an empty name"},
      {hex("00 0f 78 aa 2f 4d 00 00 06 00 06 00 02 70 00 00 00"), "sent a zero byte in a name"},
  };
  for (const auto& [request, why] : cases) {
    EXPECT_EQ(ask(request), "") << why;
    EXPECT_TRUE(lines.contain("mapper: 127.0.0.1:")) << why;
    EXPECT_TRUE(lines.contain(why)) << lines.text();
  }
  EXPECT_EQ(ask(kNames), encode_port_word(mapper->port()));
}

TEST_P(MapperTest, TakesARequestOfTheLargestSize) {  // EPMD-2
  start_mapper();
  EXPECT_EQ(ask(encode_request({.kind = RequestKind::port_please, .node = {.name = std::string(kRequestSizeMax - 1, 'x')}})), hex("77 01"));
}

TEST_P(MapperTest, AnswersOneWhoAsksAndHalfCloses) {
  start_mapper();
  RawClient client(mapper->port());
  client.send(kNames);
  client.half_close();
  ASSERT_TRUE(until([&] { return client.is_closed(); }));
  EXPECT_EQ(client.received(), encode_port_word(mapper->port()));
}

TEST_P(MapperTest, RefusesNamesThatItCannotKeepAndCloses) {  // EPMD-5
  start_mapper();
  const LogLines lines;
  for (const std::string& name : {std::string(256, 'x'), "\xff"s, "a\nname b at port 1"s}) {
    EXPECT_EQ(ask(encode_request({.kind = RequestKind::alive, .node = {.name = name}})), hex("76 01 00 00 00 63"));
  }
  EXPECT_EQ(ask(encode_request({.kind = RequestKind::alive, .node = {.highest = 5, .name = "\xff"}})), hex("79 01 00 63"));
  EXPECT_EQ(ask(encode_request({.kind = RequestKind::alive, .node = {.name = "a", .extra = std::string(1021, 'x')}})),
            hex("76 01 00 00 00 63"));
  EXPECT_EQ(mapper->names_size(), 0u);
  EXPECT_TRUE(lines.contain("was refused the name \"\\xff\": the name is not UTF-8")) << lines.text();
}

TEST_P(MapperTest, KeepsTheLongestNameAndFindsIt) {  // EPMD-4; the reference daemon cannot look up 255 characters
  start_mapper();
  RawClient client(mapper->port());
  const std::string name(255, 'x');
  EXPECT_NE(register_on(client, name, 9), 0u);
  EXPECT_TRUE(ask(encode_request({.kind = RequestKind::port_please, .node = {.name = name}})).starts_with(hex("77 00 00 09")));
}

TEST_P(MapperTest, ARefusedNameLeavesItsOwnerUntouched) {  // EPMD-5
  start_mapper();
  const LogLines lines;
  RawClient owner(mapper->port()), other(mapper->port());
  EXPECT_NE(register_on(owner, "a", 1), 0u);
  EXPECT_EQ(register_on(other, "a", 2), 0u);
  EXPECT_TRUE(until([&] { return other.is_closed(); }));
  EXPECT_TRUE(lines.contain("was refused: the name \"a\" is in use")) << lines.text();
  EXPECT_EQ(ask(kNames), encode_port_word(mapper->port()) + "name a at port 1\n");
  EXPECT_FALSE(owner.is_closed());
}

TEST_P(MapperTest, ANameIsFreeAtOnceWhenItsHolderIsGone) {  // EPMD-18, architecture: Where things listen
  // Goal:   stop and restart under the same name is never refused, though the mapper has not read the end of the old
  //         connection when the new registration arrives.
  // Method: both reach the mapper between two turns of its loop, the new registration first, on a connection it knows.
  start_mapper();
  RawClient successor(mapper->port());
  RawClient holder(mapper->port());
  std::uint32_t creation = register_on(holder, "a");
  ASSERT_TRUE(until([&] { return mapper->connections_size() == 2; }));
  successor.send(encode_request({.kind = RequestKind::alive, .node = {.port = 2, .name = "a"}}));
  holder.close();
  ASSERT_TRUE(until([&] { return successor.received().size() == 6; }));
  auto reply = decode_alive_reply(successor.received());
  ASSERT_TRUE(reply.has_value() && reply->has_value());
  EXPECT_TRUE((*reply)->accepted);
  EXPECT_EQ((*reply)->creation, creation + 1);
}

TEST_P(MapperTest, ManyRestartsInARowAreNeverRefused) {  // EPMD-18
  start_mapper();
  auto holder = std::make_unique<RawClient>(mapper->port());
  std::uint32_t creation = register_on(*holder, "a");
  for (int i = 0; i < 100; ++i) {
    if (i % 2 == 0) holder->reset();
    holder = std::make_unique<RawClient>(mapper->port());
    ASSERT_EQ(register_on(*holder, "a"), ++creation);
  }
}

TEST_P(MapperTest, OfSeveralWhoWaitForANameTheFirstGetsIt) {
  start_mapper();
  RawClient holder(mapper->port()), first(mapper->port()), second(mapper->port());
  ASSERT_NE(register_on(holder, "a"), 0u);
  ASSERT_TRUE(until([&] { return mapper->connections_size() == 3; }));
  first.send(encode_request({.kind = RequestKind::alive, .node = {.port = 2, .name = "a"}}));
  for (int turn = 0; turn < 3; ++turn) loop->turn(io::Loop::Wait::no);
  second.send(encode_request({.kind = RequestKind::alive, .node = {.port = 3, .name = "a"}}));
  holder.close();
  ASSERT_TRUE(until([&] { return first.received().size() == 6 && second.received().size() == 6; }));
  EXPECT_EQ(first.received()[1], 0);
  EXPECT_EQ(second.received()[1], 1);
}

TEST_P(MapperTest, ARegistrationEndsWithItsConnection) {  // EPMD-6
  start_mapper();
  const std::function<void(RawClient&)> endings[] = {
      [](RawClient& client) { client.close(); }, [](RawClient& client) { client.reset(); }, [](RawClient& client) { client.half_close(); },
      [](RawClient& client) { client.send("x"); },  // any byte
  };
  for (const auto& end : endings) {
    RawClient client(mapper->port());
    ASSERT_NE(register_on(client, "a"), 0u);
    end(client);
    EXPECT_TRUE(until([&] { return mapper->names_size() == 0 && mapper->connections_size() == 0; }));
    EXPECT_EQ(ask(kNames), encode_port_word(mapper->port()));
  }
}

TEST_P(MapperTest, ANameDoesNotStayBehindWhenItsAnswerCannotBeWritten) {
  start_mapper();
  for (int i = 0; i < 20; ++i) {
    RawClient client(mapper->port());
    client.send(kRegisterPy);
    client.reset();
  }
  RawClient last(mapper->port());
  EXPECT_NE(register_on(last, "last"), 0u);
  EXPECT_TRUE(until([&] { return mapper->connections_size() == 1; }));
  EXPECT_EQ(mapper->names_size(), 1u);
}

TEST_P(MapperTest, CreationsGrowByOneANameAndStartAnywhere) {  // EPMD-7
  start_mapper();
  std::uint32_t creation = 0;
  for (int i = 0; i < 3; ++i) {
    RawClient client(mapper->port());
    const std::uint32_t next = register_on(client, "a");
    EXPECT_GE(next, kSmallestCreation);
    if (i > 0) {
      EXPECT_EQ(next, creation + 1);
    }
    creation = next;
    client.close();
    ASSERT_TRUE(until([&] { return mapper->names_size() == 0; }));
  }
}

TEST_P(MapperTest, DumpShowsTheLivingAndTheGone) {  // EPMD-10
  start_mapper();
  RawClient a(mapper->port());
  ASSERT_NE(register_on(a, "a", 11), 0u);
  {
    RawClient b(mapper->port());
    ASSERT_NE(register_on(b, "b", 12), 0u);
  }
  ASSERT_TRUE(until([&] { return mapper->names_size() == 1; }));
  const std::string dump = ask(kDump);
  EXPECT_TRUE(dump.starts_with(encode_port_word(mapper->port()) + "active name     <a> at port 11, fd = ")) << dump;
  EXPECT_NE(dump.find("\n\0old/unused name <b>, port = 12, fd = "s), std::string::npos) << dump;
  EXPECT_TRUE(dump.ends_with(" \n\0"s)) << dump;
}

TEST_P(MapperTest, KillEndsAMapperThatHasNoNames) {  // EPMD-11
  start_mapper();
  EXPECT_EQ(ask(kKill), "OK");
  EXPECT_TRUE(until([&] { return mapper->has_ended(); }));
  RawClient late(mapper->port());
  EXPECT_TRUE(until([&] { return late.is_closed(); }));
}

TEST_P(MapperTest, KillEndsARelaxedMapperWithNamesToo) {  // EPMD-11
  start_relaxed_mapper();
  RawClient a(mapper->port());
  ASSERT_NE(register_on(a, "a"), 0u);
  EXPECT_EQ(ask(kKill), "OK");
  EXPECT_TRUE(until([&] { return mapper->has_ended() && a.is_closed(); }));
}

TEST_P(MapperTest, StopIsClosedWithoutAnAnswerUnlessRelaxed) {  // EPMD-12
  start_mapper();
  const LogLines lines;
  RawClient a(mapper->port());
  ASSERT_NE(register_on(a, "a"), 0u);
  EXPECT_EQ(ask(stop_request("a")), "");
  EXPECT_TRUE(lines.contain("asked to stop a node, which needs --relaxed-command-check"));
  EXPECT_EQ(mapper->names_size(), 1u);
}

TEST_P(MapperTest, ARelaxedMapperStopsANodeByName) {  // EPMD-12
  start_relaxed_mapper();
  RawClient a(mapper->port());
  ASSERT_NE(register_on(a, "a"), 0u);
  EXPECT_EQ(ask(stop_request("b")), "NOEXIST");
  EXPECT_EQ(ask(stop_request("a")), "STOPPED");
  EXPECT_TRUE(until([&] { return a.is_closed(); }));
  EXPECT_EQ(mapper->names_size(), 0u);
}

TEST_P(MapperTest, AnUnfinishedRequestIsClosedAfterThePacketTimeoutAndARegistrationNever) {  // EPMD-2, EPMD-6
  start_mapper({.port = 0, .packet_timeout = 200ms});
  const LogLines lines;
  RawClient registered(mapper->port()), silent(mapper->port()), half(mapper->port());
  ASSERT_NE(register_on(registered, "a"), 0u);
  const TimePoint begin = loop->refresh();
  half.send(kRegisterPy.substr(0, 5));
  ASSERT_TRUE(until([&] { return half.is_closed() && silent.is_closed(); }));
  EXPECT_GE(loop->refresh() - begin, 200ms);
  EXPECT_EQ(half.received(), "");
  EXPECT_FALSE(registered.is_closed());
  EXPECT_EQ(mapper->names_size(), 1u);
  EXPECT_TRUE(lines.contain("sent no whole request in time")) << lines.text();
}

TEST_P(MapperTest, ASecondMapperOnThePortIsToldSo) {  // EPMD-13
  start_mapper();
  Mapper second(*loop, random, {.port = mapper->port(), .addresses = {io::Address::loopback_v4(0)}});
  auto started = second.start();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, Errc::already_exists);
  EXPECT_NE(started.error().text().find(fmt::format("127.0.0.1:{}", mapper->port())), std::string::npos) << started.error().text();
  EXPECT_TRUE(second.has_ended());
}

TEST_P(MapperTest, ListensOnBothFamiliesWhenNothingNarrowsIt) {  // EPMD-1
  mapper = std::make_unique<Mapper>(*loop, random, Options{.port = 0});
  ASSERT_TRUE(mapper->start().has_value());
  EXPECT_EQ(ask(kNames), encode_port_word(mapper->port()));
  // Port 0 is taken by the first family, and the other follows: a second mapper of either meets "in use".
  for (const char* ip : {"127.0.0.1", "::1"}) {
    Mapper second(*loop, random, {.port = mapper->port(), .addresses = {*io::Address::parse(ip, 0)}});
    auto started = second.start();
    ASSERT_FALSE(started.has_value()) << ip;
    EXPECT_EQ(started.error().code, Errc::already_exists) << ip;
  }
}

TEST_P(MapperTest, LoopbackIsAlwaysAddedToAddresses) {  // EPMD-1
  start_mapper({.port = 0, .addresses = {*io::Address::parse("127.0.0.2", 0), *io::Address::parse("127.0.0.2", 0)}});
  RawClient client(mapper->port());  // on 127.0.0.1
  EXPECT_NE(register_on(client, "a"), 0u);
}

TEST_P(MapperTest, AnAddressOfAnotherHostCannotBeListenedOn) {  // EPMD-1
  Mapper other(*loop, random, {.port = 0, .addresses = {*io::Address::parse("192.0.2.1", 0)}});
  auto started = other.start();
  ASSERT_FALSE(started.has_value());
  EXPECT_NE(started.error().text().find("192.0.2.1"), std::string::npos) << started.error().text();
  Mapper many(*loop, random, {.port = 0, .addresses = std::vector(17, io::Address::loopback_v4(0))});
  EXPECT_EQ(many.start().error().code, Errc::bad_argument);
}

TEST_P(MapperTest, TheOldestUnfinishedConnectionGivesWayAtTheLimit) {  // EPMD-15
  start_mapper({.port = 0, .connections_max = 3});
  const LogLines lines;
  RawClient registered(mapper->port());
  ASSERT_NE(register_on(registered, "a"), 0u);
  RawClient oldest(mapper->port());
  ASSERT_TRUE(until([&] { return mapper->connections_size() == 2; }));
  RawClient younger(mapper->port());
  ASSERT_TRUE(until([&] { return mapper->connections_size() == 3; }));
  RawClient newcomer(mapper->port());
  EXPECT_TRUE(until([&] { return oldest.is_closed(); }));
  EXPECT_NE(register_on(newcomer, "b"), 0u);
  EXPECT_NE(register_on(younger, "c"), 0u);
  EXPECT_EQ(mapper->names_size(), 3u);
  RawClient too_many(mapper->port());
  EXPECT_TRUE(until([&] { return too_many.is_closed(); }));
  EXPECT_TRUE(lines.contain("which is the limit")) << lines.text();
  EXPECT_EQ(mapper->names_size(), 3u);
}

TEST_P(MapperTest, ThreeThousandNodesRegisterAtOnce) {  // EPMD-15 is the reference daemon's limit of 1024, which is not ours
  constexpr int kNodes = 3000;
  ASSERT_GE(raise_descriptor_limit(), 2u * kNodes + kDescriptorsForOthers);
  start_mapper();
  std::vector<RawClient> clients;
  clients.reserve(kNodes);
  for (int i = 0; i < kNodes; ++i) {
    clients.emplace_back(mapper->port());
    clients.back().send(encode_request({.kind = RequestKind::alive, .node = {.port = 1, .name = fmt::format("n{}", i)}}));
    if (i % 64 == 0) loop->turn(io::Loop::Wait::no);  // net.core.somaxconn may be 128
  }
  ASSERT_TRUE(until([&] {
    for (RawClient& client : clients) client.pump();
    return mapper->names_size() == kNodes;
  }));
  for (RawClient& client : clients) {
    ASSERT_TRUE(until([&] { return client.received().size() == 6; }));
    ASSERT_EQ(client.received()[1], 0);
  }
  const std::string names = ask(kNames);
  EXPECT_EQ(std::count(names.begin() + 4, names.end(), '\n'), kNodes);
  clients.clear();
  EXPECT_TRUE(until([&] { return mapper->connections_size() == 0; }));
  EXPECT_EQ(mapper->names_size(), 0u);
}

TEST_P(MapperTest, EndsItselfSomeTimeAfterTheLastNameIsGone) {  // architecture: Where things listen
  Options options{.port = 0};
  options.idle_exit = 200ms;
  start_mapper(options);
  RawClient client(mapper->port());
  ASSERT_NE(register_on(client, "a"), 0u);
  const TimePoint registered = loop->refresh();
  ASSERT_TRUE(until([&] { return loop->refresh() - registered > 400ms; }));
  EXPECT_FALSE(mapper->has_ended());
  const TimePoint left = loop->refresh();
  client.close();
  ASSERT_TRUE(until([&] { return mapper->has_ended(); }));
  EXPECT_GE(loop->refresh() - left, 200ms);
}

TEST_P(MapperTest, RunReturnsWhenTheMapperHasEnded) {
  Options options{.port = 0, .addresses = {io::Address::loopback_v4(0)}};
  options.idle_exit = 50ms;
  mapper = std::make_unique<Mapper>(*loop, random, options);
  EXPECT_TRUE(mapper->run().has_value());
  EXPECT_TRUE(mapper->has_ended());
  EXPECT_EQ(loop->pending(), 0u);
}

TEST_P(MapperTest, DestroyingItClosesEveryConnection) {
  start_mapper();
  RawClient registered(mapper->port()), silent(mapper->port());
  ASSERT_NE(register_on(registered, "a"), 0u);
  ASSERT_TRUE(until([&] { return mapper->connections_size() == 2; }));
  mapper.reset();
  EXPECT_TRUE(until([&] { return registered.is_closed() && silent.is_closed(); }));
}

TEST_P(MapperTest, RefusalsAreLoggedTwentyTimesASecondAtMost) {
  start_mapper();
  const LogLines lines;
  for (int i = 0; i < 60; ++i) ask(hex("00 01 01"));
  const std::string text = lines.text();
  EXPECT_GE(std::count(text.begin(), text.end(), '\n'), 20);
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 60) << text;
}

INSTANTIATE_TEST_SUITE_P(Loops, MapperTest, testing::ValuesIn(loop_kinds()), kind_name);

TEST(MapperLocality, LoopbackAndOurOwnAddressAreLocal) {  // EPMD-3
  const auto address = [](const char* ip) { return *io::Address::parse(ip, 1); };
  EXPECT_TRUE(is_local_peer(address("127.0.0.1"), address("127.0.0.1")));
  EXPECT_TRUE(is_local_peer(address("127.9.9.9"), address("127.0.0.1")));
  EXPECT_TRUE(is_local_peer(address("::1"), address("::1")));
  EXPECT_TRUE(is_local_peer(address("192.0.2.7"), address("192.0.2.7")));
  EXPECT_FALSE(is_local_peer(address("192.0.2.8"), address("192.0.2.7")));
  EXPECT_FALSE(is_local_peer(address("192.0.2.8"), address("127.0.0.1")));
  EXPECT_FALSE(is_local_peer(address("2001:db8::2"), address("2001:db8::1")));
}

TEST(MapperOptions, AddressesStandBetweenCommasOrSpaces) {  // EPMD-1
  auto addresses = parse_addresses(" 127.0.0.1, ::1 192.0.2.1,,");
  ASSERT_TRUE(addresses.has_value());
  ASSERT_EQ(addresses->size(), 3u);
  EXPECT_EQ((*addresses)[1].ip_text(), "::1");
  EXPECT_TRUE(parse_addresses("").value().empty());
  EXPECT_FALSE(parse_addresses("127.0.0.1,localhost").has_value());
  std::string many;
  for (int i = 0; i < 17; ++i) many += "127.0.0.1 ";
  EXPECT_EQ(parse_addresses(many).error().code, Errc::bad_argument);
}

TEST(MapperOptions, TheEnvironmentIsEpmds) {  // EPMD-1, EPMD-13
  ::setenv("ERL_EPMD_PORT", "14399", 1);
  ::setenv("ERL_EPMD_ADDRESS", "127.0.0.2", 1);
  ::setenv("ERL_EPMD_RELAXED_COMMAND_CHECK", "", 1);
  auto options = options_from_environment();
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->port, 14399);
  EXPECT_EQ(options->addresses.size(), 1u);
  EXPECT_TRUE(options->relaxed_command_check);
  for (const char* bad : {"0", "65536", "43x", "-1", " 1"}) {
    ::setenv("ERL_EPMD_PORT", bad, 1);
    auto port = port_from_environment();
    ASSERT_FALSE(port.has_value()) << bad;
    EXPECT_NE(port.error().text().find("ERL_EPMD_PORT"), std::string::npos);
  }
  ::unsetenv("ERL_EPMD_PORT");
  ::unsetenv("ERL_EPMD_ADDRESS");
  ::unsetenv("ERL_EPMD_RELAXED_COMMAND_CHECK");
  options = options_from_environment();
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->port, 4369);
  EXPECT_FALSE(options->relaxed_command_check);
}

}  // namespace
}  // namespace pulpo::mapper
