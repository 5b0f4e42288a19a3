#include "rankmesh/comm/agreement.hpp"

#include <algorithm>
#include <utility>

#include "protocol/agreement_message.hpp"
#include "protocol/ballot.hpp"
#include "protocol/knowledge.hpp"
#include "protocol/rank_names.hpp"
#include "protocol/rank_tree.hpp"

namespace rankmesh {
namespace {

using Outcome = Verdict::Outcome;

/// MPI may show messages that arrived long ago a few at a time: which ranks are silent is known only when so
/// many polls in a row have found no message.
constexpr int empty_polls_for_silence = 8;

}  // namespace

void Verdict::raise(int abandoned_identifiers) const {
  switch (outcome) {
    case Outcome::agreed:
      return;
    case Outcome::disagreed:
      throw DisagreementError(disagreements);
    case Outcome::deadline_missed:
      throw DeadlineError(deadline, abandoned_identifiers);
    case Outcome::failed:
      throw BringUpError(deadline.step, failures, abandoned_identifiers);
  }
}

/// The state machine. Times are those of the transport's clock.
class Agreement::State {
 public:
  State(AgreementSession& session, std::vector<AgreementField> fields, AgreementOptions options);

  /// Goes on with other options. The fields are those from the beginning.
  void resume(AgreementOptions options);
  void arrive();
  void fail(std::string what);
  void give_up(const RankSet& lost);
  bool step();

  /// The verdict, with the names of ranks.
  [[nodiscard]] const Verdict& verdict() const;
  [[nodiscard]] bool has_verdict() const noexcept { return verdict_.has_value(); }
  [[nodiscard]] std::uint64_t round() const noexcept { return round_; }
  [[nodiscard]] int messages_sent() const noexcept { return messages_sent_ + ballot_.messages_sent(); }

 private:
  using Instant = Transport::Duration;

  [[nodiscard]] int rank() const noexcept { return transport_.rank(); }
  [[nodiscard]] int size() const noexcept { return transport_.size(); }
  [[nodiscard]] int collectors() const noexcept { return collector_count(size()); }
  [[nodiscard]] Instant grace() const noexcept { return session_.timeouts_.grace; }
  /// When the deadline passes, as far as this rank knows.
  [[nodiscard]] Instant deadline() const noexcept { return session_.started_ + session_.timeouts_.deadline; }
  [[nodiscard]] bool all_have_arrived() const { return knowledge_.arrived().size() == size(); }
  /// Whether some ranks are given up, and all others have arrived.
  [[nodiscard]] bool only_lost_are_missing() const;
  /// The collectors before this rank that are not given up: each has a `grace` to lead before this one does.
  [[nodiscard]] int collectors_before() const;
  /// Whether all ranks of this rank's subtree have arrived or are given up.
  [[nodiscard]] bool subtree_is_here() const;
  [[nodiscard]] std::vector<int> children() const {
    return tree_children(rank(), size(), session_.paths_.tree_radix);
  }
  [[nodiscard]] int subtree_of(int node) const {
    return subtree_size(node, size(), session_.paths_.tree_radix);
  }

  // Messages.
  void process_messages(int empty_polls);
  void handle(const Message& message);
  [[nodiscard]] MessageWriter message(AgreementMessage type) const;
  void send(int to, const MessageWriter& writer);
  void report_to(int to);
  void report_to_collectors_once(bool& told);
  /// Reports to the parent, once, when the whole subtree of this rank has arrived.
  void report_complete_subtree();

  // What time brings.
  /// @param now taken before messages were handled: a decision at a time rests on all messages of that time
  void act(Instant now);
  void lead(Instant now);
  /// Whether rank 0 may end the round because all have arrived.
  [[nodiscard]] bool may_decide(Instant now) const;
  /// Whether the leader of a ballot knows enough to propose.
  [[nodiscard]] bool may_propose(Instant now) const;
  /// Whether what this rank proposed is chosen.
  [[nodiscard]] bool is_chosen(Instant now) const;
  void begin_ballot(Instant now);
  void propose(Bytes verdict, Instant now);
  void ask_silent_ranks();
  [[nodiscard]] Verdict missed_deadline(Instant now) const;
  [[nodiscard]] Verdict failed() const;
  void note_failure(RankFailure failure);

  // Verdicts.
  void decide(Instant now);
  void agree_and_go_on();
  void end(Verdict verdict, Bytes encoded, Instant now);
  void accept_decision(const Message& message);
  void send_decision(int to, bool along_tree);
  void send_decision_to_all();
  void send_decision_down();
  void pass_on(Instant now);
  [[nodiscard]] bool is_passed_on(Instant now);

