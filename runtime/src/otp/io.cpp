// SPDX-License-Identifier: Apache-2.0
//
// The client's side of the IO protocol. The server's side is io_server.cpp.
#include "pulpo/io.hpp"

#include "io/standard_stream.hpp"
#include "otp/io_server.hpp"
#include "proc/io_error.hpp"

namespace pulpo::io {
namespace {

Term error(Atom reason) { return Term::tuple({atoms::error, reason}); }

/// Whom the calling process prints to. Nobody: there is none.
Pid leader() {
  if (const Pid own = group_leader(); own && own != self()) return own;
  const auto user = whereis(IoServer::user_name());
  return user && *user != self() ? *user : Pid{};
}

Term put(const Pid& device, std::string text) {
  if (!device) {
    const std::int32_t written = write_waiting(1, text);
    return written < 0 ? error(errno_atom(-written)) : Term(atoms::ok);
  }
  return io_request(device, Term::tuple({"put_chars"_atom, "unicode"_atom, text}));
}

Result<std::string> line(const Term& answer) {
  if (answer.is_binary()) return std::string(answer.bytes());
  if (answer.is_atom("eof"_atom)) return Error{Errc::closed, answer, "gets"};
  if (auto text = answer.as_text()) return *std::move(text);  // an Erlang process may answer with a list
  if (!answer.is_tuple(2) || !answer.elements()[0].is_atom(atoms::error)) return Error{Errc::bad_message, answer, "gets"};
  const Term& reason = answer.elements()[1];
  return Error{reason.is_atom("terminated"_atom) ? Errc::exited : Errc::refused, reason, "gets"};
}

Term line_request(std::string_view prompt) { return Term::tuple({"get_line"_atom, "unicode"_atom, prompt}); }

std::string with_newline(std::string_view text) {
  std::string all;
  all.reserve(text.size() + 1);
  all += text;
  all += '\n';
  return all;
}

}  // namespace

Term io_request(const Address& device, const Term& what) {
  Address to = device;
  if (device.is_name() && !device.node()) {
    const auto pid = whereis(device.name());
    if (!pid) return error("terminated"_atom);
    to = *pid;
  }
  const Ref ref = monitor(to);
  send(to, Term::tuple({"io_request"_atom, self(), ref, what}));
  const Term wanted = ref;
  const auto answer = receive_if([&wanted](const Term& message) {
    if (message.is_tuple(3)) return message.elements()[0].is_atom("io_reply"_atom) && message.elements()[1] == wanted;
    return message.is_tuple(5) && message.elements()[0].is_atom(atoms::DOWN) && message.elements()[1] == wanted;
  });
  if (!answer || answer->is_tuple(5)) return error("terminated"_atom);  // IO-6
  demonitor(ref, {.flush = true});
  return answer->elements()[2];
}

Term puts(std::string_view text) { return put(leader(), with_newline(text)); }
Term write(std::string_view text) { return put(leader(), std::string(text)); }
Term puts(const Address& device, std::string_view text) {
  return io_request(device, Term::tuple({"put_chars"_atom, "unicode"_atom, with_newline(text)}));
}
Term write(const Address& device, std::string_view text) {
  return io_request(device, Term::tuple({"put_chars"_atom, "unicode"_atom, text}));
}

Term inspect(Term term, const InspectOptions& options) {
  puts(options.label.empty() ? term.text() : fmt::format("{}: {}", options.label, term.text()));
  return term;
}

Result<std::string> gets(std::string_view prompt) {
  const Pid device = leader();
  if (!device) return Error{Errc::unsupported, "enotsup"_atom, "gets"};
  return line(io_request(device, line_request(prompt)));
}
Result<std::string> gets(const Address& device, std::string_view prompt) { return line(io_request(device, line_request(prompt))); }

}  // namespace pulpo::io
