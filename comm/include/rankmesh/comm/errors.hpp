#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/comm/export.hpp"
#include "rankmesh/comm/rank_set.hpp"
#include "rankmesh/topology/error.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// One value of a field and the ranks that hold it.
struct HeldValue {
  /// The value, as text.
  std::string value;
  /// Who holds it.
  RankSet ranks;

  bool operator==(const HeldValue&) const = default;
};

/// A field on which ranks differ, or that differs from what it must be.
struct Disagreement {
  /// The field whose values differ.
  std::string field;
  /// Every value found, in the order of the first rank that holds it.
  std::vector<HeldValue> values;
  /// The value that the field must have, where there is one: the size of the communicator, say.
  std::optional<std::string> required{};

  /// `tensor = 2 on ranks 0-3 and 6-7, 4 on ranks 4-5`
  [[nodiscard]] std::string message() const;

  bool operator==(const Disagreement&) const = default;
};

/// The ranks of a job do not agree on what to do. Every rank gets the same error.
class DisagreementError : public Error {
 public:
  /// @param disagreements at least one
  explicit DisagreementError(std::vector<Disagreement> disagreements);

  /// Every field that differs, in the order in which the fields were compared.
  [[nodiscard]] const std::vector<Disagreement>& disagreements() const noexcept { return disagreements_; }

 private:
  std::vector<Disagreement> disagreements_;
};

/// A bring-up that was over for all ranks before it was done. Everything that was made is freed or aborted;
/// what cannot be freed is counted.
class InterruptedError : public Error {
 public:
  /// @param what the message
  /// @param abandoned_identifiers see the function of that name
  InterruptedError(const std::string& what, int abandoned_identifiers)
      : Error(what),
        abandoned_identifiers_(abandoned_identifiers) {}

  /// The unique IDs that this rank made for groups that were never completed: NCCL keeps a thread and its
  /// sockets for each until the process ends.
  [[nodiscard]] int abandoned_identifiers() const noexcept { return abandoned_identifiers_; }

 private:
  int abandoned_identifiers_;
};

/// Ranks did not come in time.
class DeadlineError : public InterruptedError {
 public:
  /// What was waited for.
  struct Details {
    /// The step that was not reached, `agreement` say.
    std::string step{};
    /// The ranks that were not heard from.
    RankSet missing{};
    /// The ranks that were heard from when the deadline passed, but were not done: with a step that all take
    /// together, whoever waits for one of `missing` is among them.
    RankSet unfinished{};
    /// How long the rank that waited longest had waited.
    std::chrono::nanoseconds waited{0};
    /// Whether every rank that was heard from has the same list: false where the ranks that collect it, 0 and
    /// 1, are themselves silent, and `missing` holds those two.
    bool complete = true;

    bool operator==(const Details&) const = default;
  };

  /// @param details what the message is made of
  /// @param abandoned_identifiers see `InterruptedError`
  explicit DeadlineError(Details details, int abandoned_identifiers = 0);

  /// What was waited for, and who did not come, as data.
  [[nodiscard]] const Details& details() const noexcept { return details_; }

 private:
  Details details_;
};

/// What went wrong on one rank.
struct RankFailure {
  /// The rank.
  int rank = 0;
  /// Why it failed, in its own words.
  std::string what{};

  bool operator==(const RankFailure&) const = default;
};

/// A step failed on some ranks, so it is over for all of them. Every rank gets the same error.
class BringUpError : public InterruptedError {
 public:
  /// @param failures at least one
  BringUpError(std::string step, std::vector<RankFailure> failures, int abandoned_identifiers = 0);

  /// The step that is given up on all ranks.
  [[nodiscard]] const std::string& step() const noexcept { return step_; }
  /// The failures known when the step was given up, in the order of the ranks.
  [[nodiscard]] const std::vector<RankFailure>& failures() const noexcept { return failures_; }

 private:
  std::string step_;
  std::vector<RankFailure> failures_;
};

/// A question that the state does not allow: before initialisation, after teardown, or a second
/// initialisation.
class StateError : public Error {
 public:
  using Error::Error;
};

/// A message that no rank of this version sends: another program uses the same communicator and tag.
class ProtocolError : public Error {
 public:
  using Error::Error;
};

}  // namespace rankmesh
