// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <protozero/varint.hpp>

#include "term/utf8.hpp"
#include "wire/codec.hpp"
#include "wire/cursor.hpp"
#include "wire/fields.hpp"
#include "wire/kinds.hpp"

namespace pulpo::wire {
namespace {

/// What the stacks of the decoder keep between frames: 1 MiB; a monstrous message does not leave its size behind.
constexpr std::size_t kKeptValues = 65'536;
/// The shortest value is a tag and a byte.
constexpr std::size_t kValueBytesMin = 2;
/// Erlang's references have 18 bits there, and so have ours.
constexpr std::uint32_t kRefFirstMax = (1u << 18) - 1;

/// Where a pid or a reference was made, as the peer said it.
struct Made {
  std::uint64_t origin = 0;
  std::uint64_t node = 0;
  std::uint64_t creation = 0;
  bool has_node = false;
};

}  // namespace

/// One decode(): what has been read, and what went wrong.
struct DecoderRun {
  Decoder& decoder;
  Cursor in;
  Frame& f;
  bool has_body = false;
  std::size_t terms = 0;  ///< Values so far, containers included.
  /// While a fragment is read: its stream, and how many bytes the message may have behind this fragment.
  IncomingStream* stream = nullptr;
  std::size_t behind = 0;
  std::string error = {};

  bool fail(std::string text) {
    if (error.empty()) error = std::move(text);
    return false;
  }

  bool atom_at(std::uint64_t index, Atom& into) {
    if (decoder.atoms_.find(index, into)) [[likely]]
      return true;
    return in.bad ? fail("truncated") : fail(fmt::format("atom {} was never defined", index));
  }

  // --- Values of the body ---------------------------------------------------------------------------------------

  /// A value is complete.
  bool add(Term value) {
    if (!decoder.body_.open.empty()) return add_to_container(std::move(value));
    if (has_body) [[unlikely]]
      return fail("a second term follows the body");
    has_body = true;
    f.body = std::move(value);
    return true;
  }

  /// So may the containers be that waited for it.
  bool add_to_container(Term value) {
    auto& open = decoder.body_.open;
    auto& values = decoder.body_.values;
    if (++terms > decoder.limits_.terms_max) [[unlikely]]
      return fail(fmt::format("the message holds more than {} terms", decoder.limits_.terms_max));
    for (;;) {
      values.push_back(std::move(value));
      if (--open.back().missing != 0) return true;
      value = close(open.back());
      values.erase(values.begin() + static_cast<std::ptrdiff_t>(open.back().first), values.end());
      if (open.back().shape == frame::function) decoder.body_.functions.pop_back();
      open.pop_back();
      if (open.empty()) return add(std::move(value));
      ++terms;
    }
  }

  Term close(const OpenValue& container) {
    const std::span<const Term> of(decoder.body_.values.data() + container.first, decoder.body_.values.size() - container.first);
    switch (container.shape) {
      case frame::tuple:
        return Term::tuple(of);
      case frame::list:
        return Term::list(of);
      case frame::improper_list:
        return Term::list(of.first(of.size() - 1), of.back());
      case frame::map: {
        std::vector<std::pair<Term, Term>> pairs;
        pairs.reserve(of.size() / 2);
        for (std::size_t i = 0; i < of.size(); i += 2) pairs.emplace_back(of[i], of[i + 1]);
        return Term::map(std::move(pairs));
      }
      default: {
        const auto& head = decoder.body_.functions.back();
        return Term::function(head.module, head.name, head.arity, of);
      }
    }
  }

  [[nodiscard]] std::size_t may_follow() const { return in.left() + behind; }

  /// Opens a container that lacks `count` values. A count that the bytes left cannot hold is refused before anything grows.
  bool open(std::uint32_t shape, std::uint64_t count) {
    if (count > may_follow() / kValueBytesMin) {
      return fail(fmt::format("a container claims {} elements, but only {} bytes follow", count, may_follow()));
    }
    if (decoder.body_.open.size() >= decoder.limits_.depth_max) {
      return fail(fmt::format("the message nests deeper than {} levels", decoder.limits_.depth_max));
    }
    decoder.body_.open.push_back({.missing = count, .first = decoder.body_.values.size(), .shape = shape});
    return true;
  }

