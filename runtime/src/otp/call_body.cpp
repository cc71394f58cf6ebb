// SPDX-License-Identifier: Apache-2.0
#include "otp/call_body.hpp"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "proc/remote_spawn.hpp"
#include "pulpo/detail/server_body.hpp"
#include "pulpo/function.hpp"

namespace pulpo {
namespace {

/// The elements of a list, as functions take them; few need no memory of their own.
class CallArguments {
 public:
  explicit CallArguments(const Term& list) : size_(list.list_size()) {
    if (size_ > few_.size()) many_.resize(size_);
    Term* const into = many_.empty() ? few_.data() : many_.data();
    for (std::size_t i = 0; i < size_; ++i) into[i] = list.list_at(i);
  }
  operator std::span<const Term>() const noexcept {  // NOLINT: it is one
    return {many_.empty() ? few_.data() : many_.data(), size_};
  }

 private:
  std::array<Term, 6> few_;
  std::vector<Term> many_;
  std::size_t size_;
};

/// {error, stack}: what Erlang's code raises, and not what it exits with.
bool is_raised(const Term& reason) {
  if (!reason.is_tuple(2) || !reason.elements()[1].is_proper_list() || reason.elements()[1].list_size() == 0) return false;
  const Term entry = reason.elements()[1].list_at(0);
  return (entry.is_tuple(3) || entry.is_tuple(4)) && entry.elements()[0].is_atom() && entry.elements()[1].is_atom();
}

std::string report_of(const Term& reason) {
  const auto parts = reason.elements();
  const Term top = parts[1].list_at(0);
  const auto call = top.elements();
  const std::size_t arity = call[2].is_list() ? call[2].list_size() : static_cast<std::size_t>(call[2].as_integer().value_or(0));
  // &Kate.say_name/0
  const std::string function = Term::function(call[0].atom(), call[1].atom(), static_cast<std::uint8_t>(arity)).text().substr(1);
  if (parts[0].is_atom(atoms::undef)) {
    return fmt::format("** (UndefinedFunctionError) function {} is undefined (no application of this node exports it)\nArgs: {}", function,
                       call[2].text());
  }
  // An evaluator says in its own words what was raised (pulpo/lang.hpp).
  for (std::size_t i = 0; call.size() == 4 && call[3].is_proper_list() && i < call[3].list_size(); ++i) {
    const Term more = call[3].list_at(i);
    if (!more.is_tuple(2) || !more.elements()[0].is_atom("text"_atom)) continue;
    if (const auto text = more.elements()[1].as_text()) return *text;
  }
  if (parts[0].is_atom(atoms::function_clause)) return "** (FunctionClauseError) " + reason_text(reason);
  return fmt::format("** (ErlangError) {}\nIn: {}", parts[0].text(), function);
}

class CallBody final : public Body {
 public:
  explicit CallBody(Term request) : request_(std::move(request)) {}

  bool start() override {
    const SpawnRequest request(request_);
    if (request.module() == erpc_module() && request.name() == execute_call_name() && request.arguments().list_size() == 4) {
      const CallArguments given(request.arguments());
      const std::span<const Term> words = given;
      if (words[0].is_ref() && words[1].is_atom() && words[2].is_atom() && words[3].is_proper_list() && words[3].list_size() <= 255) {
        end_with(execute_call(words[0].ref(), words[1].atom(), words[2].atom(), words[3]));
        return false;
      }
    }
    try {
      (void)apply(request.module(), request.name(), CallArguments(request.arguments()));
    } catch (const Exiting& exiting) {
      if (is_raised(exiting.reason)) report_failure(report_of(exiting.reason));
      throw;
    }
    return false;
  }
  [[nodiscard]] std::string_view what() const noexcept override { return "remote call"; }

 private:
  const Term request_;
};

}  // namespace

Atom erpc_module() { return "erpc"_atom; }
Atom execute_call_name() { return "execute_call"_atom; }

Term execute_call(const Ref& ref, Atom module, Atom name, const Term& arguments) {
  Term reason;
  try {
    return Term::tuple({ref, "return"_atom, apply(module, name, CallArguments(arguments))});
  } catch (const Killed&) {
    throw;
  } catch (const Exiting& exiting) {
    if (!is_raised(exiting.reason)) return Term::tuple({ref, "exit"_atom, exiting.reason});
    const auto parts = exiting.reason.elements();
    if (parts[0].is_tuple(2) && parts[0].elements()[0].is_atom(atoms::nocatch))  // RPC-2: a throw
      return Term::tuple({ref, "throw"_atom, parts[0].elements()[1]});
    return Term::tuple({ref, atoms::error, parts[0], parts[1]});
  } catch (...) {
    reason = detail::exception_reason();
  }
  return Term::tuple({ref, atoms::error, reason, Term::empty_list()});
}

std::unique_ptr<Body> make_call_body(Term request) { return std::make_unique<CallBody>(std::move(request)); }

}  // namespace pulpo
