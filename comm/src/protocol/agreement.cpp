#include "rankmesh/comm/agreement.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "protocol/agreement_message.hpp"
#include "protocol/rank_tree.hpp"

namespace rankmesh {
namespace {

/// Rank 0 collects the reports; rank 1 stands in where rank 0 is silent.
constexpr int leader = 0;
constexpr int deputy = 1;
/// MPI may show messages that arrived long ago a few at a time: which ranks are silent is known only when so
/// many polls in a row have found no message.
constexpr int empty_polls_for_silence = 8;

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

constexpr std::string_view not_set = "(not set)";

/// The fields as one text: equal if names and values are, in their order.
std::string text_of(const std::vector<AgreementField>& fields) {
  MessageWriter writer;
  for (const AgreementField& field : fields) {
    writer.put_text(field.field);
    writer.put_text(field.value);
  }
  const auto* begin = reinterpret_cast<const char*>(writer.bytes().data());
  return {begin, begin + writer.bytes().size()};
}

/// The fields that `text_of` wrote.
/// @param from the rank that sent the text, for errors
std::vector<AgreementField> fields_of(std::string_view text, int from) {
  std::vector<AgreementField> fields;
  for (MessageReader reader(std::as_bytes(std::span(text)), from); !reader.is_at_end();) {
    AgreementField& field = fields.emplace_back();
    field.field = reader.take_text();
    field.value = reader.take_text();
  }
  return fields;
}

std::string_view value_of(const std::vector<AgreementField>& fields, std::string_view name) {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const AgreementField& f) { return f.field == name; });
  return found == fields.end() ? not_set : std::string_view(found->value);
}

