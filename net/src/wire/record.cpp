// SPDX-License-Identifier: Apache-2.0
#include "wire/record.hpp"

#include "wire/cursor.hpp"
#include "wire/fields.hpp"

namespace pulpo::wire {
namespace {

Fault malformed(const char* detail) { return Fault{.code = Errc::bad_message, .where = "wire: record", .detail = detail}; }

}  // namespace

Outcome<RecordReader> RecordReader::open(ByteView record) {
  Cursor in(record);
  RecordReader reader;
  while (!in.done()) {
    const auto* const field = in.at;
    const auto tag = in.varint();
    if (tag == record::seq) {
      reader.stamp_.seq = in.varint();
    } else if (tag == record::ack) {
      reader.stamp_.ack = in.varint();
    } else {
      in.at = field;
      break;
    }
    if (in.bad) return malformed("truncated");
  }
  if (reader.stamp_.seq == 0) return malformed("it lacks its sequence number, or frames stand before it");
  reader.at_ = in.at;
  reader.end_ = in.end;
  return reader;
}

Outcome<bool> RecordReader::next(Decoder& decoder, Frame& frame) {
  while (at_ != end_) {
    Cursor in(ByteView(at_, static_cast<std::size_t>(end_ - at_)));
    if (in.varint() != record::frame) return malformed("a field that is no frame stands where one is expected");
    const auto bytes = in.bytes();
    if (in.bad) return malformed("truncated");
    at_ = in.at;
    if (auto decoded = decoder.decode(bytes, frame); !decoded) return decoded.error();
    if (decoder.is_whole()) [[likely]]
      return true;
  }
  return false;
}

}  // namespace pulpo::wire
