#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What must not compile, and the words that the author of such a mistake reads."""

import os
import pathlib
import subprocess
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = [SOURCE / "runtime/include", SOURCE / "net/include"]

PROLOGUE = """
#include "pulpo/gen_server.hpp"
#include "pulpo/receive.hpp"
using namespace pulpo;
struct Ping { using Message = Call<"ping", Atom>; };
struct Add { using Message = Call<"cal", std::int64_t>; std::int64_t x = 0, y = 0; };
struct Reset { using Message = Cast<"reset">; };
struct Server {
  using Protocol = pulpo::Protocol<Ping>;
  Atom handle_call(const Ping&) { return "pong"_atom; }
};
inline constexpr auto kServer = local<Server::Protocol>("PingPong");
"""


def compiled(text):
    """Whether `text` compiles behind the prologue, and what the compiler says."""
    words = [os.environ.get("CXX", "g++"), "-std=c++20", "-fsyntax-only", *[f"-I{folder}" for folder in FOLDERS], "-DFMT_HEADER_ONLY=1", "-x", "c++", "-"]
    done = subprocess.run(words, input=PROLOGUE + text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
    return done.returncode == 0, done.stdout


class Refused(unittest.TestCase):
    def refuses(self, text, words):
        fine, said = compiled(text)
        self.assertFalse(fine, f"it compiles: {text}")
        self.assertIn(words, said)

    def test_what_is_right_compiles(self):
        fine, said = compiled("void f() { call(kServer, Ping{}); receive(on<Add>([](auto& add) { add.x = 1; }), after(0s, [] {})); }")
        self.assertTrue(fine, said)

    def test_a_message_that_the_server_does_not_take(self):
        self.refuses("void f() { call(kServer, Add{}); }", "pulpo: this message is not in the server's Protocol")
        self.refuses("void f() { cast(kServer, Reset{}); }", "pulpo: this message is not in the server's Protocol")

    def test_a_message_that_nobody_handles(self):
        self.refuses("struct Deaf { using Protocol = pulpo::Protocol<Reset>; }; void f() { (void)start<Deaf>({}); }",
                     "pulpo: the server's Protocol has a Cast that it does not handle: add void handle_cast(const M&)")

    def test_a_reply_of_another_type(self):
        self.refuses("struct Odd { using Protocol = pulpo::Protocol<Add>; std::string handle_call(const Add&); }; void f() { (void)start<Odd>({}); }",
                     "pulpo: handle_call returns another type than the message's Call<name, Reply> declares")

    def test_a_type_that_is_no_term(self):
        self.refuses("struct Own { int* at; }; Term f() { return to_term(Own{}); }", "pulpo: this C++ type is no term")
        self.refuses("enum class Mode { slow }; Term f() { return to_term(Mode::slow); }", "pulpo: an enum is an atom: give it")

    def test_keys_that_do_not_fit_their_struct(self):
        self.refuses('struct Point { static constexpr auto kKeys = keys("x"); int x, y; }; Term f() { return to_term(Point{}); }',
                     "pulpo: keys(…) names each member of the struct once, in their order")
        self.refuses('struct Point { static constexpr auto kKeys = keys("x", "x"); int x, y; }; Term f() { return to_term(Point{}); }',
                     "pulpo: keys(…) names a key twice")

    def test_a_receive_whose_clauses_are_wrong(self):
        self.refuses("void f() { receive(after(0s, [] {}), on<Ping>([] {})); }", "pulpo: receive() has one after(), and it comes last")
        self.refuses("void f() { receive(); }", "pulpo: receive() needs a clause")
        self.refuses("void f() { receive(on<Add>([](const Add&) { return std::string(); }, [] {})); }",
                     "pulpo: the guard of on<M>(guard, body) takes a const M& and returns a bool")
        self.refuses("void f() { receive(on<Add>([](Ping&) {})); }", "pulpo: the body of on<M>(…) takes an M&, or nothing")


if __name__ == "__main__":
    unittest.main(verbosity=2)
