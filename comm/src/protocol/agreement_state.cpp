#include "protocol/agreement_state.hpp"

#include <algorithm>
#include <utility>

#include "protocol/rank_names.hpp"

namespace rankmesh {
namespace {

/// MPI may show messages that arrived long ago a few at a time: which ranks are silent is known only when so
/// many polls in a row have found no message.
constexpr int empty_polls_for_silence = 8;

}  // namespace

Agreement::State::State(AgreementSession& session, std::vector<AgreementField> fields,
                        AgreementOptions options)
    : session_(session),
      transport_(session.transport()),
      options_(std::move(options)),
      knowledge_(transport_.size(), std::move(fields)),
      ballot_(session),
      looked_at_(transport_.now()),
      deadline_(session.started_ + session.timeouts_.deadline),
      own_arrival_(looked_at_) {
  if (session_.is_over()) {
    const Message decision{rank(), session_.decision_};
    MessageReader reader(decision);
    verdict_ = decode_verdict(reader);
  }
  knowledge_.give_up(options_.lost);
  if (options_.arrives_at_once) arrive();
  // Last, so that no exception uses up a round.
  round_ = session.begin();
}

const Verdict& Agreement::State::verdict() const {
  const std::span<const int> names = transport_.rank_names();
  if (names.empty()) return verdict_.value();
  if (!verdict_with_names_) verdict_with_names_ = with_rank_names(verdict_.value(), names);
  return *verdict_with_names_;
}

void Agreement::State::resume(AgreementOptions options) {
  options_ = std::move(options);
  knowledge_.give_up(options_.lost);
  if (options_.arrives_at_once) arrive();
}

void Agreement::State::arrive() {
  if (verdict_ || has_failed_ || knowledge_.arrived().contains(rank())) return;
  knowledge_.add_arrival(rank());
  own_arrival_ = now();
  // What was told before did not have it.
  told_collectors_at_deadline_ = false;
}

void Agreement::State::fail(std::string what) {
  if (verdict_ || has_failed_) return;
  has_failed_ = true;
  note_failure({rank(), std::move(what)});
  report_to_collectors();
}

void Agreement::State::give_up(const RankSet& lost) {
  // Others may have named them before, which does not change what this rank has told.
  if (verdict_ || lost.without(options_.lost).empty()) return;
  options_.lost.insert(lost);
  knowledge_.give_up(lost);
  tell_of_lost_ranks();
}

void Agreement::State::note_failure(RankFailure failure) {
  knowledge_.add_failure(std::move(failure));
  if (!alarm_) alarm_ = now();
}

bool Agreement::State::step() {
  const Instant now = look_at_clock();
  update_deadline(now);
  // Before polling, which may take a while where ranks share a core: the parent waits for the report.
  report_complete_subtree();
  process_messages(1);
  // If rank 0 itself came late, a report that the deadline has passed may lie behind the others.
  const bool came_late = rank() == 0 && round_ == 0 && all_have_arrived();
  if (now >= deadline() || came_late) process_messages(empty_polls_for_silence);
  update_deadline(now);
  if (!verdict_) act(now);
  if (!verdict_) return false;
  pass_on(now);
  return is_passed_on(now);
}

Agreement::State::Instant Agreement::State::look_at_clock() {
  const Instant before = std::exchange(looked_at_, transport_.now());
  const bool waits_for_answers = deadline_has_passed_ || alarm_ || ballot_.is_led_here() || verdict_;
  // A fraction of the time that others have to answer, and much more than a step of a rank that runs.
  if (waits_for_answers) pauses_ += std::max(looked_at_ - before - grace() / 8, Instant(0));
  return looked_at_ - pauses_;
}

void Agreement::State::update_deadline(Instant now) {
  if (deadline_has_passed_) return;
  deadline_ = std::max(session_.started_ + session_.timeouts_.deadline - pauses_, now);
  deadline_has_passed_ = deadline_ == now;
}

MessageWriter Agreement::State::message(AgreementMessage type) const {
  MessageWriter writer;
  put_header(writer, {type, round_, session_.elapsed()});
  return writer;
}

void Agreement::State::send(int to, const MessageWriter& writer) {
  try {
    session_.send(to, writer.bytes());
  } catch (const Error&) {
    // The verdict stands. A rank that is running learns it from another collector.
    if (!session_.is_over()) throw;
  }
  ++messages_sent_;
}

void Agreement::State::process_messages(int empty_polls) {
  const auto wants_messages = [&] {
    return !verdict_ || !passing_on_.empty() || stands_by_ || !copies_.empty();
  };
  for (int empty = 0; empty < empty_polls && wants_messages();) {
    const auto message = session_.receive(round_);
    if (!message) {
      ++empty;
      continue;
    }
    empty = 0;
    handle(*message);
    report_complete_subtree();
  }
}

void Agreement::State::handle(const Message& message) {
  MessageReader reader(message);
  const AgreementHeader header = take_header(reader);
  switch (header.type) {
    case AgreementMessage::report: {
      if (verdict_) {
        if (session_.is_over()) send_decision(message.from, DecisionPath::direct);
        return;
      }
      static_cast<void>(take_values(reader));
      const bool wants_answer = reader.take_byte() != 0;
      const bool knew_failures = !knowledge_.failures().empty();
      const RankSet given_up = knowledge_.given_up();
      knowledge_.merge(reader, message.from);
      if (reports_along_tree() && knowledge_.given_up() != given_up) tell_of_lost_ranks();
      if (!knew_failures && !knowledge_.failures().empty() && !alarm_) alarm_ = now();
      if (wants_answer) send(message.from, this->message(AgreementMessage::noted));
      return;
    }
    case AgreementMessage::noted:
      long_wait_.is_answered = true;
      return;
    case AgreementMessage::agreed:
      if (!verdict_) agree_and_go_on();
      return;
    case AgreementMessage::decision:
      return accept_decision(message);
    case AgreementMessage::passed_on:
      passing_on_ = passing_on_.without(RankSet(message.from));
      return;
    case AgreementMessage::question:
      if (!verdict_ && reports_along_tree()) answer_question(message.from);
      return;
    case AgreementMessage::prepare:
      if (verdict_ && session_.is_over()) return send_decision(message.from, DecisionPath::direct);
      break;
    default:
      break;
  }
  if (!is_collector(rank()) || !is_collector(message.from)) reader.refuse();
  if (header.type == AgreementMessage::proposal && !alarm_) alarm_ = now();
  ballot_.handle(message, round_);
}

bool Agreement::State::only_lost_are_missing() const {
  const RankSet& given_up = knowledge_.given_up();
  if (given_up.empty()) return false;
  return knowledge_.arrived().without(given_up).size() + given_up.size() == size();
}

int Agreement::State::collectors_before() const {
  const RankSet& given_up = knowledge_.given_up();
  int count = 0;
  for (int other = 0; other < rank(); ++other) count += given_up.contains(other) ? 0 : 1;
  return count;
}

}  // namespace rankmesh
