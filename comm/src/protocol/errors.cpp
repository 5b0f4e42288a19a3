#include "rankmesh/comm/errors.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "rankmesh/comm/duration_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

constexpr std::size_t max_values_shown = 8;

/// Whether all ranks hold the same value, which is not the required one.
bool is_unanimous(const Disagreement& disagreement) {
  return disagreement.required && disagreement.values.size() == 1;
}

std::string describe(const std::vector<Disagreement>& disagreements) {
  if (std::all_of(disagreements.begin(), disagreements.end(), is_unanimous)) {
    const std::int64_t ranks = disagreements.front().values.front().ranks.size();
    std::string text = "the layout does not fit the job of " + counted(ranks, "rank") + ":";
    for (const Disagreement& disagreement : disagreements) text += "\n  " + disagreement.message();
    return text + "\nstart as many ranks as the layout needs, or change the layout";
  }
  std::string text = "the ranks do not agree on " + counted(disagreements.size(), "field") + ":";
  for (const Disagreement& disagreement : disagreements) text += "\n  " + disagreement.message();
  return text + "\nstart every rank with the same configuration";
}

std::string describe(const DeadlineError::Details& details) {
  const bool all_answered = details.missing.empty() && !details.unfinished.empty();
  const RankSet& late = all_answered ? details.unfinished : details.missing;
  std::string text = "deadline missed at step " + details.step + ": " + late.to_string();
  text.append(all_answered ? " had come, but had not finished within " : " did not arrive within ")
      .append(duration_text(details.waited));
  if (!all_answered && !details.unfinished.empty()) {
    text.append(", and ").append(details.unfinished.to_string()).append(" had not finished");
  }
  for (const HeldValue& place : details.places) {
    text.append("; ")
        .append(place.ranks.to_string())
        .append(place.ranks.size() == 1 ? " is in " : " are in ");
    text.append(place.value);
  }
  if (!details.complete) text += "; these ranks collect who is missing, so others may be missing too";
  text.append("; look at the output of ").append(late.size() == 1 ? "that rank" : "those ranks");
  return text.append(", or allow more time");
}

std::string describe(const std::string& step, const std::vector<RankFailure>& failures) {
  std::string text =
      "step " + step + " failed on " + counted(failures.size(), "rank") + ", so it is given up on all:";
  for (const RankFailure& failure : failures)
    text += "\n  rank " + std::to_string(failure.rank) + ": " + failure.what;
  return text;
}

}  // namespace

std::string Disagreement::message() const {
  std::string text = field;
  const char* separator = " = ";
  for (std::size_t i = 0; i < std::min(values.size(), max_values_shown); ++i) {
    text += separator + (values[i].value.empty() ? "(empty)" : values[i].value);
    if (!is_unanimous(*this)) text += " on " + values[i].ranks.to_string();
    separator = ", ";
  }
  if (values.size() > max_values_shown) {
    text += " and " + std::to_string(values.size() - max_values_shown) + " more values";
  }
  if (required) text += "; it must be " + *required;
  return printable(text);
}

std::string text_of_current_exception() {
  try {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception of an unknown type ended the bring-up";
  }
}

DisagreementError::DisagreementError(std::vector<Disagreement> disagreements)
    : Error(describe(disagreements)),
      disagreements_(std::move(disagreements)) {}

BringUpError::BringUpError(std::string step, std::vector<RankFailure> failures, int abandoned_identifiers)
    : InterruptedError(describe(step, failures), abandoned_identifiers),
      step_(std::move(step)),
      failures_(std::move(failures)) {}

DeadlineError::DeadlineError(Details details, int abandoned_identifiers)
    : InterruptedError(describe(details), abandoned_identifiers),
      details_(std::move(details)) {}

}  // namespace rankmesh
