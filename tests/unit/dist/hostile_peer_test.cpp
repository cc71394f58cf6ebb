// SPDX-License-Identifier: Apache-2.0
//
// A peer that knows the cookie and breaks the rules, or a command that comes and goes: the node drops it, forgets it, and goes on.
#include "unit/dist/hostile_peer.hpp"

#include <fmt/format.h>

#include "dist/distribution.hpp"
#include "pulpo/rpc.hpp"
#include "unit/dist/nodes_fixture.hpp"

namespace pulpo {
namespace {

using testing::HostilePeer;
using wire::FrameKind;

class HostilePeerTest : public testing::NodesTest {
 protected:
  void SetUp() override {
    node_ = start("a");
    node_->runtime().post([] {
      EXPECT_TRUE(register_name("echo"_atom, self()));
      for (;;) {
        const Term term = *receive_any();
        if (!term.is_tuple(3)) continue;
        const auto from = term.elements()[1].elements();
        reply(from[0].pid(), from[1].ref(), term.elements()[2]);
      }
    });
    testing::run_on(*node_, [] {
      while (!whereis("echo"_atom)) yield();
    });
  }

  [[nodiscard]] std::unique_ptr<HostilePeer> dial(std::string name, std::uint32_t creation = 9, bool hidden = false) const {
    auto peer = std::make_unique<HostilePeer>(node_->port(), "a@localhost",
                                              links::Identity{.name = std::move(name), .creation = creation, .hidden = hidden});
    EXPECT_TRUE(peer->established());
    return peer;
  }
  static wire::Frame request(std::uint32_t number, Term body, Atom name = "echo"_atom) {
    return {
        .kind = FrameKind::request, .to_name = name, .from = {kOwnNode, 7, 1}, .ref = {kOwnNode, 1, 2, number}, .body = std::move(body)};
  }
  static void expect_echo(HostilePeer& peer, std::uint32_t number) {
    peer.add(request(number, Term(number)));
    ASSERT_TRUE(peer.flush());
    const auto answer = peer.next();
    ASSERT_TRUE(answer) << "no answer for " << number;
    EXPECT_EQ(answer->kind, FrameKind::reply);
    EXPECT_EQ(answer->body, Term(number));
  }
  void expect_node_goes_on() const {
    const auto other = dial("other@localhost", 5, true);
    expect_echo(*other, 4711);
  }
  /// Where the node remembers other nodes. Its numbers are read on the node's own core.
  [[nodiscard]] dist::NodeTable& table() const { return static_cast<dist::Distribution*>(node_->runtime().router())->nodes(); }

  /// A message to the first atom defined (echo) that defines `count` others, which no test makes otherwise. What the encoder of the
  /// peer would define later is no longer numbered as it believes.
  static std::string defining(std::string_view prefix, unsigned from, unsigned count) {
    std::string frame;
    for (unsigned i = from; i < from + count; ++i) {
      const std::string text = fmt::format("{}_{}", prefix, i);
      frame += "\x92\x01";  // define
      HostilePeer::append_varint(frame, text.size());
      frame += text;
    }
    // kind SEND_NAME, to_name atom 0; the body is atom 0.
    return std::string("\x08\x03") + frame + std::string("\x30\x00", 2) + std::string("\x50\x00", 2);
  }

