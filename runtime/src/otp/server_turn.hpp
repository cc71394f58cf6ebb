// SPDX-License-Identifier: Apache-2.0
//
// What a server keeps when it has more to say than a reply: made when first needed, so that other servers stay small.
//
//   Ownership  The server's body.
//   Threads    The server's.
//   Bounds     As many continues as one handler asks for; one timer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "otp/lease.hpp"
#include "proc/message.hpp"
#include "pulpo/detail/server_body.hpp"

namespace pulpo::detail {

struct ServerBody::Wishes {
  Wishes() = default;
  Wishes(const Wishes&) = delete;
  Wishes& operator=(const Wishes&) = delete;
  ~Wishes();
  void disarm() noexcept;

  // Of the present turn:
  std::vector<Term> continues;
  std::optional<Term> continuing;  ///< What handle_continue() works on.
  std::optional<Duration> idle;
  std::optional<Term> stop;
  std::optional<std::pair<Caller, Term>> last_answer;  ///< Sent after terminate (GS-11).

  // The inactivity timer:
  std::optional<Ref> timer;
  std::int64_t number = 0;  ///< Which of our timers it is; a marker of another one is too late.

  // A name in a name space:
  std::shared_ptr<const Via> via;
  std::shared_ptr<NameSpace> registered_in;
  std::optional<Pid> holder;  ///< Who has the name instead of us.

  /// Of its application, when that needs one to serve.
  std::shared_ptr<const Lease> lease;
  std::uint64_t epoch = 0;  ///< Of the lease, when the present turn began.
};

/// {:"$idle", number}, which an inactivity timer sends its server.
[[nodiscard]] Atom idle_tag();
[[nodiscard]] bool is_idle_marker(const Message& message) noexcept;
[[nodiscard]] Term already_started(const Pid& pid);

}  // namespace pulpo::detail
