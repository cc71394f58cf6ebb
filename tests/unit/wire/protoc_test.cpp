// SPDX-License-Identifier: Apache-2.0
//
// Google's own tool reads what we write, by net/pulpo.proto. Built only where protoc is installed.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "wire/messages.hpp"
#include "wire/stream.hpp"
#include "wire_fixture.hpp"

namespace pulpo::wire {
namespace {

/// What `protoc ARGUMENTS < bytes` prints.
std::string protoc(const std::string& arguments, ByteView bytes) {
  char name[] = "/tmp/pulpo_protoc_XXXXXX";
  const int file = ::mkstemp(name);
  EXPECT_GE(file, 0);
  EXPECT_EQ(::write(file, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  ::close(file);
  std::FILE* const pipe = ::popen(fmt::format(PULPO_PROTOC " {} < {} 2>&1", arguments, name).c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::string text;
  char chunk[4096];
  for (std::size_t got; (got = std::fread(chunk, 1, sizeof chunk, pipe)) > 0;) text.append(chunk, got);
  EXPECT_EQ(::pclose(pipe), 0) << text;
  ::unlink(name);
  return text;
}

/// The bytes that a peer sends on a connection: handshake, then a call, then a tick.
std::string stream(Wire& wire) {
  std::string bytes;
  append_part(bytes, StreamField::hello,
              write_hello({.version = 1,
                           .name = "a@altair",
                           .creation = 17,
                           .features = 1,
                           .nonce = "0123456789abcdef",
                           .target = "b@altair",
                           .tick_time_ms = 8000}));
  append_part(bytes, StreamField::proof, write_proof({.share = std::string(32, 'Y'), .confirmation = std::string(32, 'M')}));
  const Frame call{.kind = FrameKind::request,
                   .to_name = Atom("Elixir.PingPong"),
                   .from = {.id = 1000, .serial = 3},
                   .ref = {.third = 70'000},
                   .body = Term::tuple({Term(Atom("cal")), Term(-4), Term::map({{Term("key"), Term(Pid{.id = 9, .serial = 8})}})})};
  EXPECT_TRUE(wire.encoder.encode(wire.out, call).has_value());
  const Frame spawn{.kind = FrameKind::spawn_request,
                    .from = {.id = 1000, .serial = 3},
                    .ref = {.third = 70'001},
                    .body = Term::tuple(
                        {kSpawnLink | kSpawnReply, Pid{.id = 11, .serial = 2}, Atom("Elixir.Kate"), Atom("say_name"), Term::empty_list()})};
  EXPECT_TRUE(wire.encoder.encode(wire.out, spawn).has_value());
  bytes += wire.out.close({.seq = 1, .ack = 0});
  wire.out.clear();
  bytes += wire.out.close({.seq = 2, .ack = 1});
  append_part(bytes, StreamField::sealed, "sixteen bytes of");
  return bytes;
}

TEST(Protoc, NamesEveryFieldOfAStream) {
  Wire wire;
  const auto text = protoc("--proto_path=" PULPO_NET_DIR " --decode=pulpo.Stream " PULPO_NET_DIR "/pulpo.proto", stream(wire));
  for (const auto* const line :
       {"name: \"a@altair\"", "target: \"b@altair\"", "features: 1", "kind: REQUEST", "kind: SPAWN_REQUEST", "define: \"say_name\"",
        "from_id: 1000", "to_name: 0", "ref_third: 70000", "define: \"Elixir.PingPong\"", "tuple: 3", "integer: -4", "map: 1",
        "binary: \"key\"", "serial: 8", "seq: 2", "ack: 1", "sealed: \"sixteen bytes of\""}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << " is not in\n" << text;
  }
  // A field that the schema does not know is printed by its number.
  EXPECT_EQ(text.find("\n1"), std::string::npos) << text;
  for (char digit = '1'; digit <= '9'; ++digit) EXPECT_EQ(text.find(std::string("  ") + digit), std::string::npos) << text;
}

TEST(Protoc, ReadsACaptureWithoutASchemaInTheOrderOfTheWire) {
  Wire wire;
  const auto text = protoc("--decode_raw", stream(wire));
  const auto cal = text.find("18: \"cal\"");
  const auto tuple = text.find("13: 3");
  const auto integer = text.find("11: 7");
  ASSERT_NE(cal, std::string::npos) << text;
  ASSERT_NE(tuple, std::string::npos) << text;
  EXPECT_LT(tuple, cal) << text;
  EXPECT_LT(cal, integer) << text;
}

}  // namespace
}  // namespace pulpo::wire
