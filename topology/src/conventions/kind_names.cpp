#include "rankmesh/topology/kind_names.hpp"

#include <array>
#include <string>

namespace rankmesh {
namespace {

constexpr auto all = std::to_array<KindNames>({
    {"data", "dp"},
    {"sequence", "sp"},
    {"sequence_data", "sp_dp"},
    {"model", "mp"},
    {"tensor", "tp"},
    {"pipeline", "pp"},
    {"embedding", "embd"},
    {"position_embedding", "pos_embd"},
    {"amax", "amax"},
    {"remat", "gtp_remat"},
    {"data_context", "dp_cp"},
    {"intra_data_context", "intra_dp_cp"},
    {"hybrid_data_context", "hybrid_dp_cp", true},
    {"remat_data", "gtp_remat_dp"},
    {"remat_data_context", "gtp_remat_dp_cp"},
    {"context", "cp"},
    {"hierarchical_context", "hcp", true},
    {"tensor_data_context", "tp_dp_cp"},
    {"tensor_data", "tp_dp"},
    {"tensor_context", "tp_cp"},
    {"expert_remat", "expt_gtp_remat"},
    {"expert", "ep"},
    {"expert_tensor", "ep_tp"},
    {"tensor_expert", "tp_ep_mp"},
    {"tensor_expert_pipeline", "tp_ep_pp"},
    {"tensor_expert_remat_pipeline", "tp_ep_gtp_remat_pp"},
    {"expert_data", "ep_dp"},
    {"expert_remat_data", "ep_gtp_remat_dp"},
    {"intra_expert_data", "intra_ep_dp"},
    {"inter_expert_data", "inter_ep_dp"},
    {"intra_optimizer_instance", "intra_dist_opt_instance"},
});

/// `_4` of `hybrid_dp_cp_4`, if that is the numbered form of `stem`; nothing for the stem itself if it is not
/// numbered.
bool is_form_of(std::string_view name, std::string_view stem, bool is_numbered, std::string_view& number) {
  number = {};
  if (!is_numbered) return name == stem;
  if (!name.starts_with(stem)) return false;
  number = name.substr(stem.size());
  return number.size() > 1 && number[0] == '_' &&
         number.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

GroupKind numbered(std::string_view stem, std::string_view number) {
  // Most kinds have no number, and need no memory to put it behind the name.
  return number.empty() ? GroupKind(stem) : GroupKind(std::string(stem).append(number));
}

}  // namespace

std::span<const KindNames> kind_names() noexcept {
  return all;
}

GroupKind short_name_of(GroupKind kind) {
  std::string_view number;
  for (const KindNames& names : all) {
    if (is_form_of(kind.name(), names.name, names.is_numbered, number)) {
      return numbered(names.short_name, number);
    }
  }
  return kind;
}

GroupKind long_name_of(GroupKind kind) {
  std::string_view number;
  for (const KindNames& names : all) {
    if (is_form_of(kind.name(), names.short_name, names.is_numbered, number)) {
      return numbered(names.name, number);
    }
  }
  return kind;
}

}  // namespace rankmesh
