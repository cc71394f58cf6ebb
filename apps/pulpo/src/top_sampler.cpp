// SPDX-License-Identifier: Apache-2.0
#include "top_sampler.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <span>
#include <utility>

#include "pulpo/rpc.hpp"

namespace pulpo::cli::top {
namespace {

/// Trees that --once asks for: each is a question.
constexpr std::size_t kTreesMax = 50;

Result<Term> ask_node(Atom node, std::string_view function, std::vector<Term> arguments = {}, Duration more = Duration::zero()) {
  return erpc::try_call(node, FunctionName(function), std::move(arguments), Timeout(kAnswerMax + more));
}

/// Of erpc's reasons (RPC-2).
std::string cause_text(const Term& reason) {
  if (reason.is_tuple(2) && reason.elements()[0].is_atom("erpc"_atom)) {
    const Term& what = reason.elements()[1];
    if (what.is_atom(atoms::noconnection)) return "no connection";
    if (what.is_atom(atoms::timeout)) return "no answer";
  }
  const std::string text = reason.text();
  return text.find(":undef") != std::string::npos ? "its pulpo has no live view" : text;
}

/// The first node, and then by name those that whoever answers is connected with.
std::vector<Atom> nodes_around(const Around& around) {
  std::vector<Atom> all;
  for (const Atom node : around.known) {
    const auto list = ask_node(node, "Node.list");
    if (!list || !list->is_proper_list()) continue;
    all.push_back(node);
    for (std::size_t i = 0; i < list->list_size(); ++i) {
      if (list->list_at(i).is_atom()) all.push_back(list->list_at(i).atom());
    }
    break;
  }
  std::erase(all, around.first);
  std::sort(all.begin(), all.end(), [](Atom a, Atom b) { return a.text() < b.text(); });
  all.insert(all.begin(), around.first);
  return all;
}

/// For the next time. When nobody is there, one of those that were may come back.
void remember(Around& around, const Sample& sample) {
  std::vector<Atom> there;
  for (const NodeFacts& each : sample.nodes) {
    if (each.up) there.emplace_back(each.name);
  }
  if (!there.empty()) around.known = std::move(there);
}

void add_summaries(Sample& sample, const std::vector<Atom>& nodes) {
  sample.nodes.clear();
  const auto answers = erpc::multicall(nodes, ":observer_backend.sys_info", {}, Timeout(kAnswerMax));
  for (std::size_t i = 0; i < nodes.size() && i < answers.size(); ++i) {
    const auto words = answers[i].is_tuple(2) ? answers[i].elements() : std::span<const Term>();
    const bool is_value = words.size() == 2 && words[0].is_atom(atoms::ok);
    NodeFacts facts{.name = std::string(nodes[i].text())};
    if (is_value) {
      facts = read_facts(std::move(facts.name), words[1], precise_now());
    } else {
      facts.cause = words.size() == 2 ? cause_text(words[1]) : "no answer";
    }
    sample.nodes.push_back(std::move(facts));
  }
}

void add_connections(Sample& sample, Atom node) {
  const auto rows = ask_node(node, ":observer_backend.connections");
  // A runtime without the layers of nodes has no such function, and nobody to be connected with.
  if (rows || rows.error().code == Errc::exited) sample.connections = read_connections(rows ? *rows : Term::empty_list());
  sample.connections_at = precise_now();
}

void add_processes(Sample& sample, Atom node, const Look& look) {
  const auto window = std::chrono::duration_cast<std::chrono::milliseconds>(look.window);
  const auto rows = ask_node(node, ":observer_backend.processes",
                             {order_atom(look.wants.order), to_term(look.wants.rows), to_term(window.count())}, look.window);
  if (rows) sample.processes = read_processes(look.wants.order, *rows);
}

void add_applications(Sample& sample, Atom node) {
  if (const auto rows = ask_node(node, ":observer_backend.applications")) sample.applications = read_application_facts(*rows);
}

void add_tree(Sample& sample, Atom node, const std::string& application) {
  if (const auto rows = ask_node(node, ":observer_backend.application_tree", {Atom(application)}))
    sample.trees.push_back(read_tree(application, *rows));
}

void add_everything(Sample& sample, Atom node, const std::vector<Atom>& nodes, const Look& look) {
  Sample before;
  before.nodes = sample.nodes;
  before.selected = sample.selected;
  add_connections(before, node);
  add_processes(sample, node, look);
  add_applications(sample, node);
  const std::size_t applications = sample.applications ? sample.applications->size() : 0;
  for (std::size_t i = 0; i < std::min(applications, kTreesMax); ++i) add_tree(sample, node, (*sample.applications)[i].name);
  add_connections(sample, node);
  add_summaries(sample, nodes);
  add_rates(sample, before);
}

}  // namespace

Sample look_at(Around& around, const Look& look) {
  Sample sample;
  sample.selected = look.wants.node;
  const std::vector<Atom> nodes = nodes_around(around);
  add_summaries(sample, nodes);
  remember(around, sample);
  sample.at = precise_now();
  const NodeFacts* const selected = sample.find(look.wants.node);
  if (selected == nullptr || !selected->up) return sample;
  const Atom node(look.wants.node);
  if (look.everything) {
    add_everything(sample, node, nodes, look);
    return sample;
  }
  if (look.wants.detail) {
    if (const auto rows = ask_node(node, ":observer_backend.process", {*look.wants.detail}))
      sample.detail = read_detail(*look.wants.detail, *rows);
    return sample;
  }
  switch (look.wants.screen) {
    case Screen::nodes:
      break;
    case Screen::processes:
      add_processes(sample, node, look);
      break;
    case Screen::applications:
      if (look.wants.tree) {
        add_tree(sample, node, *look.wants.tree);
      } else {
        add_applications(sample, node);
      }
      break;
    case Screen::connections:
      add_connections(sample, node);
      break;
  }
  return sample;
}

struct Sampler::Shared {
  explicit Shared(Atom first) : around{.first = first}, event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  ~Shared() { ::close(event); }

  Around around;  ///< The looking process's.
  const int event;
  std::mutex mutex;
  std::optional<Sample> found;
};

Sampler::Sampler(Runtime& runtime, Atom first) : runtime_(runtime), shared_(std::make_shared<Shared>(first)) {}
Sampler::~Sampler() = default;

int Sampler::descriptor() const noexcept { return shared_->event; }

void Sampler::begin(Look look) {
  looking_ = true;
  runtime_.post([shared = shared_, look = std::move(look)] {
    Sample sample = look_at(shared->around, look);
    {
      const std::lock_guard lock(shared->mutex);
      shared->found = std::move(sample);
    }
    const std::uint64_t one = 1;
    static_cast<void>(!::write(shared->event, &one, sizeof one));  // the only one who writes: it cannot overflow
  });
}

std::optional<Sample> Sampler::take() {
  std::uint64_t count = 0;
  if (::read(shared_->event, &count, sizeof count) != static_cast<ssize_t>(sizeof count)) return std::nullopt;
  const std::lock_guard lock(shared_->mutex);
  looking_ = false;
  return std::exchange(shared_->found, std::nullopt);
}

void Sampler::kill(const Pid& pid) {
  runtime_.post([pid] { exit(pid, atoms::kill); });
}

}  // namespace pulpo::cli::top
