// SPDX-License-Identifier: Apache-2.0
//
// The server's side of GenServer: init, the loop, terminate and the crash report. The client's side is gen_server.cpp.
#include "pulpo/detail/server_body.hpp"

#include "otp/application_table.hpp"
#include "otp/server_turn.hpp"
#include "otp/system_messages.hpp"
#include "proc/message.hpp"
#include "pulpo/error.hpp"
#include "pulpo/log.hpp"
#include "pulpo/process_info.hpp"

namespace pulpo::detail {

bool is_orderly(const Term& reason) {
  if (reason.is_atom(atoms::normal) || reason.is_atom(atoms::shutdown)) return true;
  return reason.is_tuple(2) && reason.elements()[0].is_atom(atoms::shutdown);
}

std::string reason_line(std::string_view kind, const Term& reason) {
  if (reason.is_tuple(3) && reason.elements()[0].is_atom("exception"_atom)) {
    const auto type = reason.elements()[1].as_text();
    const auto what = reason.elements()[2].as_text();
    if (type && what) return fmt::format("** ({}) {}", *type, *what);
  }
  return fmt::format("** ({}) {}", kind, reason_text(reason));
}

bool ServerBody::on_cast(const Term&) { return false; }
bool ServerBody::on_info(const Term&) { return false; }
bool ServerBody::on_typed(const TypedMessage&, const void*) { return false; }
bool ServerBody::on_continue(const Term&) { return false; }
void ServerBody::on_terminate(const Term&) {}
ServerBody::Takes ServerBody::takes() const { return {}; }
std::optional<Term> ServerBody::describe_state() const { return std::nullopt; }

ServerBody::ServerBody() noexcept = default;
ServerBody::~ServerBody() { release_name(); }  // GS-3: before anybody hears of the end

void ServerBody::introduce(const Name& name, const Pid& starter, bool linked) {
  name_ = name.atom();
  if (name.via()) wishes().via = name.via();
  starter_ = starter;
  linked_ = linked;
}

Term ServerBody::who() const {
  if (name_) return *name_;
  return wishes_ && wishes_->via ? wishes_->via->term() : Term(self());
}

/// What construct() throws ends the process as it is: exit(reason) silently ({stop, Reason}), an exception with proc's report.
bool ServerBody::start() {
  if (auto lease = ApplicationTable::of(runtime()).lease_of_caller()) wishes().lease = std::move(lease);
  if (wishes_ && !register_via()) return true;
  try {
    construct();
  } catch (const Ignoring&) {
    ignored_ = true;  // its starter's question comes first, and is the last
    return true;
  }
  if (wishes_) begin_service();
  return true;
}

void ServerBody::handle(const Message& message) {
  std::optional<Term> reason;
  try {
    // Most messages: a struct that the server takes, with nothing to do afterwards.
    if (message.is_typed() && !wishes_ && !ignored_ && on_typed(*message.type, message.payload)) return;
    reason = wishes_ ? take_turn(message) : deliver(message);
    if (!reason && wishes_ && !ignored_) reason = end_turn();
    if (!reason) return;
  } catch (const Killed&) {
    throw;
  } catch (...) {
    reason = exception_reason();
  }
  end(&message, std::move(*reason));
}

/// The reason to stop for, if the message is one to stop for.
std::optional<Term> ServerBody::deliver(const Message& message) {
  switch (message.kind) {
    case Signal::request:
      if (ignored_ || system::is_system(message.body)) return system_request(message);
      if (!on_call(message.body, Caller{message.from, message.ref, wishes_ ? wishes_->epoch : 0})) {
        // DIFFERENCES: in OTP the server would end; here its caller alone does.
        refuse(message.from, message.ref,
               Term::tuple({atoms::function_clause, function_trace(who(), "handle_call"_atom, Term::list({message.body}), takes().calls)}));
      }
      return std::nullopt;
    case Signal::cast:
      if (!ignored_ && !on_cast(message.body)) log_unexpected("handle_cast", message.body, takes().casts);
      return std::nullopt;
    case Signal::typed:
    case Signal::typed_cast:
      if (!ignored_ && !on_typed(*message.type, message.payload)) deliver_as_term(message);
      return std::nullopt;
    case Signal::exit_message:
      if (linked_ && message.from == starter_) return message.body;  // GS-14: it never reaches handle_info
      [[fallthrough]];
    default: {
      const Term term = term_of(message);
      if (!ignored_ && !on_info(term)) log_unexpected("handle_info", term, takes().infos);
      return std::nullopt;
    }
  }
}

std::optional<Term> ServerBody::system_request(const Message& message) {
  if (message.body.is_atom(system::started())) {
    if (!ignored_) {
      reply(message.from, message.ref, atoms::ok);
      return std::nullopt;
    }
    if (name_) (void)unregister_name(*name_);  // GS-2: free before the starter hears
    release_name();
    reply(message.from, message.ref, wishes_ && wishes_->holder ? already_started(*wishes_->holder) : Term(system::ignore()));
    return Term(atoms::normal);
  }
  if (ignored_) {
    refuse(message.from, message.ref, atoms::noproc);
    return std::nullopt;
  }
  const auto words = message.body.elements();
  if (words[1].is_atom(system::terminate_word()) && words.size() == 3) return words[2];  // ending answers it (GS-17)
  if (words[1].is_atom(system::get_state_word())) {
    reply(message.from, message.ref, describe_state().value_or(Term()));
  } else {
    refuse(message.from, message.ref, Term::tuple({atoms::badarg, message.body}));
  }
  return std::nullopt;
}

void ServerBody::deliver_as_term(const Message& message) {
  const bool is_cast = message.kind == Signal::typed_cast;
  const Term term = message.type->to_term(message.payload);
  if (is_cast ? on_cast(term) : on_info(term)) return;
  log_unexpected(is_cast ? "handle_cast" : "handle_info", term, is_cast ? takes().casts : takes().infos);
}

/// GS-13, in Elixir's words.
void ServerBody::log_unexpected(std::string_view callback, const Term& message, std::string_view takes) const {
  log::error("{} {} received unexpected message in {}/2: {}{}{}", class_name(), who().text(), callback, message.text(),
             takes.empty() ? "" : "; it takes ", takes);
}

std::string ServerBody::last_message_text(const Message* last) const {
  if (wishes_ && wishes_->continuing) return ": " + Term::tuple({"continue"_atom, *wishes_->continuing}).text();
  if (last == nullptr) return ": nothing since init";
  if (wishes_ && is_idle_marker(*last)) return ": " + Term(atoms::timeout).text();
  if (last->kind == Signal::request) return fmt::format(" (from {}): {}", Term(last->from).text(), last->body.text());
  return ": " + term_of(*last).text();
}

namespace {

/// Whether who asked still waits, as far as this node knows.
std::string client_line(const Pid& client) {
  const std::string pid = Term(client).text();
  if (!client.is_local()) return fmt::format("\nClient {} is remote", pid);
  const auto info = process_info(client);
  if (!info) return fmt::format("\nClient {} is dead", pid);
  return fmt::format("\nClient {} is alive", info->registered_name ? Term(*info->registered_name).text() : pid);
}

}  // namespace

void ServerBody::end(const Message* last, Term reason) {
  if (!ignored_) {
    try {
      on_terminate(reason);
    } catch (const Killed&) {
      throw;
    } catch (...) {
      reason = exception_reason();  // as in OTP, the later failure is the one that is reported
    }
  }
  if (!is_orderly(reason)) {  // GS-15
    std::string text =
        fmt::format("GenServer {} terminating\n{}\nLast message{}", who().text(), reason_line("stop", reason), last_message_text(last));
    try {
      if (const auto state = describe_state()) text += fmt::format("\nState: {}", state->text());
    } catch (const Killed&) {
      throw;
    } catch (...) {  // the report is about `reason`, not about this
      text += fmt::format("\nState: describe() failed with {}", exception_reason().text());
    }
    if (last != nullptr && last->kind == Signal::request && !(wishes_ && wishes_->continuing)) text += client_line(last->from);
    log::write(log::Level::error, text);
  }
  if (wishes_) answer_last();
  exit(std::move(reason));
}

}  // namespace pulpo::detail
