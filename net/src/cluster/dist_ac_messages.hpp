// SPDX-License-Identifier: Apache-2.0
//
// What the distributed application controllers (`dist_ac`) of a cluster say to each other.
//
// Each tells the others what it has and does, as a whole, whenever something of it changes: so nothing has to be remembered of what was
// said before, and a node that was away knows all after one message. All of it has keys, so that later versions may add some.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "pulpo/application.hpp"
#include "pulpo/gen_server.hpp"
#include "pulpo/server_ref.hpp"

namespace pulpo::cluster {

/// What an application is doing on one node.
enum class Doing : std::uint8_t {
  idle,
  claiming,  ///< Asks the others whether it may start.
  taking,    ///< Asks the node where it runs to hand it over.
  starting,
  running,
  stopping,  ///< It runs elsewhere, or is to.
};
constexpr auto enum_atoms(Doing) {
  return std::array{EnumAtom{Doing::idle, "idle"},         EnumAtom{Doing::claiming, "claiming"}, EnumAtom{Doing::taking, "taking"},
                    EnumAtom{Doing::starting, "starting"}, EnumAtom{Doing::running, "running"},   EnumAtom{Doing::stopping, "stopping"}};
}

struct ApplicationStatus {
  static constexpr auto kKeys = keys("name", "nodes", "consistent", "wanted", "expected", "permitted", "doing", "epoch", "age", "pinned",
                                     "failed", "stopped", "lost", "wait");
  Atom name{};
  std::vector<std::vector<Atom>> nodes{};  ///< By priority; the same on all nodes (AC-6).
  bool consistent = false;                 ///< Its mode; the same as well.
  bool wanted = false;                     ///< Its start was asked for here.
  bool expected = false;                   ///< It will be: this node is booting.
  bool permitted = true;
  Doing doing = Doing::idle;
  std::uint64_t epoch = 0;    ///< Of the latest instance that this node knows of; higher for each that starts.
  Duration age{};             ///< For how long it has been running here.
  bool pinned = false;        ///< Somebody put it here by hand: it does not move by itself.
  std::uint64_t failed = 0;   ///< The latest epoch whose start failed here.
  std::uint64_t stopped = 0;  ///< The latest epoch that somebody has stopped, everywhere.
  Atom lost = "nil"_atom;     ///< The node on which it ran before; nil: none.
  Duration wait{};            ///< How much of the wait after that is left.
};

struct Status {
  using Message = Cast<"status">;
  static constexpr auto kKeys = keys("node", "answer", "weight", "leaving", "applications");
  Atom node{};
  bool answer = false;       ///< Whether the other's is wanted.
  std::uint64_t weight = 0;  ///< Applications that run there (AC-22).
  bool leaving = false;      ///< It gives away what it has, and takes nothing.
  std::vector<ApplicationStatus> applications{};
};

struct ClaimApplication {
  using Message = Cast<"claim_application">;
  Atom node;
  Atom name;
  std::uint64_t number = 0;
  std::uint64_t epoch = 0;
};
struct ClaimGranted {
  using Message = Cast<"claim_granted">;
  Atom node;
  Atom name;
  std::uint64_t number = 0;
  bool granted = false;
  std::uint64_t epoch = 0;  ///< The latest that it knows of.
};
/// To the node where it runs: I shall take it over.
struct AskTakeover {
  using Message = Cast<"ask_takeover">;
  Atom node;
  Atom name;
};
struct TakeoverAnswer {
  using Message = Cast<"takeover_answer">;
  Atom node;
  Atom name;
  bool agreed = false;
};
/// It runs here now, or it could not.
struct TakeoverDone {
  using Message = Cast<"takeover_done">;
  Atom node;
  Atom name;
  bool done = false;
};
/// Two instances have met, and this one is to end (WK-1).
struct YieldApplication {
  using Message = Cast<"yield_application">;
  Atom node;
  Atom name;
};
/// Somebody asks for it after it was stopped everywhere.
struct ReviveApplication {
  using Message = Cast<"revive_application">;
  Atom name;
};
/// Take it over: its node wants to be rid of it (AC-52, a planned stop).
struct WishTakeover {
  using Message = Cast<"wish_takeover">;
  Atom name;
};

// --- Leases, of applications in mode `consistent` (lease_book.hpp) ------------------------------------------------
/// Promise me that I alone may serve, as that epoch, for a lease from now on.
struct AskLease {
  using Message = Cast<"ask_lease">;
  static constexpr auto kKeys = keys("node", "name", "epoch", "sent", "ceded_by", "ceded_epoch");
  Atom node{};
  Atom name{};
  std::uint64_t epoch = 0;
  Duration sent{};             ///< When, by the clock of who asks; the answer brings it back.
  Atom ceded_by = "nil"_atom;  ///< Whose lease was handed on to who asks; nil: nobody's.
  std::uint64_t ceded_epoch = 0;
};
struct LeaseAnswer {
  using Message = Cast<"lease_answer">;
  static constexpr auto kKeys = keys("node", "name", "epoch", "sent", "granted", "wait", "latest");
  Atom node{};
  Atom name{};
  std::uint64_t epoch = 0;  ///< That was asked for.
  Duration sent{};
  bool granted = false;
  Duration wait{};           ///< Else: for how long another promise may stand in the way.
  std::uint64_t latest = 0;  ///< Epoch that it has promised.
};
/// I do not serve as that epoch, or any more.
struct ReturnLease {
  using Message = Cast<"return_lease">;
  Atom node;
  Atom name;
  std::uint64_t epoch = 0;
};
/// It has started here beside yours: serve no more, and leave me what is left of your lease.
struct AskCession {
  using Message = Cast<"ask_cession">;
  Atom node;
  Atom name;
  Duration sent{};
};
struct Cession {
  using Message = Cast<"cession">;
  static constexpr auto kKeys = keys("node", "name", "epoch", "sent", "left");
  Atom node{};
  Atom name{};
  std::uint64_t epoch = 0;  ///< That it served as.
  Duration sent{};
  Duration left{};  ///< When it answered; zero: it had none.
};

// --- What processes of this node ask ------------------------------------------------------------------------------
/// application:takeover/2.
struct TakeApplication {
  using Message = Call<"take_application", Term>;
  Atom name;
  RestartType restart = RestartType::temporary;  ///< On this node, from then on.
};
/// application:permit/2.
struct PermitApplication {
  using Message = Call<"permit_application", Term>;
  Atom name;
  bool permitted = true;
};
/// Gives every application away that another node can take; answered when they have moved (WK-18).
struct HandOver {
  using Message = Call<"hand_over", bool>;
};
/// Whether this node has come so far in its boot as to start applications; asked by one that waits for others.
struct HasBegun {
  using Message = Call<"has_begun", bool>;
};
/// Where its applications run, for people.
struct ListApplications {
  using Message = Call<"list_applications", Term>;
};

// --- From application_controller (otp/application_controller.hpp) ------------------------------------------------------
struct ApplicationWanted {
  using Message = Info<"application_wanted">;
  Atom name;
  Term restart;
};
struct ApplicationUnwanted {
  using Message = Info<"application_unwanted">;
  Atom name;
  Term reason;
};
struct ApplicationRuns {
  using Message = Info<"application_runs">;
  Atom name;
  Term nothing;
};
struct ApplicationEnded {
  using Message = Info<"application_ended">;
  Atom name;
  Term reason;
};
struct ApplicationCount {
  using Message = Info<"application_count">;
  Atom nothing;
  std::uint64_t count = 0;
};

}  // namespace pulpo::cluster
