// SPDX-License-Identifier: Apache-2.0
#include "otp/task_body.hpp"

#include "pulpo/detail/server_body.hpp"
#include "pulpo/log.hpp"

namespace pulpo {
namespace {

/// A function that comes by name alone: whoever runs it looks it up.
class AppliedWork final : public detail::Work {
 public:
  AppliedWork(Atom module, Atom name, std::vector<Term> arguments) : module_(module), name_(name), arguments_(std::move(arguments)) {}
  Term run() override { return apply(module_, name_, arguments_); }
  [[nodiscard]] std::pair<std::string, Term> describe() const override {
    // A function value says what it is; how it is called is no news.
    const bool is_apply = module_ == "erlang"_atom && name_ == "apply"_atom && arguments_.size() == 2;
    if (is_apply && arguments_[0].type() == Term::Type::function) return {arguments_[0].text(), arguments_[1]};
    return {Term::function(module_, name_, static_cast<std::uint8_t>(arguments_.size())).text(), Term::list(arguments_)};
  }

 private:
  const Atom module_, name_;
  const std::vector<Term> arguments_;
};

/// One that its caller has at hand.
class FunctionWork final : public detail::Work {
 public:
  FunctionWork(const Function& function, std::vector<Term> arguments) : function_(function), arguments_(std::move(arguments)) {}
  Term run() override { return function_(arguments_); }
  [[nodiscard]] std::pair<std::string, Term> describe() const override {
    const auto name = function_.module_and_name();
    return {name ? Term::function(name->first, name->second, function_.arity).text() : function_.name, Term::list(arguments_)};
  }

 private:
  const Function function_;
  const std::vector<Term> arguments_;
};

}  // namespace

std::shared_ptr<detail::Work> detail::function_work(const Function& function, std::vector<Term> arguments) {
  return std::make_shared<FunctionWork>(function, std::move(arguments));
}

std::shared_ptr<detail::Work> work_of(const Term& term) {
  if (auto work = term.as_object<detail::Work>()) return work;
  constexpr std::size_t kArgumentsMax = 255;  // Function::arity
  if (!term.is_tuple(3) || !term.elements()[0].is_atom() || !term.elements()[1].is_atom() || !term.elements()[2].is_proper_list() ||
      term.elements()[2].list_size() > kArgumentsMax)
    return nullptr;
  std::vector<Term> arguments;
  for (std::size_t i = 0; i < term.elements()[2].list_size(); ++i) arguments.push_back(term.elements()[2].list_at(i));
  return std::make_shared<AppliedWork>(term.elements()[0].atom(), term.elements()[1].atom(), std::move(arguments));
}

bool TaskBody::start() {
  Term reference;
  Term alias;
  std::shared_ptr<detail::Work> work;
  {
    Term message;
    Term what;
    if (work_) {
      what = std::move(*work_);
      work_.reset();
    } else {
      message = wait_for_work();
      reference = message.elements()[1];
      alias = message.elements()[2];
      what = message.elements()[4];
    }
    work = work_of(what);
    if (work == nullptr) exit(Term::tuple({atoms::badarg, what}));
  }
  const Term value = run(std::move(work));
  if (alias.is_ref()) send(alias.ref(), Term::tuple({reference, value}));
  return false;
}

/// TASK-6.
Term TaskBody::wait_for_work() const {
  const Term owner = owner_;
  const Ref watch = watched_ ? monitor(owner_) : Ref{};
  const auto is_end = [&watch](const Term& message) {
    return message.is_tuple(5) && message.elements()[0].is_atom(atoms::DOWN) && message.elements()[1] == Term(watch);
  };
  auto message =
      receive_if([&](const Term& each) { return (each.is_tuple(5) && each.elements()[0] == owner) || (watched_ && is_end(each)); },
                 watched_ ? Timeout(kPatience) : Timeout::infinity());
  if (!message) exit(atoms::timeout);
  if (watched_) {
    if (is_end(*message)) exit(Term::tuple({atoms::shutdown, message->elements()[4]}));
    demonitor(watch, {.flush = true});
  }
  return std::move(*message);
}

Term TaskBody::run(std::shared_ptr<detail::Work> work) const {
  Term reason;
  try {
    const Term value = work->run();
    work.reset();
    return value;
  } catch (const Killed&) {
    throw;
  } catch (...) {
    reason = detail::exception_reason();
  }
  if (!detail::is_orderly(reason)) {  // TASK-8
    const auto [function, arguments] = work->describe();
    log::error("Task {} started from {} terminating\n{}\nFunction: {}\n    Args: {}", Term(self()).text(), Term(owner_).text(),
               detail::reason_line("stop", reason), function, arguments.text());
  }
  work.reset();
  exit(std::move(reason));
}

}  // namespace pulpo