  AgreementSession& session_;
  Transport& transport_;
  AgreementOptions options_;
  Knowledge knowledge_;
  Ballot ballot_;
  Instant own_arrival_;
  std::uint64_t round_ = 0;
  bool has_failed_ = false;
  bool reported_ = false;
  bool told_collectors_early_ = false;
  bool told_collectors_at_deadline_ = false;
  /// When a collector has to act: the first failure, or the first verdict that was proposed to it.
  std::optional<Instant> alarm_;
  std::optional<Verdict> verdict_;
  mutable std::optional<Verdict> verdict_with_names_;
  Instant ended_at_{0};
  /// The decision travels down the tree, through this rank.
  bool is_on_path_ = false;
  /// Children with children of their own, from which it is not known that they have passed the decision on.
  RankSet passing_on_;
  bool told_parent_ = false;
  /// On a collector that must stay until the leader has told all ranks: it takes over if the leader dies.
  bool stands_by_ = false;
  /// On a collector, after success: other collectors that send it the decision too. A message that nobody
  /// receives would be left for MPI_Finalize.
  RankSet copies_;
  int messages_sent_ = 0;
};

Agreement::State::State(AgreementSession& session, std::vector<AgreementField> fields,
                        AgreementOptions options)
    : session_(session),
      transport_(session.transport()),
      options_(std::move(options)),
      knowledge_(transport_.size(), std::move(fields)),
      ballot_(session),
      own_arrival_(transport_.now()) {
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
  own_arrival_ = transport_.now();
  // What was told before did not have it.
  told_collectors_at_deadline_ = false;
}

void Agreement::State::fail(std::string what) {
  if (verdict_ || has_failed_) return;
  has_failed_ = true;
  note_failure({rank(), std::move(what)});
  bool told = false;
  report_to_collectors_once(told);
}

void Agreement::State::give_up(const RankSet& lost) {
  // Others may have named them before, which does not change what this rank has told.
  if (verdict_ || lost.without(options_.lost).empty()) return;
  options_.lost.insert(lost);
  knowledge_.give_up(lost);
  // What was reported may have gone to one of them.
  bool told = !reported_;
  report_to_collectors_once(told);
}

void Agreement::State::note_failure(RankFailure failure) {
  knowledge_.add_failure(std::move(failure));
  if (!alarm_) alarm_ = transport_.now();
}

bool Agreement::State::step() {
  const Instant now = transport_.now();
  // Before polling, which may take a while where ranks share a core: the parent waits for the report.
  report_complete_subtree();
  process_messages(1);
  // If rank 0 itself came late, a report that the deadline has passed may lie behind the others.
  const bool came_late = rank() == 0 && round_ == 0 && all_have_arrived();
  if (now >= deadline() || came_late) process_messages(empty_polls_for_silence);
  if (!verdict_) act(now);
  if (!verdict_) return false;
  pass_on(now);
  return is_passed_on(now);
}

// Messages.

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
        if (session_.is_over()) send_decision(message.from, false);
        return;
      }
      static_cast<void>(take_values(reader));
      const bool knew_failures = !knowledge_.failures().empty();
      knowledge_.merge(reader, message.from);
      if (!knew_failures && !knowledge_.failures().empty() && !alarm_) alarm_ = transport_.now();
      return;
    }
    case AgreementMessage::agreed:
      if (!verdict_) agree_and_go_on();
      return;
    case AgreementMessage::decision:
      return accept_decision(message);
    case AgreementMessage::passed_on:
      passing_on_ = passing_on_.without(RankSet(message.from));
      return;
    case AgreementMessage::question:
      return;
    case AgreementMessage::prepare:
      if (verdict_ && session_.is_over()) return send_decision(message.from, false);
      break;
    default:
      break;
  }
  if (!is_collector(rank()) || !is_collector(message.from)) reader.refuse();
  if (header.type == AgreementMessage::proposal && !alarm_) alarm_ = transport_.now();
  ballot_.handle(message, round_);
}

