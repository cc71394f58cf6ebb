// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace pulpo::cli {
namespace {

const Option* find_option(const Verb& verb, std::string_view name) {
  const auto found = std::find_if(verb.options.begin(), verb.options.end(),
                                  [&](const Option& option) { return option.name == name || (!name.empty() && option.also == name); });
  return found == verb.options.end() ? nullptr : &*found;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// `-1` and `-.5` are requests to a server, not options.
bool looks_like_option(std::string_view word) {
  return word.size() >= 2 && word[0] == '-' && !is_digit(word[1]) && !(word[1] == '.' && word.size() > 2);
}

Fault unknown_option(const Verb& verb, std::string_view word, std::string_view name) {
  std::vector<std::string_view> names{"help"};
  for (const Option& option : verb.options) names.push_back(option.name);
  const std::string_view meant = nearest(name, names);
  if (!meant.empty()) return wrong_usage(fmt::format("unknown option {}; did you mean --{}?", word, meant));
  return wrong_usage(fmt::format("unknown option {}; --help lists them all", word));
}

std::optional<bool> read_switch(std::string_view text) {
  if (text == "1" || text == "true" || text == "yes" || text == "on") return true;
  if (text.empty() || text == "0" || text == "false" || text == "no" || text == "off") return false;
  return std::nullopt;
}

/// A decimal number, with a fraction when `text` has one. Whole text, finite, not negative.
std::optional<double> read_decimal(std::string_view text) {
  if (text.empty() || (!is_digit(text[0]) && text[0] != '.')) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string seconds_text(Duration duration) { return fmt::format("{:g}", std::chrono::duration<double>(duration).count()); }

}  // namespace

Environment process_environment() {
  return [](const char* name) -> const char* { return std::getenv(name); };  // NOLINT(concurrency-mt-unsafe): nobody sets any
}

Fault wrong_usage(std::string detail) { return Fault{.code = Errc::bad_argument, .where = "", .detail = std::move(detail)}; }

std::string environment_name(std::string_view option) {
  std::string name = "PULPO_";
  for (const char c : option) name += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return name;
}

Outcome<Arguments> Arguments::parse(const Verb& verb, std::span<const char* const> words, const Environment& environment) {
  Arguments result;
  result.verb_ = &verb;
  result.environment_ = environment;
  bool options_ended = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (options_ended || !looks_like_option(word)) {
      result.positional_.emplace_back(word);
      continue;
    }
    if (word == "--") {
      options_ended = true;
      continue;
    }
    std::string_view name = word.substr(word[1] == '-' ? 2 : 1);
    std::optional<std::string_view> value;
    if (const auto equals = name.find('='); equals != std::string_view::npos) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    const Option* option = find_option(verb, name);
    if (option == nullptr) return unknown_option(verb, word.substr(0, word.find('=')), name);
    name = option->name;
    if (option->value.empty()) {
      if (value) return wrong_usage(fmt::format("--{} takes no value", name));
      result.given_.push_back({option, "1", true});
      continue;
    }
    if (!value) {
      // What looks like an option is not taken for a value: `--sname --cookie c` is a forgotten name, not a node "--cookie".
      if (i + 1 >= words.size() || (looks_like_option(words[i + 1]) && !option->takes_dashes)) {
        return wrong_usage(fmt::format("--{} needs {}: --{} {}", name, option->lacks, name, option->value));
      }
      value = words[++i];
    }
    if (!option->repeatable && result.typed(name)) return wrong_usage(fmt::format("--{} is given twice; give it once", name));
    result.given_.push_back({option, std::string(*value), true});
  }

  if (result.positional_.size() < verb.arguments_min) {
    return wrong_usage(fmt::format("an argument is missing; usage: {} {}", verb.name, verb.arguments));
  }
  if (result.positional_.size() > verb.arguments_max) {
    return wrong_usage(fmt::format("one argument too many: '{}'; usage: {} {}", result.positional_[verb.arguments_max], verb.name,
                                   verb.arguments.empty() ? "[OPTION...]" : verb.arguments));
  }

  for (const Option& option : verb.options) {
    if (result.typed(option.name)) continue;
    const std::string name = environment_name(option.name);
    const char* text = environment ? environment(name.c_str()) : nullptr;
    if (text == nullptr) continue;
    if (option.value.empty()) {
      const auto on = read_switch(text);
      if (!on) return wrong_usage(fmt::format("{}: '{}' is neither on nor off; set it to 1 or 0", name, text));
      if (*on) result.given_.push_back({&option, "1", false});
    } else if (option.repeatable) {
      std::string_view rest = text;
      while (!rest.empty()) {
        const auto comma = rest.find(',');
        if (const auto part = rest.substr(0, comma); !part.empty()) result.given_.push_back({&option, std::string(part), false});
        rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
      }
    } else if (*text != '\0') {
      result.given_.push_back({&option, text, false});
    }
  }
  return result;
}

bool Arguments::has(std::string_view option) const {
  return std::any_of(given_.begin(), given_.end(), [&](const Given& given) { return given.option->name == option; });
}

std::optional<std::string> Arguments::get(std::string_view option) const {
  const auto found = std::find_if(given_.rbegin(), given_.rend(), [&](const Given& given) { return given.option->name == option; });
  return found == given_.rend() ? std::nullopt : std::optional(found->value);
}

std::vector<std::string> Arguments::all(std::string_view option) const {
  std::vector<std::string> values;
  for (const Given& given : given_) {
    if (given.option->name == option) values.push_back(given.value);
  }
  return values;
}

bool Arguments::typed(std::string_view option) const {
  return std::any_of(given_.begin(), given_.end(), [&](const Given& given) { return given.typed && given.option->name == option; });
}

Outcome<std::uint64_t> Arguments::number(std::string_view option, std::uint64_t least, std::uint64_t most, std::uint64_t otherwise) const {
  const auto text = get(option);
  if (!text) return otherwise;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size() || value < least || value > most) {
    return wrong_usage(fmt::format("--{}: '{}' is not a number from {} to {}", option, *text, least, most));
  }
  return value;
}

