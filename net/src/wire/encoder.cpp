// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstring>
#include <protozero/varint.hpp>

#include "wire/codec.hpp"
#include "wire/fields.hpp"
#include "wire/kinds.hpp"

namespace pulpo::wire {
namespace {

/// What is always free in front of the writer: a whole head without its atom (tag and length of the frame 5; kind 2, lane
/// 3, four numbers of pids 6 each, name 6, three of the reference 6 each, unlink_id 12: 70), or any value of a body
/// but its bytes (a foreign reference, the longest: 3 + 3 x 6 + 2 + 2 x 6 = 35).
constexpr std::size_t kRoom = 96;
/// Values of at least this many bytes make a frame whose length takes more than one byte: reserve that at once.
constexpr std::size_t kLongValue = 96;
constexpr std::size_t kPaddedLength = 4;
/// A fragment's length, padded to two bytes, and what of a fragment is left to begin another value in: two atoms of the longest text
/// (a function's) and the value. A run of bytes that is cut needs less: kRoom.
constexpr std::size_t kFragmentHead = 3;
constexpr std::size_t kValueRoom = 2 * (8 + 4 * 255) + kRoom;
/// A run of bytes shorter than this is not cut for what is left of a fragment.
constexpr std::size_t kPartMin = 512;
/// What an element of a container takes at least: a tag and a byte.
constexpr std::size_t kElementBytesMin = 2;

inline char* put(char* at, std::uint64_t value) { return at + protozero::add_varint_to_buffer(at, value); }

/// Tags below 128 are one byte, and the compiler knows which.
template <std::uint32_t tag>
inline char* put_tag(char* at) {
  if constexpr (tag < 0x80) {
    *at = static_cast<char>(tag);
    return at + 1;
  } else {
    static_assert(tag < 0x4000);
    at[0] = static_cast<char>(tag | 0x80);
    at[1] = static_cast<char>(tag >> 7);
    return at + 2;
  }
}

template <std::uint32_t tag>
inline char* put_field(char* at, std::uint64_t value) {
  return put(put_tag<tag>(at), value);
}

template <std::uint32_t tag>
inline char* put_unless_zero(char* at, std::uint64_t value) {
  return value == 0 ? at : put_field<tag>(at, value);
}

/// A varint of four bytes whatever its value: below 2^28.
inline void put_padded(char* at, std::size_t value) {
  at[0] = static_cast<char>(value | 0x80);
  at[1] = static_cast<char>(value >> 7 | 0x80);
  at[2] = static_cast<char>(value >> 14 | 0x80);
  at[3] = static_cast<char>(value >> 21 & 0x7f);
}

}  // namespace

/// One encode(): where it writes, and what went wrong.
struct EncoderRun {
  Encoder& encoder;
  OutBuffer& out;
  const std::size_t start;
  char* at = nullptr;
  OutgoingStream* stream = nullptr;  ///< While fragments are written.
  std::string error = {};

  bool fail(std::string text) {
    error = std::move(text);
    return false;
  }

  void more_room(std::size_t bytes) {
    out.wrote_to(at);
    at = out.room(bytes);
  }

  /// Index of `atom` in this direction's table; sends its text when it has none yet. Room for a value is left.
  std::uint32_t atom_index(Atom atom) {
    const auto known = encoder.atoms_.find(atom);
    if (known != AtomsOut::kUndefined) [[likely]]
      return known;
    const auto text = atom.text();
    more_room(8 + text.size() + kRoom);
    at = put_field<frame::define>(at, text.size());
    std::memcpy(at, text.data(), text.size());
    at += text.size();
    return encoder.atoms_.define(atom);
  }

  bool head(const Frame& f) {
    const auto& rule = rule_of(f.kind);
    // The body is there when its kind has one: nil is a body as good as any.
    const auto parts = static_cast<std::uint8_t>(head_parts(f) | (rule.required & kBody));
    if (!fits(rule, parts)) [[unlikely]]
      return fail(rule_text(f.kind));
    if (f.from.node != kOwnNode) [[unlikely]]
      return fail("from is a process of another node");
    if ((parts & kTo) != 0 && f.to.node != encoder.peer_) [[unlikely]]
      return fail("to is no process of this peer in its present incarnation");
    if ((parts & kRef) != 0 && f.ref.node != (rule.ref_is_receivers ? encoder.peer_ : kOwnNode)) [[unlikely]]
      return fail(rule.ref_is_receivers ? "ref was not made by this peer in its present incarnation" : "ref was made by another node");
    at = put_unless_zero<frame::kind>(at, static_cast<std::uint8_t>(f.kind));
    if (f.lane != Lane::small) at = put_field<frame::lane>(at, static_cast<std::uint8_t>(f.lane));
    at = put_unless_zero<frame::from_id>(at, f.from.id);
    at = put_unless_zero<frame::from_serial>(at, f.from.serial);
    if ((parts & kName) != 0) {
      const auto index = atom_index(f.to_name);
      at = put_field<frame::to_name>(at, index);
    } else {
      at = put_unless_zero<frame::to_id>(at, f.to.id);
      at = put_unless_zero<frame::to_serial>(at, f.to.serial);
    }
    at = put_unless_zero<frame::ref_first>(at, f.ref.first);
    at = put_unless_zero<frame::ref_second>(at, f.ref.second);
    at = put_unless_zero<frame::ref_third>(at, f.ref.third);
    at = put_unless_zero<frame::unlink_id>(at, f.unlink_id);
    return true;
  }