  bool map(std::uint64_t pairs) {
    if (pairs == 0) return add(Term::map({}));
    if (pairs > may_follow()) return fail(fmt::format("a map claims {} pairs, but only {} bytes follow", pairs, may_follow()));
    return open(frame::map, pairs * 2);
  }

  bool improper_list(std::uint64_t before_tail) {
    if (before_tail == 0 || before_tail > may_follow()) return fail("an improper list without elements, or with more than follow");
    return open(frame::improper_list, before_tail + 1);
  }

  bool floating(double number) {
    if (!std::isfinite(number)) return fail("a float that is no number or infinite");
    return add(Term(number));
  }

  bool charlist(ByteView text) {
    if (!utf8::count(text)) return fail("a charlist that is not UTF-8");
    return add(text.empty() ? Term::empty_list() : Term::charlist(text));
  }

  bool node_of(const Made& made, NodeIndex& into) {
    switch (made.origin) {
      case static_cast<std::uint64_t>(Origin::sender):
        into = decoder.peer_;
        return true;
      case static_cast<std::uint64_t>(Origin::receiver):
        into = kOwnNode;
        return true;
      case static_cast<std::uint64_t>(Origin::other):
        break;
      default:
        return fail(fmt::format("{} is no origin of an identifier", made.origin));
    }
    Atom name;
    if (!made.has_node || made.creation > UINT32_MAX) return fail("an identifier of a third node lacks its name or creation");
    if (!atom_at(made.node, name)) return false;
    const auto index = decoder.nodes_.index_of(name, static_cast<std::uint32_t>(made.creation));
    if (!index) return fail("this node's table of nodes is full");
    into = *index;
    return true;
  }

  bool pid(ByteView bytes) {
    Cursor inner(bytes);
    Made made;
    std::uint64_t id = 0, serial = 0;
    while (!inner.done() && !inner.bad) {
      switch (inner.varint()) {
        case pid::id:
          id = inner.varint();
          break;
        case pid::serial:
          serial = inner.varint();
          break;
        case pid::origin:
          made.origin = inner.varint();
          break;
        case pid::node:
          made.node = inner.varint();
          made.has_node = true;
          break;
        case pid::creation:
          made.creation = inner.varint();
          break;
        default:
          inner.bad = true;
      }
    }
    if (inner.bad || id > UINT32_MAX || serial > UINT32_MAX) return fail("a pid that cannot be read");
    Pid result{.id = static_cast<std::uint32_t>(id), .serial = static_cast<std::uint32_t>(serial)};
    return node_of(made, result.node) && add(Term(result));
  }

  bool ref(ByteView bytes) {
    Cursor inner(bytes);
    Made made;
    std::uint64_t first = 0, second = 0, third = 0;
    while (!inner.done() && !inner.bad) {
      switch (inner.varint()) {
        case reference::first:
          first = inner.varint();
          break;
        case reference::second:
          second = inner.varint();
          break;
        case reference::third:
          third = inner.varint();
          break;
        case reference::origin:
          made.origin = inner.varint();
          break;
        case reference::node:
          made.node = inner.varint();
          made.has_node = true;
          break;
        case reference::creation:
          made.creation = inner.varint();
          break;
        default:
          inner.bad = true;
      }
    }
    if (inner.bad || first > kRefFirstMax || second > UINT32_MAX || third > UINT32_MAX) return fail("a reference that cannot be read");
    Ref result{.first = static_cast<std::uint32_t>(first),
               .second = static_cast<std::uint32_t>(second),
               .third = static_cast<std::uint32_t>(third)};
    return node_of(made, result.node) && add(Term(result));
  }

  bool function(ByteView bytes) {
    Cursor inner(bytes);
    std::uint64_t module = UINT64_MAX, name = UINT64_MAX, arity = 0, bound = 0;
    while (!inner.done() && !inner.bad) {
      switch (inner.varint()) {
        case function::module:
          module = inner.varint();
          break;
        case function::name:
          name = inner.varint();
          break;
        case function::arity:
          arity = inner.varint();
          break;
        case function::bound:
          bound = inner.varint();
          break;
        default:
          inner.bad = true;
      }
    }
    if (inner.bad || arity > UINT8_MAX) return fail("a function that cannot be read");
    FunctionHead head{.module = {}, .name = {}, .arity = static_cast<std::uint8_t>(arity)};
    if (!atom_at(module, head.module) || !atom_at(name, head.name)) return false;
    if (bound > arity) return fail("a function with more arguments bound than it takes");
    if (bound == 0) return add(Term::function(head.module, head.name, head.arity));
    if (!open(frame::function, bound)) return false;
    decoder.body_.functions.push_back(head);
    return true;
  }