void Agreement::State::report_to(int to) {
  MessageWriter writer = message(AgreementMessage::report);
  put_values(writer, session_.places_);
  knowledge_.put(writer);
  send(to, writer);
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
  const RankSet& given_up = knowledge_.given_up();
  int to = tree_parent(rank(), session_.paths_.tree_radix);
  while (to != 0 && given_up.contains(to)) to = tree_parent(to, session_.paths_.tree_radix);
  if (!given_up.contains(to)) return report_to(to);
  bool told = false;
  report_to_collectors_once(told);
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

void Agreement::State::report_to_collectors_once(bool& told) {
  if (told) return;
  told = true;
  for (int collector = 0; collector < collectors(); ++collector) {
    if (collector != rank()) report_to(collector);
  }
}

// What time brings.

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
                                 .waited = now - session_.started_,
                                 .complete = is_failure}};
    Bytes encoded = encode(verdict);
    return end(std::move(verdict), std::move(encoded), now);
  }
  if (now >= own_arrival_ + session_.timeouts_.deadline / 8)
    report_to_collectors_once(told_collectors_early_);
  // A collector that comes late cannot see how old an early report is: this one says that the deadline has
  // passed.
  if (now >= deadline()) report_to_collectors_once(told_collectors_at_deadline_);
}

void Agreement::State::begin_ballot(Instant now) {
  ballot_.begin(round_, now);
  if (now >= deadline()) ask_silent_ranks();
  lead(now);
}

void Agreement::State::ask_silent_ranks() {
  const MessageWriter writer = message(AgreementMessage::question);
  for (int other = 0; other < size(); ++other) {
    if (other != rank() && !session_.present_.contains(other)) send(other, writer);
  }
}

void Agreement::State::lead(Instant now) {
  if (!ballot_.is_proposed()) {
    if (rank() == 0 && may_decide(now)) return decide(now);
    if (!may_propose(now)) return;
    if (const Bytes* accepted = ballot_.accepted_before()) return propose(*accepted, now);
    return propose(encode(knowledge_.failures().empty() ? missed_deadline(now) : failed()), now);
  }
  if (!is_chosen(now)) return;
  const Message chosen{rank(), ballot_.proposed()};
  MessageReader reader(chosen);
  Verdict verdict = decode_verdict(reader);
  const bool is_root = rank() == 0;
  const bool down_the_tree =
      is_root && verdict.outcome == Outcome::agreed && size() > session_.paths_.direct_up_to;
  end(std::move(verdict), chosen.bytes, now);
  if (down_the_tree) {
    send_decision_down();
  } else {
    send_decision_to_all();
  }
}

bool Agreement::State::may_decide(Instant now) const {
  const bool is_complete =
      all_have_arrived() && knowledge_.failures().empty() && knowledge_.given_up().empty();
  // A stand-in for this rank may have proposed a verdict of this round already.
  return is_complete && now < deadline() + grace() / 2 && ballot_.accepted_before() == nullptr &&
         !ballot_.is_overtaken();
}

