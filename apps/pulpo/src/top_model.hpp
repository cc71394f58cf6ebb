// SPDX-License-Identifier: Apache-2.0
//
// TopModel: what `pulpo top` knows of nodes: what they told (runtime's otp/observer_backend.hpp), as values, and what became of it since
// the time before.
//
//   Threads    Any; values.
//   Bounds     As many rows as were asked for.
//   Errors     What a node did not tell, or told in another form, is 0, empty, or no row: a live view shows what there is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pulpo/pid.hpp"
#include "pulpo/term.hpp"
#include "pulpo/time.hpp"

namespace pulpo::cli::top {

enum class Order : std::uint8_t { memory, reductions, mailbox };
inline constexpr std::size_t kOrders = 3;
/// As --sort takes it.
[[nodiscard]] std::string_view order_word(Order order);
[[nodiscard]] std::optional<Order> order_of(std::string_view word);
/// As the node takes it.
[[nodiscard]] Atom order_atom(Order order);

/// The summary of a node (OBS-6).
struct NodeFacts {
  std::string name = {};
  bool up = false;
  std::string cause = {};  ///< Why not, in words.
  TimePoint at{};          ///< When it answered.
  std::uint64_t uptime_ms = 0, run_queue = 0, processors = 0, cores = 0, processes = 0, processes_max = 0, atoms = 0, atoms_max = 0;
  std::uint64_t memory = 0, cpu_us = 0, messages = 0, run_delay_max_us = 0, stalls = 0, word_bytes = 0;
  std::string version = {}, architecture = {}, machine = {}, loop = {};
  // Since the sample before; none in the first.
  std::optional<double> cpu_percent = {}, messages_per_second = {};
};

/// OBS-3.
struct ProcessRow {
  Pid pid{};
  std::string name = {};
  bool registered = false;
  std::uint64_t reductions = 0;
  double reductions_per_second = 0;
  std::uint64_t memory = 0;
  std::uint64_t mailbox = 0;
  std::string activity = {};
};
struct ProcessList {
  Order order = Order::memory;
  std::vector<ProcessRow> rows = {};
  std::uint64_t count = 0;
  double reductions_per_second = 0;
  std::uint64_t messages_waiting = 0;
};

struct ApplicationFacts {
  std::string name = {}, description = {}, version = {};
  std::optional<std::uint64_t> running_ms = {};
};
/// OBS-5.
struct TreeRow {
  unsigned depth = 0;
  Pid pid{};  ///< Nobody: a child without a process.
  std::string kind = {}, name = {};
  std::optional<std::uint64_t> children = {};
};
struct Tree {
  std::string application = {};
  std::vector<TreeRow> rows = {};
};

struct ConnectionRow {
  std::string node = {}, address = {};
  bool hidden = false, sealed = false;
  std::uint64_t up_ms = 0, bytes_in = 0, bytes_out = 0, messages_in = 0, messages_out = 0, records_in = 0, records_out = 0;
  std::uint64_t queue_bytes = 0, queue_limit = 0;
  // Since the sample before.
  std::optional<double> bytes_in_per_second = {}, bytes_out_per_second = {}, messages_in_per_second = {}, messages_out_per_second = {};
};

/// OBS-4: keys and texts, in the node's order; gone: it has ended.
struct ProcessDetail {
  Pid pid{};
  bool gone = false;
  std::vector<std::pair<std::string, std::string>> rows = {};
};

/// One look at all nodes. Of the selected one alone there is more than a summary (OBS-9).
struct Sample {
  TimePoint at{};
  std::vector<NodeFacts> nodes;  ///< The first is the one that was asked for.
  std::string selected;
  std::optional<ProcessList> processes;
  std::optional<std::vector<ApplicationFacts>> applications;
  std::vector<Tree> trees;
  std::optional<std::vector<ConnectionRow>> connections;
  TimePoint connections_at{};
  std::optional<ProcessDetail> detail;

  [[nodiscard]] const NodeFacts* find(std::string_view node) const;
};

// --- What the functions of :observer_backend return ------------------------------------------------------------------------
[[nodiscard]] NodeFacts read_facts(std::string name, const Term& sys_info, TimePoint at);
[[nodiscard]] ProcessList read_processes(Order order, const Term& answer);
[[nodiscard]] std::vector<ApplicationFacts> read_application_facts(const Term& answer);
[[nodiscard]] Tree read_tree(std::string application, const Term& answer);
[[nodiscard]] std::vector<ConnectionRow> read_connections(const Term& answer);
[[nodiscard]] ProcessDetail read_detail(const Pid& pid, const Term& answer);

/// Fills in what is per second, by what there was before.
void add_rates(Sample& sample, const Sample& before);
/// Takes over from the sample before what was not asked for this time, so that a screen that is shown again is not empty until it is told.
void keep_known(Sample& sample, Sample&& before);

/// As its own node writes it: <0.12.1>.
[[nodiscard]] std::string short_pid(const Pid& pid);

}  // namespace pulpo::cli::top
