#include "megatron_core_oracle.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace rankmesh::tests {

namespace {

using Names = std::vector<std::string>;

bool contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Names split_order(const std::string& order) {
  Names names{""};
  for (const char c : order) {
    if (c == '-') {
      names.emplace_back();
    } else {
      names.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return names;
}

/// The axis gtp right of the first anchor that the order names, or leftmost if it names none.
Names with_gtp(const Names& order, const Names& anchors) {
  for (const std::string& anchor : anchors) {
    Names result;
    for (const std::string& name : order) {
      result.push_back(name);
      if (name == anchor) result.emplace_back("gtp");
    }
    if (result.size() > order.size()) return result;
  }
  Names result{"gtp"};
  result.insert(result.end(), order.begin(), order.end());
  return result;
}

struct Grid {
  /// Leftmost fastest.
  Names order;
  std::map<std::string, int> sizes;
  int first_rank = 0;
};

int layout_size(const MegatronCoreCase& job) {
  return job.local_world.value_or(job.world);
}

int expert_tp(const MegatronCoreCase& job) {
  return job.etp.value_or(job.tp);
}

Grid dense_grid(const MegatronCoreCase& job) {
  const int dp = layout_size(job) / (job.tp * job.pp * job.cp * job.gtp);
  return {with_gtp(split_order(job.order), {"tp"}),
          {{"tp", job.tp}, {"gtp", job.gtp}, {"cp", job.cp}, {"ep", 1}, {"dp", dp}, {"pp", job.pp}},
          job.rank_offset};
}

Grid expert_grid(const MegatronCoreCase& job) {
  const int dp = layout_size(job) / (expert_tp(job) * job.ep * job.pp * job.egtp);
  return {with_gtp(split_order(job.order), {"ep", "tp"}),
          {{"tp", expert_tp(job)}, {"gtp", job.egtp}, {"cp", 1}, {"ep", job.ep}, {"dp", dp}, {"pp", job.pp}},
          job.rank_offset};
}

/// The coordinates of every rank, in the order of the axes: the leftmost is counted up, and carries into the
/// next one when it is full.
std::vector<std::vector<int>> coordinates_of_ranks(const Grid& grid) {
  std::vector<std::vector<int>> result;
  std::vector<int> coordinates(grid.order.size(), 0);
  while (true) {
    result.push_back(coordinates);
    std::size_t axis = 0;
    while (axis < coordinates.size() && coordinates[axis] + 1 == grid.sizes.at(grid.order[axis])) {
      coordinates[axis] = 0;
      ++axis;
    }
    if (axis == coordinates.size()) return result;
    ++coordinates[axis];
  }
}

/// Ranks that differ in no axis but those that vary share a list. Ranks are taken from the lowest up, so
/// lists ascend and come by their lowest rank.
Lists groups_varying(const Grid& grid, const Names& varying) {
  Lists lists;
  std::map<std::vector<int>, std::size_t> list_of;
  int rank = grid.first_rank;
  for (const std::vector<int>& coordinates : coordinates_of_ranks(grid)) {
    std::vector<int> fixed;
    for (std::size_t axis = 0; axis < coordinates.size(); ++axis) {
      if (!contains(varying, grid.order[axis])) fixed.push_back(coordinates[axis]);
    }
    if (list_of.count(fixed) == 0) {
      list_of[fixed] = lists.size();
      lists.emplace_back();
    }
    lists[list_of[fixed]].push_back(rank);
    ++rank;
  }
  return lists;
}

/// Every list cut into pieces of consecutive members.
Lists slices(const Lists& lists, int size) {
  Lists result;
  for (const std::vector<int>& list : lists) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i % static_cast<std::size_t>(size) == 0) result.emplace_back();
      result.back().push_back(list[i]);
    }
  }
  return result;
}

/// The digits of a position, the first level fastest.
std::vector<int> digits(int position, const std::vector<int>& levels) {
  std::vector<int> result;
  for (const int size : levels) {
    result.push_back(position % size);
    position /= size;
  }
  return result;
}

