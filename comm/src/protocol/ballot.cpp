#include "protocol/ballot.hpp"

#include <algorithm>
#include <utility>

namespace rankmesh {

void Ballot::send(int to, const MessageWriter& writer) {
  session_.send(to, writer.bytes());
  ++messages_sent_;
}

void Ballot::send_to_others(const MessageWriter& writer) {
  for (int rank = 0; rank < collector_count(transport().size()); ++rank) {
    if (rank != transport().rank()) send(rank, writer);
  }
}

void Ballot::begin(std::uint64_t round, Transport::Duration now) {
  phase_ = Phase::preparing;
  since_ = now;
  const int ballot = transport().rank();
  if (ballot == 0) return;
  session_.promised_ = std::max(session_.promised_, ballot);
  MessageWriter writer;
  put_header(writer, {AgreementMessage::prepare, round, session_.elapsed()});
  send_to_others(writer);
}

bool Ballot::has_all_promises() const noexcept {
  return transport().rank() == 0 || answered_.size() == collector_count(transport().size()) - 1;
}

const Bytes* Ballot::accepted_before() const noexcept {
  return session_.accepted_ ? &session_.accepted_->verdict : nullptr;
}

void Ballot::propose(std::uint64_t round, Bytes verdict, Transport::Duration now) {
  phase_ = Phase::proposing;
  since_ = now;
  answered_ = RankSet();
  proposed_ = std::move(verdict);
  session_.accepted_ = AgreementSession::Accepted{transport().rank(), proposed_};
  MessageWriter writer;
  put_header(writer, {AgreementMessage::proposal, round, session_.elapsed()});
  writer.put_bytes(proposed_);
  send_to_others(writer);
}

void Ballot::handle(const Message& message, std::uint64_t round) {
  MessageReader reader(message);
  const AgreementHeader header = take_header(reader);
  const int ballot = message.from;
  const auto answer = [&](AgreementMessage type, auto&& put) {
    MessageWriter writer;
    put_header(writer, {type, round, session_.elapsed()});
    put(writer);
    send(message.from, writer);
  };
  switch (header.type) {
    case AgreementMessage::prepare:
      if (ballot <= session_.promised_) return;
      session_.promised_ = ballot;
      return answer(AgreementMessage::promise, [&](MessageWriter& writer) {
        writer.put_byte(session_.accepted_ ? 1 : 0);
        if (!session_.accepted_) return;
        writer.put_number(static_cast<std::uint64_t>(session_.accepted_->ballot));
        writer.put_bytes(session_.accepted_->verdict);
      });
    case AgreementMessage::promise: {
      if (phase_ != Phase::preparing) return;
      answered_.insert(RankSet(message.from));
      if (reader.take_byte() == 0) return;
      const int accepted = static_cast<int>(reader.take_number());
      if (!session_.accepted_ || accepted > session_.accepted_->ballot) {
        session_.accepted_ = AgreementSession::Accepted{accepted, reader.take_bytes()};
      }
      return;
    }
    case AgreementMessage::proposal:
      if (ballot < session_.promised_) return;
      session_.promised_ = ballot;
      session_.accepted_ = AgreementSession::Accepted{ballot, reader.take_bytes()};
      return answer(AgreementMessage::acceptance, [](MessageWriter&) {});
    case AgreementMessage::acceptance:
      if (phase_ == Phase::proposing) answered_.insert(RankSet(message.from));
      return;
    default:
      reader.refuse();
  }
}

}  // namespace rankmesh
