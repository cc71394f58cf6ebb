// SPDX-License-Identifier: Apache-2.0
#include "pulpo/config.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <map>

#include "otp/config_kernel.hpp"
#include "otp/config_text.hpp"

namespace pulpo {
namespace {

constexpr std::size_t kFileBytesMax = 1u << 20;  // Nobody writes that by hand: it is another file.
constexpr std::size_t kFilesMax = 64;            // More of them is a file that includes itself.

constexpr std::string_view kSuffix = ".config";

Fault wrong_file(Errc code, std::string detail) { return Fault{.code = code, .where = "", .detail = std::move(detail)}; }

Fault too_large(const std::string& path) {
  return wrong_file(Errc::bad_argument, fmt::format("{}: more than {} KiB; is it a configuration file?", path, kFileBytesMax >> 10));
}

/// The text of a file, whatever its kind.
Outcome<std::string> read_text(const std::string& path) {
  // Without O_NONBLOCK a pipe that nobody writes into would hold us here.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status {};
  if (file >= 0 && ::fstat(file, &status) == 0 && S_ISFIFO(status.st_mode)) {
    ::close(file);
    return wrong_file(Errc::bad_argument, fmt::format("{}: it is a pipe; name a file", path));
  }
  if (file < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return wrong_file(Errc::not_found, fmt::format("{}: there is no such file", path));
    return wrong_file(Errc::io, fmt::format("{}: {}", path, std::strerror(errno)));  // NOLINT(concurrency-mt-unsafe): glibc's is safe
  }
  std::string text(64 * 1024, '\0');
  std::size_t size = 0;
  int error = 0;
  while (size <= kFileBytesMax) {
    if (size == text.size()) text.resize(2 * text.size());
    const ssize_t got = ::read(file, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) error = errno;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  ::close(file);
  if (error != 0) return wrong_file(Errc::io, fmt::format("{}: {}", path, std::strerror(error)));  // NOLINT(concurrency-mt-unsafe)
  if (size > kFileBytesMax) return too_large(path);
  text.resize(size);
  return text;
}

/// As erl completes what stands behind -config.
std::string with_suffix(std::string path) { return path.ends_with(kSuffix) ? path : path.append(kSuffix); }

/// What to say of a file that is not there: which others its folder has. Whoever makes a.config asks for abc soon (ST-28).
std::string files_beside(const std::string& path) {
  constexpr std::size_t kShown = 12;
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
  DIR* const open = ::opendir(folder.c_str());
  if (open == nullptr) return errno == ENOENT ? fmt::format("; nor a folder {}", folder) : std::string();
  std::vector<std::string> names;
  while (const dirent* const each = ::readdir(open)) {  // NOLINT(concurrency-mt-unsafe): the stream is ours
    std::string name = each->d_name;
    if (name.ends_with(kSuffix) && name.size() > kSuffix.size()) names.push_back(std::move(name));
  }
  ::closedir(open);
  if (names.empty()) return fmt::format("; {} has no *.config", folder == "." ? "this folder" : folder);
  std::sort(names.begin(), names.end());
  std::string text = fmt::format("; {} has", folder == "." ? "this folder" : folder);
  for (std::size_t i = 0; i < names.size() && i < kShown; ++i) text += fmt::format("{} {}", i == 0 ? "" : ",", names[i]);
  return names.size() > kShown ? text + ", …" : text;
}

/// Puts together what one or several files say.
class ConfigReading {
 public:
  explicit ConfigReading(const ConfigFiles& files) : files_(files) {}

  /// Reads a file and, in their places, those that it includes. Not deeper than kFilesMax.
  Outcome<void> add(std::string_view text, const std::string& file) {
    if (text.size() > kFileBytesMax) return too_large(file);
    PULPO_TRY(ConfigText read, ConfigText::read(text, file));
    const PlacedTerm root = texts_.emplace_back(std::move(read)).root();
    if (!root.term().is_proper_list()) return root.expected("a list, [{Application, [{Key, Value}]}]");
    for (const PlacedTerm& element : root.parts()) {
      const auto path = element.term().is_list() ? element.term().charlist_text() : std::nullopt;
      if (path && !path->empty()) {
        PULPO_CHECK(include(element, *path));
      } else {
        PULPO_CHECK(add_application(element));
      }
    }
    return {};
  }

  Outcome<Config> finish() {
    Config config;
    for (const Section& section : sections_) {
      std::vector<std::pair<Atom, Term>> values;
      for (const ConfigSetting& setting : section.settings) values.emplace_back(setting.key.term().atom(), setting.value.term());
      config.env.emplace_back(std::string(section.application.text()), Env(std::move(values)));
      if (section.application == "kernel"_atom) {
        PULPO_TRY(config.kernel, read_kernel_config(section.settings, config.warnings));
      }
    }
    return config;
  }

 private:
  struct Section {
    Atom application;
    std::vector<ConfigSetting> settings;  ///< Each key once.
  };

  Outcome<void> add_application(const PlacedTerm& element) {
    if (!element.term().is_tuple(2)) return element.expected("{Application, [{Key, Value}]}, or the path of another file in double quotes");
    const auto parts = element.parts();
    const auto application = parts[0].term().as_atom();
    if (!application) return parts[0].expected("an application's name, an atom");
    if (!parts[1].term().is_proper_list())
      return parts[1].expected(fmt::format("the list of {}'s settings, [{{Key, Value}}]", parts[0].quoted()));
    auto section = std::find_if(sections_.begin(), sections_.end(), [&](const Section& each) { return each.application == *application; });
    if (section == sections_.end()) section = sections_.insert(section, Section{*application, {}});
    for (const PlacedTerm& entry : parts[1].parts()) {
      if (!entry.term().is_tuple(2)) return entry.expected("a setting, {Key, Value}");
      const auto pair = entry.parts();
      if (!pair[0].term().is_atom()) return pair[0].expected("a setting's name, an atom");
      PULPO_CHECK(set(*section, {.key = pair[0], .value = pair[1]}));
    }
    return {};
  }

  Outcome<void> set(Section& section, ConfigSetting setting) {
    const auto [found, is_new] =
        places_.try_emplace({section.application.index(), setting.key.term().atom().index()}, section.settings.size());
    if (is_new) {
      section.settings.push_back(std::move(setting));
      return {};
    }
    ConfigSetting& before = section.settings[found->second];
    if (&before.key.text() == &setting.key.text()) {
      return setting.key.wrong(fmt::format("{} of {} stands here a second time, first at {}; leave one of the two", setting.key.quoted(),
                                           Term(section.application).erlang_text(), before.key.place()));
    }
    before = std::move(setting);
    return {};
  }

  /// Looked for beside the file that includes it, then from the working directory, as OTP does.
  Outcome<void> include(const PlacedTerm& element, const std::string& written) {
    if (std::any_of(written.begin(), written.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
      return element.expected("the path of a file");  // a list of numbers, or what would break the line of the error
    if (!files_) return element.wrong("a text that is no file includes no others");
    if (texts_.size() >= kFilesMax) return element.wrong(fmt::format("more than {} files; does one of them include itself?", kFilesMax));
    const std::string path = with_suffix(written);
    const std::string& from = element.text().file();
    const std::size_t slash = from.rfind('/');
    std::string found = slash == std::string::npos || path.starts_with('/') ? path : from.substr(0, slash + 1) + path;
    auto text = files_(found);
    if (!text && text.error().code == Errc::not_found && found != path) {
      text = files_(path);
      if (text) found = path;
    }
    if (!text) return element.wrong(fmt::format("cannot include {}", text.error().text()));
    return add(*text, found);
  }

  const ConfigFiles& files_;
  std::deque<ConfigText> texts_;  ///< What the settings borrow.
  std::vector<Section> sections_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> places_;  ///< Of a key among its application's settings.
};

}  // namespace

Outcome<Config> parse_config(std::string_view text, const std::string& file_name, const ConfigFiles& files) {
  ConfigReading reading(files);
  PULPO_CHECK(reading.add(text, file_name));
  return reading.finish();
}

Outcome<Config> read_configs(const std::vector<std::string>& paths) {
  const ConfigFiles files = read_text;
  ConfigReading reading(files);
  for (const std::string& path : paths) {
    const std::string file = with_suffix(path);
    auto text = read_text(file);
    if (!text && text.error().code == Errc::not_found) return wrong_file(Errc::not_found, text.error().detail + files_beside(file));
    if (!text) return std::move(text).error();
    PULPO_CHECK(reading.add(*text, file));
  }
  return reading.finish();
}

Outcome<Config> read_config(const std::string& path) { return read_configs({path}); }

}  // namespace pulpo
