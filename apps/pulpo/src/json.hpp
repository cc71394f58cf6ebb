// SPDX-License-Identifier: Apache-2.0
//
// JsonObject: one JSON object, written in the order its keys are added.
//
// For what --json prints. A reader is not needed here, and a library would weigh 70 KB.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <concepts>
#include <string>
#include <string_view>

namespace pulpo::cli {

/// `text` between quotation marks. Bytes that are no UTF-8 must not be given.
[[nodiscard]] inline std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

class JsonObject {
 public:
  JsonObject& add(std::string_view key, std::string_view text) { return add_raw(key, json_text(text)); }
  JsonObject& add(std::string_view key, const char* text) { return add(key, std::string_view(text)); }
  JsonObject& add(std::string_view key, bool value) { return add_raw(key, value ? "true" : "false"); }
  template <std::integral I>
  JsonObject& add(std::string_view key, I value) {
    return add_raw(key, fmt::format("{}", value));
  }
  /// JSON has no NaN and no infinity: they become null.
  JsonObject& add(std::string_view key, double value, int decimals) {
    return add_raw(key, std::isfinite(value) ? fmt::format("{:.{}f}", value, decimals) : "null");
  }
  JsonObject& add(std::string_view key, const JsonObject& object) { return add_raw(key, object.text()); }
  /// `json` as it is: an array, or null.
  JsonObject& add_raw(std::string_view key, std::string_view json) {
    if (!members_.empty()) members_ += ",";
    members_ += json_text(key);
    members_ += ':';
    members_ += json;
    return *this;
  }
  [[nodiscard]] std::string text() const { return "{" + members_ + "}"; }

 private:
  std::string members_;
};

}  // namespace pulpo::cli
