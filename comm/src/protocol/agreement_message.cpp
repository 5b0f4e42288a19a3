#include "protocol/agreement_message.hpp"

#include <algorithm>

namespace rankmesh {
namespace {

void put_duration(MessageWriter& writer, std::chrono::nanoseconds duration) {
  writer.put_number(static_cast<std::uint64_t>(duration.count()));
}

std::chrono::nanoseconds take_duration(MessageReader& reader) {
  return std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(reader.take_number()));
}

}  // namespace

AgreementHeader take_header(MessageReader& reader) {
  const std::uint8_t type = reader.take_byte();
  if (type < static_cast<std::uint8_t>(AgreementMessage::report) ||
      type > static_cast<std::uint8_t>(AgreementMessage::noted)) {
    reader.refuse();
  }
  AgreementHeader header{.type = static_cast<AgreementMessage>(type)};
  header.round = reader.take_number();
  header.elapsed = take_duration(reader);
  return header;
}

AgreementHeader header_of(const Message& message) {
  MessageReader reader(message);
  return take_header(reader);
}

void put_header(MessageWriter& writer, const AgreementHeader& header) {
  writer.put_byte(static_cast<std::uint8_t>(header.type));
  writer.put_number(header.round);
  put_duration(writer, header.elapsed);
}

void put_values(MessageWriter& writer, const std::vector<HeldValue>& values) {
  writer.put_number(values.size());
  for (const HeldValue& held : values) {
    writer.put_text(held.value);
    writer.put_ranks(held.ranks);
  }
}

std::vector<HeldValue> take_values(MessageReader& reader) {
  std::vector<HeldValue> values(reader.take_count());
  for (HeldValue& held : values) {
    held.value = reader.take_text();
    held.ranks = reader.take_ranks();
  }
  return values;
}

void put_failures(MessageWriter& writer, const std::vector<RankFailure>& failures) {
  writer.put_number(failures.size());
  for (const RankFailure& failure : failures) {
    writer.put_number(static_cast<std::uint64_t>(failure.rank));
    writer.put_text(failure.what);
  }
}

std::vector<RankFailure> take_failures(MessageReader& reader) {
  std::vector<RankFailure> failures(reader.take_count());
  for (RankFailure& failure : failures) {
    failure.rank = static_cast<int>(reader.take_number());
    failure.what = reader.take_text();
  }
  return failures;
}

Bytes encode(const Verdict& verdict) {
  MessageWriter writer;
  writer.put_byte(static_cast<std::uint8_t>(verdict.outcome));
  writer.put_number(verdict.disagreements.size());
  for (const Disagreement& disagreement : verdict.disagreements) {
    writer.put_text(disagreement.field);
    put_values(writer, disagreement.values);
    writer.put_byte(disagreement.required ? 1 : 0);
    if (disagreement.required) writer.put_text(*disagreement.required);
  }
  const DeadlineError::Details& deadline = verdict.deadline;
  writer.put_text(deadline.step);
  writer.put_ranks(deadline.missing);
  writer.put_ranks(deadline.unfinished);
  put_values(writer, deadline.places);
  put_duration(writer, deadline.waited);
  writer.put_byte(deadline.complete ? 1 : 0);
  put_failures(writer, verdict.failures);
  return writer.take();
}

bool is_success(const Bytes& verdict) noexcept {
  return verdict.front() == static_cast<std::byte>(Verdict::Outcome::agreed);
}

Verdict decode_verdict(MessageReader& reader) {
  Verdict verdict;
  const std::uint8_t outcome = reader.take_byte();
  if (outcome > static_cast<std::uint8_t>(Verdict::Outcome::failed)) reader.refuse();
  verdict.outcome = static_cast<Verdict::Outcome>(outcome);
  verdict.disagreements.resize(reader.take_count());
  for (Disagreement& disagreement : verdict.disagreements) {
    disagreement.field = reader.take_text();
    disagreement.values = take_values(reader);
    if (reader.take_byte() != 0) disagreement.required = reader.take_text();
  }
  DeadlineError::Details& deadline = verdict.deadline;
  deadline.step = reader.take_text();
  deadline.missing = reader.take_ranks();
  deadline.unfinished = reader.take_ranks();
  deadline.places = take_values(reader);
  deadline.waited = take_duration(reader);
  deadline.complete = reader.take_byte() != 0;
  verdict.failures = take_failures(reader);
  reader.expect_end();
  return verdict;
}

void add_holders(std::vector<HeldValue>& values, const HeldValue& held) {
  const auto same = std::find_if(values.begin(), values.end(),
                                 [&](const HeldValue& known) { return known.value == held.value; });
  if (same == values.end()) {
    values.push_back(held);
  } else {
    same->ranks.insert(held.ranks);
  }
}

}  // namespace rankmesh
