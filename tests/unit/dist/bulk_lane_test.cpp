// SPDX-License-Identifier: Apache-2.0
#include "dist/bulk_lane.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "unit/wire/wire_fixture.hpp"
#include "wire/stream.hpp"

namespace pulpo::dist {
namespace {

constexpr std::size_t kLaneMebibyte = 1u << 20;

/// A lane, what writes for it, and the other end of the wire. Each sender sends to a receiver of its own number.
class OneLane final : private BulkLane::Owner {
 public:
  explicit OneLane(const wire::Limits& limits = {}) : wire_(limits) {}

  void add(std::uint32_t sender, Term body) {
    Message& message = messages_.emplace_back();  // belongs to no pool: it is cleared, and stays
    message.from = {.node = kOwnNode, .id = sender, .serial = 1};
    message.to = {.node = wire_.b_at_a, .id = sender, .serial = 1};
    message.body = std::move(body);
    message.bytes = static_cast<std::uint32_t>(sizeof(Message) + message.body.heap_bytes());
    waiting_ += message.bytes;
    lane_.add(MessagePtr(&message));
  }
  void add_binary(std::uint32_t sender, std::size_t size) {
    add(sender, Term::binary(std::string(size, static_cast<char>('a' + sender % 26))));
  }
  /// A fragment, as when the connection has room for one.
  void write() {
    wire_.out.clear();
    lane_.write(wire_.out);
    written_ += wire_.out.size();
    const auto part = wire::next_part(wire_.out.close({.seq = ++wire_.seq, .ack = 0}), std::size_t{1} << 30);
    ASSERT_EQ(part.step, wire::StreamStep::whole);
    auto reader = wire::RecordReader::open(part.body);
    ASSERT_TRUE(reader);
    for (wire::Frame frame;;) {
      const auto some = reader->next(wire_.decoder, frame);
      ASSERT_TRUE(some) << some.error().text();
      if (!*some) return;
      arrived.push_back(frame.to.id);
      if (frame.body.is_binary()) arrived_bytes[frame.to.id] += frame.body.bytes().size();
    }
  }
  void write_all() {
    while (!lane_.empty()) write();
  }
  [[nodiscard]] const BulkLane& lane() const noexcept { return lane_; }
  [[nodiscard]] std::size_t written() const noexcept { return written_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }  ///< By what left() said.
  [[nodiscard]] std::size_t unfinished() const noexcept { return wire_.decoder.unfinished_weight(); }

  std::vector<std::uint32_t> arrived;  ///< Of whom, message by message.
  std::map<std::uint32_t, std::size_t> arrived_bytes;
  std::vector<std::uint32_t> refused;

 private:
  wire::Frame frame_of_large(const Message& message) override {
    return {.kind = wire::FrameKind::send, .to = message.to, .body = message.body};
  }
  void write_whole(MessagePtr message) override { EXPECT_TRUE(wire_.encoder.encode(wire_.out, frame_of_large(*message))); }
  void left(Signal, std::size_t bytes) override { waiting_ -= bytes; }
  void not_encoded(MessagePtr message, const Fault&) override { refused.push_back(message->from.id); }

  wire::Wire wire_;
  std::deque<Message> messages_;
  std::size_t written_ = 0;
  std::size_t waiting_ = 0;
  BulkLane lane_{wire_.encoder, *this};
};

TEST(BulkLane, TwoSendersOfLargeMessagesGetAlikeMuchAndWhoComesLateDoesNotWaitForThem) {  // WK-8
  OneLane lane;
  for (const std::uint32_t sender : {1u, 2u}) {
    for (int i = 0; i < 8; ++i) lane.add_binary(sender, kLaneMebibyte);
  }
  for (int i = 0; i < 200; ++i) lane.write();
  // Their messages end side by side.
  EXPECT_EQ(lane.arrived, (std::vector<std::uint32_t>{1, 2}));
  lane.add_binary(3, 100'000);
  const std::size_t before = lane.written();
  while (std::find(lane.arrived.begin(), lane.arrived.end(), 3u) == lane.arrived.end()) lane.write();
  EXPECT_LE(lane.written() - before, 3u * 100'000 + 6 * BulkLane::kLargeBytes) << "every third fragment is its own";
  lane.write_all();
  EXPECT_EQ(lane.arrived_bytes[1], 8 * kLaneMebibyte);
  EXPECT_EQ(lane.arrived_bytes[2], 8 * kLaneMebibyte);
  EXPECT_EQ(lane.lane().bytes(), 0u);
  EXPECT_EQ(lane.waiting(), 0u);
}

TEST(BulkLane, SixtyFourStreamsGoOnAtATimeAndTheOthersFollow) {
  OneLane lane;
  constexpr std::uint32_t kSenders = 100;
  constexpr std::uint32_t kStreams = wire::FragmentLimits::kStreamsMax;
  for (std::uint32_t sender = 0; sender < kSenders; ++sender) lane.add_binary(sender, 64 * 1024);
  // A turn for each that has a number: nobody beyond the 64th has begun.
  for (std::uint32_t i = 0; i < 4 * kStreams; ++i) lane.write();
  const std::size_t at_the_peer = lane.unfinished();
  EXPECT_LE(at_the_peer, kStreams * 72u * 1024);
  EXPECT_TRUE(std::all_of(lane.arrived.begin(), lane.arrived.end(), [](std::uint32_t sender) { return sender < kStreams; }));
  lane.write_all();
  EXPECT_EQ(std::set<std::uint32_t>(lane.arrived.begin(), lane.arrived.end()).size(), kSenders);
  EXPECT_EQ(lane.arrived.size(), kSenders) << "each once";
  for (const auto& [sender, bytes] : lane.arrived_bytes) EXPECT_EQ(bytes, 64u * 1024) << sender;
  EXPECT_EQ(lane.unfinished(), 0u);
}

TEST(BulkLane, AMessageBeyondTheLimitIsRefusedAndThoseBesideItArrive) {
  // Goal:   as a message beyond 256 MiB; here the limit is 1 MiB. Found out in the middle, in a list, and at the first look, in a binary.
  OneLane lane({.message_bytes_max = kLaneMebibyte});
  const Term part = Term::binary(std::string(200'000, 'p'));
  lane.add_binary(1, 900'000);
  lane.add(2, Term::list(std::vector<Term>(10, part)));
  lane.add_binary(2, 50'000);  // behind it, from the same sender
  lane.add_binary(3, 2 * kLaneMebibyte);
  lane.write_all();
  std::sort(lane.refused.begin(), lane.refused.end());
  EXPECT_EQ(lane.refused, (std::vector<std::uint32_t>{2, 3}));
  EXPECT_EQ(lane.arrived_bytes, (std::map<std::uint32_t, std::size_t>{{1, 900'000}, {2, 50'000}}));
  EXPECT_EQ(lane.unfinished(), 0u) << "the other end forgot what had come of it";
  EXPECT_EQ(lane.lane().bytes(), 0u);
  EXPECT_EQ(lane.waiting(), 0u);
}

}  // namespace
}  // namespace pulpo::dist
