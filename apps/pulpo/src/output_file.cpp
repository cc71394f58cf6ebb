// SPDX-License-Identifier: Apache-2.0
#include "output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "arguments.hpp"

namespace pulpo::cli {

Outcome<OutputFile> OutputFile::open(std::string_view option, std::string path) {
  constexpr int kFlags = O_WRONLY | O_CLOEXEC;
  int descriptor = ::open(path.c_str(), kFlags | O_CREAT | O_EXCL, 0666);
  const bool is_new = descriptor >= 0;
  if (!is_new && errno == EEXIST) descriptor = ::open(path.c_str(), kFlags);
  if (descriptor < 0) return wrong_usage(fmt::format("{}: cannot write {}: {}", option, path, std::strerror(errno)));
  return OutputFile(std::move(path), descriptor, is_new);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (is_new_) ::unlink(path_.c_str());
}

Outcome<void> OutputFile::write(std::string_view text) {
  is_new_ = false;
  // What is no plain file (a pipe, /dev/null) has no length to take back.
  int error = ::ftruncate(descriptor_, 0) == 0 || errno == EINVAL ? 0 : errno;
  while (error == 0 && !text.empty()) {
    const ssize_t wrote = ::write(descriptor_, text.data(), text.size());
    if (wrote > 0) {
      text.remove_prefix(static_cast<std::size_t>(wrote));
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  if (error != 0) return Fault{.code = Errc::io, .where = "", .detail = fmt::format("cannot write {}: {}", path_, std::strerror(error))};
  return {};
}

}  // namespace pulpo::cli
