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
  /// The ranks that hold it.
  RankSet ranks;

  bool operator==(const HeldValue&) const = default;
};

/// A field whose values differ between ranks or from the required value.
struct Disagreement {
  /// The name of the field.
  std::string field;
  /// Every value found, in the order of the first rank that holds it.
  std::vector<HeldValue> values;
  /// The required value, if there is one: for example the size of the communicator.
  std::optional<std::string> required{};

  /// `tensor = 2 on ranks 0-3 and 6-7, 4 on ranks 4-5`
  [[nodiscard]] std::string message() const;

  bool operator==(const Disagreement&) const = default;
};

/// The ranks of a job hold different values. Every rank gets the same error.
class DisagreementError : public Error {
 public:
  /// @param disagreements at least one
  explicit DisagreementError(std::vector<Disagreement> disagreements);

  /// Every field that differs, in the order in which the fields were compared.
  [[nodiscard]] const std::vector<Disagreement>& disagreements() const& noexcept { return disagreements_; }
  const std::vector<Disagreement>& disagreements() const&& = delete;

 private:
  std::vector<Disagreement> disagreements_;
};

/// A bring-up that ended on all ranks before it was complete. Its communicators are freed or aborted; unique
/// IDs, which cannot be freed, are counted.
class InterruptedError : public Error {
 public:
  /// @param what the message
  /// @param abandoned_identifiers see the function of that name
  InterruptedError(const std::string& what, int abandoned_identifiers)
      : Error(what),
        abandoned_identifiers_(abandoned_identifiers) {}

  /// The number of unique IDs that this rank made for groups that were not completed. NCCL keeps a thread and
  /// sockets for each until the process ends.
  [[nodiscard]] int abandoned_identifiers() const noexcept { return abandoned_identifiers_; }

 private:
  int abandoned_identifiers_;
};

/// Ranks did not arrive in time.
class DeadlineError : public InterruptedError {
 public:
  /// The step and the ranks that were waited for.
  struct Details {
    /// The name of the step, for example `agreement`.
    std::string step{};
    /// The ranks that were not heard from.
    RankSet missing{};
    /// The ranks that answered at the deadline but had not finished. They may be waiting for a missing rank.
    RankSet unfinished{};
    /// What the unfinished ranks were doing, where they said it: for example `MPI_Comm_create_group at step
    /// tensor`.
    std::vector<HeldValue> places{};
    /// The longest time that any rank waited.
    std::chrono::nanoseconds waited{0};
    /// Whether the list is complete. False if ranks 0 to 2, which collect it, are all silent: `missing` then
    /// holds these only.
    bool complete = true;

    bool operator==(const Details&) const = default;
  };

  /// @param details the parts of the message
  /// @param abandoned_identifiers see `InterruptedError`
  explicit DeadlineError(Details details, int abandoned_identifiers = 0);

  /// The parts of the message, as data.
  [[nodiscard]] const Details& details() const& noexcept { return details_; }
  const Details& details() const&& = delete;

 private:
  Details details_;
};

/// The failure of one rank.
struct RankFailure {
  /// The rank.
  int rank = 0;
  /// The text of its error.
  std::string what{};

  bool operator==(const RankFailure&) const = default;
};

/// A step failed on some ranks, which ends the bring-up on all. Every rank gets the same error.
class BringUpError : public InterruptedError {
 public:
  /// @param failures at least one
  BringUpError(std::string step, std::vector<RankFailure> failures, int abandoned_identifiers = 0);

  /// The name of the step.
  [[nodiscard]] const std::string& step() const& noexcept { return step_; }
  const std::string& step() const&& = delete;
  /// The failures known when the bring-up ended, in the order of the ranks.
  [[nodiscard]] const std::vector<RankFailure>& failures() const& noexcept { return failures_; }
  const std::vector<RankFailure>& failures() const&& = delete;

 private:
  std::string step_;
  std::vector<RankFailure> failures_;
};

/// The text of the exception that a `catch` block is handling, also if its type is none of the standard
/// library's.
[[nodiscard]] std::string text_of_current_exception();

/// A call that the current state does not allow: for example before initialisation or after `close`.
class StateError : public Error {
 public:
  using Error::Error;
};

/// A message that this version of rankmesh does not send: another program uses the same communicator and tag.
class ProtocolError : public Error {
 public:
  using Error::Error;
};

}  // namespace rankmesh
