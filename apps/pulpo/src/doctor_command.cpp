// SPDX-License-Identifier: Apache-2.0
//
// `pulpo doctor`: what this kernel and board offer, what pulpo will use of it, and every limit it keeps.
#include <fmt/format.h>
#include <sys/utsname.h>

#include <memory>

#include "base/cpus.hpp"
#include "common_options.hpp"
#include "cookie.hpp"
#include "dist/session.hpp"
#include "io/loop.hpp"
#include "json.hpp"
#include "link/admission.hpp"
#include "link/connection.hpp"
#include "mapper_query.hpp"
#include "proc/spin.hpp"
#include "program.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo::cli {
namespace {

constexpr Duration kMapperTimeout = 1s;  // it is on this host

/// What stands where a limit would; null in JSON.
constexpr const char* kNoLimit = "no limit";

struct Finding {
  std::string_view key;   ///< Of the JSON object.
  std::string_view name;  ///< For a person.
  std::string value;
  std::string note = {};
};

struct Section {
  std::string_view key;
  std::string_view title;
  std::vector<Finding> findings;
};

std::string yes_no(bool value) { return value ? "yes" : "no"; }

Section kernel() {
  utsname about{};
  ::uname(&about);
  const io::UringProbe probe = io::probe_uring();
  std::string why;
  const auto loop = io::make_loop(io::LoopKind::automatic, &why);
  return {"kernel",
          "Kernel",
          {{"release", "release", fmt::format("{} {} {}", about.sysname, about.release, about.machine)},
           {"io_uring", "io_uring", yes_no(probe.available), probe.available ? "" : probe.missing},
           {"defer_taskrun", "defer taskrun", yes_no(probe.defer_taskrun), "completions only when the core asks (Linux 6.1)"},
           {"multishot_accept", "multishot accept", yes_no(probe.multishot_accept)},
           {"multishot_receive", "multishot receive", yes_no(probe.multishot_receive)},
           {"buffer_ring", "buffer ring", yes_no(probe.buffer_ring)},
           {"message_ring", "message ring", yes_no(probe.message_ring), "wakes another core without a descriptor"},
           {"cancel_by_handle", "cancel by handle", yes_no(probe.cancel_by_handle)},
           {"loop", "loop in use", loop ? (*loop)->name() : "none", loop ? why : loop.error().text()}}};
}

Section board(const SpinChoice& choice) {
  const CpuCounts cpus = count_cpus();
  const auto loop = io::make_loop(io::LoopKind::automatic);
  const bool looks_are_free = loop && (*loop)->name() == std::string_view("uring");
  const SpinPlan spin = plan_spin(choice, cpus.usable(), cpus, looks_are_free, is_board_processor());
  return {"cores",
          "Cores",
          {{"online", "online", fmt::format("{}", cpus.online)},
           {"allowed", "by affinity", fmt::format("{}", cpus.allowed)},
           {"quota", "by quota", cpus.quota ? fmt::format("{:.2f}", *cpus.quota) : kNoLimit},
           {"usable", "in use", fmt::format("{}", cpus.usable()), "--cores"},
           {"spin", "spin before sleeping", spin.text(), fmt::format("{}; --spin", spin.reason)}}};
}

Section cluster(const Arguments& arguments, std::uint16_t port) {
  const auto names = ask_names(port, kMapperTimeout);
  return {"cluster",
          "Cluster",
          {{"host", "host name", short_host_name()},
           {"cookie_source", "cookie from", cookie_source(arguments)},
           {"mapper_port", "mapper's port", fmt::format("{}", port), "ERL_EPMD_PORT"},
           {"mapper", "mapper", names ? "reachable" : "not reachable",
            names                                  ? ""
            : names.error().code == Errc::nodedown ? "the first node starts one"
                                                   : names.error().text()}}};
}

Section limits() {
  const RuntimeOptions runtime;
  const links::AdmissionLimits admission;
  const links::ConnectionSettings connection;
  const links::Identity identity;
  const wire::Limits message;
  const auto seconds = [](Duration time) { return fmt::format("{:g}", std::chrono::duration<double>(time).count()); };
  const auto number = [](auto value) { return fmt::format("{}", value); };
  return {"limits",
          "Limits",
          {{"stack_bytes", "stack of a process", number(runtime.stack_bytes), "bytes; --stack-size"},
           {"processes_max", "processes", number(runtime.processes_max), "a core"},
           {"mailbox_messages_max", "messages in a mailbox", number(runtime.mailbox_messages_max)},
           {"mailbox_bytes_max", "bytes in a mailbox", number(runtime.mailbox_bytes_max)},
           {"atoms_max", "atoms", number(Atom::kCountMax), "a program"},
           {"term_depth_max", "depth of a term", number(Term::kDepthMax), "levels"},
           {"half_open_max", "half-open connections", number(admission.half_open_max)},
           {"half_open_per_address_max", "of one address", number(admission.half_open_per_address_max)},
           {"handshakes_per_second_max", "handshakes", number(admission.handshakes_per_second_max), "a second"},
           {"handshake_seconds", "time for a handshake", seconds(connection.handshake_time), "seconds"},
           {"atoms_per_peer_max", "new atoms of a peer", number(wire::AtomQuota{}.limit)},
           {"message_bytes_max", "message", number(message.message_bytes_max), "bytes"},
           {"link_queue_bytes_max", "queue of a link", number(dist::Session::kQueueMax), "bytes"},
           {"net_ticktime_seconds", "net_ticktime", seconds(identity.tick_time), "seconds"}}};
}

std::string doctor_text(const std::vector<Section>& sections) {
  std::string text = fmt::format("pulpo {}\n", PULPO_VERSION);
  for (const Section& section : sections) {
    text += fmt::format("\n{}\n", section.title);
    for (const Finding& finding : section.findings) {
      text += fmt::format("  {:<22} {}", finding.name, finding.value);
      if (!finding.note.empty()) text += fmt::format("  ({})", finding.note);
      text += '\n';
    }
  }
  return text;
}

std::string doctor_json(const std::vector<Section>& sections) {
  JsonObject object;
  object.add("version", PULPO_VERSION);
  for (const Section& section : sections) {
    JsonObject part;
    for (const Finding& finding : section.findings) {
      const bool is_number = !finding.value.empty() && finding.value.find_first_not_of("0123456789.") == std::string::npos;
      if (finding.value == "yes" || finding.value == "no") {
        part.add(finding.key, finding.value == "yes");
      } else if (finding.value == kNoLimit) {
        part.add_raw(finding.key, "null");
      } else if (is_number) {
        part.add_raw(finding.key, finding.value);
      } else {
        part.add(finding.key, finding.value);
      }
    }
    object.add(section.key, part);
  }
  return object.text() + "\n";
}

int doctor(Program& program, const Arguments& arguments) {
  const auto port = mapper_port(arguments);
  if (!port) return program.complain(arguments.verb(), port.error());
  const auto spin = spin_choice(arguments);
  if (!spin) return program.complain(arguments.verb(), spin.error());
  const std::vector<Section> sections{kernel(), board(*spin), cluster(arguments, *port), limits()};
  program.print(arguments.has("json") ? doctor_json(sections) : doctor_text(sections));
  return kSuccess;
}

}  // namespace

Verb doctor_verb() {
  return {.name = "doctor",
          .summary = "What this kernel and board offer, and what pulpo will use.",
          .details =
              "Tries io_uring and its parts, counts cores, says where the cookie would come from (never the cookie itself), whether a "
              "mapper answers, and every limit.",
          .examples = "doctor\ndoctor --json",
          .options = std::vector<Option>{json_option(), spin_option()} + cookie_options(),
          .run = doctor};
}

}  // namespace pulpo::cli
