// SPDX-License-Identifier: Apache-2.0
//
// Everything an application author writes with: processes and servers, nodes, the program, and pulpo from threads of one's own.
#pragma once

#include "pulpo/application.hpp"
#include "pulpo/device.hpp"
#include "pulpo/dynamic_supervisor.hpp"
#include "pulpo/embed.hpp"
#include "pulpo/endpoint.hpp"
#include "pulpo/file.hpp"
#include "pulpo/function.hpp"
#include "pulpo/gen_server.hpp"
#include "pulpo/io.hpp"
#include "pulpo/log.hpp"
#include "pulpo/net/node.hpp"
#include "pulpo/poll.hpp"
#include "pulpo/process.hpp"
#include "pulpo/process_info.hpp"
#include "pulpo/program.hpp"
#include "pulpo/receive.hpp"
#include "pulpo/runtime.hpp"
#include "pulpo/stream.hpp"
#include "pulpo/supervisor.hpp"
#include "pulpo/system.hpp"
#include "pulpo/tcp.hpp"
#include "pulpo/term.hpp"
#include "pulpo/time.hpp"
#include "pulpo/typed.hpp"