  /// Bytes of the frame so far.
  [[nodiscard]] std::size_t written() const { return static_cast<std::size_t>(at - out.at(start)); }

  /// Bytes that fit into this fragment.
  [[nodiscard]] std::size_t left() const { return FragmentLimits::kBytesMax - written(); }

  /// `holder` shares the bytes' ownership; without one they are copied when they must be kept.
  template <std::uint32_t tag>
  bool bytes(ByteView data, const Term* holder = nullptr) {
    if (data.size() > encoder.limits_.message_bytes_max) return too_big();
    if (stream != nullptr && data.size() + kRoom > left() && data.size() >= kPartMin) {
      if (goes_beyond(data.size())) return too_big();
      at = put_field<frame::run>(at, data.size());
      stream->run_tag = tag;
      stream->run_at = 0;
      if (holder != nullptr) {
        stream->run = *holder;
      } else {
        stream->text.assign(data);
      }
      return true;
    }
    more_room(data.size() + kRoom);
    at = put_field<tag>(at, data.size());
    if (!data.empty()) std::memcpy(at, data.data(), data.size());
    at += data.size();
    return true;
  }

  bool too_big() { return fail(fmt::format("the message takes more than {} bytes", encoder.limits_.message_bytes_max)); }

  /// With so much more, of a stream. Looked at before its receiver is told of it, which would take such a claim for an attack.
  [[nodiscard]] bool goes_beyond(std::size_t more) const {
    return stream != nullptr && stream->bytes + written() + more > encoder.limits_.message_bytes_max;
  }

  bool open(OpenTerm level) {
    const std::size_t count = level.at != nullptr ? static_cast<std::size_t>(level.end - level.at) : level.size;
    if (goes_beyond(count * kElementBytesMin)) return too_big();
    if (encoder.levels_.size() >= encoder.limits_.depth_max) {
      return fail(fmt::format("the message nests deeper than {} levels", encoder.limits_.depth_max));
    }
    encoder.levels_.push_back(std::move(level));
    return true;
  }

  bool elements(std::span<const Term> of) {
    if (of.empty()) return true;
    return open({.at = of.data(), .end = of.data() + of.size()});
  }

  /// Writes origin, node and creation of a pid or reference, whose node is not the sender's own.
  template <std::uint32_t origin_tag, std::uint32_t node_tag, std::uint32_t creation_tag>
  void foreign(NodeIndex node, std::uint32_t name_index, std::uint32_t creation) {
    if (node == encoder.peer_) {
      at = put_field<origin_tag>(at, static_cast<std::uint8_t>(Origin::receiver));
      return;
    }
    at = put_field<origin_tag>(at, static_cast<std::uint8_t>(Origin::other));
    at = put_field<node_tag>(at, name_index);
    at = put_field<creation_tag>(at, creation);
  }

  /// The node of a pid or reference as far as it needs a name; defines it before the field that uses it begins.
  std::uint32_t foreign_name(NodeIndex node, std::uint32_t& creation) {
    if (node == kOwnNode || node == encoder.peer_) return 0;
    const auto name = encoder.nodes_.name_of(node);
    creation = name.creation;
    return atom_index(name.name);
  }

  bool pid(const Pid& p) {
    std::uint32_t creation = 0;
    const auto name = foreign_name(p.node, creation);
    at = put_tag<frame::pid>(at);
    char* const length = at++;
    at = put_unless_zero<pid::id>(at, p.id);
    at = put_unless_zero<pid::serial>(at, p.serial);
    if (p.node != kOwnNode) foreign<pid::origin, pid::node, pid::creation>(p.node, name, creation);
    *length = static_cast<char>(at - length - 1);
    return true;
  }

  bool ref(const Ref& r) {
    std::uint32_t creation = 0;
    const auto name = foreign_name(r.node, creation);
    at = put_tag<frame::reference>(at);
    char* const length = at++;
    at = put_unless_zero<reference::first>(at, r.first);
    at = put_unless_zero<reference::second>(at, r.second);
    at = put_unless_zero<reference::third>(at, r.third);
    if (r.node != kOwnNode) foreign<reference::origin, reference::node, reference::creation>(r.node, name, creation);
    *length = static_cast<char>(at - length - 1);
    return true;
  }

