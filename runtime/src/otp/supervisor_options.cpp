// SPDX-License-Identifier: Apache-2.0
#include "otp/supervisor_options.hpp"

#include <fmt/format.h>

namespace pulpo {
namespace {

template <class T>
void read_option(const Keywords& keywords, std::string_view key, T& out) {
  const auto value = keywords.find(key);
  if (value && !decode_into(*value, out)) exit_badarg(fmt::format("{}: is {}, not {}", key, kTypeText<T>, value->text()));
}

template <class Options>
void read_intensity(const Keywords& keywords, Options& options) {
  read_option(keywords, "max_restarts", options.intensity);
  std::uint32_t seconds = 5;
  read_option(keywords, "max_seconds", seconds);
  options.period = std::chrono::seconds(seconds);
  options.name = name_of(keywords);
}

}  // namespace

SupervisorOptions static_options(std::string_view function, const Keywords& keywords) {
  keywords.only(function, {"name", "strategy", "max_restarts", "max_seconds", "auto_shutdown"});
  if (!keywords.find("strategy")) exit_badarg("expected :strategy option to be given");
  SupervisorOptions options;
  read_option(keywords, "strategy", options.strategy);
  read_option(keywords, "auto_shutdown", options.auto_shutdown);
  read_intensity(keywords, options);
  return options;
}

DynamicSupervisorOptions dynamic_options(std::string_view function, const Keywords& keywords) {
  keywords.only(function, {"name", "strategy", "max_restarts", "max_seconds", "max_children"});
  if (const auto strategy = keywords.find("strategy"); strategy && !strategy->is_atom("one_for_one"_atom))
    exit_badarg(fmt::format("{} knows the strategy :one_for_one, not {}", function, strategy->text()));
  DynamicSupervisorOptions options;
  if (const auto most = keywords.find("max_children"); most && !most->is_atom(atoms::infinity))
    read_option(keywords, "max_children", options.max_children);
  read_intensity(keywords, options);
  return options;
}

Term supervisor_child_spec(Atom module, const Keywords& options) {
  const auto name = options.find("name");
  return Term::map({{"id"_atom, name && !name->is_atom(atoms::nil) ? *name : Term(module)},
                    {"start"_atom, Term::tuple({module, "start_link"_atom, Term::list({options.list})})},
                    {"type"_atom, "supervisor"_atom}});
}

}  // namespace pulpo
