// Prints the tables of docs/groups.md: every kind of every convention, from the code that makes it. A kind
// without its words here, and words without their kind, end the program with an error.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "rankmesh/topology.hpp"

using namespace rankmesh;

namespace {

/// What no code knows of a kind: what it is for, and what other systems call it.
struct Words {
  std::string purpose;
  /// The function or global of Megatron-Core; `parallel_state` of the reference has many of the same names.
  std::string megatron;
  /// Axes of a DeviceMesh, as torchtitan names them.
  std::string torch;
  std::string deepspeed;
};

const std::map<std::string, Words> words{
    {"data",
     {"the same shard of the model, different data", "get_data_parallel_group()", "dp_replicate, dp_shard",
      "data"}},
    {"sequence", {"parts of one sequence", "-", "-", "sequence_parallel"}},
    {"sequence_data", {"gradient reduction", "-", "-", "sequence_data_parallel"}},
    {"model", {"one copy of the model", "get_model_parallel_group()", "-", "-"}},
    {"tensor", {"parts of one tensor", "get_tensor_model_parallel_group()", "tp", "model"}},
    {"pipeline", {"the stages of one pipeline", "get_pipeline_model_parallel_group()", "pp", "pipe"}},
    {"embedding",
     {"the stages that share the word embedding: first, split, last", "get_embedding_group()", "-", "-"}},
    {"position_embedding",
     {"the stages that share the position embedding: first, split", "get_position_embedding_group()", "-",
      "-"}},
    {"amax",
     {"FP8 scaling: the maximum over all that hold a part of a tensor", "get_amax_reduction_group()", "-",
      "-"}},
    {"remat", {"ranks that share weights and gather them anew when needed", "gtp_remat", "-", "-"}},
    {"data_context",
     {"gradient reduction", "get_data_parallel_group(with_context_parallel=True)",
      "dp_replicate, dp_shard, cp", "-"}},
    {"intra_data_context",
     {"one optimizer instance's part of a data_context group",
      "get_data_parallel_group(True, partial_data_parallel=True)", "-", "-"}},
    {"hybrid_data_context",
     {"data_context in pieces of 2, 4, ...: context parallelism as wide as a sequence needs",
      "get_hybrid_data_context_parallel_groups(group_size=N)", "-", "-"}},
    {"remat_data", {"data and remat together; data where gtp = 1", "gtp_remat_dp", "-", "-"}},
    {"remat_data_context",
     {"data_context and remat together; data_context where gtp = 1", "gtp_remat_dp_cp", "-", "-"}},
    {"context", {"parts of one context", "get_context_parallel_group()", "cp", "-"}},
    {"hierarchical_context",
     {"one level of context parallelism, 0 the fastest", "get_hierarchical_context_parallel_groups()[N]", "-",
      "-"}},
    {"tensor_data_context",
     {"FP8 scaling with context parallelism",
      "get_tensor_and_data_parallel_group(with_context_parallel=True)", "-", "-"}},
    {"tensor_data", {"FP8 scaling", "get_tensor_and_data_parallel_group()", "-", "-"}},
    {"tensor_context", {"loss and routing of tokens", "get_tensor_and_context_parallel_group()", "-", "-"}},
    {"expert_remat", {"remat of the experts", "expt_gtp_remat", "-", "-"}},
    {"expert", {"the experts of one layer", "get_expert_model_parallel_group()", "ep", "expert_parallel"}},
    {"expert_tensor", {"parts of one tensor of an expert", "get_expert_tensor_parallel_group()", "etp", "-"}},
    {"tensor_expert",
     {"one layer's experts with all their parts", "get_expert_tensor_and_model_parallel_group()", "-", "-"}},
    {"tensor_expert_pipeline",
     {"one copy of the experts", "get_expert_tensor_model_pipeline_parallel_group()", "-", "-"}},
    {"tensor_expert_remat_pipeline", {"one copy of the experts with remat", "tp_ep_gtp_remat_pp", "-", "-"}},
    {"expert_data",
     {"gradient reduction of the experts", "get_expert_data_parallel_group()", "efsdp",
      "expert_data_parallel"}},
    {"expert_remat_data",
     {"expert_data and expert_remat together; expert_data where egtp = 1", "ep_gtp_remat_dp", "-", "-"}},
    {"intra_expert_data",
     {"one optimizer instance's part of an expert_data group",
      "get_expert_data_parallel_group(partial_expert_data_parallel=True)", "-", "-"}},
    {"inter_expert_data",
     {"the same parameters in all optimizer instances", "get_inter_distributed_optimizer_instance_group()",
      "-", "-"}},
    {"intra_optimizer_instance",
     {"one optimizer instance; ranks in the order of the joined groups",
      "get_intra_distributed_optimizer_instance_group()", "-", "-"}}};

std::set<std::string> used;

/// `hybrid_data_context` of `hybrid_data_context_2`.
std::string stem(std::string_view kind) {
  const std::size_t end = kind.find_last_not_of("0123456789");
  return std::string(end + 1 < kind.size() && kind[end] == '_' ? kind.substr(0, end) : kind);
}

const Words& words_of(std::string_view kind) {
  const auto found = words.find(stem(kind));
  if (found == words.end()) throw std::runtime_error("no words for the kind " + std::string(kind));
  used.insert(found->first);
  return found->second;
}

std::string list_text(const RankList& ranks) {
  constexpr int most = 8;
  std::string text = "[";
  for (int i = 0; i < ranks.size(); ++i) {
    if (ranks.size() > most && i == most - 2) {
      return text + " ... " + std::to_string(ranks.back()) + "]";
    }
    text += (i == 0 ? "" : " ") + std::to_string(ranks[i]);
  }
  return text + "]";
}

std::string definition(const KindFamily& kind) {
  if (kind.parent) {
    const std::string parent = "`" + std::string(kind.parent->name()) + "`";
    switch (kind.derivation) {
      case Derivation::picked: {
        std::string stages;
        for (const int stage : kind.family.picked())
          stages += (stages.empty() ? "" : ", ") + std::to_string(stage);
        return stages.empty() ? "all of " + parent : "positions " + stages + " of " + parent;
      }
      case Derivation::split:
        return parent + " split into " + std::to_string(kind.family.group_count()) + " groups";
      default:
        return "runs of " + parent + " joined";
    }
  }
  if (kind.varying.empty()) return "single ranks";
  std::string axes;
  for (const std::string& axis : kind.varying) axes += (axes.empty() ? "" : ", ") + axis;
  return axes + (axes.find(',') == std::string::npos ? " varies" : " vary");
}

void table(const char* title, const ParallelConfig& config) {
  const Topology topology(config);
  std::string meshes;
  for (const Mesh& mesh : topology.meshes()) meshes += (meshes.empty() ? "" : " and ") + mesh.to_string();
  std::printf("### %s\n\nHere with `%s`: %s.\n\n", title, to_string(config).c_str(), meshes.c_str());
  std::printf(
      "| kind | short | definition | groups | first | last |\n| --- | --- | --- | --- | --- | --- |\n");
  for (const KindFamily& kind : topology.kinds()) {
    const GroupFamily& family = kind.family;
    const std::string name(kind.kind.name());
    static_cast<void>(words_of(name));
    std::printf("| `%s` | `%s` | %s | %d of %d | %s | %s |\n", name.c_str(),
                std::string(kind.short_name.name()).c_str(), definition(kind).c_str(), family.group_count(),
                family.group_size(), list_text(family.group(0)).c_str(),
                list_text(family.group(family.group_count() - 1)).c_str());
  }
  std::printf("\n");
}

void names_table() {
  std::printf(
      "### What each is for, and its names elsewhere\n\n"
      "| kind | short | what it is for | Megatron-Core | DeviceMesh, torchtitan | DeepSpeed |\n"
      "| --- | --- | --- | --- | --- | --- |\n");
  for (const KindNames& kind : kind_names()) {
    const std::string number = kind.is_numbered ? "_N" : "";
    const Words& about = words_of(kind.name);
    std::printf("| `%s%s` | `%s%s` | %s | %s | %s | %s |\n", std::string(kind.name).c_str(), number.c_str(),
                std::string(kind.short_name).c_str(), number.c_str(), about.purpose.c_str(),
                about.megatron == "-" ? "-" : ("`" + about.megatron + "`").c_str(), about.torch.c_str(),
                about.deepspeed.c_str());
  }
}

}  // namespace

int main() {
  using enum Convention;
  table("The reference's", {.world_size = 16, .tensor = 2, .pipeline = 4, .fp8 = true});
  table("Extended",
        {.world_size = 16, .tensor = 2, .pipeline = 2, .sequence = 2, .fp8 = true, .convention = extended});
  table("Megatron-Core's", {.world_size = 64,
                            .tensor = 2,
                            .pipeline = 2,
                            .convention = megatron_core,
                            .context = 4,
                            .expert = 4,
                            .optimizer_instances = 2,
                            .hierarchical_context = {2, 2},
                            .hybrid_context = true});
  table("Megatron-Core's with rematerialised weights", {.world_size = 32,
                                                        .tensor = 2,
                                                        .pipeline = 2,
                                                        .convention = megatron_core,
                                                        .expert = 2,
                                                        .weight_remat = 2,
                                                        .expert_weight_remat = 2});
  names_table();
  for (const auto& [kind, about] : words) {
    if (used.count(kind) == 0) throw std::runtime_error("words for a kind that is in no table: " + kind);
  }
}
