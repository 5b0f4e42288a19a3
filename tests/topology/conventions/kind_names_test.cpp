#include "rankmesh/topology/kind_names.hpp"

#include <set>
#include <string>

#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"

using namespace rankmesh;

TEST_CASE("long and short names are each other's", "[kind_names]") {
  std::set<std::string> names;
  for (const KindNames& known : kind_names()) {
    const std::string number = known.is_numbered ? "_2" : "";
    const GroupKind kind(std::string(known.name) + number);
    const GroupKind short_name(std::string(known.short_name) + number);
    CHECK(short_name_of(kind) == short_name);
    CHECK(long_name_of(short_name) == kind);
    CHECK(long_name_of(kind) == kind);
    names.emplace(kind.name());
    if (kind != short_name) names.emplace(short_name.name());
    CHECK((kind == short_name) == (kind == GroupKind::amax));
  }
  CHECK(names.size() == 2 * kind_names().size() - 1);
}

TEST_CASE("numbers follow the names of kinds that have several, and of no others", "[kind_names]") {
  CHECK(short_name_of(GroupKind("hierarchical_context_12")) == GroupKind("hcp_12"));
  CHECK(long_name_of(GroupKind("hybrid_dp_cp_1024")) == GroupKind("hybrid_data_context_1024"));
  CHECK(long_name_of(GroupKind("hcp")) == GroupKind("hcp"));
  CHECK(long_name_of(GroupKind("hcp_")) == GroupKind("hcp_"));
  CHECK(long_name_of(GroupKind("hcp_x")) == GroupKind("hcp_x"));
  CHECK(long_name_of(GroupKind("tp_2")) == GroupKind("tp_2"));
  CHECK(short_name_of(GroupKind("zero")) == GroupKind("zero"));
}

TEST_CASE("every kind of every convention has its names in the table", "[kind_names]") {
  const auto check_kinds = [](const ParallelConfig& config) {
    const Topology topology(config);
    for (const KindFamily& kind : topology.kinds()) {
      INFO(kind.kind.name());
      CHECK(kind.short_name == short_name_of(kind.kind));
      CHECK(long_name_of(kind.short_name) == kind.kind);
    }
  };
  check_kinds({.world_size = 8, .fp8 = true});
  check_kinds({.world_size = 64,
               .convention = Convention::megatron_core,
               .context = 4,
               .optimizer_instances = 2,
               .hierarchical_context = {2, 2},
               .hybrid_context = true});
  check_kinds({.world_size = 64,
               .convention = Convention::megatron_core,
               .weight_remat = 2,
               .expert_weight_remat = 2});
}
