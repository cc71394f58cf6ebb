// SPDX-License-Identifier: Apache-2.0
#include "pulpo/codec.hpp"

#include <cstring>

#include "pulpo/typed.hpp"

namespace pulpo::detail {

Term encode_unsigned(std::uint64_t value) {
  if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return static_cast<std::int64_t>(value);
  char magnitude[sizeof value];
  std::memcpy(magnitude, &value, sizeof value);
  return Term::big_integer(false, ByteView(magnitude, sizeof magnitude));
}

bool decode_unsigned(const Term& term, std::uint64_t& out) {
  if (term.is_integer()) {
    if (term.integer() < 0) return false;
    out = static_cast<std::uint64_t>(term.integer());
    return true;
  }
  if (term.type() != Term::Type::big_integer) return false;
  const Term::BigInteger parts = term.big_integer_parts();
  if (parts.negative || parts.magnitude.size() > sizeof out) return false;
  out = 0;
  std::memcpy(&out, parts.magnitude.data(), parts.magnitude.size());
  return true;
}

bool decode_floating(const Term& term, double& out) {
  if (term.type() == Term::Type::floating) {
    out = term.floating();
    return true;
  }
  if (!term.is_integer()) return false;
  out = static_cast<double>(term.integer());
  return true;
}

void key_atoms(std::span<const std::string_view> names, std::span<Atom> atoms) {
  for (std::size_t i = 0; i < names.size(); ++i) atoms[i] = Atom(names[i]);
}

Term map_of(std::span<const Atom> keys, std::span<const Term> values) {
  std::vector<std::pair<Term, Term>> pairs;
  pairs.reserve(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) pairs.emplace_back(keys[i], values[i]);
  return Term::map(std::move(pairs));
}

Term encode_error(const Error& error) {
  if (!error.reason.is_atom(atoms::nil)) return error.reason;
  switch (error.code) {
    case Errc::timeout:
      return atoms::timeout;
    case Errc::noproc:
      return atoms::noproc;
    case Errc::nodedown:
      return atoms::nodedown;
    case Errc::killed:
      return atoms::killed;
    case Errc::bad_argument:
      return atoms::badarg;
    default:
      return error.text();
  }
}

Error decode_error(const Term& reason) {
  Errc code = Errc::refused;
  if (reason.is_atom(atoms::timeout)) code = Errc::timeout;
  if (reason.is_atom(atoms::noproc)) code = Errc::noproc;
  if (reason.is_atom(atoms::nodedown)) code = Errc::nodedown;
  return Error{code, reason};
}

}  // namespace pulpo::detail
