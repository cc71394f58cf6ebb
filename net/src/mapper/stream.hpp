// SPDX-License-Identifier: Apache-2.0
//
// Stream: a TCP connection of the mapper or of a client of it; the loop's, under the name that this layer uses.
#pragma once

#include "io/tcp_stream.hpp"

namespace pulpo::mapper {

using Stream = io::TcpStream;

}  // namespace pulpo::mapper