/// The ranks of one set that are not in another.
RankSet ranks_without(const RankSet& ranks, const RankSet& others, int world_size) {
  RankSet result = ranks.complement(world_size);
  result.insert(others);
  return result.complement(world_size);
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

Agreement::Agreement(AgreementSession& session, std::vector<AgreementField> fields, AgreementOptions options)
    : session_(session),
      transport_(session.transport()),
      options_(std::move(options)),
      round_(session.begin()),
      fields_(std::move(fields)),
      fields_text_(text_of(fields_)),
      own_arrival_(transport_.now()),
      subtree_(subtree_size(transport_.rank(), transport_.size())) {
  if (options_.arrives_at_once) arrive();
}

Agreement::~Agreement() {
  if (!verdict_) session_.reopen(round_);
}

void Agreement::arrive() {
  if (!verdict_ && !has_failed_) arrived_.insert(RankSet(transport_.rank()));
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
  // Before polling, which may take a while where ranks share a core: the parent waits for the report.
  report_complete_subtree();
  process_messages(1);
  if (must_drain_messages()) process_messages(empty_polls_for_silence);
  if (!verdict_) act_on_time();
  if (!verdict_) return false;
  // The verdict may never leave for a rank that is dead, and leaves soon for one that is not.
  return session_.sends_done() || waited() >= deadline() + 2 * grace();
}

void Agreement::process_messages(int empty_polls) {
  for (int empty = 0; empty < empty_polls && !verdict_;) {
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

bool Agreement::must_drain_messages() const {
  if (waited() >= deadline()) return true;
  // If rank 0 itself came late, a report that the deadline has passed may lie behind the others.
  return transport_.rank() == leader && round_ == 0 && is_complete();
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

void Agreement::report_complete_subtree() {
  const int rank = transport_.rank();
  const bool subtree_is_here = arrived_.contains(rank) && arrived_.size() >= subtree_;
  if (rank == leader || verdict_ || reported_ || !subtree_is_here) return;
  report_to(tree_parent(rank));
  reported_ = true;
}

void Agreement::act_on_time() {
  const int rank = transport_.rank();
  const Instant time = waited();
  if (rank == leader) {
    // Other ranks may fail for the same reason: a moment later their failures are known too.
    if (!failures_.empty() && transport_.now() - first_failure_ >= grace() / 20) return give_up();
    if (time < deadline()) {
      if (is_complete() && failures_.empty()) return decide();
    } else {
      present_.insert(RankSet(rank));
      const bool awaits_answers = !options_.arrives_at_once && !has_heard_from_all();
      if (!awaits_answers || time >= deadline() + grace() / 2) return miss_deadline();
      return;
    }
  } else if (rank == deputy && time >= deadline() + grace()) {
    present_.insert(RankSet(rank));
    return miss_deadline();
  } else if (time >= deadline() + 2 * grace()) {
    // Both collectors are silent, and every rank comes to the same conclusion by itself: nobody is told.
    return settle(
        {.outcome = failures_.empty() ? Verdict::Outcome::deadline_missed : Verdict::Outcome::failed,
         .failures = failures_,
         .deadline = {.step = options_.step,
                      .missing = RankSet::of({{leader, deputy}}),
                      .waited = time,
                      .complete = false}});
  }
  if (transport_.now() - own_arrival_ >= deadline() / 8) tell_collectors_once(told_collectors_early_);
  // A collector that comes late cannot see how old an early report is: this one says that the deadline has
  // passed.
  if (time >= deadline()) {
    present_.insert(RankSet(rank));
    tell_collectors_once(told_collectors_at_deadline_);
  }
}

void Agreement::report_to(int rank) {
  MessageWriter writer;
  put_header(writer, {.round = round_});
  writer.put_number(count_of(waited()));
  writer.put_ranks(arrived_);
  writer.put_ranks(present_);
  writer.put_text(fields_text_);
  writer.put_number(differences_.size());
  for (const FieldDifference& difference : differences_) {
    writer.put_text(difference.field);
    put_values(writer, difference.values);
  }
  put_failures(writer, failures_);
  session_.send(rank, writer.bytes());
  ++messages_sent_;
}

void Agreement::tell_collectors_once(bool& told) {
  if (told) return;
  told = true;
  for (const int collector : {leader, deputy}) {
    if (collector != transport_.rank() && collector < transport_.size()) report_to(collector);
  }
}

void Agreement::merge_report(const Message& message) {
  MessageReader reader(message);
  static_cast<void>(take_header(reader));
  session_.started_no_later_than(duration_of(reader.take_number()));
  const RankSet arrived = reader.take_ranks();
  arrived_.insert(arrived);
  present_.insert(reader.take_ranks());
  const std::string_view text = reader.take_text();
  std::vector<FieldDifference> differences(reader.take_count());
  for (FieldDifference& difference : differences) {
    difference.field = reader.take_text();
    difference.values = take_values(reader);
  }
  if (text != fields_text_ || !differences.empty()) merge_fields(message.from, arrived, text, differences);
  for (RankFailure& failure : take_failures(reader)) add_failure(std::move(failure));
  reader.expect_end();
}

void Agreement::note_difference(std::string_view field, HeldValue held) {
  auto difference = std::find_if(differences_.begin(), differences_.end(),
                                 [&](const FieldDifference& known) { return known.field == field; });
  if (difference == differences_.end())
    difference = differences_.insert(difference, {std::string(field), {}});
  const auto same = std::find_if(difference->values.begin(), difference->values.end(),
                                 [&](const HeldValue& known) { return known.value == held.value; });
  if (same == difference->values.end()) {
    difference->values.push_back(std::move(held));
  } else {
    same->ranks.insert(held.ranks);
  }
}

void Agreement::merge_fields(int from, const RankSet& ranks, std::string_view text,
                             const std::vector<FieldDifference>& differences) {
  std::vector<AgreementField> theirs = fields_of(text, from);
  for (const AgreementField& own : fields_) {
    if (value_of(theirs, own.field) == not_set) theirs.push_back({own.field, std::string(not_set)});
  }
  for (const AgreementField& field : theirs) {
    RankSet holders = ranks;
    for (const FieldDifference& difference : differences) {
      if (difference.field != field.field) continue;
      for (const HeldValue& held : difference.values)
        holders = ranks_without(holders, held.ranks, transport_.size());
    }
    if (field.value != value_of(fields_, field.field) && !holders.empty()) {
      note_difference(field.field, {field.value, holders});
    }
  }
  for (const FieldDifference& difference : differences) {
    for (const HeldValue& held : difference.values) {
      if (held.value != value_of(fields_, difference.field)) note_difference(difference.field, held);
    }
  }
}

std::vector<Disagreement> Agreement::find_disagreements() const {
  std::vector<Disagreement> result;
  const auto look_at = [&](const AgreementField& field) {
    const auto difference = std::find_if(differences_.begin(), differences_.end(),
                                         [&](const FieldDifference& t) { return t.field == field.field; });
    const bool is_as_required = !field.required || field.value == *field.required;
    if (difference == differences_.end() && is_as_required) return;
    Disagreement& found = result.emplace_back(Disagreement{field.field, {}, field.required});
    if (difference != differences_.end()) found.values = difference->values;
    RankSet others;
    for (const HeldValue& held : found.values) others.insert(held.ranks);
    found.values.push_back({field.value, others.complement(transport_.size())});
    std::sort(found.values.begin(), found.values.end(), [](const HeldValue& a, const HeldValue& b) {
      return a.ranks.ranges().front().first < b.ranks.ranges().front().first;
    });
  };
  for (const AgreementField& field : fields_) look_at(field);
  for (const FieldDifference& difference : differences_) {
    const bool is_known = std::any_of(fields_.begin(), fields_.end(),
                                      [&](const AgreementField& f) { return f.field == difference.field; });
    if (!is_known) look_at({.field = difference.field, .value = std::string(not_set)});
  }
  return result;
}

void Agreement::settle(Verdict verdict) {
  verdict_ = std::move(verdict);
  session_.remember(round_, encoded_verdict(), verdict_->outcome != Verdict::Outcome::agreed);
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

bool Agreement::has_heard_from_all() const {
  RankSet known = arrived_;
  known.insert(present_);
  return known.size() == transport_.size();
}

void Agreement::miss_deadline() {
  if (!failures_.empty()) return give_up();
  const RankSet late = arrived_.complement(transport_.size());
  DeadlineError::Details details{.step = options_.step, .waited = waited()};
  // All have arrived, but too late: other ranks may have named this one as missing already.
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
  // Directly, since an inner node of the tree may be dead; also to missing ranks, which may only be late.
  std::vector<int> others;
  for (int rank = 0; rank < transport_.size(); ++rank) {
    if (rank != transport_.rank()) others.push_back(rank);
  }
  send_verdict(others);
}

void Agreement::send_verdict(const std::vector<int>& ranks) {
  for (const int rank : ranks) session_.send(rank, session_.last_verdict_);
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
  return writer.take();
}

void Agreement::read_verdict(const Message& message) {
  MessageReader reader(message);
  static_cast<void>(take_header(reader));
  Verdict verdict;
  const std::uint8_t outcome = reader.take_byte();
  if (outcome > static_cast<std::uint8_t>(Verdict::Outcome::failed)) reader.refuse();
  verdict.outcome = static_cast<Verdict::Outcome>(outcome);
  session_.started_no_later_than(duration_of(reader.take_number()));
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

void finish(Agreement& agreement, AgreementSession& session) {
  while (!agreement.step()) session.transport().idle();
  agreement.verdict().raise();
}

void agree(AgreementSession& session, std::vector<AgreementField> fields, std::string step) {
  Agreement agreement(session, std::move(fields), {.step = std::move(step)});
  finish(agreement, session);
}

void arrive(AgreementSession& session, std::string step, const std::optional<std::string>& failure) {
  Agreement agreement(session, {}, {.step = std::move(step), .arrives_at_once = !failure});
  if (failure) agreement.fail(*failure);
  finish(agreement, session);
}

void abandon(AgreementSession& session, std::string why) noexcept {
  if (session.is_over()) return;
  try {
    Transport& transport = session.transport();
    Agreement agreement(session, {}, {.arrives_at_once = false});
    agreement.fail(std::move(why));
    const auto until = transport.now() + session.timeouts().grace;
    while (!agreement.step() && transport.now() < until) transport.idle();
  } catch (...) {
    // The caller is about to throw the error that made this rank leave.
  }
}

}  // namespace rankmesh