/// Of every list, the positions that differ in the digit of one level only.
Lists level_groups(const Lists& lists, const std::vector<int>& levels, std::size_t level) {
  Lists result;
  for (const std::vector<int>& list : lists) {
    for (int first = 0; first < static_cast<int>(list.size()); ++first) {
      std::vector<int> wanted = digits(first, levels);
      if (wanted[level] != 0) continue;
      std::vector<int> group;
      for (int position = 0; position < static_cast<int>(list.size()); ++position) {
        const std::vector<int> found = digits(position, levels);
        wanted[level] = found[level];
        if (found == wanted) group.push_back(list[static_cast<std::size_t>(position)]);
      }
      result.push_back(group);
    }
  }
  return result;
}

Lists pick_stages(const Lists& pipelines, const std::vector<int>& stages) {
  Lists result;
  for (const std::vector<int>& pipeline : pipelines) {
    std::vector<int> group;
    for (const int stage : stages) group.push_back(pipeline[static_cast<std::size_t>(stage)]);
    result.push_back(group);
  }
  return result;
}

/// Runs of consecutive lists, each joined into one.
Lists joined(const Lists& lists, int run) {
  Lists result;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    if (i % static_cast<std::size_t>(run) == 0) result.emplace_back();
    result.back().insert(result.back().end(), lists[i].begin(), lists[i].end());
  }
  return result;
}

/// The sizes of hybrid groups in a data and context group of n ranks: 2, 4, ... below the largest power of
/// two that is not above n.
std::vector<int> hybrid_sizes(int n) {
  std::vector<int> sizes;
  for (int size = 2; 2 * size <= n; size *= 2) sizes.push_back(size);
  return sizes;
}

std::vector<int> first_and_last_stage(int pp) {
  return pp == 1 ? std::vector<int>{0} : std::vector<int>{0, pp - 1};
}

void check_sizes(const MegatronCoreCase& job, std::vector<Refusal>& refusals) {
  const std::vector<std::pair<std::string, int>> sizes{{"world", job.world},
                                                       {"local_world", layout_size(job)},
                                                       {"tp", job.tp},
                                                       {"cp", job.cp},
                                                       {"ep", job.ep},
                                                       {"pp", job.pp},
                                                       {"gtp", job.gtp},
                                                       {"egtp", job.egtp},
                                                       {"ndo", job.ndo},
                                                       {"etp", job.etp.value_or(1)},
                                                       {"vpp", job.vpp.value_or(1)}};
  for (const auto& [field, size] : sizes) {
    if (size < 1) refusals.push_back({field, "a size is at least 1"});
  }
  for (const int size : job.hcp) {
    if (size < 1) refusals.push_back({"hcp", "a size is at least 1"});
  }
}

void check_order(const MegatronCoreCase& job, std::vector<Refusal>& refusals) {
  Names seen;
  for (const std::string& name : split_order(job.order)) {
    if (!contains({"tp", "cp", "ep", "dp", "pp"}, name))
      refusals.push_back({"order", "no axis \"" + name + "\""});
    if (contains(seen, name)) refusals.push_back({"order", name + " is named twice"});
    seen.push_back(name);
  }
}

/// The product of the sizes; one more than the limit if it is above the limit.
int product_up_to(int limit, const std::vector<std::pair<std::string, int>>& factors) {
  std::int64_t product = 1;
  for (const auto& [field, size] : factors) product = std::min<std::int64_t>(product * size, limit + 1);
  return static_cast<int>(product);
}

void check_options(const MegatronCoreCase& job, std::vector<Refusal>& refusals) {
  if (job.rank_offset < 0 || job.rank_offset > job.world - layout_size(job)) {
    refusals.push_back({"rank_offset", "the layout does not fit in the world"});
  }
  if (job.vpp && job.pp == 1) refusals.push_back({"vpp", "virtual stages need more than one stage"});
  if (job.ndo > 1 && (job.gtp > 1 || job.egtp > 1)) {
    refusals.push_back({"ndo", "several optimizer instances do not go with gtp or egtp"});
  }
  std::vector<std::pair<std::string, int>> levels;
  for (const int size : job.hcp) levels.emplace_back("hcp", size);
  if (!job.hcp.empty() && product_up_to(job.cp, levels) != job.cp)
    refusals.push_back({"hcp", "the levels do not multiply to cp"});
}

