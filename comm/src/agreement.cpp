#include "rankmesh/comm/agreement.hpp"

#include <algorithm>
#include <utility>

#include "binomial_tree.hpp"
#include "message.hpp"

namespace rankmesh {
namespace {

constexpr std::uint8_t report_message = 0xA1;
constexpr std::uint8_t verdict_message = 0xA2;

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

void Verdict::raise() const {
  switch (outcome) {
    case Outcome::agreed:
      return;
    case Outcome::disagreed:
      throw DisagreementError(disagreements);
    case Outcome::deadline_missed:
      throw DeadlineError(deadline);
    case Outcome::failed:
      throw BringUpError(deadline.step, failures);
  }
}

Agreement::Agreement(Transport& transport, const std::vector<AgreementField>& fields,
                     AgreementOptions options)
    : transport_(transport),
      options_(std::move(options)),
      fields_(fields),
      first_arrival_(transport.now()),
      own_arrival_(first_arrival_),
      subtree_(subtree_size(transport.rank(), transport.size())) {
  options_.deadline = std::max<Instant>(options_.deadline, std::chrono::milliseconds(1));
  for (const AgreementField& field : fields) tallies_.push_back({field.field, {}});
  if (options_.arrives_at_once) arrive();
}

void Agreement::arrive() {
  if (verdict_) return;
  const RankSet self(transport_.rank());
  arrived_.insert(self);
  for (const AgreementField& field : fields_) {
    const auto tally = std::find_if(tallies_.begin(), tallies_.end(),
                                    [&](const Tally& t) { return t.field == field.field; });
    add_holders(tally->values, {field.value, self});
  }
}

void Agreement::fail(std::string what) {
  if (verdict_) return;
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
  while (const auto message = transport_.receive(options_.channel)) handle(*message);
  if (!verdict_) act_as_time_passes();
  if (!verdict_) return false;
  // A verdict for a rank that is gone may never leave; one for a rank that is here leaves soon.
  return transport_.sends_done() || waited() >= options_.deadline + 2 * options_.grace;
}

void Agreement::handle(const Message& message) {
  MessageReader reader(message);
  const std::uint8_t type = reader.take_byte();
  if (type != report_message && type != verdict_message) reader.refuse();
  if (verdict_) return;
  if (type == report_message) {
    merge_report(message);
  } else {
    read_verdict(message);
  }
}

void Agreement::act_as_time_passes() {
  const int rank = transport_.rank();
  const Instant time = waited();
  if (rank == leader) {
    // Others may fail for the same reason: a moment later all of them are known.
    if (!failures_.empty() && transport_.now() - first_failure_ >= options_.grace / 20) return give_up();
    if (time < options_.deadline) {
      if (is_complete()) return decide();
    } else {
      // Complete, but too late: the others may have given up on this rank.
      return miss_deadline(is_complete() ? RankSet(leader) : arrived_.complement(transport_.size()), true);
    }
  } else if (rank == deputy && time >= options_.deadline + options_.grace) {
    return miss_deadline(arrived_.complement(transport_.size()), true);
  } else if (time >= options_.deadline + 2 * options_.grace) {
    // Nobody is told: those who could collect the news are silent, and every rank finds out alike.
    verdict_ =
        Verdict{.outcome = failures_.empty() ? Verdict::Outcome::deadline_missed : Verdict::Outcome::failed,
                .failures = failures_,
                .deadline = {options_.step, RankSet::of({{leader, deputy}}), time, false}};
    return;
  }
  const bool subtree_is_here = arrived_.contains(rank) && arrived_.size() >= subtree_;
  if (rank != leader && subtree_is_here && !reported_) {
    report_to(tree_parent(rank));
    reported_ = true;
  }
  escalate_at(options_.deadline / 8, escalated_early_);
  // A report that lay in wait for a collector who came late does not say how long it lay: this one says that
  // time is up.
  escalate_at(options_.deadline, escalated_at_deadline_);
}

void Agreement::report_to(int rank) {
  MessageWriter writer;
  writer.put_byte(report_message);
  writer.put_number(count_of(waited()));
  writer.put_ranks(arrived_);
  writer.put_number(tallies_.size());
  for (const Tally& tally : tallies_) {
    writer.put_text(tally.field);
    put_values(writer, tally.values);
  }
  put_failures(writer, failures_);
  transport_.send(rank, options_.channel, writer.bytes());
  ++messages_sent_;
}

void Agreement::escalate_at(Instant waited, bool& escalated) {
  if (escalated || transport_.now() - own_arrival_ < waited) return;
  escalated = true;
  for (const int collector : {leader, deputy}) {
    if (collector != transport_.rank() && collector < transport_.size()) report_to(collector);
  }
}

void Agreement::merge_report(const Message& message) {
  MessageReader reader(message);
  static_cast<void>(reader.take_byte());
  first_arrival_ = std::min(first_arrival_, transport_.now() - duration_of(reader.take_number()));
  arrived_.insert(reader.take_ranks());
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
    if (!others.empty()) found.values.push_back({"(unknown field)", others});
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

void Agreement::decide() {
  verdict_ = Verdict{.outcome = Verdict::Outcome::agreed, .disagreements = find_disagreements()};
  if (!verdict_->disagreements.empty()) verdict_->outcome = Verdict::Outcome::disagreed;
  send_verdict(children());
}

void Agreement::give_up() {
  verdict_ = Verdict{
      .outcome = Verdict::Outcome::failed, .failures = failures_, .deadline = {.step = options_.step}};
  send_verdict_to_all();
}

void Agreement::miss_deadline(RankSet missing, bool complete) {
  if (!failures_.empty()) return give_up();
  verdict_ = Verdict{.outcome = Verdict::Outcome::deadline_missed,
                     .deadline = {options_.step, std::move(missing), waited(), complete}};
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
  MessageWriter writer;
  writer.put_byte(verdict_message);
  writer.put_byte(static_cast<std::uint8_t>(verdict_->outcome));
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
  writer.put_number(count_of(deadline.waited));
  writer.put_byte(deadline.complete ? 1 : 0);
  put_failures(writer, verdict_->failures);
  for (const int rank : ranks) transport_.send(rank, options_.channel, writer.bytes());
  messages_sent_ += static_cast<int>(ranks.size());
}

void Agreement::read_verdict(const Message& message) {
  MessageReader reader(message);
  static_cast<void>(reader.take_byte());
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
  verdict.deadline.step = reader.take_text();
  verdict.deadline.missing = reader.take_ranks();
  verdict.deadline.waited = duration_of(reader.take_number());
  verdict.deadline.complete = reader.take_byte() != 0;
  verdict.failures = take_failures(reader);
  reader.expect_end();
  verdict_ = std::move(verdict);
  const bool came_along_the_tree =
      verdict_->outcome == Verdict::Outcome::agreed || verdict_->outcome == Verdict::Outcome::disagreed;
  if (came_along_the_tree) send_verdict(children());
}

void agree(Transport& transport, const std::vector<AgreementField>& fields, const AgreementOptions& options) {
  Agreement agreement(transport, fields, options);
  while (!agreement.step()) transport.idle();
  agreement.verdict().raise();
}

std::vector<AgreementField> agreement_fields(const ParallelConfig& config, int world_size) {
  std::vector<AgreementField> fields;
  for (FieldText& text : field_texts(config)) {
    fields.push_back({.field = std::move(text.field), .value = std::move(text.value)});
  }
  fields.front().required = std::to_string(world_size);
  return fields;
}

}  // namespace rankmesh
