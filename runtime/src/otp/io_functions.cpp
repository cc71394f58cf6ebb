// SPDX-License-Identifier: Apache-2.0
//
// IO and :io, as Elixir's users type them.
#include <fmt/format.h>

#include "otp/builtin_functions.hpp"
#include "otp/chardata.hpp"
#include "otp/function_arguments.hpp"
#include "otp/io_format.hpp"
#include "otp/printed.hpp"
#include "pulpo/io.hpp"

namespace pulpo {

/// Elixir's to_string for what IO.puts takes.
std::string printed(const Term& item) {
  if (item.is_binary()) return std::string(item.bytes());
  if (item.is_atom()) return item.is_atom(atoms::nil) ? std::string() : std::string(item.atom().text());
  std::string text;
  if (item.is_list() && append_chardata(item, Encoding::unicode, text)) return text;
  return item.text();
}

namespace {

/// :stdio and :standard_io are the caller's leader; else a process that speaks the protocol, by pid or name.
std::optional<Address> device_of(const Term& device) {
  if (device.is_atom("stdio"_atom) || device.is_atom("standard_io"_atom)) return std::nullopt;
  if (device.is_atom("stderr"_atom)) return Address("standard_error"_atom);
  ServerArgument server;
  if (!decode_into(device, server) || !server.address) exit(atoms::badarg);
  return server.address;
}

Term put_line(const Term& device, std::string_view text) {
  const auto to = device_of(device);
  return to ? io::puts(*to, text) : io::puts(text);
}
Term put_text(const Term& device, std::string_view text) {
  const auto to = device_of(device);
  return to ? io::write(*to, text) : io::write(text);
}

constexpr const char* kLeader = "stdio";

Term inspect_on(const Term& device, const Term& item, const Keywords& options) {
  const auto label = options.find("label");
  put_line(device, label ? fmt::format("{}: {}", printed(*label), item.text()) : item.text());
  return item;
}

/// The line, :eof, or {:error, reason}.
Term line_term(const Result<std::string>& line) {
  if (line) return *line;
  return line.error().code == Errc::closed ? Term("eof"_atom) : Term::tuple({atoms::error, line.error().reason});
}
Term get_line(const Term& device, const Term& prompt) {
  const auto from = device_of(device);
  return line_term(from ? io::gets(*from, printed(prompt)) : io::gets(printed(prompt)));
}

/// :io.format. What cannot be printed so is badarg, as in Erlang.
Term put_formatted(const Term& device, const Term& format, const std::vector<Term>& values) {
  const auto text = erlang_format(printed(format), values);
  if (!text) exit_badarg(":io.format: " + text.error().text);
  return put_text(device, *text);
}

Term stdio() { return Atom(kLeader); }

}  // namespace

std::span<const Function> io_functions() {
  static constexpr Function kRows[] = {
      row("IO.puts", "Prints a line where the caller's output goes, and returns :ok.",
          [](const Term& item) { return io::puts(printed(item)); }),
      row("IO.puts", "Prints a line on a device: :stdio, :stderr, a pid or a name.",
          [](const Term& device, const Term& item) { return put_line(device, printed(item)); }),
      row("IO.write", "Prints text where the caller's output goes, and returns :ok.",
          [](const Term& item) { return io::write(printed(item)); }),
      row("IO.write", "Prints text on a device: :stdio, :stderr, a pid or a name.",
          [](const Term& device, const Term& item) { return put_text(device, printed(item)); }),
      row("IO.inspect", "Prints a term as it is typed, and returns it.", [](const Term& item) { return io::inspect(item); }),
      row("IO.inspect", "Prints a term as it is typed, behind the option label:, and returns it.",
          [](const Term& item, const Keywords& options) { return inspect_on(stdio(), item, options); }),
      row("IO.inspect", "Prints a term on a device, behind the option label:, and returns it.",
          [](const Term& device, const Term& item, const Keywords& options) { return inspect_on(device, item, options); }),
      row("IO.gets", "Prints a prompt and reads a line: the line with its newline, or :eof.",
          [](const Term& prompt) { return get_line(stdio(), prompt); }),
      row("IO.gets", "Prints a prompt on a device and reads a line from there.",
          [](const Term& device, const Term& prompt) { return get_line(device, prompt); }),
      row(":io.format", "Prints a text, in which ~n is a newline.", [](const Term& format) { return put_formatted(stdio(), format, {}); }),
      row(":io.format", "Prints a text with values in the place of ~p, ~w, ~s, ~ts, ~c, ~b, and returns :ok.",
          [](const Term& format, const std::vector<Term>& values) { return put_formatted(stdio(), format, values); }),
      row(":io.format", "The same on a device: :standard_io, :standard_error, a pid or a name.",
          [](const Term& device, const Term& format, const std::vector<Term>& values) { return put_formatted(device, format, values); }),
  };
  return kRows;
}

}  // namespace pulpo
