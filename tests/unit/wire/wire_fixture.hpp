// SPDX-License-Identifier: Apache-2.0
//
// Two ends of a wire without a socket, for the tests of encoder and decoder.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "wire/record.hpp"

namespace pulpo::wire {

/// A node table of three: 0 is the node itself; then it learns others as they come.
class FakeNodes final : public NodeNumbers {
 public:
  FakeNodes(std::string_view own, std::uint32_t creation) { entries_.push_back({Atom(own), creation}); }

  std::optional<NodeIndex> index_of(Atom name, std::uint32_t creation) override {
    for (NodeIndex i = 0; i < entries_.size(); ++i) {
      if (entries_[i].name == name && entries_[i].creation == creation) return i;
    }
    if (entries_.size() == entries_max) return std::nullopt;
    entries_.push_back({name, creation});
    return static_cast<NodeIndex>(entries_.size() - 1);
  }
  Name name_of(NodeIndex node) const override { return entries_.at(node); }

  std::size_t entries_max = 1000;

 private:
  std::vector<Name> entries_;
};

/// What node a encodes and node b decodes.
struct Wire {
  FakeNodes a_nodes{"a@altair", 17};
  FakeNodes b_nodes{"b@altair", 23};
  NodeIndex b_at_a = *a_nodes.index_of(Atom("b@altair"), 23);
  NodeIndex a_at_b = *b_nodes.index_of(Atom("a@altair"), 17);
  AtomQuota quota;
  Limits limits;
  Encoder encoder{a_nodes, b_at_a, limits};
  Decoder decoder{b_nodes, a_at_b, quota, limits};
  OutBuffer out;
  std::uint64_t seq = 0;

  Wire() = default;
  explicit Wire(const Limits& with) : limits(with) {}

  /// The frame's bytes alone, without the record's tag and length.
  std::string encode(const Frame& frame) {
    out.clear();
    const auto encoded = encoder.encode(out, frame);
    EXPECT_TRUE(encoded.has_value()) << (encoded ? "" : encoded.error().text());
    if (!encoded) return {};
    const ByteView bytes{out.at(0), out.size()};
    std::size_t at = 1;
    while ((static_cast<unsigned char>(bytes[at]) & 0x80) != 0) ++at;
    return std::string(bytes.substr(at + 1));
  }

  Outcome<Frame> decode(ByteView bytes) {
    Frame frame;
    auto decoded = decoder.decode(bytes, frame);
    if (!decoded) return decoded.error();
    return frame;
  }

  /// There and back.
  Frame carry(const Frame& frame) {
    const auto bytes = encode(frame);
    auto decoded = decode(bytes);
    EXPECT_TRUE(decoded.has_value()) << (decoded ? "" : decoded.error().text());
    return decoded ? std::move(decoded).value() : Frame{};
  }

  Term carry_term(const Term& term) {
    return carry({.kind = FrameKind::send, .to = {.node = b_at_a, .id = 1, .serial = 1}, .body = term}).body;
  }
};

inline std::string hex(ByteView bytes) {
  std::string text;
  for (const auto byte : bytes) text += fmt::format("{}{:02x}", text.empty() ? "" : " ", static_cast<unsigned char>(byte));
  return text;
}

inline std::string unhex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size();) {
    if (text[i] == ' ' || text[i] == '\n') {
      ++i;
      continue;
    }
    bytes.push_back(static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
    i += 2;
  }
  return bytes;
}

/// Any term, of at most `depth` more levels.
inline Term random_term(SeededRandom& random, const Wire& wire, int depth) {
  const auto pick = random.u32() % (depth > 0 ? 15 : 10);
  const auto some = [&](std::size_t size_max) {
    std::vector<Term> terms(random.u32() % (size_max + 1));
    for (auto& term : terms) term = random_term(random, wire, depth - 1);
    return terms;
  };
  switch (pick) {
    case 0:
      return Term(Atom(fmt::format("atom_{}", random.u32() % 50)));
    case 1:
      return Term(static_cast<std::int64_t>(random.u64()) >> (random.u32() % 64));
    case 2: {
      std::string bytes(random.u32() % 300, '\0');
      random.fill(bytes.data(), bytes.size());
      return Term::binary(bytes);
    }
    case 3:
      return Term(static_cast<double>(static_cast<std::int64_t>(random.u64())) / 1024);
    case 4:
      return Term(Pid{.node = random.u32() % 2 == 0 ? kOwnNode : wire.b_at_a, .id = random.u32(), .serial = random.u32() | 1});
    case 5:
      return Term(Ref{.node = random.u32() % 2 == 0 ? kOwnNode : wire.b_at_a,
                      .first = random.u32() >> 14,
                      .second = random.u32(),
                      .third = random.u32() | 1});
    case 6: {
      std::string magnitude(9 + random.u32() % 20, '\0');
      random.fill(magnitude.data(), magnitude.size());
      magnitude.back() = 1;
      return Term::big_integer(random.u32() % 2 == 0, magnitude);
    }
    case 7:
      return Term::charlist("käse");
    case 8:
      return Term::empty_list();
    case 9:
      return Term(random.u32() % 2 == 0);
    case 10:
    case 11:
      return Term::tuple(some(5));
    case 12: {
      const auto elements = some(5);
      return elements.empty() ? Term::empty_list() : Term::list(elements, random.u32() % 3 == 0 ? Term(7) : Term::empty_list());
    }
    case 13: {
      std::vector<std::pair<Term, Term>> pairs;
      for (auto& key : some(4)) pairs.emplace_back(key, random_term(random, wire, depth - 1));
      return Term::map(std::move(pairs));
    }
    default: {
      const auto bound = some(3);
      return Term::function(Atom("Elixir.PingPong"), Atom("ping"), static_cast<std::uint8_t>(bound.size() + random.u32() % 3), bound);
    }
  }
}

/// The term as b sees it: what was a's own is a@altair's there, what was b's is its own.
inline Term seen_by_b(const Term& term, const Wire& wire) {
  const auto node = [&](NodeIndex at_a) { return at_a == kOwnNode ? wire.a_at_b : at_a == wire.b_at_a ? kOwnNode : at_a; };
  switch (term.type()) {
    case Term::Type::pid: {
      auto pid = term.pid();
      pid.node = node(pid.node);
      return Term(pid);
    }
    case Term::Type::reference: {
      auto ref = term.ref();
      ref.node = node(ref.node);
      return Term(ref);
    }
    case Term::Type::tuple: {
      std::vector<Term> elements;
      for (const auto& element : term.elements()) elements.push_back(seen_by_b(element, wire));
      return Term::tuple(elements);
    }
    case Term::Type::list: {
      std::vector<Term> elements;
      for (std::size_t i = 0; i < term.list_size(); ++i) elements.push_back(seen_by_b(term.list_at(i), wire));
      return Term::list(elements, seen_by_b(term.list_tail(), wire));
    }
    case Term::Type::map: {
      std::vector<std::pair<Term, Term>> pairs;
      const auto items = term.map_items();
      for (std::size_t i = 0; i < items.size(); i += 2) pairs.emplace_back(seen_by_b(items[i], wire), seen_by_b(items[i + 1], wire));
      return Term::map(std::move(pairs));
    }
    case Term::Type::function: {
      const auto parts = term.function_parts();
      std::vector<Term> bound;
      for (const auto& argument : parts.bound) bound.push_back(seen_by_b(argument, wire));
      return Term::function(parts.module, parts.name, parts.arity, bound);
    }
    default:
      return term;
  }
}

}  // namespace pulpo::wire
