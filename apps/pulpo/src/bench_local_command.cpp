// SPDX-License-Identifier: Apache-2.0
//
// `pulpo bench local`: what switches, messages, calls, processes and timers cost on this board, on one node by itself.
#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>

#include "base/cpus.hpp"
#include "common_options.hpp"
#include "json.hpp"
#include "local_measures.hpp"
#include "program.hpp"

namespace pulpo::cli {
namespace {

constexpr std::uint64_t kProcessesMax = 10'000'000;  // some 5 GB of them

Outcome<LocalSettings> read_settings(const Arguments& arguments) {
  LocalSettings settings;
  PULPO_TRY(const auto rounds, arguments.number("rounds", 1, 1000, settings.rounds));
  settings.rounds = static_cast<unsigned>(rounds);
  PULPO_TRY(settings.round, arguments.duration("duration", 1ms, 1h, settings.round));
  PULPO_TRY(settings.processes, arguments.number("processes", 1, kProcessesMax, settings.processes));
  PULPO_TRY(const auto cores, arguments.number("cores", 1, 64, std::min(count_cpus().usable(), 2u)));
  settings.runtime.cores = static_cast<unsigned>(cores);
  PULPO_TRY(settings.runtime.loop, loop_choice(arguments));
  PULPO_TRY(settings.runtime.spin, spin_choice(arguments));
  return settings;
}

std::string local_text(const LocalSettings& settings, const std::vector<LocalMeasure>& measures) {
  std::string text = fmt::format("{} {} of about {:g} s, {} {}\n  {:<42} {:>10} {:>10} {:>10}\n", settings.rounds,
                                 settings.rounds == 1 ? "round" : "rounds", std::chrono::duration<double>(settings.round).count(),
                                 settings.runtime.cores, settings.runtime.cores == 1 ? "core" : "cores", "", "min", "median", "max");
  for (const LocalMeasure& measure : measures) {
    text += fmt::format("  {:<42} {:>10.1f} {:>10.1f} {:>10.1f} {}", measure.name, measure.least(), measure.median(), measure.most(),
                        measure.unit);
    if (measure.unit == "ns" && measure.median() > 0) text += fmt::format("  {:.2f} M/s", 1e3 / measure.median());
    text += '\n';
  }
  return text;
}

std::string local_json(const LocalSettings& settings, const std::vector<LocalMeasure>& measures) {
  JsonObject object;
  for (const LocalMeasure& measure : measures) {
    object.add(measure.key, JsonObject{}
                                .add("unit", measure.unit)
                                .add("min", measure.least(), 2)
                                .add("median", measure.median(), 2)
                                .add("max", measure.most(), 2));
  }
  utsname about{};
  ::uname(&about);
  object.add("bench", "local")
      .add("rounds", settings.rounds)
      .add("round_s", std::chrono::duration<double>(settings.round).count(), 3)
      .add("processes", settings.processes)
      .add("cores", settings.runtime.cores)
      .add("kernel", fmt::format("{} {}", about.release, about.machine))
      .add("version", PULPO_VERSION);
  return object.text() + "\n";
}

int bench_local(Program& program, const Arguments& arguments) {
  const auto settings = read_settings(arguments);
  if (!settings) return program.complain(arguments.verb(), settings.error());
  const auto measures = measure_locally(*settings);
  if (!measures) return program.complain(arguments.verb(), measures.error());
  program.print(arguments.has("json") ? local_json(*settings, *measures) : local_text(*settings, *measures));
  return kSuccess;
}

}  // namespace

Verb bench_local_verb() {
  return {.name = "bench local",
          .summary = "Measure one node by itself: switches, messages, calls, memory.",
          .details =
              "Each figure is for one step, in rounds: minimum, median and maximum of them. Round trips go between two servers on one "
              "core, with messages as terms and as types; a spawn counts until its exit was told. The memory of an idle server is the "
              "growth of the resident pages, divided.",
          .examples = "bench local\nbench local --processes 1000000 --json\nbench local --rounds 20 --duration 0.5",
          .options = {{.name = "rounds", .value = "N", .help = "Rounds of each; 5 by default."},
                      {.name = "duration", .value = "S", .help = "Of a round; 0.1 by default."},
                      {.name = "processes", .value = "N", .help = "Idle servers, for their memory; 100000 by default."},
                      {.name = "cores", .value = "N", .help = "Loops; 2 by default, or what there is. The second is for calls across."},
                      loop_option(),
                      spin_option(),
                      json_option()},
          .run = bench_local};
}

}  // namespace pulpo::cli
