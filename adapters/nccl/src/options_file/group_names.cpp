#include "options_file/group_names.hpp"

#include <algorithm>
#include <array>

#include "rankmesh/topology/kind_names.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::nccl::options_file {
namespace {

/// A kind of the reference, and the name of the corresponding groups in Megatron-Core.
struct GroupName {
  GroupKind kind;
  std::string_view other_name;
};

constexpr std::array<GroupName, 9> of_reference{{
    {GroupKind::data, "dp"},
    {GroupKind::sequence, "cp"},
    {GroupKind::sequence_data, "dp_cp"},
    {GroupKind::model, "mp"},
    {GroupKind::tensor, "tp"},
    {GroupKind::pipeline, "pp"},
    {GroupKind::embedding, "embd"},
    {GroupKind::position_embedding, "pos_embd"},
    {GroupKind::amax, "tp_dp_cp"},
}};

bool has_reference_names(const Topology* topology) {
  return topology == nullptr || topology->config().convention == Convention::reference ||
         topology->config().convention == Convention::extended;
}

const GroupName* find_of_reference(std::string_view name) {
  const auto* found = std::find_if(of_reference.begin(), of_reference.end(), [&](const GroupName& group) {
    return name == group.kind.name() || name == group.other_name;
  });
  return found == of_reference.end() ? nullptr : found;
}

/// Whether a kind is one of several numbered kinds with that name: `hcp_1` of `hcp`.
bool is_one_of(GroupKind kind, std::string_view name) {
  const std::string_view full = kind.name();
  return full.starts_with(name) && full.size() > name.size() + 1 && full[name.size()] == '_' &&
         full.find_first_not_of("0123456789", name.size() + 1) == std::string_view::npos;
}

bool is_known(std::string_view name) {
  const auto known = kind_names();
  return std::any_of(known.begin(), known.end(),
                     [&](const KindNames& k) { return k.name == name || k.short_name == name; });
}

}  // namespace

std::optional<std::vector<GroupKind>> GroupNames::kinds_of(std::string_view name) const {
  if (has_reference_names(topology_)) {
    const GroupName* found = find_of_reference(name);
    if (found == nullptr) return std::nullopt;
    // Whether or not the layout makes the kind: the plan refuses options for an absent kind.
    return std::vector{found->kind};
  }
  std::vector<GroupKind> kinds;
  for (const KindFamily& kind : topology_->kinds()) {
    if (kind.kind.name() == name || kind.short_name.name() == name || is_one_of(kind.kind, name) ||
        is_one_of(kind.short_name, name)) {
      kinds.push_back(kind.kind);
    }
  }
  if (kinds.empty() && !is_known(name)) return std::nullopt;
  return kinds;
}

std::string GroupNames::known() const {
  std::vector<std::string> names;
  const auto add = [&](std::string_view name, std::string_view other) {
    names.emplace_back(name);
    if (name != other) names.back().append(" or ").append(other);
  };
  if (has_reference_names(topology_)) {
    for (const GroupName& group : of_reference) add(group.kind.name(), group.other_name);
  } else {
    for (const KindFamily& kind : topology_->kinds()) add(kind.kind.name(), kind.short_name.name());
  }
  return joined(names, ", ");
}

}  // namespace rankmesh::nccl::options_file
