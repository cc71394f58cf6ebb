// SPDX-License-Identifier: Apache-2.0
//
// `pulpo new APP`: writes a project of an author's own, ready to be built, run and tested.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "program.hpp"
#include "skeleton.hpp"

namespace pulpo::cli {
namespace {

/// What was made so far. Unless it is kept, all of it goes again, the last first.
class Making {
 public:
  Making() = default;
  Making(const Making&) = delete;
  Making& operator=(const Making&) = delete;
  ~Making() {
    for (auto path = made_.rbegin(); path != made_.rend(); ++path) (void)::remove(path->c_str());
  }
  void keep() { made_.clear(); }

  Outcome<void> folder(const std::string& path) {
    if (::mkdir(path.c_str(), 0777) != 0) return failed("make", path);
    made_.push_back(path);
    return {};
  }
  Outcome<void> file(const std::string& path, std::string_view text) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0) return failed("make", path);
    made_.push_back(path);
    while (!text.empty()) {
      const ssize_t wrote = ::write(descriptor, text.data(), text.size());
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) break;
      text.remove_prefix(static_cast<std::size_t>(wrote));
    }
    const int error = errno;
    const bool closed = ::close(descriptor) == 0;
    if (!text.empty()) errno = error;
    if (!text.empty() || !closed) return failed("write", path);
    return {};
  }

 private:
  static Fault failed(const char* what, const std::string& path) {
    if (errno == EEXIST) {
      return Fault{.code = Errc::already_exists, .detail = fmt::format("{} is there already; take another name, or --path", path)};
    }
    return Fault{.code = Errc::io, .detail = fmt::format("cannot {} {}: {}", what, path, std::strerror(errno))};
  }
  std::vector<std::string> made_;
};

/// What tells CMake where the package is, when this very program lies in an installed tree that CMake does not search by itself.
std::string package_option() {
  char buffer[PATH_MAX];
  const ssize_t size = ::readlink("/proc/self/exe", buffer, sizeof buffer);
  if (size <= 0 || static_cast<std::size_t>(size) == sizeof buffer) return {};
  std::string prefix(buffer, static_cast<std::size_t>(size));
  for (int level = 0; level < 2; ++level) prefix.erase(std::min(prefix.rfind('/'), prefix.size()));
  if (prefix.empty() || prefix == "/usr" || prefix == "/usr/local") return {};
  if (::access((prefix + "/lib/cmake/pulpo/pulpoConfig.cmake").c_str(), R_OK) != 0) return {};
  const std::string_view quote = prefix.find_first_of(" '\"$\\") == std::string::npos ? "" : "\"";
  return fmt::format(" -DCMAKE_PREFIX_PATH={0}{1}{0}", quote, prefix);
}

Outcome<void> write_project(const std::string& folder, std::string_view application) {
  Making making;
  PULPO_CHECK(making.folder(folder));
  for (const SkeletonFile& file : skeleton_files()) {
    const std::string path = folder + "/" + filled(file.path, application);
    if (path.ends_with('/')) {
      PULPO_CHECK(making.folder(path.substr(0, path.size() - 1)));
    } else {
      PULPO_CHECK(making.file(path, filled(file.text, application)));
    }
  }
  making.keep();
  return {};
}

int make_new(Program& program, const Arguments& arguments) {
  const std::string& application = arguments.positional()[0];
  if (const auto named = check_application_name(application); !named) return program.complain(arguments.verb(), named.error());
  const std::string folder = arguments.get("path").value_or(application);
  if (const auto written = write_project(folder, application); !written) return program.complain(arguments.verb(), written.error());
  program.print(
      fmt::format("{3}: a server, its supervisor, its application and a test. Next:\n\n"
                  "  cd {3}\n"
                  "  cmake -S . -B build{2} && cmake --build build\n"
                  "  ctest --test-dir build\n"
                  "  build/{0} node --sname {0}@localhost --app {0} --cookie secret &\n"
                  "  build/{0} call {0}@localhost {1} '{{:greet, \"world\"}}' --cookie secret\n",
                  application, module_of(application), package_option(), folder));
  return kSuccess;
}

}  // namespace

Verb new_verb() {
  return {.name = "new",
          .arguments = "APP",
          .summary = "Start a project of your own.",
          .details =
              "Makes the folder APP with a project that builds against the installed pulpo: a typed server, its supervisor, its "
              "application, and a test on simulated boards. Prints what to type next. Exit status 1 when the folder is there "
              "already, and nothing is changed then.",
          .examples = "new weather\nnew weather --path ~/src/weather",
          .options = {{.name = "path", .value = "DIR", .help = "The folder to make, in place of ./APP."}},
          .arguments_min = 1,
          .arguments_max = 1,
          .run = make_new};
}

}  // namespace pulpo::cli
