#include "rankmesh/comm/agreement_session.hpp"

#include <algorithm>
#include <utility>

#include "protocol/agreement_message.hpp"
#include "protocol/ballot.hpp"
#include "protocol/knowledge.hpp"

namespace rankmesh {
namespace {

/// So that a few of them can be added up.
constexpr std::chrono::nanoseconds longest_timeout = std::chrono::hours(24 * 3650);

std::chrono::nanoseconds within_limits(std::chrono::nanoseconds duration) {
  return std::clamp<std::chrono::nanoseconds>(duration, std::chrono::milliseconds(1), longest_timeout);
}

}  // namespace

AgreementSession::AgreementSession(Transport& transport, Timeouts timeouts, Channel channel,
                                   MessagePaths paths)
    : transport_(transport),
      timeouts_{.deadline = within_limits(timeouts.deadline), .grace = within_limits(timeouts.grace)},
      channel_(channel),
      paths_(paths),
      started_(transport.now()) {}

std::chrono::nanoseconds AgreementSession::remaining() const {
  return std::max<Instant>(timeouts_.deadline - elapsed(), std::chrono::milliseconds(1));
}

void AgreementSession::send(int to, const Bytes& message) {
  transport_.send(to, channel_, message);
}

std::optional<Message> AgreementSession::receive(std::uint64_t round) {
  if (!early_.empty() && header_of(early_.front()).round <= round) {
    Message message = std::move(early_.front());
    early_.pop_front();
    return message;
  }
  while (auto message = transport_.receive(channel_)) {
    const AgreementHeader header = header_of(*message);
    started_ = std::min(started_, transport_.now() - header.elapsed);
    newest_round_ = std::max(newest_round_, header.round);
    if (header.type == AgreementMessage::report) note_report(*message);
    const bool belongs_to_one_round =
        header.type == AgreementMessage::report || header.type == AgreementMessage::agreed;
    if (!belongs_to_one_round || header.round == round) return message;
    if (header.round > round) {
      early_.push_back(std::move(*message));
    } else if (header.type == AgreementMessage::report) {
      answer(*message);
    }
  }
  return std::nullopt;
}

void AgreementSession::note_report(const Message& message) {
  MessageReader reader(message);
  static_cast<void>(take_header(reader));
  note_presence(take_values(reader));
}

void AgreementSession::note_presence(const std::vector<HeldValue>& places) {
  for (const HeldValue& place : places) {
    // What a rank says first counts: a report may be older than one that came another way.
    const HeldValue added{place.value, place.ranks.without(present_)};
    if (added.ranks.empty()) continue;
    add_holders(places_, added);
    present_.insert(added.ranks);
  }
}

void AgreementSession::answer(const Message& message) {
  // A rank that is behind asks the collectors alone. After the deadline it is to wait for the decision.
  const std::uint64_t round = header_of(message).round;
  if (!is_collector(transport_.rank()) || last_agreed_ != round || elapsed() >= timeouts_.deadline) return;
  MessageWriter writer;
  put_header(writer, {AgreementMessage::agreed, round, elapsed()});
  send(message.from, writer.bytes());
}

bool AgreementSession::has_succeeded() const noexcept {
  return is_over_ && is_success(decision_);
}

void AgreementSession::end_with(Bytes verdict) {
  decision_ = std::move(verdict);
  is_over_ = true;
}

void report_presence(Transport& transport, std::chrono::nanoseconds elapsed, const std::string& place) {
  MessageWriter writer;
  // A report that says nothing about a round, so that it may come in any.
  put_header(writer, {AgreementMessage::report, 0, elapsed});
  put_values(writer, {{place, RankSet(transport.rank())}});
  Knowledge(transport.size(), {}).put(writer);
  for (int rank = 0; rank < collector_count(transport.size()); ++rank) {
    if (rank != transport.rank()) transport.send(rank, Channel::agreement, writer.bytes());
  }
}

}  // namespace rankmesh
