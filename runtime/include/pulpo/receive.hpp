// SPDX-License-Identifier: Apache-2.0
//
// Selective receive by pattern: Erlang's `receive … after … end`.
//
//   return receive<Result<std::int64_t>>(
//       on<Answer>([&](auto& a) { return a.ref == ref; }, [](auto& a) { return a.value; }),           // guard, then body
//       on<Down>([&](auto& d) { return d.ref == monitor; }, [](auto& d) { return Error{Errc::exited, d.reason}; }),
//       after(5s, [] { return Error{Errc::timeout}; }));
//
// A clause is for one message struct, or for any other type of pulpo/codec.hpp; on<Term> and otherwise() take whatever comes.
//
//   Order      The clauses are tried in order on each message, the oldest first; the rest keep their place (SIG-4). A message that
//              came before the deadline and fits wins over it; `after(0s, …)` looks once.
//   Ownership  A body gets its message as an lvalue of its own: it may move from it.
//   Threads    Inside a process only.
//   Suspends   Until a message fits or the time is up. Bodies may suspend: their message has left the mailbox. Guards may neither
//              suspend nor receive: the process then exits with {:badarg, text}.
//   Errors     What a guard throws passes through, and the message stays. Where a killed process cannot be thrown at (NoKill and the
//              like, see pulpo/process.hpp) the time is up at once; without after() the value is then R's default, Errc::killed for a
//              Result.
//   Cost       A message that no clause names is passed over by its tag: nothing is built or decoded. One that fits a type is decoded
//              once, however many clauses are for that type.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "pulpo/process.hpp"
#include "pulpo/typed.hpp"

namespace pulpo {

namespace detail {

/// A waiting message as clauses look at it. What the runtime sends (DOWN, EXIT, casts, requests) is no term yet: its parts are laid
/// out here, and the tuple is made only for a clause that wants it whole.
class Arrived {
 public:
  void look_at(const Message& message) noexcept;
  /// See tag_of().
  [[nodiscard]] Atom tag() const noexcept { return tag_; }
  /// A tuple's elements; empty for any other term.
  [[nodiscard]] std::span<const Term> elements();
  [[nodiscard]] const Term& term();

 private:
  const Message* message_ = nullptr;
  Atom tag_{};
  bool split_ = false;
  bool built_ = false;
  std::array<Term, 5> parts_{};
  Term whole_{};
};

/// Waits for a message that `looks` accepts, and takes it out of the mailbox. False at the deadline.
[[nodiscard]] bool receive_first(bool (*looks)(void* clauses, Arrived& message), void* clauses, Timeout timeout);

struct NoGuard {};

template <class M, class Guard, class Body>
struct OnClause {
  using Wanted = M;
  [[no_unique_address]] Guard guard;
  [[no_unique_address]] Body body;
};
template <class Body>
struct AfterClause {
  Timeout timeout;
  [[no_unique_address]] Body body;
};
template <class C>
inline constexpr bool kIsAfter = false;
template <class Body>
inline constexpr bool kIsAfter<AfterClause<Body>> = true;

/// The message that a clause for M was looking for.
template <class M>
struct Decoded {
  std::optional<M> message;
  bool looked = false;  ///< At the present message.

  bool look(Arrived& arrived) {
    if (looked) return message.has_value();
    looked = true;
    if constexpr (MessageStruct<M>) {
      if (arrived.tag() != M::Message::tag()) return false;
    }
    if constexpr (requires(std::span<const Term> elements, M & out) { Codec<M>::decode_elements(elements, out); }) {
      if (!Codec<M>::decode_elements(arrived.elements(), message.emplace())) message.reset();
    } else {
      message = from_term<M>(arrived.term());
    }
    return message.has_value();
  }
  void forget() {
    looked = false;
    message.reset();
  }
};

/// The clauses of one receive, on the stack of its process. `accepted` is the one whose message it was.
template <class... C>
struct Clauses {
  static constexpr std::size_t kCount = sizeof...(C);

  template <std::size_t i>
  using Wanted = typename std::tuple_element_t<i, std::tuple<C...>>::Wanted;
  /// The first clause for the same type keeps the message for all of them.
  template <std::size_t i, std::size_t first = 0>
  static constexpr std::size_t keeper() {
    if constexpr (std::is_same_v<Wanted<first>, Wanted<i>>) {
      return first;
    } else {
      return keeper<i, first + 1>();
    }
  }

  explicit Clauses(C&... clauses_) : clauses(clauses_...) {}

