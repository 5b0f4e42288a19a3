#include "agreed_options.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "library.hpp"

namespace rankmesh::nccl {

BringUpOptions with_kind_options(const Options& options, const ParallelConfig& config) {
  BringUpOptions result = options.bring_up;
  const auto topology = check(config).empty() ? std::optional<Topology>(config) : std::nullopt;
  for (const auto& [kind, own] : options.kinds) {
    const std::string name(kind.name());
    const std::string text = to_string(own.communicator);
    if (!topology || topology->find(kind) == nullptr) {
      // Refused once all ranks are known to have the same, even without a value.
      result.job_fields.push_back({.field = "options." + name, .value = text});
    } else if (!text.empty()) {
      result.plan.communicator_options[kind] = text;
    }
    if (own.stream != Stream::none) {
      result.job_fields.push_back({.field = "stream." + name, .value = std::string(to_string(own.stream))});
    }
  }
  return result;
}

Options with_full_names(Options options, const ParallelConfig& config) {
  if (!check(config).empty()) return options;
  const Topology topology(config);
  KindOptionsMap kinds;
  for (auto& [kind, own] : options.kinds) {
    const KindFamily* const found = topology.find_kind(kind);
    kinds[found != nullptr ? found->kind : kind] = std::move(own);
  }
  options.kinds = std::move(kinds);
  return options;
}

std::vector<std::string> problems_of(const Options& options, const Topology& topology, int library_version,
                                     bool has_mpi) {
  std::vector<std::string> problems;
  const int version = std::min<int>(NCCL_VERSION_CODE, library_version);
  if (auto problem = version_problem(library_version)) problems.push_back(*std::move(problem));
  if (!has_mpi && options.strategy == Strategy::mpi_split) {
    problems.push_back("strategy mpi_split needs a job that is brought up over MPI");
  }
  if (!has_mpi && options.host_communicators) {
    problems.push_back("host_communicators needs a job that is brought up over MPI");
  }
  if (!has_mpi && options.bring_up.plan.lazy != KindSelection()) {
    problems.push_back("lazy needs a job that is brought up over MPI");
  }
  if (options.ranks_per_identifier < 1) {
    problems.push_back("ranks_per_identifier = " + std::to_string(options.ranks_per_identifier) +
                       " is below 1");
  }
  if (options.share_split_resources && options.strategy != Strategy::nccl_split) {
    problems.push_back("share_split_resources makes no sense with strategy " +
                       std::string(to_string(options.strategy)) + ": nothing is split");
  }
  for (const auto& [kind, own] : options.kinds) {
    const std::string name(kind.name());
    if (topology.find(kind) == nullptr)
      problems.push_back(name + ": this topology has no groups of this kind");
    for (const std::string& problem : check(own.communicator)) problems.push_back(name + ": " + problem);
    for (const ConfigKey& key : newer_than(own.communicator, version)) {
      problems.push_back(name + "." + std::string(key.key) + " needs NCCL " + version_text(key.since) +
                         ", and this is " + version_text(version));
    }
  }
  return problems;
}

}  // namespace rankmesh::nccl