Outcome<Duration> Arguments::duration(std::string_view option, Duration least, Duration most, Duration otherwise) const {
  const auto text = get(option);
  if (!text) return otherwise;
  std::string_view digits = *text;
  double unit = 1;
  const auto ends = [&](std::string_view suffix, double seconds) {
    if (digits.size() <= suffix.size() || digits.substr(digits.size() - suffix.size()) != suffix) return false;
    digits.remove_suffix(suffix.size());
    unit = seconds;
    return true;
  };
  if (!ends("ms", 1e-3) && !ends("us", 1e-6) && !ends("s", 1) && !ends("m", 60)) unit = 1;
  const auto value = read_decimal(digits);
  const double least_seconds = std::chrono::duration<double>(least).count();
  const double most_seconds = std::chrono::duration<double>(most).count();
  if (!value || *value * unit < least_seconds || *value * unit > most_seconds) {
    return wrong_usage(fmt::format("--{}: '{}' is not a time from {} to {} seconds; write 5, 0.5 or 500ms", option, *text,
                                   seconds_text(least), seconds_text(most)));
  }
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*value * unit));
}

Outcome<std::uint64_t> Arguments::bytes(std::string_view option, std::uint64_t least, std::uint64_t most, std::uint64_t otherwise) const {
  const auto text = get(option);
  if (!text) return otherwise;
  std::uint64_t value = 0;
  const char* const last = text->data() + text->size();
  const auto [end, error] = std::from_chars(text->data(), last, value);
  const std::string_view suffix(end, static_cast<std::size_t>(last - end));
  std::uint64_t unit = 0;
  if (suffix.empty()) unit = 1;
  if (suffix == "k" || suffix == "K" || suffix == "KiB") unit = 1u << 10;
  if (suffix == "m" || suffix == "M" || suffix == "MiB") unit = 1u << 20;
  if (error != std::errc{} || unit == 0 || value > most / unit || value * unit < least) {
    return wrong_usage(fmt::format("--{}: '{}' is not a size from {} to {} bytes; write 65536, 64KiB or 1MiB", option, *text, least, most));
  }
  return value * unit;
}

}  // namespace pulpo::cli
