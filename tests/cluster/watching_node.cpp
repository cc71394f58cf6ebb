// SPDX-License-Identifier: Apache-2.0
//
// A program without a name that shows its own runtime on its terminal, from inside a process, as a console's :observer.start does.
#include <fmt/format.h>

#include <cstdio>

#include "pulpo/blocking.hpp"
#include "pulpo/runtime.hpp"
#include "pulpo/system.hpp"
#include "top_state.hpp"
#include "top_view.hpp"

int main() {
  pulpo::Runtime runtime;
  if (const auto started = runtime.start(); !started) return 1;
  bool shown = false;
  const bool ended = runtime.run([&] {
    if (!pulpo::start_system()) return;
    pulpo::cli::top::ViewSettings settings{.first = runtime.node_name(), .interval = pulpo::Duration(pulpo::cli::top::kIntervalMin)};
    shown = pulpo::blocking([&runtime, settings] { return pulpo::cli::top::run_top(runtime, settings).has_value(); });
    fmt::print(stderr, "the process goes on\n");
    static_cast<void>(pulpo::stop_system());
  });
  return ended && shown ? 0 : 1;
}
