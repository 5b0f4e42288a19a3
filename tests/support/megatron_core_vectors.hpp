#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "megatron_core_oracle.hpp"
#include "rankmesh/topology/parallel_config.hpp"
#include "vectors.hpp"

/// @file
/// What was recorded of Megatron-Core, as cases of the oracle and as configurations of the library.

namespace rankmesh::tests {

// What the file holds: a case lost on the way to a test must not go unnoticed.
inline constexpr std::size_t megatron_core_cases = 253;
inline constexpr std::size_t megatron_core_rejected = 75;
inline constexpr std::size_t megatron_core_rows = 1587;

/// The file megatron_core.json.
inline const Json& megatron_core_vectors() {
  static const Json json = read_vectors("megatron_core.json");
  return json;
}

/// The stages that a recorded hook picks of a pipeline.
inline std::vector<int> stages_of_hook(const std::string& hook, int pp) {
  std::vector<int> all;
  for (int stage = 0; stage < pp; ++stage) all.push_back(stage);
  if (hook == "first") return {0};
  if (hook == "all" || pp == 1) return all;
  if (hook == "first_last" || hook == "last_if_single_else_first_last") return {0, pp - 1};
  if (hook == "first_two_last") return pp == 2 ? all : std::vector<int>{0, 1, pp - 1};
  throw std::runtime_error("unknown hook: " + hook);
}

/// A `config` of the file. A key that is not understood is an error, not ignored.
inline MegatronCoreCase read_megatron_core_case(const Json& config) {
  MegatronCoreCase job;
  const std::map<std::string, int*> sizes{{"world", &job.world}, {"rank_offset", &job.rank_offset},
                                          {"tp", &job.tp},       {"cp", &job.cp},
                                          {"ep", &job.ep},       {"pp", &job.pp},
                                          {"gtp", &job.gtp},     {"egtp", &job.egtp},
                                          {"ndo", &job.ndo}};
  for (const auto& [key, value] : config.items()) {
    if (sizes.count(key) == 1) {
      value.get_to(*sizes.at(key));
    } else if (key == "local_world") {
      job.local_world = value.get<int>();
    } else if (key == "etp") {
      job.etp = value.get<int>();
    } else if (key == "order") {
      value.get_to(job.order);
    } else if (key == "vpp") {
      job.vpp = value.get<int>();
    } else if (key == "hcp") {
      value.get_to(job.hcp);
    } else if (key == "hybrid") {
      value.get_to(job.hybrid);
    } else if (key != "embd_hook" && key != "pos_hook") {
      throw std::runtime_error("unknown key in a configuration: " + key);
    }
  }
  if (config.contains("embd_hook")) {
    job.embd_stages = stages_of_hook(config.at("embd_hook").get<std::string>(), job.pp);
  }
  if (config.contains("pos_hook")) {
    job.pos_embd_stages = stages_of_hook(config.at("pos_hook").get<std::string>(), job.pp);
  }
  return job;
}

/// Whether some case of the file has a kind, by its short name. Kinds that were added since are compared with
/// the oracle only.
inline bool is_recorded(const std::string& kind) {
  static const std::set<std::string> recorded = [] {
    std::set<std::string> kinds;
    for (const Json& item : megatron_core_vectors().at("cases")) {
      for (const auto& group : item.at("groups").items()) kinds.insert(group.key());
    }
    return kinds;
  }();
  return recorded.contains(kind);
}

/// The recorded lists of a kind; `=kind` stands for those of another.
inline Lists recorded_lists(const Json& groups, const std::string& kind) {
  const Json& lists = groups.at(kind);
  if (!lists.is_string()) return lists.get<Lists>();
  return recorded_lists(groups, lists.get<std::string>().substr(1));
}

/// The fields of which one at least is to blame, by a phrase of the recorded error; the first that is found.
inline std::vector<std::string> fields_to_blame(const std::string& why) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> phrases{
      {"specified the order", {"order"}},
      {"KeyError", {"order"}},
      {"axes named once", {"order"}},
      {"by expert_tensor_model_pipeline", {"etp", "ep"}},
      {"is not divisible by", {"tp", "cp", "pp"}},
      {"partial DistOpt shard factor", {"ndo"}},
      {"num_distributed_optimizer_instances > 1", {"ndo"}},
      {"pp-last rank ordering", {"order"}},
      {"expected to be the same for Non-Expert", {"order"}},
      {"interleaved schedule", {"vpp"}},
      {"within the world_size", {"rank_offset"}},
      {"modulo by zero", {"pp"}}};
  for (const auto& [phrase, fields] : phrases) {
    if (why.find(phrase) != std::string::npos) return fields;
  }
  if (why == "AssertionError: ") return {"hcp"};
  throw std::runtime_error("unknown error: " + why);
}

/// A case as a configuration of the library.
inline ParallelConfig config_of(const MegatronCoreCase& job) {
  ParallelConfig config{.world_size = job.local_world.value_or(job.world),
                        .tensor = job.tp,
                        .pipeline = job.pp,
                        .convention = Convention::megatron_core,
                        .context = job.cp,
                        .expert = job.ep,
                        .order = job.order,
                        .optimizer_instances = job.ndo,
                        .hybrid_context = job.hybrid,
                        .weight_remat = job.gtp,
                        .expert_weight_remat = job.egtp,
                        .rank_offset = job.rank_offset,
                        .job_size = job.world};
  if (job.vpp) config.virtual_pipeline = *job.vpp;
  if (job.etp) config.expert_tensor = *job.etp;
  config.hierarchical_context.assign(job.hcp.begin(), job.hcp.end());
  if (job.embd_stages) config.embedding_stages.assign(job.embd_stages->begin(), job.embd_stages->end());
  if (job.pos_embd_stages) {
    config.position_embedding_stages.assign(job.pos_embd_stages->begin(), job.pos_embd_stages->end());
  }
  return config;
}

/// The field of a configuration that a field of a case is.
inline std::string field_of_case(const std::string& field) {
  static const std::map<std::string, std::string> fields{{"world", "job_size"},
                                                         {"local_world", "world_size"},
                                                         {"tp", "tensor"},
                                                         {"cp", "context"},
                                                         {"ep", "expert"},
                                                         {"pp", "pipeline"},
                                                         {"etp", "expert_tensor"},
                                                         {"gtp", "weight_remat"},
                                                         {"egtp", "expert_weight_remat"},
                                                         {"ndo", "optimizer_instances"},
                                                         {"vpp", "virtual_pipeline"},
                                                         {"hcp", "hierarchical_context"},
                                                         {"hybrid", "hybrid_context"},
                                                         {"embd_stages", "embedding_stages"},
                                                         {"pos_embd_stages", "position_embedding_stages"}};
  const auto found = fields.find(field);
  return found == fields.end() ? field : found->second;
}

}  // namespace rankmesh::tests
