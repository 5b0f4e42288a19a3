#include "rankmesh/comm/agreement_session.hpp"

#include <algorithm>
#include <utility>

#include "protocol/agreement_message.hpp"

namespace rankmesh {
namespace {

AgreementHeader header_of(const Message& message) {
  MessageReader reader(message);
  return take_header(reader);
}

}  // namespace

AgreementSession::AgreementSession(Transport& transport, Timeouts timeouts, Channel channel)
    : transport_(transport),
      timeouts_(timeouts),
      channel_(channel),
      started_(transport.now()) {
  timeouts_.deadline = std::max<Instant>(timeouts_.deadline, std::chrono::milliseconds(1));
}

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
    if (header.round == round || (header.round > round && header.is_final)) return message;
    if (header.round > round) {
      early_.push_back(std::move(*message));
    } else if (!header.is_verdict && header.round == last_round_) {
      answer(*message);
    }
  }
  return std::nullopt;
}

void AgreementSession::answer(const Message& message) {
  // Ranks that are behind ask the two collectors only; a late report to any other rank needs no answer.
  constexpr int last_collector = 1;
  if (transport_.rank() <= last_collector) send(message.from, last_verdict_);
}

void AgreementSession::started_no_later_than(std::chrono::nanoseconds ago) {
  started_ = std::min(started_, transport_.now() - ago);
}

void AgreementSession::remember(std::uint64_t round, Bytes verdict, bool is_over) {
  last_round_ = round;
  last_verdict_ = std::move(verdict);
  is_over_ = is_over;
}

}  // namespace rankmesh
