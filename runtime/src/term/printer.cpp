// SPDX-License-Identifier: Apache-2.0
//
// The printer of both languages: one walk with a stack of its own, so that depth costs heap only. What holds no
// other term is written by leaf_text.
#include <string>

#include "pulpo/term.hpp"
#include "term/block.hpp"
#include "term/integers.hpp"
#include "term/leaf_text.hpp"
#include "term/small_stack.hpp"

namespace pulpo {
namespace {

using detail::Language;
using detail::Shape;
using Type = Term::Type;

/// A term whose parts are being written.
struct Open {
  enum class Kind : std::uint8_t { items, keywords, pairs, atom_keys, fields, arguments };
  const Term* terms;
  const Term* tail;  // of an improper list, else null
  std::uint32_t count;
  std::uint32_t next;
  Kind kind;
  std::uint8_t unbound;  // arguments of a function that are still to come
  const char* close;     // static text
};

class Printer {
 public:
  explicit Printer(Language language) : language_(language), comma_(language == Language::elixir ? ", " : ",") {}

  std::string print(const Term& term) && {
    write(term);
    while (!open_.empty()) {
      Open& open = open_.top();
      if (open.next < open.count) {
        write_part(open);
      } else if (open.tail != nullptr) {
        out_ += language_ == Language::elixir ? " | " : "|";
        const Term& tail = *open.tail;
        open.tail = nullptr;
        write(tail);
      } else {
        write_unbound(open.unbound, open.count);
        out_ += open.close;
        open_.pop();
      }
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool elixir() const noexcept { return language_ == Language::elixir; }

  void open(const char* begin, const char* close, Open::Kind kind, const Term* terms, std::uint32_t count, const Term* tail = nullptr) {
    out_ += begin;
    open_.push({terms, tail, count, 0, kind, 0, close});
  }

  void write_part(Open& open) {
    const std::uint32_t at = open.next;
    switch (open.kind) {
      case Open::Kind::items:
      case Open::Kind::arguments:
        if (at > 0) out_ += comma_;
        open.next += 1;
        return write(open.terms[at]);
      case Open::Kind::keywords: {  // {key, value} tuples
        if (at > 0) out_ += comma_;
        open.next += 1;
        const auto pair = open.terms[at].elements();
        detail::append_elixir_key(out_, pair[0].atom());
        return write(pair[1]);
      }
      case Open::Kind::pairs:  // key, value, key, value
        if (at % 2 == 0 && at > 0) out_ += comma_;
        open.next += 1;
        if (at % 2 == 1) out_ += " => ";
        return write(open.terms[at]);
      case Open::Kind::atom_keys:  // the same, written as Elixir's keywords
        if (at > 0) out_ += comma_;
        open.next += 2;
        detail::append_elixir_key(out_, open.terms[at].atom());
        return write(open.terms[at + 1]);
      case Open::Kind::fields: {  // of a struct, whose name is written already
        open.next += 2;
        const bool is_first = at == 0 || (at == 2 && is_struct_key(open.terms[0]));
        if (is_struct_key(open.terms[at])) return;
        if (!is_first) out_ += comma_;
        detail::append_elixir_key(out_, open.terms[at].atom());
        return write(open.terms[at + 1]);
      }
    }
  }

  /// `&1, &2` or `A1,A2`: the arguments of a function that nobody has bound yet.
  void write_unbound(std::uint32_t unbound, std::uint32_t bound) {
    for (std::uint32_t i = 1; i <= unbound; ++i) {
      if (i > 1 || bound > 0) out_ += comma_;
      out_ += elixir() ? '&' : 'A';
      out_ += std::to_string(i);
    }
  }

  /// Writes a term without parts, or opens one with them. Never calls itself.
  void write(const Term& term) {
    switch (term.type()) {
      case Type::integer:
      case Type::big_integer:
        return detail::append_integer(out_, term, language_);
      case Type::floating:
        return detail::append_float(out_, term.floating());
      case Type::atom:
        return elixir() ? detail::append_elixir_atom(out_, term.atom()) : detail::append_erlang_atom(out_, term.atom());
      case Type::reference: {
        const Ref ref = term.ref();  // Erlang writes the highest word first
        return write_numbers(elixir() ? "#Reference<" : "#Ref<", {ref.node, ref.third, ref.second, ref.first});
      }
      case Type::pid: {
        const Pid pid = term.pid();
        return write_numbers(elixir() ? "#PID<" : "<", {pid.node, pid.id, pid.serial});
      }
      case Type::binary:
        return elixir() ? detail::append_elixir_binary(out_, term.bytes()) : detail::append_erlang_binary(out_, term.bytes());
      case Type::nil:
        out_ += "[]";
        return;
      case Type::tuple:
        return open("{", "}", Open::Kind::items, term.elements().data(), static_cast<std::uint32_t>(term.elements().size()));
      case Type::list:
        return write_list(term);
      case Type::map:
        return write_map(term);
      case Type::function:
        return write_function(term);
      case Type::object:
        out_ += "#Object<";
        out_ += term.object_type();
        out_ += '>';
        return;
      case Type::port:
        break;  // none can be made
    }
  }

  void write_numbers(const char* begin, std::initializer_list<std::uint32_t> numbers) {
    out_ += begin;
    const char* separator = "";
    for (const std::uint32_t number : numbers) {
      out_ += separator;
      out_ += std::to_string(number);
      separator = ".";
    }
    out_ += '>';
  }

  void write_list(const Term& list) {
    if (elixir() ? detail::append_elixir_charlist(out_, list) : detail::append_erlang_charlist(out_, list)) return;
    const detail::TermBlock& block = *TermAccess::block(list);
    if (block.shape != Shape::list) {  // integers that are no text
      out_ += '[';
      for (std::size_t i = 0; i < block.size; ++i) {
        if (i > 0) out_ += comma_;
        detail::append_integer(out_, list.list_at(i), language_);
      }
      out_ += ']';
      return;
    }
    const Term* tail = block.terms() + block.size;
    if (tail->type() == Type::nil) tail = nullptr;
    const auto kind = elixir() && tail == nullptr && is_keywords(block) ? Open::Kind::keywords : Open::Kind::items;
    open("[", "]", kind, block.terms(), block.size, tail);
  }

  static bool is_keywords(const detail::TermBlock& block) noexcept {
    for (std::uint32_t i = 0; i < block.size; ++i) {
      const Term& element = block.terms()[i];
      if (!element.is_tuple(2) || !detail::is_elixir_key(element.elements()[0])) return false;
    }
    return true;
  }

  static bool is_struct_key(const Term& key) noexcept { return key.is_atom("__struct__"_atom); }

  void write_map(const Term& map) {
    const auto items = map.map_items();
    const auto count = static_cast<std::uint32_t>(items.size());
    bool keys = elixir();
    for (std::uint32_t i = 0; keys && i < count; i += 2) keys = detail::is_elixir_key(items[i]);
    if (!keys || count == 0) return open(elixir() ? "%{" : "#{", "}", Open::Kind::pairs, items.data(), count);
    const Term* const name = map.map_find("__struct__"_atom);
    if (name == nullptr || !name->is_atom() || !name->atom().text().starts_with("Elixir."))
      return open("%{", "}", Open::Kind::atom_keys, items.data(), count);
    out_ += '%';
    write(*name);
    open("{", "}", Open::Kind::fields, items.data(), count);
  }

  /// `&M.f/1`; with bound arguments what an author would write for it: `&M.f(1, &1)`, or `fn -> M.f(1) end`.
  void write_function(const Term& term) {
    const Term::Function function = term.function_parts();
    const auto bound = static_cast<std::uint32_t>(function.bound.size());
    if (bound == 0) {
      out_ += elixir() ? "&" : "fun ";
      write_function_name(function);
      out_ += '/';
      out_ += std::to_string(function.arity);
      return;
    }
    const auto unbound = static_cast<std::uint8_t>(function.arity - bound);
    if (function.module == "pulpo_lang"_atom) {  // a function of the console's language, which is bound to its code: pulpo/lang.hpp
      out_ += elixir() ? "#Function<" : "#Fun<";
      write_function_name(function);
      out_ += '/';
      out_ += std::to_string(unbound);
      out_ += '>';
      return;
    }
    if (elixir()) {
      out_ += unbound > 0 ? "&" : "fn -> ";
    } else {
      out_ += "fun(";
      write_unbound(unbound, 0);
      out_ += ") -> ";
    }
    write_function_name(function);
    open("(", elixir() && unbound > 0 ? ")" : ") end", Open::Kind::arguments, function.bound.data(), bound);
    open_.top().unbound = unbound;
  }

  void write_function_name(const Term::Function& function) {
    if (elixir()) {
      detail::append_elixir_function(out_, function.module, function.name);
    } else {
      detail::append_erlang_atom(out_, function.module);
      out_ += ':';
      detail::append_erlang_atom(out_, function.name);
    }
  }

  Language language_;
  const char* comma_;
  std::string out_;
  detail::SmallStack<Open, 16> open_;
};

}  // namespace

std::string Term::text() const { return Printer(Language::elixir).print(*this); }

std::string Term::erlang_text() const { return Printer(Language::erlang).print(*this); }

}  // namespace pulpo
