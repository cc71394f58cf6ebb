// SPDX-License-Identifier: Apache-2.0
#include "pulpo/error.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace pulpo {
namespace {

constexpr std::string_view kNoProcess =
    "no process: the process is not alive or there's no process currently associated with the given name, possibly because its "
    "application isn't started";

/// `GenServer.call(PingPong, :ping, 5000)` of a {module, function, arguments}; empty when `where` is none.
std::string call_text(const Term& where) {
  if (!where.is_tuple(3)) return {};
  const auto parts = where.elements();
  if (!parts[0].is_atom() || !parts[1].is_atom()) return {};
  const Term function = Term::function(parts[0].atom(), parts[1].atom(), 0);
  std::string text = function.text();  // &GenServer.call/0
  text = text.substr(1, text.size() - 3);
  if (parts[2].is_proper_list()) {
    text += '(';
    for (std::size_t i = 0; i < parts[2].list_size(); ++i) {
      if (i > 0) text += ", ";
      text += parts[2].list_at(i).text();
    }
    return text + ')';
  }
  if (!parts[2].is_integer()) return {};
  return text + '/' + parts[2].text();
}

/// What a function of the console's language was ended by, in its own words: {reason, [{…, [text: "** (ArithmeticError) …"]}]}.
std::string told_text(const Term& reason) {
  if (!reason.is_tuple(2) || !reason.elements()[1].is_proper_list() || reason.elements()[1].list_size() != 1) return {};
  const Term entry = reason.elements()[1].list_at(0);
  if (!entry.is_tuple(4) || !entry.elements()[3].is_proper_list() || entry.elements()[3].list_size() != 1) return {};
  const Term more = entry.elements()[3].list_at(0);
  if (!more.is_tuple(2) || !more.elements()[0].is_atom("text"_atom)) return {};
  return more.elements()[1].as_text().value_or("");
}

/// `** (std::runtime_error) text` of an exception that left a process (D12); empty when `reason` is none.
std::string exception_text(const Term& reason) {
  if (std::string text = told_text(reason); !text.empty()) return text;
  if (!reason.is_tuple(3) || !reason.elements()[0].is_atom("exception"_atom)) return {};
  const auto type = reason.elements()[1].as_text();
  const auto what = reason.elements()[2].as_text();
  return type && what ? "** (" + std::string(*type) + ") " + std::string(*what) : std::string{};
}

/// `PingPong.handle_call({:cal, "4", 5}); it takes {:cal, integer, integer}` of a stack trace's first entry; empty when it has none.
std::string trace_text(const Term& trace) {
  if (!trace.is_list() || trace.list_size() == 0) return {};
  const Term entry = trace.list_at(0);
  if (!entry.is_tuple(3) && !entry.is_tuple(4)) return {};
  const auto parts = entry.elements();
  std::string text = call_text(Term::tuple(parts.first(3)));
  if (text.empty() && parts[1].is_atom()) text = call_text(Term::tuple({atoms::GenServer, parts[1], parts[2]}));
  if (text.empty() || parts.size() < 4 || !parts[3].is_proper_list()) return text;
  for (std::size_t i = 0; i < parts[3].list_size(); ++i) {
    const Term more = parts[3].list_at(i);
    if (!more.is_tuple(2) || !more.elements()[0].is_atom("takes"_atom)) continue;
    if (const auto takes = more.elements()[1].as_text()) text += "; it takes " + *takes;
  }
  return text;
}

/// What a plain reason is called; the outer layers are reason_text()'s.
std::string plain_reason_text(const Term& reason) {
  if (reason.is_atom(atoms::normal)) return "normal";
  if (reason.is_atom(atoms::shutdown)) return "shutdown";
  if (reason.is_atom(atoms::killed)) return "killed";
  if (reason.is_atom(atoms::noconnection)) return "no connection";
  if (reason.is_atom(atoms::timeout)) return "time out";
  if (reason.is_atom(atoms::noproc)) return std::string(kNoProcess);
  if (reason.is_atom(atoms::calling_self)) return "process attempted to call itself";
  if (reason.is_tuple(2) && reason.elements()[0].is_atom()) {
    const Atom kind = reason.elements()[0].atom();
    const Term& detail = reason.elements()[1];
    if (kind == atoms::nodedown && detail.is_atom()) return "no connection to " + std::string(detail.atom().text());
    if (kind == atoms::shutdown) return "shutdown: " + detail.text();
    if (kind == atoms::already_started) return "already started: " + detail.text();
    if (kind == "bad_return_value"_atom) return "bad return value: " + detail.text();
    if (kind == "bad_call"_atom) return "bad call: " + detail.text();
    if (kind == "bad_cast"_atom) return "bad cast: " + detail.text();
    if (kind == atoms::function_clause) {
      if (const std::string trace = trace_text(detail); !trace.empty()) return "no function clause matching in " + trace;
    }
  }
  if (reason.is_tuple(3) && reason.elements()[0].is_atom("bad_reply"_atom)) {
    const auto expected = reason.elements()[2].as_text();
    if (expected) return "bad reply: " + reason.elements()[1].text() + "; expected " + *expected;
  }
  if (reason.is_tuple(4) && reason.elements()[0].is_atom("bad_env"_atom)) {
    const auto expected = reason.elements()[3].as_text();
    if (expected) return "bad setting " + reason.elements()[1].text() + ": " + reason.elements()[2].text() + "; expected " + *expected;
  }
  return reason.text();
}

}  // namespace

