#pragma once

#include <cstdint>

#include "protocol/message.hpp"

namespace rankmesh {

// A message of an agreement begins with its type and its round. In a verdict, whether it ends the bring-up
// follows.
inline constexpr std::uint8_t report_message = 0xA1;
inline constexpr std::uint8_t verdict_message = 0xA2;

/// The first fields of every message of an agreement.
struct AgreementHeader {
  bool is_verdict = false;
  std::uint64_t round = 0;
  /// Whether it is a verdict that ends the bring-up.
  bool is_final = false;
};

/// @throws ProtocolError if the message does not belong to an agreement
[[nodiscard]] inline AgreementHeader take_header(MessageReader& reader) {
  const std::uint8_t type = reader.take_byte();
  if (type != report_message && type != verdict_message) reader.refuse();
  AgreementHeader header{.is_verdict = type == verdict_message, .round = reader.take_number()};
  if (header.is_verdict) header.is_final = reader.take_byte() != 0;
  return header;
}

inline void put_header(MessageWriter& writer, const AgreementHeader& header) {
  writer.put_byte(header.is_verdict ? verdict_message : report_message);
  writer.put_number(header.round);
  if (header.is_verdict) writer.put_byte(header.is_final ? 1 : 0);
}

}  // namespace rankmesh
