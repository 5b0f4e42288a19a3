#include "protocol/agreement_state.hpp"

namespace rankmesh {

void Agreement::State::report_to(int to, bool wants_answer) {
  MessageWriter writer = message(AgreementMessage::report);
  put_values(writer, session_.places_);
  writer.put_byte(wants_answer ? 1 : 0);
  knowledge_.put(writer);
  send(to, writer);
}

void Agreement::State::report_to_collectors() {
  for (int collector = 0; collector < collectors(); ++collector) {
    if (collector != rank()) report_to(collector);
  }
}

void Agreement::State::report_to_collectors_once(bool& told) {
  if (told) return;
  told = true;
  report_to_collectors();
}

void Agreement::State::report_up(bool wants_answer) {
  const RankSet& given_up = knowledge_.given_up();
  int to = tree_parent(rank(), session_.paths_.tree_radix);
  while (to != 0 && given_up.contains(to)) to = tree_parent(to, session_.paths_.tree_radix);
  if (given_up.contains(to)) return report_to_collectors();
  report_to(to, wants_answer);
}

bool Agreement::State::subtree_is_here() const {
  if (!knowledge_.arrived().contains(rank())) return false;
  const RankSet& given_up = knowledge_.given_up();
  if (given_up.empty()) return knowledge_.arrived().size() >= subtree_of(rank());
  const RankSet subtree = RankSet::of({{rank(), rank() + subtree_of(rank()) - 1}});
  return subtree.without(knowledge_.arrived()).without(given_up).empty();
}

void Agreement::State::report_complete_subtree() {
  if (rank() == 0 || verdict_ || reported_ || !subtree_is_here()) return;
  reported_ = true;
  report_up(false);
}

void Agreement::State::tell_of_lost_ranks() {
  if (!reported_) return;
  if (reports_along_tree()) {
    // Again, with the next step: those below a lost rank report to the one above it.
    reported_ = false;
  } else {
    report_to_collectors();
  }
}

void Agreement::State::report_while_waiting(Instant now) {
  const bool is_long = now >= own_arrival_ + session_.timeouts_.deadline / 8;
  if (reports_along_tree()) {
    if (is_long || now >= deadline()) report_along_tree(now);
    return;
  }
  if (is_long) report_to_collectors_once(told_collectors_early_);
  // A collector that comes late cannot see how old an early report is: this one says that the deadline has
  // passed.
  if (now >= deadline()) report_to_collectors_once(told_collectors_at_deadline_);
}

void Agreement::State::report_along_tree(Instant now) {
  using Phase = LongWait::Phase;
  const Phase phase = now >= deadline() ? Phase::after_deadline : Phase::before_deadline;
  const bool begins = long_wait_.phase < phase;
  if (begins) {
    long_wait_ = {.phase = phase, .since = now};
    // One that came later than this rank does not know yet that the deadline has passed.
    if (phase == Phase::after_deadline) {
      ask(tree_children_without(knowledge_.given_up(), rank(), size(), session_.paths_.tree_radix));
    }
  }
  if (rank() == 0) return;
  const bool misses_answer = !long_wait_.is_answered && now >= long_wait_.since + grace() / 32;
  const bool changes_way = misses_answer && !long_wait_.goes_to_collectors;
  const bool knows_more =
      extent_of_knowledge() > long_wait_.reported && now >= long_wait_.reported_at + grace() / 128;
  if (!begins && !changes_way && !knows_more) return;
  long_wait_.goes_to_collectors = misses_answer;
  long_wait_.reported_at = now;
  long_wait_.reported = extent_of_knowledge();
  if (misses_answer) {
    report_to_collectors();
  } else {
    report_up(!long_wait_.is_answered);
  }
}

void Agreement::State::answer_question(int from) {
  // The rank above gets a report anyway: by its question this rank knows that the deadline has passed.
  if (from == tree_parent(rank(), session_.paths_.tree_radix)) return;
  if (now() >= deadline()) session_.note_presence({{options_.place, RankSet(rank())}});
  report_to(from);
}

std::int64_t Agreement::State::extent_of_knowledge() const {
  return knowledge_.arrived().size() + knowledge_.given_up().size() + session_.present_.size() +
         static_cast<std::int64_t>(knowledge_.failures().size());
}

}  // namespace rankmesh