void check_stages(const std::string& field, const std::vector<int>& stages, int pp,
                  std::vector<Refusal>& refusals) {
  if (stages.empty()) refusals.push_back({field, "a group has a stage"});
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (stages[i] < 0 || stages[i] >= pp) refusals.push_back({field, "no such stage"});
    for (std::size_t j = 0; j < i; ++j) {
      if (stages[i] == stages[j]) refusals.push_back({field, "a stage is named twice"});
    }
  }
}

/// Names every size above 1 of a product that does not divide the layout.
void check_divides(const MegatronCoreCase& job, const std::vector<std::pair<std::string, int>>& factors,
                   std::vector<Refusal>& refusals) {
  if (layout_size(job) % product_up_to(layout_size(job), factors) == 0) return;
  for (const auto& [field, size] : factors) {
    if (size > 1) refusals.push_back({field, "the sizes of the mesh do not divide the layout"});
  }
}

/// The rules about the data parallel sizes of two meshes that exist.
void check_data_sizes(const MegatronCoreCase& job, std::vector<Refusal>& refusals) {
  const int dp_cp = dense_grid(job).sizes.at("dp") * job.cp;
  if (dp_cp % job.ndo != 0) refusals.push_back({"ndo", "does not divide dp * cp"});
  if (expert_grid(job).sizes.at("dp") % job.ndo != 0)
    refusals.push_back({"ndo", "does not divide expert dp"});
  if (job.hybrid && dp_cp % 2 != 0) refusals.push_back({"hybrid", "dp * cp is odd"});
  for (const int size : hybrid_sizes(dp_cp)) {
    if (job.hybrid && dp_cp % size != 0) {
      refusals.push_back({"hybrid", std::to_string(size) + " does not divide dp * cp"});
    }
  }
}

/// An axis of several ranks, in either mesh, is in the order.
void check_axes_named(const MegatronCoreCase& job, std::vector<Refusal>& refusals) {
  for (const Grid& grid : {dense_grid(job), expert_grid(job)}) {
    for (const auto& [axis, size] : grid.sizes) {
      if (size > 1 && !contains(grid.order, axis)) {
        refusals.push_back({"order", axis + " has " + std::to_string(size) + " ranks and is not named"});
      }
    }
  }
}

/// The two meshes share their pipelines. Where pp is not the last axis, Megatron-Core demands equal data
/// parallel sizes too, without need: the groups are sound.
void check_pipelines(const MegatronCoreCase& job, std::vector<Refusal>& refusals) {
  const Grid dense = dense_grid(job);
  const Grid expert = expert_grid(job);
  if (groups_varying(dense, {"pp"}) != groups_varying(expert, {"pp"})) {
    refusals.push_back({"order", "the pipelines of the dense and the expert mesh differ"});
  }
}

