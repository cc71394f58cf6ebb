// SPDX-License-Identifier: Apache-2.0
#include "bench_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "arguments.hpp"

namespace pulpo::cli {
namespace {

/// What may be under way in all: a quarter of the 64 MiB that a mailbox holds, at whose limit its process is stopped.
constexpr std::uint64_t kWindowBytes = 16u << 20;
/// What a message in a mailbox counts besides its payload, rounded up.
constexpr std::uint64_t kMessageBytes = 256;
/// The same in messages: fewer would leave the link idle between confirmations, more only wait in the mailbox.
constexpr std::uint64_t kWindowMessages = 16'384;
/// Of a sender: so many that the confirmation costs nothing to speak of.
constexpr std::uint64_t kMessagesPerConfirmationMax = 1000;

std::uint64_t messages_that_fit(const BenchPlan& plan) { return kWindowBytes / (plan.payload + kMessageBytes); }

struct KindName {
  BenchKind kind;
  const char* name;
};
constexpr std::array<KindName, 4> kKindNames{
    {{BenchKind::call, "call"}, {BenchKind::send, "send"}, {BenchKind::spawn, "spawn"}, {BenchKind::connect, "connect"}}};

struct NumberKey {
  const char* key;
  std::uint64_t BenchPlan::*member;
  std::uint64_t least, most;
};
constexpr std::array<NumberKey, 5> kNumberKeys{{{"concurrency", &BenchPlan::concurrency, 1, kBenchCallersMax},
                                                {"payload", &BenchPlan::payload, 0, kPayloadMax},
                                                {"cores", &BenchPlan::cores, 1, kBenchCoresMax},
                                                {"rate", &BenchPlan::rate, 0, kBenchRateMax},
                                                {"beside", &BenchPlan::beside, 0, kBesideMax}}};
struct DurationKey {
  const char* key;
  Duration BenchPlan::*member;
  Duration least, most;
};
constexpr std::array<DurationKey, 2> kDurationKeys{
    {{"warmup_us", &BenchPlan::warmup, 0s, kBenchWarmupMax}, {"duration_us", &BenchPlan::duration, kBenchDurationMin, kBenchDurationMax}}};
struct TextKey {
  const char* key;
  std::string BenchPlan::*member;
};
constexpr std::array<TextKey, 2> kTextKeys{{{"server", &BenchPlan::server}, {"request", &BenchPlan::request}}};

std::int64_t microseconds_of(Duration duration) { return std::chrono::duration_cast<std::chrono::microseconds>(duration).count(); }

Outcome<std::uint64_t> number_within(const char* key, const Term& value, std::uint64_t least, std::uint64_t most) {
  const auto given = value.as_integer();
  if (given && *given >= 0 && static_cast<std::uint64_t>(*given) >= least && static_cast<std::uint64_t>(*given) <= most) {
    return static_cast<std::uint64_t>(*given);
  }
  return wrong_usage(fmt::format("{} of a bench is a whole number from {} to {}", key, least, most));
}

Outcome<void> read_key(const Term& key, const Term& value, BenchPlan& plan) {
  if (key.is_atom(Atom("kind"))) {
    for (const KindName& each : kKindNames) {
      if (!value.is_atom(Atom(each.name))) continue;
      plan.kind = each.kind;
      return {};
    }
    return wrong_usage("kind of a bench is :call, :send, :spawn or :connect");
  }
  for (const NumberKey& each : kNumberKeys) {
    if (!key.is_atom(Atom(each.key))) continue;
    PULPO_TRY(plan.*each.member, number_within(each.key, value, each.least, each.most));
    return {};
  }
  for (const DurationKey& each : kDurationKeys) {
    if (!key.is_atom(Atom(each.key))) continue;
    PULPO_TRY(const auto count, number_within(each.key, value, static_cast<std::uint64_t>(microseconds_of(each.least)),
                                              static_cast<std::uint64_t>(microseconds_of(each.most))));
    plan.*each.member = std::chrono::microseconds(count);
    return {};
  }
  for (const TextKey& each : kTextKeys) {
    if (!key.is_atom(Atom(each.key))) continue;
    if (!value.is_binary()) return wrong_usage(fmt::format("{} of a bench is text", each.key));
    plan.*each.member = std::string(value.bytes());
    return {};
  }
  return wrong_usage(fmt::format("a bench here knows nothing of {}; this node may run an older version", key.text().substr(0, 100)));
}

}  // namespace

std::uint64_t BenchPlan::messages_per_confirmation() const noexcept {
  return std::clamp<std::uint64_t>(std::min(messages_that_fit(*this), kWindowMessages) / concurrency, 1, kMessagesPerConfirmationMax);
}

Outcome<void> check_bench_plan(const BenchPlan& plan) {
  if (plan.kind == BenchKind::call) {
    if (!atom_of_name(plan.server)) {
      return wrong_usage(
          fmt::format("'{}' is no server's name; write it as Elixir does: PingPong for a module, :ping_pong for an atom", plan.server));
    }
    if (plan.is_echo()) return {};
    if (const auto term = read_elixir(plan.request); !term) {
      return wrong_usage(fmt::format("the request {} is no Elixir term: {}", plan.request, term.error().text()));
    }
    return {};
  }
  if (plan.kind == BenchKind::connect && plan.concurrency > kBenchDiallersMax) {
    return wrong_usage(fmt::format("a node takes {} half-open connections of one address; give --concurrency {} or less", kBenchDiallersMax,
                                   kBenchDiallersMax));
  }
  if (plan.kind != BenchKind::send) return {};
  const std::uint64_t fit = messages_that_fit(plan);
  if (fit >= plan.concurrency || plan.concurrency == 1) return {};
  return wrong_usage(
      fmt::format("{} senders of {} bytes each would have more than {} MiB under way, and a mailbox holds 64; give --concurrency {} "
                  "or less, or a smaller --payload",
                  plan.concurrency, plan.payload, kWindowBytes >> 20, std::max<std::uint64_t>(fit, 1)));
}

Term bench_plan_term(const BenchPlan& plan) {
  std::vector<std::pair<Term, Term>> pairs;
  for (const KindName& each : kKindNames) {
    if (each.kind == plan.kind) pairs.emplace_back(Atom("kind"), Atom(each.name));
  }
  // What is as it always was is not said, so that a node that does not know a key yet serves those who do not use it.
  const BenchPlan fresh;
  for (const NumberKey& each : kNumberKeys) {
    if (plan.*each.member != fresh.*each.member) pairs.emplace_back(Atom(each.key), static_cast<std::int64_t>(plan.*each.member));
  }
  for (const DurationKey& each : kDurationKeys) pairs.emplace_back(Atom(each.key), microseconds_of(plan.*each.member));
  for (const TextKey& each : kTextKeys) {
    if (plan.*each.member != fresh.*each.member) pairs.emplace_back(Atom(each.key), Term(plan.*each.member));
  }
  return Term::map(std::move(pairs));
}

Outcome<BenchPlan> read_bench_plan(const Term& options) {
  if (!options.is_map()) return wrong_usage("the options of a bench are a map");
  BenchPlan plan;
  const auto items = options.map_items();
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) PULPO_CHECK(read_key(items[i], items[i + 1], plan));
  PULPO_CHECK(check_bench_plan(plan));
  return plan;
}

std::string bench_failure_text(const Error& error, const RpcCall& call, std::string_view node, Timeout timeout) {
  const std::string text = rpc_failure_text(error, call, node, timeout);
  if (error.code == Errc::nodedown) return text + " any more";
  const Term& reason = error.reason;
  const bool is_undefined =
      reason.is_tuple(3) && reason.elements()[0].is_atom(Atom("exception")) && reason.elements()[1].is_atom(atoms::undef);
  return is_undefined ? text + "; it runs an older version" : text;
}

}  // namespace pulpo::cli