  // --- Runs of bytes in parts, in fragments only -----------------------------------------------------------------

  bool begin_run() {
    const auto size = in.varint();
    if (in.bad) return fail("truncated");
    if (stream == nullptr) return fail("a run of bytes in parts, outside a fragment");
    if (stream->run) return fail("a run of bytes begins within another");
    if (size == 0 || size > may_follow()) return fail(fmt::format("a run claims {} bytes, but only {} may follow", size, may_follow()));
    stream->run.emplace(static_cast<std::size_t>(size));
    return true;
  }

  bool part() {
    const auto bytes = in.bytes();
    if (in.bad) return fail("truncated");
    if (stream == nullptr || !stream->run) return fail("a part of a run of bytes that did not begin");
    return stream->run->append(bytes) || fail("a run of bytes is longer than it claimed");
  }

  /// The last part of a run, which says what it is.
  bool end_run(std::uint64_t tag) {
    if (tag != frame::binary && tag != frame::charlist && tag != frame::big_positive && tag != frame::big_negative) {
      return fail("another field stands between the parts of a run of bytes");
    }
    if (!part()) return false;
    auto& run = *stream->run;
    if (!run.is_whole()) return fail("a run of bytes is shorter than it claimed");
    const bool good = tag == frame::binary     ? add(run.take())
                      : tag == frame::charlist ? charlist(run.bytes())
                                               : add(Term::big_integer(tag == frame::big_negative, run.bytes()));
    stream->run.reset();
    return good;
  }

  /// A field of a fragment.
  bool fragment_field(std::uint64_t tag) {
    if (stream->run && tag != frame::part && tag != frame::define && tag != frame::run) return end_run(tag);
    return body_field(tag);
  }

  /// A field of the body, or a definition.
  bool body_field(std::uint64_t tag) {
    switch (tag) {
      case frame::atom: {
        Atom atom;
        return atom_at(in.varint(), atom) && add(Term(atom));
      }
      case frame::integer: {
        const auto value = in.varint();
        return in.bad ? fail("truncated") : add(Term(protozero::decode_zigzag64(value)));
      }
      case frame::binary: {
        const auto bytes = in.bytes();
        return in.bad ? fail("truncated") : add(Term::binary(bytes));
      }
      case frame::tuple: {
        const auto size = in.varint();
        if (in.bad) return fail("truncated");
        return size == 0 ? add(Term::tuple(std::span<const Term>{})) : open(frame::tuple, size);
      }
      case frame::list: {
        const auto size = in.varint();
        if (in.bad) return fail("truncated");
        return size == 0 ? add(Term::empty_list()) : open(frame::list, size);
      }
      case frame::map: {
        const auto pairs = in.varint();
        return in.bad ? fail("truncated") : map(pairs);
      }
      case frame::improper_list: {
        const auto size = in.varint();
        return in.bad ? fail("truncated") : improper_list(size);
      }
      case frame::floating: {
        const auto number = in.fixed_double();
        return in.bad ? fail("truncated") : floating(number);
      }
      case frame::charlist: {
        const auto text = in.bytes();
        return in.bad ? fail("truncated") : charlist(text);
      }
      case frame::pid: {
        const auto bytes = in.bytes();
        return in.bad ? fail("truncated") : pid(bytes);
      }
      case frame::reference: {
        const auto bytes = in.bytes();
        return in.bad ? fail("truncated") : ref(bytes);
      }
      case frame::big_positive:
      case frame::big_negative: {
        const auto magnitude = in.bytes();
        return in.bad ? fail("truncated") : add(Term::big_integer(tag == frame::big_negative, magnitude));
      }
      case frame::function: {
        const auto bytes = in.bytes();
        return in.bad ? fail("truncated") : function(bytes);
      }
      case frame::define:
        return define();
      case frame::run:
        return begin_run();
      case frame::part:
        return part();
      default:
        return in.bad ? fail("truncated") : fail(fmt::format("field {} of wire type {} is not known", tag >> 3, tag & 7));
    }
  }

