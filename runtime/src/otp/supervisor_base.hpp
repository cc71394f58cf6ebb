// SPDX-License-Identifier: Apache-2.0
//
// SupervisorBase: what every kind of supervisor shares: starting a child, waiting for ends, counting restarts, reports.
//
// While it waits for one child to end, the ends of others arrive, by the thousand in a crash storm. So it takes its mailbox in
// order, instead of searching it for each DOWN anew: ends are told to who waits, and the rest is put aside and handled right afterwards,
// before anything newer.
//
//   Order      What was put aside is handled in the order in which it came.
//   Bounds     At most kAsideMax messages are put aside; beyond that they stay in the mailbox, whose limit holds, and are passed over.
//   Suspends   While a child starts or stops (SUP-14).
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string_view>

#include "otp/restart_window.hpp"
#include "proc/message.hpp"
#include "pulpo/supervisor.hpp"

namespace pulpo {

class SupervisorBase : public detail::ServerBody {
 public:
  void handle(const Message& message) final;

 protected:
  SupervisorBase(unsigned intensity, Duration period, Duration retry_delay) : window_(intensity, period), retry_delay_(retry_delay) {}

  /// What a start function gave (SUP-3): neither of both when the child asked to be ignored.
  struct Started {
    std::optional<Pid> pid = {};
    std::optional<Term> error = {};
  };
  /// On the least loaded core when `core` is empty. Whatever the function throws is an error.
  [[nodiscard]] Started start_on(const std::function<Result<Pid>(std::optional<unsigned>)>& function, std::optional<unsigned> core) const;

  /// A process has ended: the EXIT of a link, or the DOWN of a monitor.
  struct End {
    bool is_down;
    Pid pid;  ///< Nobody's in the DOWN of somebody monitored by name.
    Ref monitor;
    Term reason;
  };
  /// The next end; nothing at `deadline`, or when this process is being ended itself. Everything else is put aside.
  [[nodiscard]] std::optional<End> next_end(TimePoint deadline);
  /// An end that next_end() gave and that is to be handled as if it came afterwards.
  void put_aside(const End& end);
  /// From now on nothing is put aside: nobody will handle it. Callers hear of our end.
  void discard_the_rest() noexcept { discards_ = true; }

  /// Counts a restart; when it is one too many, reports that of `child` and ends this process with shutdown (SUP-6, SUP-7).
  struct Facts {  ///< What a report says of a child.
    const Term& id;
    std::optional<Pid> pid;
    std::string_view start_call;
    Restart restart;
    Shutdown shutdown;
    ChildType type;
  };
  void count_restart(const Facts& child);
  /// LOG-5.
  void report(const Facts& child, std::string_view what, const Term& reason) const;
  /// Sends `retry` to ourselves (SUP-8): others are answered between attempts. At once, or after retry_delay, doubled with each failure in
  /// a row.
  void retry_later(Term retry, unsigned failures) const;
  /// SUP-9: whether a child that was told to stop has ended as it should.
  [[nodiscard]] static bool is_expected(const Term& reason, const Shutdown& shutdown, Restart restart);

  /// Answers requests for all kinds: false when `request` is unknown.
  [[nodiscard]] virtual bool answer(const Term& request, Term& value) = 0;
  bool on_call(const Term& request, const detail::Caller& caller) override;

  [[nodiscard]] static Term error(Term reason) { return Term::tuple({atoms::error, std::move(reason)}); }
  /// The row of count_children().
  [[nodiscard]] static Term counts(std::size_t specs, std::size_t active, std::size_t supervisors);
  /// A row of which_children().
  [[nodiscard]] static Term row(const Term& id, const Term& child, ChildType type, Atom class_name);

 private:
  // Enough for what gathers at a supervisor while it stops a child; 80 bytes each.
  static constexpr std::size_t kAsideMax = 10'000;

  std::deque<Message> aside_;
  bool discards_ = false;
  RestartWindow window_;
  Duration retry_delay_;
};

}  // namespace pulpo