  bool function(const Term::Function& f) {
    const auto module = atom_index(f.module);
    const auto name = atom_index(f.name);
    at = put_tag<frame::function>(at);
    char* const length = at++;
    at = put_field<function::module>(at, module);
    at = put_field<function::name>(at, name);
    at = put_unless_zero<function::arity>(at, f.arity);
    at = put_unless_zero<function::bound>(at, f.bound.size());
    *length = static_cast<char>(at - length - 1);
    return elements(f.bound);
  }

  bool list(const Term& t) {
    // Only a list that begins with an integer can be text: do not let others be looked through.
    if (t.list_at(0).is_integer())
      if (const auto text = t.charlist_text()) return bytes<frame::charlist>(*text);
    const auto size = t.list_size();
    const bool proper = t.is_proper_list();
    at = proper ? put_field<frame::list>(at, size) : put_field<frame::improper_list>(at, size);
    return open({.list = t, .size = size + (proper ? 0 : 1)});
  }

  /// One value; a container is left open, for its elements to follow. Room for it is there.
  bool value(const Term& t) {
    switch (t.type()) {
      case Term::Type::atom: {
        const auto index = atom_index(t.atom());
        at = put_field<frame::atom>(at, index);
        return true;
      }
      case Term::Type::integer:
        at = put_field<frame::integer>(at, protozero::encode_zigzag64(t.integer()));
        return true;
      case Term::Type::binary:
        return bytes<frame::binary>(t.bytes(), &t);
      case Term::Type::tuple: {
        const auto of = t.elements();
        at = put_field<frame::tuple>(at, of.size());
        return elements(of);
      }
      case Term::Type::map: {
        const auto items = t.map_items();
        at = put_field<frame::map>(at, items.size() / 2);
        return elements(items);
      }
      case Term::Type::nil:
        at = put_field<frame::list>(at, 0);
        return true;
      case Term::Type::list:
        return list(t);
      case Term::Type::pid:
        return pid(t.pid());
      case Term::Type::reference:
        return ref(t.ref());
      case Term::Type::floating: {
        const double number = t.floating();
        at = put_tag<frame::floating>(at);
        std::memcpy(at, &number, sizeof number);
        at += sizeof number;
        return true;
      }
      case Term::Type::big_integer: {
        const auto parts = t.big_integer_parts();
        return parts.negative ? bytes<frame::big_negative>(parts.magnitude) : bytes<frame::big_positive>(parts.magnitude);
      }
      case Term::Type::function:
        return function(t.function_parts());
      case Term::Type::object:
        return fail("the message holds a C++ object, which cannot leave its node; send what it stands for as terms");
      case Term::Type::port:
        break;
    }
    return fail("the message holds a term that cannot leave its node");
  }

  /// The next element of the innermost open container, or nullptr when all are closed. `held` keeps an element of a list.
  const Term* next(Term& held) {
    auto& levels = encoder.levels_;
    while (!levels.empty()) {
      auto& level = levels.back();
      if (level.at != level.end) return level.at++;
      if (level.index < level.size) {
        const auto index = level.index++;
        held = index < level.list.list_size() ? level.list.list_at(index) : level.list.list_tail();
        return &held;
      }
      levels.pop_back();
    }
    return nullptr;
  }

  bool body(const Term& whole) {
    if (!value(whole)) return false;
    if (encoder.levels_.empty()) return true;
    Term held;
    for (std::size_t terms = 1; const Term* element = next(held); ++terms) {
      if (terms >= encoder.limits_.terms_max) return fail(fmt::format("the message holds more than {} terms", encoder.limits_.terms_max));
      more_room(kRoom);
      if (written() > encoder.limits_.message_bytes_max) return too_big();
      if (!value(*element)) return false;
    }
    return true;
  }

  bool frame(const Frame& f) {
    const bool has_body = (rule_of(f.kind).required & kBody) != 0;
    at = out.room(kRoom * 2);
    *at++ = static_cast<char>(record::frame);
    const bool padded = has_body && f.body.type() == Term::Type::binary && f.body.bytes().size() >= kLongValue;
    at += padded ? kPaddedLength : 1;
    if (!head(f)) return false;
    if (has_body && !body(f.body)) return false;
    std::size_t length = written() - (padded ? 1 + kPaddedLength : 2);
    if (length > encoder.limits_.message_bytes_max) return too_big();
    if (!padded && length < 0x80) [[likely]] {
      *(out.at(start) + 1) = static_cast<char>(length);
      return finish();
    }
    if (!padded) {
      more_room(kPaddedLength);
      char* const begin = out.at(start);
      std::memmove(begin + 1 + kPaddedLength, begin + 2, length);
      at += kPaddedLength - 1;
    }
    put_padded(out.at(start) + 1, length);
    return finish();
  }

