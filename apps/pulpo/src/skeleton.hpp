// SPDX-License-Identifier: Apache-2.0
//
// Skeleton: the project that `pulpo new APP` writes: a typed server, its supervisor, its application, and a test.
//
//   Threads    Any; texts of the program.
//   Errors     Fault bad_argument for a name that cannot be an application's.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "pulpo/result.hpp"

namespace pulpo::cli {

struct SkeletonFile {
  std::string_view path;  ///< In the project's folder; may hold placeholders, as `text` may: see filled().
  std::string_view text;
};
/// The folders and then the files, in the order of making. A path that ends in '/' is a folder.
[[nodiscard]] std::span<const SkeletonFile> skeleton_files() noexcept;

/// An application's name is an atom, a file's name and a CMake target: small letters, digits and underscores.
[[nodiscard]] Outcome<void> check_application_name(std::string_view name);

/// The name as a module: weather_station is WeatherStation.
[[nodiscard]] std::string module_of(std::string_view application);

/// `text` with @app@ and @App@ replaced by the application's name and its module.
[[nodiscard]] std::string filled(std::string_view text, std::string_view application);

}  // namespace pulpo::cli
