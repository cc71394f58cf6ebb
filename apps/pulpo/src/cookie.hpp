// SPDX-License-Identifier: Apache-2.0
//
// Cookie: where the secret that joins nodes comes from.
//
// In this order: --cookie, --cookie-file, PULPO_COOKIE, PULPO_COOKIE_FILE, $CREDENTIALS_DIRECTORY/cookie (systemd),
// /etc/pulpo/cookie, ~/.pulpo.cookie. The first that exists is the one: a file that is there but cannot be used is an
// error, never passed over, since a node with another cookie than its operator believes is hard to find out.
//
//   Threads    Any. Programs that start at the same moment agree on one new ~/.pulpo.cookie.
//   Errors     Fault bad_argument: the file, what is wrong with it, and what to do.
//   Bounds     A cookie has 1 to 255 printable characters.
#pragma once

#include <string>

#include "arguments.hpp"
#include "base/random.hpp"

namespace pulpo::cli {

struct Cookie {
  std::string value = {};
  std::string source = {};   ///< "--cookie", "/etc/pulpo/cookie": may be shown; the value never is.
  std::string warning = {};  ///< A line for the operator, or empty.
  bool lasting = true;       ///< False: made for this program alone, nobody else can know it.
};

struct CookiePlaces {
  std::string system_file = "/etc/pulpo/cookie";
};

/// Finds the cookie, making ~/.pulpo.cookie (mode 0400, 256 random bits) when there is none anywhere.
[[nodiscard]] Outcome<Cookie> find_cookie(const Arguments& arguments, Random& random, const CookiePlaces& places = {});
/// Where find_cookie() would find it, without making one: "~/.pulpo.cookie (not made yet)". For `doctor`.
[[nodiscard]] std::string cookie_source(const Arguments& arguments, const CookiePlaces& places = {});

}  // namespace pulpo::cli
