#include "protocol/knowledge.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "protocol/agreement_message.hpp"

namespace rankmesh {
namespace {

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

}  // namespace

Knowledge::Knowledge(int world_size, std::vector<AgreementField> own_fields)
    : world_size_(world_size),
      fields_(std::move(own_fields)),
      fields_text_(text_of(fields_)) {}

void Knowledge::add_failure(RankFailure failure) {
  const auto place = std::lower_bound(failures_.begin(), failures_.end(), failure.rank,
                                      [](const RankFailure& known, int rank) { return known.rank < rank; });
  if (place == failures_.end() || place->rank != failure.rank) failures_.insert(place, std::move(failure));
}

void Knowledge::put(MessageWriter& writer) const {
  writer.put_ranks(arrived_);
  writer.put_ranks(given_up_);
  writer.put_text(fields_text_);
  writer.put_number(differences_.size());
  for (const Difference& difference : differences_) {
    writer.put_text(difference.field);
    put_values(writer, difference.values);
  }
  put_failures(writer, failures_);
}

void Knowledge::merge(MessageReader& reader, int from) {
  const RankSet arrived = reader.take_ranks();
  arrived_.insert(arrived);
  given_up_.insert(reader.take_ranks());
  const std::string_view text = reader.take_text();
  std::vector<Difference> differences(reader.take_count());
  for (Difference& difference : differences) {
    difference.field = reader.take_text();
    difference.values = take_values(reader);
  }
  if (text != fields_text_ || !differences.empty()) merge_fields(from, arrived, text, differences);
  for (RankFailure& failure : take_failures(reader)) add_failure(std::move(failure));
  reader.expect_end();
}

void Knowledge::note_difference(std::string_view field, const HeldValue& held) {
  auto difference = std::find_if(differences_.begin(), differences_.end(),
                                 [&](const Difference& known) { return known.field == field; });
  if (difference == differences_.end())
    difference = differences_.insert(difference, {std::string(field), {}});
  add_holders(difference->values, held);
}

void Knowledge::merge_fields(int from, const RankSet& ranks, std::string_view text,
                             const std::vector<Difference>& differences) {
  std::vector<AgreementField> theirs = fields_of(text, from);
  for (const AgreementField& own : fields_) {
    if (value_of(theirs, own.field) == not_set) theirs.push_back({own.field, std::string(not_set)});
  }
  for (const AgreementField& field : theirs) {
    RankSet holders = ranks;
    for (const Difference& difference : differences) {
      if (difference.field != field.field) continue;
      for (const HeldValue& held : difference.values) holders = holders.without(held.ranks);
    }
    if (field.value != value_of(fields_, field.field) && !holders.empty()) {
      note_difference(field.field, {field.value, holders});
    }
  }
  for (const Difference& difference : differences) {
    for (const HeldValue& held : difference.values) {
      if (held.value != value_of(fields_, difference.field)) note_difference(difference.field, held);
    }
  }
}

std::vector<Disagreement> Knowledge::disagreements() const {
  std::vector<Disagreement> result;
  const auto look_at = [&](const AgreementField& field) {
    const auto difference = std::find_if(differences_.begin(), differences_.end(),
                                         [&](const Difference& d) { return d.field == field.field; });
    const bool is_as_required = !field.required || field.value == *field.required;
    if (difference == differences_.end() && is_as_required) return;
    Disagreement& found = result.emplace_back(Disagreement{field.field, {}, field.required});
    if (difference != differences_.end()) found.values = difference->values;
    RankSet others;
    for (const HeldValue& held : found.values) others.insert(held.ranks);
    found.values.push_back({field.value, others.complement(world_size_)});
    std::sort(found.values.begin(), found.values.end(), [](const HeldValue& a, const HeldValue& b) {
      return a.ranks.ranges().front().first < b.ranks.ranges().front().first;
    });
  };
  for (const AgreementField& field : fields_) look_at(field);
  for (const Difference& difference : differences_) {
    const bool is_known = std::any_of(fields_.begin(), fields_.end(),
                                      [&](const AgreementField& f) { return f.field == difference.field; });
    if (!is_known) look_at({.field = difference.field, .value = std::string(not_set)});
  }
  return result;
}

}  // namespace rankmesh