  bool finish() {
    out.wrote_to(at);
    return true;
  }

  // --- Fragments ---------------------------------------------------------------------------------------------------

  /// Writes as much of the run as fits; its last bytes under the tag that says what it is.
  void part() {
    const ByteView run = stream->run_tag == frame::binary ? stream->run.bytes() : ByteView(stream->text);
    const auto rest = run.substr(stream->run_at);
    const auto piece = rest.substr(0, left() - kRoom);
    more_room(piece.size() + kRoom);
    at = put(at, piece.size() == rest.size() ? stream->run_tag : frame::part);
    at = put(at, piece.size());
    std::memcpy(at, piece.data(), piece.size());
    at += piece.size();
    stream->run_at += piece.size();
    if (piece.size() != rest.size()) return;
    stream->run_tag = 0;
    stream->run = Term();
    stream->text = {};
  }

  void begin_fragment(std::uint32_t number) {
    at = out.room(kRoom * 2);
    *at++ = static_cast<char>(record::frame);
    at += kFragmentHead - 1;
    at = put_field<frame::fragment>(at, number);
  }

  void end_fragment() {
    const auto length = written() - kFragmentHead;
    char* const begin = out.at(start);
    begin[1] = static_cast<char>(length | 0x80);
    begin[2] = static_cast<char>(length >> 7);
    out.wrote_to(at);
  }

  /// As much as fits of what is left of the stream; sets `last`.
  bool fragment(bool& last) {
    begin_fragment(stream->number);
    if (!stream->begun) {
      if ((rule_of(stream->frame.kind).required & kBody) == 0) return fail("a frame without a body is not cut");
      if (!head(stream->frame) || !value(stream->frame.body)) return false;
      stream->terms = 1;
    }
    Term held;
    for (;;) {
      if (stream->run_tag != 0) {
        if (left() < kRoom + kPartMin) break;
        part();
        continue;
      }
      if (encoder.levels_.empty() || left() < kValueRoom) break;
      const Term* const element = next(held);
      if (element == nullptr) break;
      if (++stream->terms > encoder.limits_.terms_max) {
        return fail(fmt::format("the message holds more than {} terms", encoder.limits_.terms_max));
      }
      more_room(kRoom);
      if (!value(*element)) return false;
    }
    if (stream->bytes + written() > encoder.limits_.message_bytes_max) return too_big();
    last = stream->run_tag == 0 && all_closed();
    end_fragment();
    return true;
  }

  /// No container lacks elements: the receiver, which counts them, has the whole.
  bool all_closed() {
    auto& levels = encoder.levels_;
    while (!levels.empty() && levels.back().at == levels.back().end && levels.back().index == levels.back().size) levels.pop_back();
    return levels.empty();
  }
};

Outcome<void> Encoder::encode(OutBuffer& out, const Frame& frame) {
  // A length of kPaddedLength bytes must be able to say it.
  PULPO_ASSERT(limits_.message_bytes_max <= 256u * 1024 * 1024);
  const auto atoms_before = atoms_.size();
  EncoderRun run{.encoder = *this, .out = out, .start = out.size()};
  if (run.frame(frame)) [[likely]]
    return {};
  out.truncate(run.start);
  atoms_.truncate(atoms_before);
  levels_.clear();
  return Fault{.code = Errc::bad_argument, .where = "wire: encode", .detail = std::move(run.error)};
}

Outcome<bool> Encoder::encode_fragment(OutBuffer& out, OutgoingStream& stream) {
  const auto atoms_before = atoms_.size();
  EncoderRun run{.encoder = *this, .out = out, .start = out.size(), .stream = &stream};
  levels_.swap(stream.levels);
  bool last = false;
  const bool good = run.fragment(last);
  levels_.swap(stream.levels);
  if (!good) {
    out.truncate(run.start);
    atoms_.truncate(atoms_before);
    return Fault{.code = Errc::bad_argument, .where = "wire: encode", .detail = std::move(run.error)};
  }
  stream.begun = true;
  stream.bytes += out.size() - run.start;
  PULPO_ASSERT(out.size() - run.start <= FragmentLimits::kBytesMax);
  return last;
}

void Encoder::encode_dropped(OutBuffer& out, const OutgoingStream& stream) {
  char* at = out.room(kRoom);
  *at++ = static_cast<char>(record::frame);
  char* const length = at++;
  at = put_field<frame::fragment>(at, stream.number);
  at = put_field<frame::dropped>(at, 1);
  *length = static_cast<char>(at - length - 1);
  out.wrote_to(at);
}

}  // namespace pulpo::wire
