#include "json.hpp"

#include <nlohmann/json.hpp>
#include <variant>

#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/rank_list.hpp"
#include "rankmesh/topology/spans.hpp"

namespace rankmesh::cli {
namespace {

struct ToJson {
  nlohmann::ordered_json operator()(std::monostate) const { return nullptr; }
  template <typename Value>
  nlohmann::ordered_json operator()(const Value& value) const {
    return value;
  }
};

}  // namespace

std::string config_json(const ParallelConfig& config) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const FieldValue& field : fields_of_convention(config)) {
    json[std::string(field.field)] = std::visit(ToJson(), field.data);
  }
  return json.dump();
}

void put_group_json(Writer& out, const GroupFamily& family, int group) {
  char separator = '[';
  family.group(group).for_each([&](int rank) {
    out.put(separator);
    out.number(rank);
    separator = ',';
  });
  out.put(']');
}

void put_nodes_json(Writer& out, const GroupFamily& family, int group, int gpus_per_node) {
  char separator = '[';
  for_each_block(family, group, gpus_per_node, [&](int node) {
    out.put(separator);
    out.number(node);
    separator = ',';
    return true;
  });
  out.put(']');
}

bool put_ranks_json(Writer& out, std::string_view name, const GroupFamily& family, int group, bool all) {
  const RankList ranks = family.group(group);
  const bool is_shortened = put_list_json(out, name, ranks.size(), all, [&](std::int64_t member) {
    out.number(ranks[static_cast<int>(member)]);
  });
  if (is_shortened) {
    out.put(", \"");
    out.put(name);
    out.put("_pattern\": \"" + family.pattern() + "\"");
  }
  return is_shortened;
}

}  // namespace rankmesh::cli