  bool define() {
    const auto text = in.bytes();
    if (in.bad) return fail("truncated");
    auto defined = decoder.atoms_.define(text);
    return defined.has_value() || fail(defined.error().detail);
  }

  // --- The frame ---------------------------------------------------------------------------------------------------

  /// The fields up to the first of the body, at which it stops. One loop over two pointers that stay in registers: nearly all
  /// frames consist of these fields and one value.
  bool head() {
    f.kind = FrameKind::reply;
    f.lane = Lane::small;
    f.to_name = Atom{};
    f.from = f.to = Pid{};
    f.ref = Ref{};
    f.unlink_id = 0;
    const char* at = in.at;
    const char* const end = in.end;
    std::uint64_t kind = 0, lane = 0, wide = 0, tag = 0, value = 0;
    while (at != end) {
      const char* const field = at;
      at = read_varint(at, end, tag);
      // All of the head are varints but definitions; a field of the body ends it, whatever its type.
      if (at == nullptr) [[unlikely]]
        return fail("truncated");
      if ((tag & 7) != 0) {
        if (tag != frame::define) {
          at = field;
          break;
        }
        in.at = at;
        if (!define()) return false;
        at = in.at;
        continue;
      }
      at = read_varint(at, end, value);
      if (at == nullptr) [[unlikely]]
        return fail("truncated");
      switch (tag) {
        case frame::kind:
          kind = value;
          continue;
        case frame::lane:
          lane = value;
          continue;
        case frame::from_id:
          wide |= value;
          f.from.id = static_cast<std::uint32_t>(value);
          continue;
        case frame::from_serial:
          wide |= value;
          f.from.serial = static_cast<std::uint32_t>(value);
          continue;
        case frame::to_id:
          wide |= value;
          f.to.id = static_cast<std::uint32_t>(value);
          continue;
        case frame::to_serial:
          wide |= value;
          f.to.serial = static_cast<std::uint32_t>(value);
          continue;
        case frame::to_name:
          if (!atom_at(value, f.to_name)) return false;
          continue;
        case frame::ref_first:
          wide |= value;
          f.ref.first = static_cast<std::uint32_t>(value);
          continue;
        case frame::ref_second:
          wide |= value;
          f.ref.second = static_cast<std::uint32_t>(value);
          continue;
        case frame::ref_third:
          wide |= value;
          f.ref.third = static_cast<std::uint32_t>(value);
          continue;
        case frame::unlink_id:
          f.unlink_id = value;
          continue;
        default:
          at = field;
          break;
      }
      break;
    }
    in.at = at;
    if (kind >= kFrameKindCount) [[unlikely]]
      return fail(fmt::format("{} is no kind of frame", kind));
    if (lane > static_cast<std::uint8_t>(Lane::bulk)) [[unlikely]]
      return fail(fmt::format("{} is no lane", lane));
    if (wide > UINT32_MAX) [[unlikely]]
      return fail("a number of an identifier is beyond 32 bits");
    f.kind = static_cast<FrameKind>(kind);
    f.lane = static_cast<Lane>(lane);
    return true;
  }

  bool run() {
    if (!head()) return false;
    while (!in.done()) {
      if (!body_field(in.varint())) [[unlikely]]
        return false;
      if (in.bad) [[unlikely]]
        return fail("truncated");
    }
    if (!decoder.body_.open.empty()) return fail("truncated: a container lacks elements");
    return finish();
  }

  /// The frame is there in full: is it one?
  bool finish() {
    const auto& rule = rule_of(f.kind);
    const auto parts = static_cast<std::uint8_t>(head_parts(f) | (has_body ? kBody : 0));
    if (!fits(rule, parts)) [[unlikely]]
      return fail(rule_text(f.kind));
    if (f.ref.first > kRefFirstMax) [[unlikely]]
      return fail("the first word of a reference is beyond 18 bits");
    if ((parts & kFrom) != 0) f.from.node = decoder.peer_;
    if ((parts & kRef) != 0) f.ref.node = rule.ref_is_receivers ? kOwnNode : decoder.peer_;
    if (!has_body) f.body = Term();
    if (f.kind >= FrameKind::spawn_request) [[unlikely]]
      if (const char* const fault = body_fault(f)) return fail(fault);
    return true;
  }