std::string reason_text(const Term& reason) {
  // Exception.format_exit/1: each layer of "exited in" stands on a line of its own, further to the right.
  std::string text;
  std::string joiner = "\n    ";
  Term inner = reason;
  for (;;) {
    std::string layer;
    Term next;
    if (inner.is_tuple(2)) {
      const auto parts = inner.elements();
      if (const std::string call = call_text(parts[1]); !call.empty()) {
        layer = "exited in: " + call;
        next = parts[0];
      } else if (parts[0].is_atom(atoms::shutdown) && parts[1].is_tuple(3) &&
                 parts[1].elements()[0].is_atom("failed_to_start_child"_atom)) {
        layer = "shutdown: failed to start child: " + parts[1].elements()[1].text();
        next = parts[1].elements()[2];
        if (next.is_tuple(2) && next.elements()[0].is_atom(atoms::EXIT)) {
          const Term exited = next.elements()[1];
          next = exited;
        }
      }
    }
    if (layer.empty()) {
      const std::string exception = exception_text(inner);
      return text + (exception.empty() ? plain_reason_text(inner) : "an exception was raised:" + joiner + exception);
    }
    text += layer + joiner + "** (EXIT) ";
    joiner += "    ";
    inner = std::move(next);
  }
}

Term detail::function_trace(Term module, Term name, Term arguments, std::string_view takes) {
  std::vector<Term> entry{std::move(module), std::move(name), std::move(arguments)};
  if (!takes.empty()) entry.push_back(Term::list({Term::tuple({"takes"_atom, takes})}));
  return Term::list({Term::tuple(std::span<const Term>(entry))});
}

std::string Error::text() const {
  std::string line;
  const auto append = [&line](std::string_view part) {
    if (part.empty()) return;
    if (!line.empty()) line += ": ";
    line += part;
  };
  append(where);
  append(detail);
  const bool has_reason = !reason.is_atom(atoms::nil);
  if (has_reason) {
    // reason_text() may take several lines, where an error has one.
    std::string text = reason_text(reason);
    for (std::size_t at = 0; (at = text.find("\n", at)) != std::string::npos;) {
      const std::size_t end = std::min(text.find_first_not_of(' ', at + 1), text.size());
      text.replace(at, end - at, " ");
    }
    append(text);
  }
  if (sys != 0) append(std::strerror(sys));  // NOLINT(concurrency-mt-unsafe): glibc's is safe for known numbers
  if (detail.empty() && sys == 0 && !has_reason) append(to_string(code));
  return line;
}

}  // namespace pulpo