  std::unique_ptr<Node> node_;
};
// Not in a simulation: the peer is a blocking socket of the kernel's.
PULPO_ON_EACH_KERNEL_LOOP(HostilePeerTest);

TEST_P(HostilePeerTest, APeerMakesNoMoreAtomsByDiallingAgain) {
  const std::string prefix = fmt::format("flood_{}", static_cast<int>(GetParam()));
  {
    const auto peer = dial("flood@localhost");
    expect_echo(*peer, 0);
    peer->add_raw(defining(prefix, 0, 4096));
    ASSERT_TRUE(peer->flush());
    expect_echo(*peer, 1);
  }
  const auto again = dial("flood@localhost", 10);  // even after a restart
  expect_echo(*again, 2);
  again->add_raw(defining(prefix, 4096, 1));
  ASSERT_TRUE(again->flush());
  EXPECT_TRUE(again->is_closed());
  EXPECT_FALSE(Atom::find(prefix + "_4096"));
  // Others have a quota of their own.
  const auto other = dial("other@localhost");
  expect_echo(*other, 0);
  other->add_raw(defining(prefix, 4097, 1));
  ASSERT_TRUE(other->flush());
  expect_echo(*other, 3);
}

TEST_P(HostilePeerTest, CommandsOfOneHostShareAQuotaOfAtoms) {
  const std::string prefix = fmt::format("commands_{}", static_cast<int>(GetParam()));
  for (unsigned i = 0; i < 4; ++i) {
    const auto command = dial(fmt::format("call-{}@localhost", i), 9, true);
    expect_echo(*command, 0);
    command->add_raw(defining(prefix, i * 1024, 1024));
    ASSERT_TRUE(command->flush());
    expect_echo(*command, i);
  }
  const auto one_more = dial("call-4@localhost", 9, true);
  one_more->add_raw(defining(prefix, 4096, 1));
  ASSERT_TRUE(one_more->flush());
  EXPECT_TRUE(one_more->is_closed());
}

TEST_P(HostilePeerTest, ACommandThatDialsTwiceDoesNotLoseItsPlaceToAnother) {
  const auto first = dial("ping-1@localhost", 9, true);
  expect_echo(*first, 1);
  const auto second = dial("ping-1@localhost", 9, true);
  EXPECT_TRUE(first->is_closed()) << "replaced";
  const auto other = dial("ping-2@localhost", 9, true);
  for (std::uint32_t i = 0; i < 10; ++i) {
    expect_echo(*other, 10 + i);
    expect_echo(*second, 20 + i);
  }
}

TEST_P(HostilePeerTest, CommandsThatComeAndGoLeaveNothingBehind) {
  std::size_t after_first = 0;
  for (std::uint32_t i = 0; i < 20; ++i) {
    const auto command = dial(fmt::format("ping-{:016x}@localhost", i), i + 4, true);
    expect_echo(*command, i);
    if (i == 0) after_first = table().size();
  }
  // The node may not have seen yet that the last but one has gone.
  EXPECT_LE(table().size(), after_first + 1);
}

TEST_P(HostilePeerTest, APeerThatAsksAndNeverReadsIsCutOffAtTheReserve) {
  const auto peer = dial("deaf@localhost");
  // Each asks for nobody, and is answered with noproc: some 20 bytes that nobody reads.
  bool cut_off = false;
  for (unsigned round = 0; round < 2000 && !cut_off; ++round) {
    for (std::uint32_t i = 0; i < 4000; ++i) peer->add(request(i, Term(1), "nobody"_atom));
    cut_off = !peer->flush();
  }
  EXPECT_TRUE(cut_off) << "the node gathers answers without end";
  expect_node_goes_on();
}

TEST_P(HostilePeerTest, LargeRepliesThatNobodyReadsEndTheConnectionAndNotTheNode) {
  const auto peer = dial("deaf@localhost");
  const Term megabyte = Term::binary(std::string(1u << 20, 'x'));
  bool cut_off = false;
  for (std::uint32_t i = 0; i < 600 && !cut_off; ++i) {
    peer->add(request(i, megabyte));
    cut_off = !peer->flush();
  }
  EXPECT_TRUE(cut_off);
  expect_node_goes_on();
}

TEST_P(HostilePeerTest, FramesThatBreakARuleEndTheConnection) {
  using namespace std::string_literals;
  const std::string bad[] = {
      ""s,                                              // a reply of nobody to nobody
      "\x08\x0f\x50\x00"s,                              // no such kind
      "\x08\x0d\x10\x01\x40\x01\x58\x02"s,              // a request for a process that names no function
      "\x08\x01\x10\x07\x38\x01\x50\x05"s,              // an atom that was never defined
      "\x08\x02\x20\x01\x28\x01\x68\xff\xff\x7f"s,      // a tuple of two million elements that do not come
      "\x08\x02\x20\x01\x28\x01\x62\xff\xff\xff\x7f"s,  // a binary of 256 MiB that does not come
      "\x08\x02\x20\x01\x28\x01\x50"s,                  // half a field
      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"s,
      "\x08\x06\x10\x01\x20\x01"s,  // an unlink without its number
  };
  for (const std::string& frame : bad) {
    const auto peer = dial("bad@localhost");
    expect_echo(*peer, 1);
    peer->add_raw(frame);
    ASSERT_TRUE(peer->flush());
    EXPECT_TRUE(peer->is_closed()) << frame.size();
  }
  expect_node_goes_on();
}

TEST_P(HostilePeerTest, APeerThatKnowsNoSpawnRequestsIsSentNone) {
  const auto peer = dial("old@localhost");  // without that feature
  expect_echo(*peer, 1);
  testing::run_on(*node_, [] {
    const Ref ref = spawn_request("old@localhost", "Kate.say_name");
    EXPECT_EQ(receive_any(10s), Term::tuple({"spawn_reply"_atom, ref, atoms::error, "notsup"_atom}));
    EXPECT_EQ(erpc::try_call("old@localhost", "Kate.say_name").error().code, Errc::unsupported);
  });
  expect_echo(*peer, 2);
}

TEST_P(HostilePeerTest, APeerThatKnowsNoAliasesIsSentNothingForThem) {  // SIG-14
  const auto peer = dial("old@localhost");                              // without that feature
  expect_echo(*peer, 1);
  testing::run_on(*node_, [] { send(Ref{runtime().router()->index_of("old@localhost"_atom), 0, 1, 2}, "lost"_atom); });
  expect_echo(*peer, 2);
}

TEST_P(HostilePeerTest, AnAliasThatNobodyHasIsDropped) {  // SIG-14
  const auto peer = dial("odd@localhost");
  expect_echo(*peer, 1);
  for (const std::uint32_t core : {0u, 1u, 63u, 262'143u}) {
    peer->add({.kind = FrameKind::alias,
               .ref = Ref{.node = HostilePeer::kTarget, .first = core, .second = 7, .third = 7},
               .body = Term("stray"_atom)});
  }
  ASSERT_TRUE(peer->flush());
  expect_echo(*peer, 2);
}

TEST_P(HostilePeerTest, ASpawnReplyThatNobodyWaitsForTakesTheProcessBack) {  // SIG-11
  const auto peer = dial("odd@localhost");
  const Ref theirs{HostilePeer::kTarget, 1, 2, 3};
  const Pid nobody{HostilePeer::kTarget, 0xfc000001u, 5};
  const Pid me{kOwnNode, 7, 1};
  peer->add({.kind = FrameKind::spawn_reply, .to = nobody, .ref = theirs, .body = Term(atoms::system_limit)});
  peer->add(
      {.kind = FrameKind::spawn_reply, .from = me, .to = nobody, .ref = theirs, .body = Term(wire::kSpawnLink | wire::kSpawnMonitor)});
  ASSERT_TRUE(peer->flush());
  auto taken_back = peer->next();
  ASSERT_TRUE(taken_back);
  EXPECT_EQ(taken_back->kind, FrameKind::demonitor);
  taken_back = peer->next();
  ASSERT_TRUE(taken_back);
  EXPECT_EQ(taken_back->kind, FrameKind::exit);
  EXPECT_EQ(taken_back->body, Term(atoms::noproc));
  expect_echo(*peer, 9);
}

TEST_P(HostilePeerTest, AGapInTheRecordsNumbersEndsTheConnection) {
  const auto peer = dial("gap@localhost");
  expect_echo(*peer, 1);
  peer->add(request(2, Term(2)));
  ASSERT_TRUE(peer->flush(1));
  EXPECT_TRUE(peer->is_closed());
  expect_node_goes_on();
}

TEST_P(HostilePeerTest, AMessageToAnAliasIsTakenByItsWholeReference) {  // SIG-14
  std::promise<Ref> made;
  std::promise<Term> got;
  node_->runtime().post([&] {
    made.set_value(alias());
    got.set_value(receive_any(10s).value_or("nothing"_atom));
  });
  Ref theirs = await(made);
  theirs.node = HostilePeer::kTarget;
  const auto peer = dial("alias@localhost");
  for (const std::uint32_t first : {5u, 63u, (1u << 18) - 1}) {
    Ref wrong = theirs;
    wrong.first = first;
    peer->add({.kind = FrameKind::alias, .ref = wrong, .body = Term("wrong"_atom)});
  }
  peer->add({.kind = FrameKind::alias, .ref = theirs, .body = Term("right"_atom)});
  ASSERT_TRUE(peer->flush());
  EXPECT_EQ(await(got), Term("right"_atom));
  expect_node_goes_on();
}

TEST_P(HostilePeerTest, SignalsForProcessesThatNeverWereHarmNobody) {
  const auto peer = dial("odd@localhost");
  const Ref ref{kOwnNode, 1, 2, 3};
  const Ref theirs{HostilePeer::kTarget, 1, 2, 3};
  const Pid me{kOwnNode, 7, 1};
  for (const std::uint32_t id : {0u, 1u, 0x03ffffffu, 0x04000000u, 0xfc000000u, 0xffffffffu}) {
    for (const std::uint32_t serial : {0x7fffffffu, 0xffffffffu}) {
      const Pid to{HostilePeer::kTarget, id, serial};
      peer->add({.kind = FrameKind::reply, .to = to, .ref = theirs, .body = Term(1)});
      peer->add({.kind = FrameKind::send, .to = to, .body = Term(1)});
      peer->add({.kind = FrameKind::cancel, .ref = ref});
      peer->add({.kind = FrameKind::cancel, .to = to, .ref = ref});
      peer->add({.kind = FrameKind::unlink_ack, .from = me, .to = to, .unlink_id = ~0ull});
      peer->add({.kind = FrameKind::exit, .from = me, .to = to, .body = Term(1)});
      peer->add({.kind = FrameKind::exit2, .from = me, .to = to, .body = Term(1)});
      peer->add({.kind = FrameKind::demonitor, .ref = ref});
      peer->add({.kind = FrameKind::demonitor, .to = to, .ref = ref});
      peer->add({.kind = FrameKind::down, .ref = theirs, .body = Term(1)});
      peer->add({.kind = FrameKind::down, .to = to, .ref = theirs, .body = Term(1)});
    }
  }
  // Those that are answered: a link breaks, a monitor fires, an unlink is acknowledged with its own number.
  const Pid nobody{HostilePeer::kTarget, 0xfc000001u, 5};
  peer->add({.kind = FrameKind::link, .from = me, .to = nobody});
  peer->add({.kind = FrameKind::monitor, .from = me, .to = nobody, .ref = ref});
  peer->add({.kind = FrameKind::unlink, .from = me, .to = nobody, .unlink_id = 0x100000002ull});
  ASSERT_TRUE(peer->flush());
  auto answer = peer->next();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->kind, FrameKind::exit);
  answer = peer->next();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->kind, FrameKind::down);
  answer = peer->next();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->kind, FrameKind::unlink_ack);
  EXPECT_EQ(answer->unlink_id, 0x100000002ull);
  expect_echo(*peer, 9);
}

}  // namespace
}  // namespace pulpo