  /// One fragment of a stream, behind the stream's number.
  bool fragment(bool is_first) {
    if (is_first) {
      if (!head()) return false;
      if ((rule_of(f.kind).required & kBody) == 0) return fail("a frame without a body comes in fragments");
    }
    while (!in.done()) {
      if (!fragment_field(in.varint())) return false;
      if (in.bad) return fail("truncated");
    }
    return !has_body || !stream->run || fail("a second term follows the body");
  }
};

Outcome<void> Decoder::decode(ByteView bytes, Frame& frame) {
  constexpr auto kWhere = "wire: frame";
  // Two bytes that begin a fragment and nothing else: its tag is always the first.
  static_assert((frame::fragment | 0x80) == 0xe0 && frame::fragment >> 7 == 0x01);
  if (bytes.size() >= 2 && static_cast<unsigned char>(bytes[0]) == 0xe0 && bytes[1] == 0x01) [[unlikely]]
    return decode_fragment(bytes, frame);
  whole_ = true;
  if (bytes.size() > limits_.message_bytes_max) {
    return Fault{.code = Errc::bad_message,
                 .where = kWhere,
                 .detail = fmt::format("{} bytes, but a message may have {}", bytes.size(), limits_.message_bytes_max)};
  }
  DecoderRun run{.decoder = *this, .in = Cursor(bytes), .f = frame};
  const bool good = run.run();
  if (body_.values.capacity() > kKeptValues) body_.values = {};
  if (good) [[likely]]
    return {};
  body_.open.clear();
  body_.values.clear();
  body_.functions.clear();
  return Fault{.code = Errc::bad_message, .where = kWhere, .detail = std::move(run.error)};
}

Outcome<void> Decoder::decode_fragment(ByteView bytes, Frame& frame) {
  const auto broken = [](std::string detail) {
    return Fault{.code = Errc::bad_message, .where = "wire: fragment", .detail = std::move(detail)};
  };
  whole_ = false;
  if (bytes.size() > FragmentLimits::kBytesMax) {
    return broken(fmt::format("{} bytes, but a fragment may have {}", bytes.size(), FragmentLimits::kBytesMax));
  }
  Cursor in(bytes.substr(2));
  const auto number = in.varint();
  if (in.bad) return broken("truncated");
  if (number >= streams_.size()) return broken(fmt::format("stream {}, but there are {}", number, streams_.size()));
  auto& stream = streams_[static_cast<std::size_t>(number)];
  const bool is_first = stream == nullptr;
  if (!is_first && in.left() == 3 && static_cast<unsigned char>(in.at[0]) == 0xf8 && in.at[1] == 0x01 && in.at[2] == 0x01) {
    streams_weight_ -= stream->weight();
    stream.reset();
    return {};
  }
  if (is_first) stream = std::make_unique<IncomingStream>();
  if (bytes.size() > limits_.message_bytes_max - stream->bytes) {
    return broken(fmt::format("a message of more than {} bytes", limits_.message_bytes_max));
  }
  const auto weight_before = is_first ? 0 : stream->weight();
  stream->bytes += bytes.size();
  DecoderRun run{.decoder = *this,
                 .in = in,
                 .f = stream->frame,
                 .terms = stream->terms,
                 .stream = stream.get(),
                 .behind = limits_.message_bytes_max - stream->bytes};
  std::swap(body_, stream->body);
  bool good = run.fragment(is_first);
  std::swap(body_, stream->body);
  stream->terms = run.terms;
  // The body has begun and nothing of it is missing; it cannot have been whole before this fragment.
  whole_ = good && run.has_body;
  if (whole_) good = run.finish();
  if (!good) return broken(std::move(run.error));
  streams_weight_ += stream->weight() - weight_before;
  if (streams_weight_ > limits_.unfinished_weight_max) {
    return broken(fmt::format("unfinished messages of more than {} bytes and terms", limits_.unfinished_weight_max));
  }
  if (!whole_) return {};
  streams_weight_ -= stream->weight();
  frame = std::move(stream->frame);
  stream.reset();
  return {};
}

}  // namespace pulpo::wire
