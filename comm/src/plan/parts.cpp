#include "rankmesh/comm/parts.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/error.hpp"

namespace rankmesh {
namespace {

std::string name_of(std::size_t part) {
  return "part " + std::to_string(part);
}

/// Every part is valid, and together they have the ranks of the job.
void check_parts(std::span<const ParallelConfig> parts, int job_size) {
  std::vector<Diagnostic> diagnostics;
  std::int64_t ranks = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::vector<Diagnostic> of_part = check(parts[i]);
    if (of_part.empty()) ranks += parts[i].world_size;
    for (Diagnostic& diagnostic : of_part) {
      diagnostic.field = name_of(i) + ": " + diagnostic.field;
      diagnostics.push_back(std::move(diagnostic));
    }
  }
  if (diagnostics.empty() && ranks != job_size) {
    diagnostics.push_back({.field = "parts",
                           .rule = "have " + std::to_string(ranks) + " ranks together, but the job has " +
                                   std::to_string(job_size)});
  }
  if (!diagnostics.empty()) throw ConfigError(std::move(diagnostics));
}

}  // namespace

std::vector<int> PartOfRank::ranks() const {
  std::vector<int> result(static_cast<std::size_t>(size));
  std::iota(result.begin(), result.end(), first_rank);
  return result;
}

PartOfRank agree_on_parts(AgreementSession& session, std::span<const ParallelConfig> parts,
                          const std::vector<AgreementField>& fields) {
  std::vector<AgreementField> all = fields;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    all.push_back({.field = name_of(i), .value = to_string(parts[i])});
  }
  Agreement agreement(session, std::move(all), {.step = "parts", .is_last = true});
  finish(agreement, session);
  check_parts(parts, session.transport().size());
  PartOfRank own;
  while (session.transport().rank() >= own.first_rank + parts[own.index].world_size) {
    own.first_rank += static_cast<int>(parts[own.index++].world_size);
  }
  own.size = static_cast<int>(parts[own.index].world_size);
  return own;
}

}  // namespace rankmesh
