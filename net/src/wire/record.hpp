// SPDX-License-Identifier: Apache-2.0
//
// RecordReader: the frames of one record, which is what one flush of the peer gathered.
//
// A record without frames only carries its numbers: a tick, or an acknowledgement.
//
//   Ownership  Borrows the record's bytes and the decoder.
//   Errors     Errc::bad_message; the connection must end.
//
//     auto reader = RecordReader::open(bytes);
//     if (!reader) return reader.error();
//     for (Frame frame;;) {
//       auto some = reader->next(decoder, frame);
//       if (!some) return some.error();
//       if (!*some) break;
//       handle(frame);
//     }
#pragma once

#include "wire/codec.hpp"

namespace pulpo::wire {

class RecordReader {
 public:
  /// Reads the record's numbers, which stand before its first frame.
  [[nodiscard]] static Outcome<RecordReader> open(ByteView record);
  [[nodiscard]] const Stamp& stamp() const noexcept { return stamp_; }
  /// The next frame that is whole, by way of `decoder`, which keeps those of which fragments are still to come; false at the record's end.
  Outcome<bool> next(Decoder& decoder, Frame& frame);

 private:
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  Stamp stamp_;
};

}  // namespace pulpo::wire