  template <std::size_t i>
  bool accepts(Arrived& arrived) {
    auto& clause = std::get<i>(clauses);
    auto& decoded = std::get<keeper<i>()>(messages);
    if (!decoded.look(arrived)) return false;
    if constexpr (!std::is_same_v<decltype(clause.guard), NoGuard>) {
      const auto& message = *decoded.message;
      static_assert(std::is_invocable_r_v<bool, decltype(clause.guard)&, const Wanted<i>&>,
                    "pulpo: the guard of on<M>(guard, body) takes a const M& and returns a bool");
      if (!clause.guard(message)) return false;
    }
    accepted = i;
    return true;
  }
  template <std::size_t... i>
  bool look(Arrived& arrived, std::index_sequence<i...>) {
    (std::get<i>(messages).forget(), ...);
    return (accepts<i>(arrived) || ...);
  }
  static bool looks(void* self, Arrived& arrived) { return static_cast<Clauses*>(self)->look(arrived, std::make_index_sequence<kCount>{}); }

  template <class R, std::size_t i = 0>
  R run() {
    if constexpr (i + 1 < kCount) {
      if (accepted != i) return run<R, i + 1>();
    }
    auto& body = std::get<i>(clauses).body;
    if constexpr (std::is_invocable_v<decltype(body)>) {
      return static_cast<R>(body());
    } else {
      static_assert(std::is_invocable_v<decltype(body), Wanted<i>&>, "pulpo: the body of on<M>(…) takes an M&, or nothing");
      return static_cast<R>(body(*std::get<keeper<i>()>(messages).message));
    }
  }

  std::tuple<C&...> clauses;
  std::tuple<Decoded<typename C::Wanted>...> messages;
  std::size_t accepted = 0;
};

template <class R, class... C>
R receive_clauses(Timeout timeout, auto& after, C&... clauses) {
  static_assert((!kIsAfter<C> && ...), "pulpo: receive() has one after(), and it comes last");
  Clauses<C...> all(clauses...);
  if (receive_first(&Clauses<C...>::looks, &all, timeout)) {
    if constexpr (sizeof...(C) > 0) return all.template run<R>();
  }
  return static_cast<R>(after());
}

}  // namespace detail

/// A clause: messages that are an M, and for which `guard` (a function of const M&) is true when there is one. `body` is a function of
/// M& or of nothing; it runs once the message has left the mailbox.
template <class M, class Body>
[[nodiscard]] auto on(Body body) {
  return detail::OnClause<M, detail::NoGuard, Body>{{}, std::move(body)};
}
template <class M, class Guard, class Body>
[[nodiscard]] auto on(Guard guard, Body body) {
  return detail::OnClause<M, Guard, Body>{std::move(guard), std::move(body)};
}
/// A clause for whatever the ones before it did not take: `body` is a function of Term& or of nothing.
template <class Body>
[[nodiscard]] auto otherwise(Body body) {
  return on<Term>(std::move(body));
}
/// The last clause: what to do when no message has fitted for so long, counted from the start of receive().
template <class Body>
[[nodiscard]] auto after(Timeout timeout, Body body) {
  return detail::AfterClause<Body>{timeout, std::move(body)};
}

/// Waits for the first message that a clause takes and yields what its body returns, converted to R.
template <class R = void, class... C>
R receive(C... clauses) {
  static_assert(sizeof...(C) > 0, "pulpo: receive() needs a clause: on<M>(…), otherwise(…) or after(…)");
  std::tuple<C&...> all(clauses...);
  using Last = std::tuple_element_t<sizeof...(C) - 1, std::tuple<C...>>;
  if constexpr (detail::kIsAfter<Last>) {
    auto& last = std::get<sizeof...(C) - 1>(all);
    return [&]<std::size_t... i>(std::index_sequence<i...>) {
      return detail::receive_clauses<R>(last.timeout, last.body, std::get<i>(all)...);
    }
    (std::make_index_sequence<sizeof...(C) - 1>{});
  } else {
    static_assert(std::is_void_v<R> || detail::kIsResult<R> || std::is_default_constructible_v<R>,
                  "pulpo: receive<R>() without after() needs an R with a default value, for a process that is being killed");
    auto ended = []() -> R {
      if constexpr (detail::kIsResult<R>) {
        return Error{Errc::killed, {}, "receive"};
      } else {
        return R();
      }
    };
    return detail::receive_clauses<R>(Timeout::infinity(), ended, clauses...);
  }
}

}  // namespace pulpo
