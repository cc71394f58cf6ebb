// SPDX-License-Identifier: Apache-2.0
//
// The program `pulpo` as it ships: the command line, and the applications of the tutorials.
#include "chat/chat.hpp"
#include "distro/distro.hpp"
#include "ping_pong/ping_pong.hpp"
#include "pulpo/program.hpp"

int main(int argc, char** argv) { return pulpo::run(argc, argv, {ping_pong::application(), distro::application(), chat::application()}); }
