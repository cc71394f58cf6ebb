// SPDX-License-Identifier: Apache-2.0
//
// Goal:   no record harms its receiver, and a term that a frame brought can be sent on and arrives as the same term.
// Method: libFuzzer; the input is the body of one record, from a peer that may name any node and atom.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "pulpo/assert.hpp"
#include "wire/record.hpp"
#include "wire/stream.hpp"

namespace {

using namespace pulpo;
using namespace pulpo::wire;

/// Learns nodes as they come, up to a limit that inputs reach.
class Nodes final : public NodeNumbers {
 public:
  Nodes() { entries_.push_back({Atom("own@host"), 17}); }
  std::optional<NodeIndex> index_of(Atom name, std::uint32_t creation) override {
    for (NodeIndex i = 0; i < entries_.size(); ++i) {
      if (entries_[i].name == name && entries_[i].creation == creation) return i;
    }
    if (entries_.size() == 16) return std::nullopt;
    entries_.push_back({name, creation});
    return static_cast<NodeIndex>(entries_.size() - 1);
  }
  Name name_of(NodeIndex node) const override { return entries_.at(node); }

 private:
  std::vector<Name> entries_;
};

/// What was accepted is sent on to the same peer, and what would arrive there is compared.
void send_on(Nodes& nodes, NodeIndex peer, const Term& body) {
  AtomQuota quota;
  Encoder encoder(nodes, peer);
  Decoder decoder(nodes, peer, quota);
  OutBuffer out;
  // A pid of the peer becomes ours on its way and ours the peer's, so the term that comes back is compared after two ways.
  const auto there = [&](const Term& term) -> std::optional<Term> {
    out.clear();
    if (!encoder.encode(out, {.kind = FrameKind::send, .to = {.node = peer, .id = 1, .serial = 1}, .body = term})) return std::nullopt;
    const auto part = next_part(out.close({.seq = 1}), Limits{}.message_bytes_max);
    PULPO_ASSERT(part.step == StreamStep::whole);
    auto reader = RecordReader::open(part.body);
    PULPO_ASSERT(reader.has_value());
    Frame frame;
    const auto some = reader->next(decoder, frame);
    PULPO_ASSERT(some.has_value() && *some);
    return frame.body;
  };
  if (const auto once = there(body)) {
    const auto twice = there(*once);
    PULPO_ASSERT(twice && *twice == body);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(reinterpret_cast<const char*>(data), size);
  (void)next_part(bytes, 1 << 20);
  Nodes nodes;
  const NodeIndex peer = *nodes.index_of(Atom("peer@host"), 23);
  AtomQuota quota;
  Decoder decoder(nodes, peer, quota);
  auto reader = RecordReader::open(bytes);
  if (!reader) return 0;
  Frame frame;
  for (;;) {
    const auto some = reader->next(decoder, frame);
    if (!some) {
      PULPO_ASSERT(some.error().code == Errc::bad_message && !some.error().detail.empty());
      return 0;
    }
    if (!*some) return 0;
    send_on(nodes, peer, frame.body);
  }
}
