#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "protocol/message.hpp"
#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/errors.hpp"

namespace rankmesh {

/// The messages of an agreement.
enum class AgreementMessage : std::uint8_t {
  /// Which ranks have arrived, with which values: the sender and ranks below it in the tree.
  report = 0xA1,
  /// All ranks agree, and the bring-up goes on with the next round.
  agreed,
  /// The verdict that ends the bring-up.
  decision,
  /// The sender and all ranks below it in the tree have passed the decision on.
  passed_on,
  /// Asks ranks that have not answered after the deadline for a report.
  question,
  // Between collectors, see ballot.hpp.
  prepare,
  promise,
  proposal,
  acceptance,
  /// Answers a report that asks for it: the sender has it.
  noted,
};

/// The first fields of every message of an agreement.
struct AgreementHeader {
  AgreementMessage type = AgreementMessage::report;
  /// The round of the sender.
  std::uint64_t round = 0;
  /// The time since the start of the bring-up, as far as the sender knows.
  std::chrono::nanoseconds elapsed{0};
};

/// @throws ProtocolError if the message does not belong to an agreement
[[nodiscard]] AgreementHeader take_header(MessageReader& reader);
[[nodiscard]] AgreementHeader header_of(const Message& message);
void put_header(MessageWriter& writer, const AgreementHeader& header);

void put_values(MessageWriter& writer, const std::vector<HeldValue>& values);
[[nodiscard]] std::vector<HeldValue> take_values(MessageReader& reader);

void put_failures(MessageWriter& writer, const std::vector<RankFailure>& failures);
[[nodiscard]] std::vector<RankFailure> take_failures(MessageReader& reader);

[[nodiscard]] Bytes encode(const Verdict& verdict);
/// Whether an encoded verdict says that all ranks agree.
[[nodiscard]] bool is_success(const Bytes& verdict) noexcept;
/// @throws ProtocolError
[[nodiscard]] Verdict decode_verdict(MessageReader& reader);

/// Adds the ranks that hold a value to a list with one entry for each value.
void add_holders(std::vector<HeldValue>& values, const HeldValue& held);

}  // namespace rankmesh