void add_dense_kinds(const MegatronCoreCase& job, NamedLists& groups) {
  const Grid grid = dense_grid(job);
  const auto varying = [&](const Names& axes) { return groups_varying(grid, axes); };
  const Lists dp_cp = varying({"dp", "cp"});
  const int dp_cp_size = grid.sizes.at("dp") * job.cp;

  groups.emplace_back("gtp_remat", varying({"gtp"}));
  groups.emplace_back("dp_cp", dp_cp);
  if (job.ndo > 1) groups.emplace_back("intra_dp_cp", slices(dp_cp, dp_cp_size / job.ndo));
  if (job.hybrid) {
    for (const int size : hybrid_sizes(dp_cp_size)) {
      groups.emplace_back("hybrid_dp_cp_" + std::to_string(size), slices(dp_cp, size));
    }
  }
  groups.emplace_back("dp", varying({"dp"}));
  if (job.gtp > 1) {
    groups.emplace_back("gtp_remat_dp", varying({"gtp", "dp"}));
    groups.emplace_back("gtp_remat_dp_cp", varying({"gtp", "dp", "cp"}));
  }
  groups.emplace_back("cp", varying({"cp"}));
  for (std::size_t level = 0; level < job.hcp.size(); ++level) {
    groups.emplace_back("hcp_" + std::to_string(level), level_groups(varying({"cp"}), job.hcp, level));
  }
  groups.emplace_back("mp", varying({"tp", "gtp", "pp"}));
  groups.emplace_back("tp", varying({"tp"}));
  groups.emplace_back("pp", varying({"pp"}));
  groups.emplace_back("embd",
                      pick_stages(varying({"pp"}), job.embd_stages.value_or(first_and_last_stage(job.pp))));
  groups.emplace_back("pos_embd",
                      pick_stages(varying({"pp"}), job.pos_embd_stages.value_or(std::vector<int>{0})));
  groups.emplace_back("tp_dp_cp", varying({"tp", "gtp", "dp", "cp"}));
  groups.emplace_back("tp_dp", varying({"tp", "gtp", "dp"}));
  groups.emplace_back("tp_cp", varying({"tp", "cp"}));
}

void add_expert_kinds(const MegatronCoreCase& job, NamedLists& groups) {
  const Grid grid = expert_grid(job);
  const auto varying = [&](const Names& axes) { return groups_varying(grid, axes); };
  const Lists ep_dp = varying({"dp"});
  const int dp = grid.sizes.at("dp");

  groups.emplace_back("expt_gtp_remat", varying({"gtp"}));
  groups.emplace_back("ep", varying({"ep"}));
  groups.emplace_back("ep_tp", varying({"tp"}));
  groups.emplace_back("tp_ep_mp", varying({"tp", "ep"}));
  groups.emplace_back("tp_ep_pp", varying({"tp", "ep", "pp"}));
  groups.emplace_back("tp_ep_gtp_remat_pp", varying({"tp", "ep", "gtp", "pp"}));
  groups.emplace_back("ep_dp", ep_dp);
  if (job.egtp > 1) groups.emplace_back("ep_gtp_remat_dp", varying({"gtp", "dp"}));
  if (job.ndo > 1) {
    groups.emplace_back("intra_ep_dp", level_groups(ep_dp, {dp / job.ndo, job.ndo}, 0));
    groups.emplace_back("inter_ep_dp", level_groups(ep_dp, {dp / job.ndo, job.ndo}, 1));
  }
  const bool shards_weights = job.gtp > 1 || job.egtp > 1;
  groups.emplace_back("intra_dist_opt_instance", shards_weights
                                                     ? varying(grid.order)
                                                     : joined(varying({"tp", "ep", "pp"}), dp / job.ndo));
}

const Lists* find_kind(const NamedLists& groups, const std::string& kind) {
  for (const auto& [name, lists] : groups) {
    if (name == kind) return &lists;
  }
  return nullptr;
}

/// The list that holds a rank; none if the kind leaves it out.
const std::vector<int>* list_with(const Lists& lists, int rank) {
  for (const std::vector<int>& list : lists) {
    if (std::find(list.begin(), list.end(), rank) != list.end()) return &list;
  }
  return nullptr;
}

}  // namespace

