// SPDX-License-Identifier: Apache-2.0
//
// Everything an application author writes with. Nodes and their names: pulpo/net/node.hpp.
#pragma once

#include "pulpo/application.hpp"
#include "pulpo/function.hpp"
#include "pulpo/gen_server.hpp"
#include "pulpo/log.hpp"
#include "pulpo/process.hpp"
#include "pulpo/runtime.hpp"
#include "pulpo/supervisor.hpp"
#include "pulpo/system.hpp"
#include "pulpo/term.hpp"
#include "pulpo/time.hpp"
#include "pulpo/typed.hpp"
