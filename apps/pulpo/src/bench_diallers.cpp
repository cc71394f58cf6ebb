// SPDX-License-Identifier: Apache-2.0
#include "bench_diallers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace pulpo::cli {
namespace {

/// A node that turns peers away has too many half-open ones, or a second's worth of handshakes: some of either are over by then.
constexpr Duration kTurnedAwayPause = 5ms;
/// For goodbyes to leave; ConnectionSettings::close_time has ended the others by then.
constexpr Duration kFinishTime = 6s;

}  // namespace

class BenchDiallers::Slot final : public links::Connection::Owner {
 public:
  explicit Slot(BenchDiallers& diallers) noexcept : all_(diallers) {}

  [[nodiscard]] bool is_idle() const noexcept { return connection_ == nullptr; }
  [[nodiscard]] TimePoint not_before() const noexcept { return not_before_; }
  void dial() {
    links::Identity self{.name = all_.next_name(),
                         .creation = static_cast<std::uint32_t>(all_.named_) + 4,  // EPMD-7: the smaller ones are never given
                         .hidden = true};
    if (all_.settings_.plain_links) self.features |= links::kPlainRecords;
    is_established_ = false;
    is_measured_ = all_.is_measuring_;
    begun_ = all_.loop_->refresh();
    connection_ = std::make_unique<links::Connection>(*all_.loop_, self, all_.cookies_, all_.random_, *this);
    connection_->dial(all_.settings_.address, all_.settings_.node);
  }
  void abort() {
    if (connection_ != nullptr) connection_->abort(links::Cause::closed_here, {.code = Errc::timeout, .where = "bench"});
  }

 private:
  Verdict admit(const links::Peer&) override { return {.accepted = false}; }  // nobody dials us
  void established(const links::Peer&) override {
    is_established_ = true;
    ++all_.made_;
    if (is_measured_) all_.latency_.record(static_cast<std::uint64_t>((all_.loop_->refresh() - begun_).count()));
    connection_->close();
  }
  wire::Stamp stamp() override { return {++sequence_, 0}; }
  void record(ByteView) override {}
  void sent() override {}
  void ended(const links::Ending& ending) override {
    connection_.reset();
    if (is_established_ || ending.cause == links::Cause::closed_here) return;
    // A node over its limits closes without a word, or says that it is busy.
    if (ending.cause == links::Cause::busy || ending.cause == links::Cause::closed || ending.fault.sys == ECONNRESET) {
      ++all_.turned_away_;
      not_before_ = all_.loop_->now() + kTurnedAwayPause;
      return;
    }
    ++all_.failures_[links::to_string(ending.cause)];
    all_.has_given_up_ = all_.has_given_up_ || ending.cause != links::Cause::timeout;
  }

  BenchDiallers& all_;
  std::unique_ptr<links::Connection> connection_;
  TimePoint begun_{};
  TimePoint not_before_{};
  bool is_established_ = false;
  bool is_measured_ = false;
  std::uint64_t sequence_ = 0;
};

BenchDiallers::BenchDiallers(std::unique_ptr<io::Loop> loop, Random& random, Settings settings)
    : loop_(std::move(loop)), random_(random), settings_(std::move(settings)), run_(random.u64()) {
  for (std::uint64_t i = 0; i < settings_.diallers; ++i) slots_.push_back(std::make_unique<Slot>(*this));
}

BenchDiallers::~BenchDiallers() { finish(); }

std::string BenchDiallers::next_name() { return fmt::format("bench-{:016x}-{}@{}", run_, ++named_, settings_.host); }

void BenchDiallers::dial_where_idle() {
  for (const auto& slot : slots_) {
    if (slot->is_idle() && slot->not_before() <= loop_->now()) slot->dial();
  }
}

void BenchDiallers::turn_until(TimePoint end) {
  TimePoint wake = end;
  for (const auto& slot : slots_) {
    if (slot->is_idle()) wake = std::min(wake, slot->not_before());
  }
  loop_->timers().arm(tick_, wake);
  loop_->turn(io::Loop::Wait::yes);
}

void BenchDiallers::run_for(Duration duration) {
  const TimePoint end = loop_->refresh() + duration;
  while (loop_->refresh() < end && !has_given_up_) {
    dial_where_idle();
    turn_until(end);
  }
}

void BenchDiallers::finish() {
  const auto are_idle = [this] { return std::all_of(slots_.begin(), slots_.end(), [](const auto& slot) { return slot->is_idle(); }); };
  const TimePoint end = loop_->refresh() + kFinishTime;
  while (!are_idle() && loop_->refresh() < end) {
    loop_->timers().arm(tick_, end);
    loop_->turn(io::Loop::Wait::yes);
  }
  for (const auto& slot : slots_) slot->abort();
  loop_->timers().cancel(tick_);
  while (!are_idle() || loop_->pending() > 0) loop_->turn(io::Loop::Wait::yes);
}

void BenchDiallers::report(BenchResult& result) const {
  result.latency.merge(latency_);
  result.calls_made = made_;
  result.turned_away = turned_away_;
  for (const auto& [kind, times] : failures_) result.errors.emplace_back(kind, times);
}

}  // namespace pulpo::cli