std::vector<Refusal> why_refused(const MegatronCoreCase& job) {
  std::vector<Refusal> refusals;
  check_sizes(job, refusals);
  if (!refusals.empty()) return refusals;

  check_options(job, refusals);
  check_stages("embd_stages", job.embd_stages.value_or(std::vector<int>{0}), job.pp, refusals);
  check_stages("pos_embd_stages", job.pos_embd_stages.value_or(std::vector<int>{0}), job.pp, refusals);
  std::vector<Refusal> of_sizes;
  check_divides(job, {{"tp", job.tp}, {"pp", job.pp}, {"cp", job.cp}, {"gtp", job.gtp}}, of_sizes);
  check_divides(
      job, {{job.etp ? "etp" : "tp", expert_tp(job)}, {"ep", job.ep}, {"pp", job.pp}, {"egtp", job.egtp}},
      of_sizes);
  std::vector<Refusal> of_order;
  check_order(job, of_order);
  if (of_sizes.empty()) {
    check_data_sizes(job, of_sizes);
    check_axes_named(job, of_order);
    if (of_order.empty()) check_pipelines(job, of_order);
  }
  refusals.insert(refusals.end(), of_sizes.begin(), of_sizes.end());
  refusals.insert(refusals.end(), of_order.begin(), of_order.end());
  return refusals;
}

NamedLists megatron_core_lists(const MegatronCoreCase& job) {
  const std::vector<Refusal> refusals = why_refused(job);
  if (!refusals.empty()) throw std::invalid_argument(refusals[0].field + ": " + refusals[0].reason);
  NamedLists groups;
  add_dense_kinds(job, groups);
  add_expert_kinds(job, groups);
  return groups;
}

const Lists& lists_of_kind(const NamedLists& groups, const std::string& kind) {
  if (const Lists* lists = find_kind(groups, kind)) return *lists;
  const std::map<std::string, std::string> parents{{"gtp_remat_dp", "dp"},
                                                   {"gtp_remat_dp_cp", "dp_cp"},
                                                   {"ep_gtp_remat_dp", "ep_dp"},
                                                   {"intra_dp_cp", "dp_cp"},
                                                   {"intra_ep_dp", "ep_dp"}};
  if (parents.count(kind) == 0) throw std::invalid_argument("no groups of kind " + kind);
  return lists_of_kind(groups, parents.at(kind));
}

std::map<std::string, int> megatron_core_row(const NamedLists& groups, int rank) {
  const auto list = [&](const std::string& kind) { return list_with(lists_of_kind(groups, kind), rank); };
  std::map<std::string, int> row{{"rank", rank}};
  const std::map<std::string, std::string> kinds_with_position{
      {"tp", "tp"},           {"pp", "pp"},
      {"dp", "gtp_remat_dp"}, {"dp_cp", "gtp_remat_dp_cp"},
      {"cp", "cp"},           {"tp_cp", "tp_cp"},
      {"ep", "ep"},           {"etp", "ep_tp"},
      {"tp_ep", "tp_ep_mp"},  {"edp", "ep_gtp_remat_dp"}};
  for (const auto& [column, kind] : kinds_with_position) {
    const std::vector<int>& ranks = *list(kind);
    int position = 0;
    while (ranks[static_cast<std::size_t>(position)] != rank) ++position;
    row[column + "_rank"] = position;
    row[column + "_size"] = static_cast<int>(ranks.size());
  }
  const std::map<std::string, std::string> kinds_with_source{
      {"tp", "tp"}, {"mp", "mp"}, {"dp", "dp"}, {"dp_cp", "dp_cp"}, {"ep", "ep"}};
  for (const auto& [column, kind] : kinds_with_source) row[column + "_src"] = list(kind)->front();

  const std::vector<int>& pipeline = *list("pp");
  const int stages = static_cast<int>(pipeline.size());
  const int stage = row.at("pp_rank");
  row["pp_first"] = pipeline.front();
  row["pp_last"] = pipeline.back();
  row["pp_next"] = pipeline[static_cast<std::size_t>((stage + 1) % stages)];
  row["pp_prev"] = pipeline[static_cast<std::size_t>((stage + stages - 1) % stages)];
  row["is_first"] = stage == 0 ? 1 : 0;
  row["is_last"] = stage == stages - 1 ? 1 : 0;
  row["in_embd"] = list("embd") == nullptr ? 0 : 1;
  row["in_pos_embd"] = list("pos_embd") == nullptr ? 0 : 1;
  return row;
}

}  // namespace rankmesh::tests
