#include "protocol/agreement_state.hpp"

#include <utility>

namespace rankmesh {

using Outcome = Verdict::Outcome;

void Agreement::State::decide(Instant now) {
  Verdict verdict{.outcome = Outcome::agreed, .disagreements = knowledge_.disagreements()};
  if (!verdict.disagreements.empty()) verdict.outcome = Outcome::disagreed;
  if (verdict.outcome == Outcome::agreed && !options_.is_last) return agree_and_go_on();
  if (!ballot_.is_led_here()) ballot_.begin(round_, now);
  propose(encode(verdict), now);
}

void Agreement::State::agree_and_go_on() {
  verdict_ = Verdict{};
  ended_at_ = now();
  session_.note_agreed(round_);
  const MessageWriter writer = message(AgreementMessage::agreed);
  for (const int child : children()) send(child, writer);
}

void Agreement::State::end(Verdict verdict, Bytes encoded, Instant now) {
  verdict_ = std::move(verdict);
  ended_at_ = now;
  session_.end_with(std::move(encoded));
}

void Agreement::State::accept_decision(const Message& message) {
  MessageReader reader(message);
  static_cast<void>(take_header(reader));
  const auto path = static_cast<DecisionPath>(reader.take_byte());
  if (verdict_) {
    if (path == DecisionPath::last) stands_by_ = false;
    copies_ = copies_.without(RankSet(message.from));
    return;
  }
  const std::size_t rest = reader.position();
  Bytes encoded(message.bytes.begin() + static_cast<std::ptrdiff_t>(rest), message.bytes.end());
  end(decode_verdict(reader), std::move(encoded), now());
  if (path == DecisionPath::along_tree) {
    told_by_ = message.from;
    stands_by_ = is_collector(rank());
    send_decision_down();
  } else {
    for (int other = rank() + 1; other < collectors(); ++other) {
      if (other != message.from) send_decision(other, DecisionPath::direct);
    }
    if (verdict_->outcome == Outcome::agreed && is_collector(rank())) {
      const int leader = session_.accepted_ ? session_.accepted_->ballot : message.from;
      for (int other = leader; other < rank(); ++other) copies_.insert(RankSet(other));
      copies_ = copies_.without(RankSet(message.from));
    }
  }
}

void Agreement::State::send_decision(int to, DecisionPath path) {
  MessageWriter writer = message(AgreementMessage::decision);
  writer.put_byte(static_cast<std::uint8_t>(path));
  writer.put_rest(session_.decision_);
  send(to, writer);
}

void Agreement::State::tell_collectors_last() {
  for (int other = 0; other < collectors(); ++other) {
    if (other != rank()) send_decision(other, DecisionPath::last);
  }
}

void Agreement::State::send_decision_to_all() {
  // Directly, since an inner node of the tree may be dead; also to missing ranks, which may only be late. The
  // collectors come last: they know by it that all others have been told.
  for (int other = collectors(); other < size(); ++other) {
    if (other != rank()) send_decision(other, DecisionPath::direct);
  }
  tell_collectors_last();
}

bool Agreement::State::may_go_down_the_tree() const {
  if (size() <= session_.paths_.direct_up_to) return false;
  return rank() == 0 || verdict_->deadline.missing.contains(0);
}

std::vector<int> Agreement::State::children_of_decision(int node, bool is_root) const {
  const RankSet& lost = verdict_->deadline.missing;
  const int radix = session_.paths_.tree_radix;
  std::vector<int> result = tree_children_without(lost, node, size(), radix);
  if (!is_root || node == 0) return result;
  for (const int child : tree_children_without(lost, 0, size(), radix)) {
    if (child != node) result.push_back(child);
  }
  return result;
}

void Agreement::State::send_decision_down() {
  is_on_path_ = true;
  for (const int child : children_of_decision(rank(), !told_by_)) {
    send_decision(child, DecisionPath::along_tree);
    if (!children_of_decision(child).empty()) passing_on_.insert(RankSet(child));
  }
  if (told_by_) return;
  // They may only be late.
  for (const int lost : verdict_->deadline.missing.to_vector()) send_decision(lost, DecisionPath::direct);
}

void Agreement::State::pass_on(Instant now) {
  if (!session_.is_over()) return;
  if (now >= ended_at_ + grace() / 4) copies_ = RankSet();
  if (!passing_on_.empty() && now >= ended_at_ + grace() / 4) {
    for (const int child : passing_on_.to_vector()) {
      for (int below = child; below < child + subtree_of(child); ++below)
        send_decision(below, DecisionPath::direct);
    }
    passing_on_ = RankSet();
  }
  if (is_on_path_ && passing_on_.empty() && !told_parent_) {
    told_parent_ = true;
    if (!told_by_) {
      tell_collectors_last();
    } else if (!children_of_decision(rank()).empty()) {
      send(*told_by_, message(AgreementMessage::passed_on));
    }
  }
  // The leader, and the collectors that stand by before this one, are those that the verdict does not miss.
  const std::int64_t before = RankSet::first_ranks(rank()).without(verdict_->deadline.missing).size();
  if (stands_by_ && now >= ended_at_ + before * grace()) {
    stands_by_ = false;
    send_decision_to_all();
  }
}

bool Agreement::State::is_passed_on(Instant now) {
  if (!passing_on_.empty() || stands_by_ || !copies_.empty()) return false;
  // The verdict may never leave for a rank that is dead, and leaves soon for one that is not: whoever waited
  // longer would come late to what follows.
  return session_.sends_done() || now >= ended_at_ + grace();
}

}  // namespace rankmesh