bool Agreement::State::may_propose(Instant now) const {
  if (ballot_.is_overtaken()) return false;
  if (now >= ballot_.since() + grace() / 2) return true;
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

Verdict Agreement::State::missed_deadline(Instant now) const {
  DeadlineError::Details details{.step = options_.step, .waited = now - session_.started_};
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

// Verdicts.

void Agreement::State::decide(Instant now) {
  Verdict verdict{.outcome = Outcome::agreed, .disagreements = knowledge_.disagreements()};
  if (!verdict.disagreements.empty()) verdict.outcome = Outcome::disagreed;
  if (verdict.outcome == Outcome::agreed && !options_.is_last) return agree_and_go_on();
  if (!ballot_.is_led_here()) ballot_.begin(round_, now);
  propose(encode(verdict), now);
}

void Agreement::State::agree_and_go_on() {
  verdict_ = Verdict{};
  ended_at_ = transport_.now();
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
  const bool along_tree = reader.take_byte() != 0;
  if (verdict_) {
    // From the leader, when it has told all others.
    if (!along_tree) stands_by_ = false;
    copies_ = copies_.without(RankSet(message.from));
    return;
  }
  const std::size_t rest = reader.position();
  Bytes encoded(message.bytes.begin() + static_cast<std::ptrdiff_t>(rest), message.bytes.end());
  end(decode_verdict(reader), std::move(encoded), transport_.now());
  if (along_tree) {
    stands_by_ = is_collector(rank());
    send_decision_down();
  } else {
    for (int other = rank() + 1; other < collectors(); ++other) {
      if (other != message.from) send_decision(other, false);
    }
    if (verdict_->outcome == Outcome::agreed && is_collector(rank())) {
      const int leader = session_.accepted_ ? session_.accepted_->ballot : message.from;
      for (int other = leader; other < rank(); ++other) copies_.insert(RankSet(other));
      copies_ = copies_.without(RankSet(message.from));
    }
  }
}

void Agreement::State::send_decision(int to, bool along_tree) {
  MessageWriter writer = message(AgreementMessage::decision);
  writer.put_byte(along_tree ? 1 : 0);
  writer.put_rest(session_.decision_);
  send(to, writer);
}

void Agreement::State::send_decision_to_all() {
  // Directly, since an inner node of the tree may be dead; also to missing ranks, which may only be late. The
  // collectors come last: they know by it that all others have been told.
  for (int other = collectors(); other < size(); ++other) {
    if (other != rank()) send_decision(other, false);
  }
  for (int other = 0; other < collectors(); ++other) {
    if (other != rank()) send_decision(other, false);
  }
}

void Agreement::State::send_decision_down() {
  is_on_path_ = true;
  for (const int child : children()) {
    send_decision(child, true);
    if (subtree_of(child) > 1) passing_on_.insert(RankSet(child));
  }
}

void Agreement::State::pass_on(Instant now) {
  if (!session_.is_over()) return;
  if (now >= ended_at_ + grace() / 4) copies_ = RankSet();
  if (!passing_on_.empty() && now >= ended_at_ + grace() / 4) {
    for (const RankSet::Range& range : passing_on_.ranges()) {
      for (int child = range.first; child <= range.last; ++child) {
        for (int below = child; below < child + subtree_of(child); ++below) send_decision(below, false);
      }
    }
    passing_on_ = RankSet();
  }
  if (is_on_path_ && passing_on_.empty() && !told_parent_) {
    told_parent_ = true;
    if (ballot_.is_led_here()) {
      for (int other = 0; other < collectors(); ++other) {
        if (other != rank()) send_decision(other, false);
      }
    } else if (subtree_of(rank()) > 1) {
      send(tree_parent(rank(), session_.paths_.tree_radix), message(AgreementMessage::passed_on));
    }
  }
  if (stands_by_ && now >= ended_at_ + rank() * grace()) {
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

// The public face.

Agreement::Agreement(AgreementSession& session, std::vector<AgreementField> fields, AgreementOptions options)
    : Agreement(session, session.hold(), std::move(fields), std::move(options)) {}

Agreement::Agreement(AgreementSession& session, std::unique_lock<std::mutex> hold,
                     std::vector<AgreementField> fields, AgreementOptions options)
    : session_(session),
      hold_(std::move(hold)),
      state_(std::static_pointer_cast<State>(std::exchange(session.handed_over_, nullptr))) {
  if (state_) {
    try {
      state_->resume(std::move(options));
    } catch (...) {
      session.handed_over_ = std::move(state_);
      throw;
    }
  } else {
    state_ = std::make_shared<State>(session, std::move(fields), std::move(options));
  }
}

Agreement::~Agreement() {
  if (!state_) return;
  if (!state_->has_verdict()) {
    session_.reopen(state_->round());
  } else if (hold_.owns_lock()) {
    hand_over();
  }
}

void Agreement::hand_over() {
  // The next agreement after one in which all agreed is that of another round.
  if (!state_->has_verdict() || session_.is_over()) session_.handed_over_ = std::move(state_);
}

void Agreement::arrive() {
  state_->arrive();
}

void Agreement::fail(std::string what) {
  state_->fail(std::move(what));
}

void Agreement::give_up(const RankSet& lost) {
  state_->give_up(lost);
}

bool Agreement::step() {
  if (hold_.owns_lock() && state_->step()) hold_.unlock();
  return !hold_.owns_lock();
}

const Verdict& Agreement::verdict() const& {
  return state_->verdict();
}

int Agreement::messages_sent() const noexcept {
  return state_->messages_sent();
}

void finish(Agreement& agreement, AgreementSession& session) {
  while (!agreement.step()) session.transport().idle();
  agreement.verdict().raise();
}

Verdict meet(AgreementSession& session, AgreementOptions options, const std::optional<std::string>& failure) {
  options.arrives_at_once = !failure;
  Agreement agreement(session, {}, std::move(options));
  if (failure) agreement.fail(*failure);
  while (!agreement.step()) session.transport().idle();
  return agreement.verdict();
}

void arrive(AgreementSession& session, AgreementOptions options, const std::optional<std::string>& failure) {
  meet(session, std::move(options), failure).raise();
}

void abandon(AgreementSession& session, std::string why) noexcept {
  try {
    static_cast<void>(meet(session, {}, std::move(why)));
  } catch (...) {
    // The caller is about to throw the error that made this rank leave.
  }
}

}  // namespace rankmesh
