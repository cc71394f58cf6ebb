// SPDX-License-Identifier: Apache-2.0
#include "dist/net_kernel.hpp"

#include "dist/distribution.hpp"
#include "pulpo/log.hpp"

namespace pulpo::dist {
namespace {

bool is_tagged(const Term& term, Atom tag) { return term.is_atom(tag) || (term.is_tuple(2) && term.elements()[0].is_atom(tag)); }

}  // namespace

NetKernel::~NetKernel() { distribution_.net_kernel_ended(); }

bool NetKernel::start() {
  trap_exit(true);
  return true;
}

void NetKernel::handle(const Message& message) {
  if (message.kind == Signal::request) {
    if (is_tagged(message.body, "is_auth"_atom)) return reply(message.from, message.ref, yes());
    return refuse(message.from, message.ref, Term::tuple({atoms::function_clause, "net_kernel"_atom}));
  }
  if (message.kind == Signal::cast && message.body.is_tuple(2) && message.body.elements()[0].is_atom("mesh"_atom)) {
    distribution_.meet(message.body.elements()[1]);
  }
}

}  // namespace pulpo::dist
