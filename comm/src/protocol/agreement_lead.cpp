#include "protocol/agreement_state.hpp"

#include <algorithm>
#include <utility>

namespace rankmesh {

using Outcome = Verdict::Outcome;

void Agreement::State::act(Instant now) {
  // All others have left this round. A collector must not settle a verdict from what it knows of that round.
  if (session_.is_past(round_) && (is_collector(rank()) || now < deadline())) return agree_and_go_on();
  if (now >= deadline()) session_.note_presence({{options_.place, RankSet(rank())}});
  if (is_collector(rank()) && !alarm_ && only_lost_are_missing()) alarm_ = now;
  if (ballot_.is_led_here()) {
    lead(now);
  } else if (rank() == 0) {
    // Other ranks may fail for the same reason: a moment later their failures are known too.
    if (!knowledge_.failures().empty()) {
      if (now >= alarm_.value() + grace() / 20) begin_ballot(now);
    } else if (may_decide(now)) {
      return decide(now);
    } else if (now >= deadline() || only_lost_are_missing() || ballot_.accepted_before() != nullptr) {
      begin_ballot(now);
    }
  } else if (is_collector(rank()) &&
             now >= std::min(deadline(), alarm_.value_or(deadline())) + collectors_before() * grace()) {
    begin_ballot(now);
  }
  if (verdict_) return;
  if (now >= deadline() + 3 * grace() + grace() / 2) {
    // All collectors are silent, and every rank comes to the same conclusion by itself: nobody is told.
    const RankSet silent = RankSet::first_ranks(collectors()).without(RankSet(rank()));
    const bool is_failure = !knowledge_.failures().empty();
    Verdict verdict{.outcome = is_failure ? Outcome::failed : Outcome::deadline_missed,
                    .failures = knowledge_.failures(),
                    .deadline = {.step = options_.step,
                                 .missing = is_failure ? RankSet() : silent,
                                 .waited = session_.elapsed(),
                                 .complete = is_failure}};
    Bytes encoded = encode(verdict);
    return end(std::move(verdict), std::move(encoded), now);
  }
  report_while_waiting(now);
}

void Agreement::State::begin_ballot(Instant now) {
  ballot_.begin(round_, now);
  if (now >= deadline()) {
    if (reports_along_tree()) {
      // Rank 0, or in its place another, which does not have what was reported to rank 0.
      std::vector<int> top = tree_children(0, size(), session_.paths_.tree_radix);
      if (rank() != 0) top.push_back(0);
      ask(top);
      asks_all_at_ = now + grace() / 8;
    } else {
      ask_silent_ranks();
    }
  }
  lead(now);
}

void Agreement::State::ask(const std::vector<int>& ranks) {
  const MessageWriter writer = message(AgreementMessage::question);
  for (const int other : ranks) {
    if (other != rank()) send(other, writer);
  }
}

void Agreement::State::ask_silent_ranks() {
  ask(session_.present_.complement(size()).to_vector());
}

void Agreement::State::lead(Instant now) {
  if (!ballot_.is_proposed()) {
    if (rank() == 0 && may_decide(now)) return decide(now);
    if (asks_all_at_ && now >= *asks_all_at_) {
      asks_all_at_.reset();
      ask_silent_ranks();
    }
    if (!may_propose(now)) return;
    if (const Bytes* accepted = ballot_.accepted_before()) return propose(*accepted, now);
    return propose(encode(knowledge_.failures().empty() ? missed_deadline() : failed()), now);
  }
  if (!is_chosen(now)) return;
  const Message chosen{rank(), ballot_.proposed()};
  MessageReader reader(chosen);
  Verdict verdict = decode_verdict(reader);
  end(std::move(verdict), chosen.bytes, now);
  if (may_go_down_the_tree()) {
    send_decision_down();
  } else {
    send_decision_to_all();
  }
}

Transport::Duration Agreement::State::time_to_answer() const {
  // Where reports go up the tree, those that are silent are asked directly an eighth later.
  return reports_along_tree() ? grace() * 5 / 8 : grace() / 2;
}

bool Agreement::State::may_decide(Instant now) const {
  const bool is_complete =
      all_have_arrived() && knowledge_.failures().empty() && knowledge_.given_up().empty();
  // A stand-in for this rank may have proposed a verdict of this round already.
  return is_complete && now < deadline() + time_to_answer() && ballot_.accepted_before() == nullptr &&
         !ballot_.is_overtaken();
}

bool Agreement::State::may_propose(Instant now) const {
  if (ballot_.is_overtaken()) return false;
  if (now >= ballot_.since() + time_to_answer()) return true;
  const bool is_settled =
      ballot_.accepted_before() != nullptr || !knowledge_.failures().empty() || only_lost_are_missing();
  return ballot_.has_all_promises() && (is_settled || session_.present_.size() == size());
}

bool Agreement::State::is_chosen(Instant now) const {
  const int acceptances = ballot_.acceptances();
  const Instant waited = now - ballot_.since();
  // All, if all are alive: then the verdict is known even after two of them have died.
  if (acceptances == collectors()) return true;
  if (waited >= grace() / 4 && 2 * acceptances > collectors()) return true;
  // The others have died: nobody else can have chosen.
  const bool may_judge_alone = !is_success(ballot_.proposed()) || now >= deadline() + grace() / 2;
  return waited >= grace() / 2 && may_judge_alone && !ballot_.is_overtaken();
}

void Agreement::State::propose(Bytes verdict, Instant now) {
  ballot_.propose(round_, std::move(verdict), now);
  lead(now);
}

Verdict Agreement::State::failed() const {
  return {.outcome = Outcome::failed, .failures = knowledge_.failures(), .deadline = {.step = options_.step}};
}

Verdict Agreement::State::missed_deadline() const {
  DeadlineError::Details details{.step = options_.step, .waited = session_.elapsed()};
  const RankSet& given_up = knowledge_.given_up();
  if (!only_lost_are_missing()) details.missing = session_.present_.complement(size());
  details.missing.insert(given_up);
  details.unfinished = session_.present_.without(knowledge_.arrived()).without(given_up);
  for (const HeldValue& place : session_.places_) {
    const RankSet unfinished = place.ranks.without(knowledge_.arrived());
    if (!place.value.empty() && !unfinished.empty()) details.places.push_back({place.value, unfinished});
  }
  // All have arrived, but rank 0 too late to agree, or to lead: another rank has taken over.
  if (details.missing.empty() && details.unfinished.empty()) details.missing = RankSet(0);
  return {.outcome = Outcome::deadline_missed, .deadline = std::move(details)};
}

}  // namespace rankmesh
