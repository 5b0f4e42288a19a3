#include "rankmesh/comm/agreement.hpp"

#include <algorithm>
#include <utility>

#include "agreement_message.hpp"
#include "rank_tree.hpp"

namespace rankmesh {
namespace {

/// Rank 0 collects the reports; rank 1 stands in where rank 0 is silent.
constexpr int leader = 0;
constexpr int deputy = 1;

std::uint64_t count_of(std::chrono::nanoseconds duration) {
  return static_cast<std::uint64_t>(duration.count());
}

std::chrono::nanoseconds duration_of(std::uint64_t count) {
  return std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(count));
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

void add_holders(std::vector<HeldValue>& values, HeldValue added) {
  const auto same = std::find_if(values.begin(), values.end(),
                                 [&](const HeldValue& held) { return held.value == added.value; });
  if (same == values.end()) {
    values.push_back(std::move(added));
  } else {
    same->ranks.insert(added.ranks);
  }
}

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

Agreement::Agreement(Rounds& rounds, const std::vector<AgreementField>& fields, AgreementOptions options)
    : rounds_(rounds),
      transport_(rounds.transport()),
      options_(std::move(options)),
      round_(rounds.begin()),
      fields_(fields),
      own_arrival_(transport_.now()),
      subtree_(subtree_size(transport_.rank(), transport_.size())) {
  for (const AgreementField& field : fields) tallies_.push_back({field.field, {}});
  if (options_.arrives_at_once) arrive();
}

Agreement::~Agreement() {
  if (!verdict_) rounds_.reopen(round_);
}

void Agreement::arrive() {
  if (verdict_ || has_failed_) return;
  const RankSet self(transport_.rank());
  arrived_.insert(self);
  for (const AgreementField& field : fields_) {
    const auto tally = std::find_if(tallies_.begin(), tallies_.end(),
                                    [&](const Tally& t) { return t.field == field.field; });
    add_holders(tally->values, {field.value, self});
  }
}

void Agreement::fail(std::string what) {
  if (verdict_ || has_failed_) return;
  has_failed_ = true;
  add_failure({transport_.rank(), std::move(what)});
  for (const int collector : {leader, deputy}) {
    if (collector != transport_.rank() && collector < transport_.size()) report_to(collector);
  }
}

void Agreement::add_failure(RankFailure failure) {
  if (failures_.empty()) first_failure_ = transport_.now();
  const auto place = std::lower_bound(failures_.begin(), failures_.end(), failure.rank,
                                      [](const RankFailure& known, int rank) { return known.rank < rank; });
  if (place == failures_.end() || place->rank != failure.rank) failures_.insert(place, std::move(failure));
}

std::vector<int> Agreement::children() const {
  return tree_children(transport_.rank(), transport_.size());
}

bool Agreement::step() {
  // A report goes up as soon as it is whole: to look for one more message may take a while where ranks share
  // a core.
  report_when_whole();
  while (!verdict_) {
    const auto message = rounds_.receive(round_);
    if (!message) break;
    handle(*message);
    report_when_whole();
  }
  if (!verdict_) act_as_time_passes();
  if (!verdict_) return false;
  // A verdict for a rank that is gone may never leave; one for a rank that is here leaves soon.
  return rounds_.sends_done() || waited() >= deadline() + 2 * grace();
}

void Agreement::handle(const Message& message) {
  MessageReader reader(message);
  const AgreementHeader header = take_header(reader);
  if (verdict_) return;
  if (header.is_verdict) {
    read_verdict(message);
  } else {
    merge_report(message);
  }
}

void Agreement::report_when_whole() {
  const int rank = transport_.rank();
  const bool subtree_is_here = arrived_.contains(rank) && arrived_.size() >= subtree_;
  if (rank == leader || verdict_ || reported_ || !subtree_is_here) return;
  report_to(tree_parent(rank));
  reported_ = true;
}

void Agreement::act_as_time_passes() {
  const int rank = transport_.rank();
  const Instant time = waited();
  if (rank == leader) {
    // Others may fail for the same reason: a moment later all of them are known.
    if (!failures_.empty() && transport_.now() - first_failure_ >= grace() / 20) return give_up();
    if (time < deadline()) {
      if (is_complete() && failures_.empty()) return decide();
    } else {
      present_.insert(RankSet(rank));
      const bool awaits_answers = !options_.arrives_at_once && !has_heard_all();
      if (!awaits_answers || time >= deadline() + grace() / 2) return miss_deadline();
      return;
    }
  } else if (rank == deputy && time >= deadline() + grace()) {
    present_.insert(RankSet(rank));
    return miss_deadline();
  } else if (time >= deadline() + 2 * grace()) {
    // Nobody is told: those who could collect the news are silent, and every rank finds out alike.
    return settle(
        {.outcome = failures_.empty() ? Verdict::Outcome::deadline_missed : Verdict::Outcome::failed,
         .failures = failures_,
         .deadline = {.step = options_.step,
                      .missing = RankSet::of({{leader, deputy}}),
                      .waited = time,
                      .complete = false}});
  }
  if (transport_.now() - own_arrival_ >= deadline() / 8) escalate(escalated_early_);
  // A report that lay in wait for a collector who came late does not say how long it lay: this one says that
  // time is up.
  if (time >= deadline()) {
    present_.insert(RankSet(rank));
    escalate(escalated_at_deadline_);
  }
}

void Agreement::report_to(int rank) {
  MessageWriter writer;
  put_header(writer, {.round = round_});
  writer.put_number(count_of(waited()));
  writer.put_ranks(arrived_);
  writer.put_ranks(present_);
  writer.put_number(tallies_.size());
  for (const Tally& tally : tallies_) {
    writer.put_text(tally.field);
    put_values(writer, tally.values);
  }
  put_failures(writer, failures_);
  rounds_.send(rank, writer.bytes());
  ++messages_sent_;
}

void Agreement::escalate(bool& escalated) {
  if (escalated) return;
  escalated = true;
  for (const int collector : {leader, deputy}) {
    if (collector != transport_.rank() && collector < transport_.size()) report_to(collector);
  }
}

void Agreement::merge_report(const Message& message) {
  MessageReader reader(message);
  static_cast<void>(take_header(reader));
  rounds_.started_no_later_than(duration_of(reader.take_number()));
  arrived_.insert(reader.take_ranks());
  present_.insert(reader.take_ranks());
  for (std::size_t count = reader.take_count(); count > 0; --count) {
    const std::string field = reader.take_text();
    auto tally =
        std::find_if(tallies_.begin(), tallies_.end(), [&](const Tally& t) { return t.field == field; });
    if (tally == tallies_.end()) tally = tallies_.insert(tally, {field, {}});
    for (HeldValue& held : take_values(reader)) add_holders(tally->values, std::move(held));
  }
  for (RankFailure& failure : take_failures(reader)) add_failure(std::move(failure));
  reader.expect_end();
}

std::vector<Disagreement> Agreement::find_disagreements() const {
  std::vector<Disagreement> result;
  std::vector<Disagreement> derived;
  for (const Tally& tally : tallies_) {
    Disagreement found{tally.field, tally.values, std::nullopt};
    RankSet holders;
    for (const HeldValue& held : tally.values) holders.insert(held.ranks);
    const RankSet others = holders.complement(transport_.size());
    if (!others.empty()) found.values.push_back({"(not set)", others});
    std::sort(found.values.begin(), found.values.end(), [](const HeldValue& a, const HeldValue& b) {
      return a.ranks.ranges().front().first < b.ranks.ranges().front().first;
    });

    const auto own = std::find_if(fields_.begin(), fields_.end(),
                                  [&](const AgreementField& field) { return field.field == tally.field; });
    if (own != fields_.end()) found.required = own->required;
    const bool is_as_required = !found.required || found.values.front().value == *found.required;
    if (found.values.size() == 1 && is_as_required) continue;
    (own != fields_.end() && own->is_derived ? derived : result).push_back(std::move(found));
  }
  return result.empty() ? derived : result;
}

void Agreement::settle(Verdict verdict) {
  verdict_ = std::move(verdict);
  rounds_.remember(round_, encoded_verdict(), verdict_->outcome != Verdict::Outcome::agreed);
}

void Agreement::decide() {
  Verdict verdict{.outcome = Verdict::Outcome::agreed, .disagreements = find_disagreements()};
  if (!verdict.disagreements.empty()) verdict.outcome = Verdict::Outcome::disagreed;
  settle(std::move(verdict));
  send_verdict(children());
}

void Agreement::give_up() {
  settle({.outcome = Verdict::Outcome::failed, .failures = failures_, .deadline = {.step = options_.step}});
  send_verdict_to_all();
}

bool Agreement::has_heard_all() const {
  RankSet known = arrived_;
  known.insert(present_);
  return known.size() == transport_.size();
}

void Agreement::miss_deadline() {
  if (!failures_.empty()) return give_up();
  const RankSet late = arrived_.complement(transport_.size());
  DeadlineError::Details details{.step = options_.step, .waited = waited()};
  // Complete, but too late: the others may have given up on this rank.
  if (late.empty()) {
    details.missing = RankSet(transport_.rank());
  } else {
    RankSet heard = arrived_;
    heard.insert(present_);
    details.missing = heard.complement(transport_.size());
    RankSet others = arrived_;
    others.insert(details.missing);
    details.unfinished = others.complement(transport_.size());
  }
  settle({.outcome = Verdict::Outcome::deadline_missed, .deadline = std::move(details)});
  send_verdict_to_all();
}

void Agreement::send_verdict_to_all() {
  // Not along the tree, which may be broken somewhere; and to the missing too, who may be late only.
  std::vector<int> others;
  for (int rank = 0; rank < transport_.size(); ++rank) {
    if (rank != transport_.rank()) others.push_back(rank);
  }
  send_verdict(others);
}

void Agreement::send_verdict(const std::vector<int>& ranks) {
  const Bytes message = encoded_verdict();
  for (const int rank : ranks) rounds_.send(rank, message);
  messages_sent_ += static_cast<int>(ranks.size());
}

Bytes Agreement::encoded_verdict() {
  MessageWriter writer;
  put_header(
      writer,
      {.is_verdict = true, .round = round_, .is_final = verdict_->outcome != Verdict::Outcome::agreed});
  writer.put_byte(static_cast<std::uint8_t>(verdict_->outcome));
  writer.put_number(count_of(waited()));
  writer.put_number(verdict_->disagreements.size());
  for (const Disagreement& disagreement : verdict_->disagreements) {
    writer.put_text(disagreement.field);
    put_values(writer, disagreement.values);
    writer.put_byte(disagreement.required ? 1 : 0);
    if (disagreement.required) writer.put_text(*disagreement.required);
  }
  const DeadlineError::Details& deadline = verdict_->deadline;
  writer.put_text(deadline.step);
  writer.put_ranks(deadline.missing);
  writer.put_ranks(deadline.unfinished);
  writer.put_number(count_of(deadline.waited));
  writer.put_byte(deadline.complete ? 1 : 0);
  put_failures(writer, verdict_->failures);
  return writer.bytes();
}

void Agreement::read_verdict(const Message& message) {
  MessageReader reader(message);
  static_cast<void>(take_header(reader));
  Verdict verdict;
  const std::uint8_t outcome = reader.take_byte();
  if (outcome > static_cast<std::uint8_t>(Verdict::Outcome::failed)) reader.refuse();
  verdict.outcome = static_cast<Verdict::Outcome>(outcome);
  rounds_.started_no_later_than(duration_of(reader.take_number()));
  verdict.disagreements.resize(reader.take_count());
  for (Disagreement& disagreement : verdict.disagreements) {
    disagreement.field = reader.take_text();
    disagreement.values = take_values(reader);
    if (reader.take_byte() != 0) disagreement.required = reader.take_text();
  }
  verdict.deadline.step = reader.take_text();
  verdict.deadline.missing = reader.take_ranks();
  verdict.deadline.unfinished = reader.take_ranks();
  verdict.deadline.waited = duration_of(reader.take_number());
  verdict.deadline.complete = reader.take_byte() != 0;
  verdict.failures = take_failures(reader);
  reader.expect_end();
  settle(std::move(verdict));
  const bool came_along_the_tree =
      verdict_->outcome == Verdict::Outcome::agreed || verdict_->outcome == Verdict::Outcome::disagreed;
  if (came_along_the_tree) send_verdict(children());
}

namespace {

const Verdict& run(Agreement& agreement, Transport& transport) {
  while (!agreement.step()) transport.idle();
  return agreement.verdict();
}

}  // namespace

void agree(Rounds& rounds, const std::vector<AgreementField>& fields, std::string step) {
  Agreement agreement(rounds, fields, {.step = std::move(step)});
  run(agreement, rounds.transport()).raise();
}

void arrive(Rounds& rounds, std::string step, const std::optional<std::string>& failure) {
  Agreement agreement(rounds, {}, {.step = std::move(step), .arrives_at_once = !failure});
  if (failure) agreement.fail(*failure);
  run(agreement, rounds.transport()).raise();
}

void abandon(Rounds& rounds, std::string why) noexcept {
  if (rounds.is_over()) return;
  try {
    Transport& transport = rounds.transport();
    Agreement agreement(rounds, {}, {.arrives_at_once = false});
    agreement.fail(std::move(why));
    const auto until = transport.now() + rounds.patience().grace;
    while (!agreement.step() && transport.now() < until) transport.idle();
  } catch (...) {
    // The error that this rank leaves with is the one that counts.
  }
}

std::vector<AgreementField> agreement_fields(const ParallelConfig& config, int world_size) {
  // The job is as large as it says, or ends where the layout ends.
  const std::string_view last_word = config.job_size ? "job_size" : "world_size";
  const std::int64_t required = config.job_size ? world_size : world_size - config.rank_offset;
  std::vector<AgreementField> fields;
  for (FieldText& text : field_texts(config)) {
    AgreementField& field = fields.emplace_back();
    if (text.field == last_word) field.required = std::to_string(required);
    field.field = std::move(text.field);
    field.value = std::move(text.value);
  }
  return fields;
}

}  // namespace rankmesh
