// SPDX-License-Identifier: Apache-2.0
//
// chat: a message is a task on the node of whoever shall read it, under a supervisor there, so that it is printed there. At moebi@localhost
// sits a dog, who cannot type: this application answers for him.
#pragma once

#include <pulpo/pulpo.hpp>

namespace chat {
using namespace pulpo;

/// Runs `function` on the recipient's node and waits for its value.
template <class F, class... A>
auto spawn_task(const NamedFunction<F>& function, Atom recipient, A&&... arguments) {
  return async({.name = "Chat.TaskSupervisor", .node = recipient}, function, std::forward<A>(arguments)...).await();
}

inline constexpr auto kReceiveMessage =
    function("Chat.receive_message", "Prints a message on this node.", [](const std::string& message) { return io::puts(message); });

inline constexpr auto kReceiveMessageForMoebi =
    function("Chat.receive_message_for_moebi", "Prints a message on this node, and sends another to the node it is from.",
             [](const std::string& message, Atom from) {
               io::puts(message);
               return spawn_task(kReceiveMessage, from, "chicken?");
             });

inline constexpr auto kSendMessage = function("Chat.send_message", "Prints a message on another node, and returns when that is done.",
                                              [](Atom recipient, const std::string& message) {
                                                if (recipient == "moebi@localhost"_atom)
                                                  return spawn_task(kReceiveMessageForMoebi, recipient, message, runtime().node_name());
                                                return spawn_task(kReceiveMessage, recipient, message);
                                              });

inline Result<Pid> start(const StartType&, const Env&) {
  return start_supervisor({.name = "Chat.Supervisor", .children = {task_supervisor({.name = "Chat.TaskSupervisor"})}});
}
inline Application application() {
  return {.name = "chat", .start = start, .exports = {kReceiveMessage, kReceiveMessageForMoebi, kSendMessage}};
}

}  // namespace chat
