// SPDX-License-Identifier: Apache-2.0
#include "wire/messages.hpp"

#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "wire/cursor.hpp"

namespace pulpo::wire {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;
using protozero::pbf_writer;
using protozero::tag_and_type;

void add_bytes(pbf_writer& out, protozero::pbf_tag_type field, ByteView bytes) { out.add_bytes(field, bytes.data(), bytes.size()); }

std::string text(pbf_reader& in) { return in.get_bytes(); }

/// Whether every field ends within the message. protozero adds a length to a pointer before it compares, which wraps round where
/// pointers have 32 bits: a stranger's length of 2 GiB would be believed.
bool fields_fit(ByteView bytes) noexcept {
  Cursor in(bytes);
  const auto pass = [&in](std::size_t size) {
    if (in.left() < size) {
      in.bad = true;
    } else {
      in.at += size;
    }
  };
  while (!in.done() && !in.bad) {
    switch (static_cast<pbf_wire_type>(in.varint() & 7)) {
      case pbf_wire_type::varint:
        (void)in.varint();
        break;
      case pbf_wire_type::fixed64:
        pass(8);
        break;
      case pbf_wire_type::length_delimited:
        (void)in.bytes();
        break;
      case pbf_wire_type::fixed32:
        pass(4);
        break;
      default:
        in.bad = true;
    }
  }
  return !in.bad;
}

/// Reads all fields of a message; `field` takes the ones it knows and says so.
template <class T, class Field>
Outcome<T> read(ByteView bytes, const char* where, Field field) {
  if (!fields_fit(bytes)) return Fault{.code = Errc::bad_message, .where = where, .detail = "a field does not fit into its message"};
  T message;
  try {
    pbf_reader in(bytes.data(), bytes.size());
    while (in.next()) {
      if (!field(in, message)) in.skip();
    }
  } catch (const protozero::exception& broken) {
    return Fault{.code = Errc::bad_message, .where = where, .detail = broken.what()};
  }
  return message;
}

}  // namespace

std::string write_hello(const Hello& hello) {
  std::string bytes;
  pbf_writer out(bytes);
  out.add_uint32(1, hello.version);
  add_bytes(out, 2, hello.name);
  out.add_uint32(3, hello.creation);
  if (hello.hidden) out.add_bool(4, true);
  out.add_fixed64(5, hello.features);
  add_bytes(out, 6, hello.nonce);
  if (!hello.target.empty()) add_bytes(out, 7, hello.target);
  out.add_uint32(8, hello.tick_time_ms);
  return bytes;
}

Outcome<Hello> read_hello(ByteView bytes) {
  return read<Hello>(bytes, "handshake: hello", [](pbf_reader& in, Hello& hello) {
    switch (in.tag_and_type()) {
      case tag_and_type(1, pbf_wire_type::varint):
        hello.version = in.get_uint32();
        return true;
      case tag_and_type(2, pbf_wire_type::length_delimited):
        hello.name = text(in);
        return true;
      case tag_and_type(3, pbf_wire_type::varint):
        hello.creation = in.get_uint32();
        return true;
      case tag_and_type(4, pbf_wire_type::varint):
        hello.hidden = in.get_bool();
        return true;
      case tag_and_type(5, pbf_wire_type::fixed64):
        hello.features = in.get_fixed64();
        return true;
      case tag_and_type(6, pbf_wire_type::length_delimited):
        hello.nonce = text(in);
        return true;
      case tag_and_type(7, pbf_wire_type::length_delimited):
        hello.target = text(in);
        return true;
      case tag_and_type(8, pbf_wire_type::varint):
        hello.tick_time_ms = in.get_uint32();
        return true;
      default:
        return false;
    }
  });
}

std::string write_challenge(const Challenge& challenge) {
  std::string bytes;
  pbf_writer out(bytes);
  add_bytes(out, 1, challenge.hello);
  add_bytes(out, 2, challenge.share);
  return bytes;
}

Outcome<Challenge> read_challenge(ByteView bytes) {
  return read<Challenge>(bytes, "handshake: challenge", [](pbf_reader& in, Challenge& challenge) {
    switch (in.tag_and_type()) {
      case tag_and_type(1, pbf_wire_type::length_delimited): {
        const auto view = in.get_view();
        challenge.hello = {view.data(), view.size()};
        return true;
      }
      case tag_and_type(2, pbf_wire_type::length_delimited):
        challenge.share = text(in);
        return true;
      default:
        return false;
    }
  });
}

std::string write_proof(const Proof& proof) {
  std::string bytes;
  pbf_writer out(bytes);
  add_bytes(out, 1, proof.share);
  add_bytes(out, 2, proof.confirmation);
  return bytes;
}

Outcome<Proof> read_proof(ByteView bytes) {
  return read<Proof>(bytes, "handshake: proof", [](pbf_reader& in, Proof& proof) {
    switch (in.tag_and_type()) {
      case tag_and_type(1, pbf_wire_type::length_delimited):
        proof.share = text(in);
        return true;
      case tag_and_type(2, pbf_wire_type::length_delimited):
        proof.confirmation = text(in);
        return true;
      default:
        return false;
    }
  });
}

std::string write_confirmation(ByteView confirmation) {
  std::string bytes;
  pbf_writer out(bytes);
  add_bytes(out, 1, confirmation);
  return bytes;
}

Outcome<std::string> read_confirmation(ByteView bytes) {
  return read<std::string>(bytes, "handshake: confirmation", [](pbf_reader& in, std::string& confirmation) {
    if (in.tag_and_type() != tag_and_type(1, pbf_wire_type::length_delimited)) return false;
    confirmation = text(in);
    return true;
  });
}

std::string write_refusal(const Refusal& refusal) {
  std::string bytes;
  pbf_writer out(bytes);
  out.add_uint32(1, refusal.code);
  if (!refusal.detail.empty()) add_bytes(out, 2, refusal.detail);
  return bytes;
}

Outcome<Refusal> read_refusal(ByteView bytes) {
  return read<Refusal>(bytes, "handshake: refusal", [](pbf_reader& in, Refusal& refusal) {
    switch (in.tag_and_type()) {
      case tag_and_type(1, pbf_wire_type::varint):
        refusal.code = in.get_uint32();
        return true;
      case tag_and_type(2, pbf_wire_type::length_delimited):
        refusal.detail = text(in);
        return true;
      default:
        return false;
    }
  });
}

}  // namespace pulpo::wire
