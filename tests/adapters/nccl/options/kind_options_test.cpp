#include "rankmesh/nccl/kind_options.hpp"

#include <climits>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"

using rankmesh::nccl::check;
using rankmesh::nccl::CommunicatorConfig;
using rankmesh::nccl::config_keys;
using rankmesh::nccl::ConfigKey;
using rankmesh::nccl::newer_than;
using rankmesh::nccl::version_text;

namespace {

using Strings = std::vector<std::string>;

const CommunicatorConfig everything{.min_ctas = 2,
                                    .max_ctas = 16,
                                    .cga_cluster_size = 4,
                                    .net_name = "Socket",
                                    .split_share = true,
                                    .traffic_class = 105,
                                    .name = "gradients",
                                    .collnet = false,
                                    .cta_policy = 1,
                                    .shrink_share = false,
                                    .nvls_ctas = 8,
                                    .channels_per_net_peer = 2,
                                    .nvlink_centric_scheduling = true};

Strings names(std::span<const ConfigKey> keys) {
  Strings result;
  for (const ConfigKey& key : keys) result.emplace_back(key.key);
  return result;
}

}  // namespace

TEST_CASE("every option has a key, the version that brought it, and a member of its own", "[kind_options]") {
  std::vector<std::pair<std::string, int>> found;
  std::set<std::string> texts;
  for (const ConfigKey& option : config_keys()) {
    found.emplace_back(option.key, option.since);
    CommunicatorConfig config;
    std::visit([&](auto member) { (config.*member).emplace(); }, option.member);
    CHECK(to_string(config).starts_with(std::string(option.key) + "="));
    texts.insert(to_string(config));
  }
  CHECK(found == std::vector<std::pair<std::string, int>>{{"min_ctas", 21700},
                                                          {"max_ctas", 21700},
                                                          {"cga_cluster_size", 21700},
                                                          {"net_name", 21700},
                                                          {"split_share", 21800},
                                                          {"traffic_class", 22600},
                                                          {"name", 22700},
                                                          {"collnet", 22700},
                                                          {"cta_policy", 22700},
                                                          {"shrink_share", 22700},
                                                          {"nvls_ctas", 22700},
                                                          {"channels_per_net_peer", 22800},
                                                          {"nvlink_centric_scheduling", 22800}});
  CHECK(texts.size() == found.size());
}

TEST_CASE("a config prints what is set, in the order of declaration", "[kind_options]") {
  CHECK(to_string(CommunicatorConfig{}).empty());
  CHECK(to_string(CommunicatorConfig{.max_ctas = 16, .cga_cluster_size = 2}) ==
        "max_ctas=16 cga_cluster_size=2");
  CHECK(to_string(everything) ==
        "min_ctas=2 max_ctas=16 cga_cluster_size=4 net_name=\"Socket\" split_share=true traffic_class=105 "
        "name=\"gradients\" collnet=false cta_policy=1 shrink_share=false nvls_ctas=8 "
        "channels_per_net_peer=2 nvlink_centric_scheduling=true");
}

TEST_CASE("different configs print different text, whatever their strings hold", "[kind_options]") {
  const std::vector<CommunicatorConfig> configs{
      {},
      {.net_name = "IB"},
      {.net_name = "IB", .name = "x"},
      {.net_name = "IB name=x"},
      {.net_name = "IB\" name=\"x"},
      {.net_name = "IB\\\" name=\\\"x"},
      {.name = "x"},
      {.name = ""},
      {.name = "\""},
      {.name = "\\\""},
      {.name = "a\nb"},
      {.name = "a\\x0ab"},
      {.name = std::string("a\0b", 3)},
      {.name = "a"},
      {.collnet = false},
      {.collnet = true},
      {.cta_policy = 0},
      {.cta_policy = 1},
  };
  std::set<std::string> texts;
  for (const CommunicatorConfig& config : configs) texts.insert(to_string(config));
  CHECK(texts.size() == configs.size());
  CHECK(to_string(CommunicatorConfig{.name = "a\n\"\\\x7f\xc3\xa9"}) ==
        "name=\"a\\x0a\\\"\\\\\\x7f\xc3\xa9\"");
}

TEST_CASE("values at the ends of their ranges are fine", "[kind_options]") {
  CHECK(check({}).empty());
  CHECK(check(everything).empty());
  CHECK(check({.min_ctas = 1,
               .max_ctas = 1,
               .cga_cluster_size = 0,
               .net_name = "x",
               .traffic_class = 0,
               .name = "y",
               .cta_policy = 0,
               .nvls_ctas = 1,
               .channels_per_net_peer = 1})
            .empty());
  CHECK(check({.min_ctas = INT_MAX,
               .max_ctas = INT_MAX,
               .cga_cluster_size = 8,
               .traffic_class = INT_MAX,
               .cta_policy = 3,
               .nvls_ctas = INT_MAX,
               .channels_per_net_peer = INT_MAX})
            .empty());
}

TEST_CASE("every value out of range is named with its rule", "[kind_options]") {
  CHECK(check({.min_ctas = 0,
               .max_ctas = 0,
               .cga_cluster_size = -1,
               .net_name = "",
               .traffic_class = -1,
               .name = "",
               .cta_policy = -1,
               .nvls_ctas = 0,
               .channels_per_net_peer = 0}) ==
        Strings{"min_ctas = 0 is below 1", "max_ctas = 0 is below 1", "cga_cluster_size = -1 is below 0",
                "net_name = \"\" is empty", "traffic_class = -1 is below 0", "name = \"\" is empty",
                "cta_policy = -1 is below 0", "nvls_ctas = 0 is below 1",
                "channels_per_net_peer = 0 is below 1"});
  CHECK(check({.cga_cluster_size = 9, .cta_policy = 4}) ==
        Strings{"cga_cluster_size = 9 is above 8", "cta_policy = 4 is above 3"});
  CHECK(check({.traffic_class = INT_MIN}) == Strings{"traffic_class = -2147483648 is below 0"});
}

TEST_CASE("the least number of thread blocks may not be above the greatest", "[kind_options]") {
  CHECK(check({.min_ctas = 9, .max_ctas = 8}) == Strings{"min_ctas = 9 is above max_ctas = 8"});
  CHECK(check({.min_ctas = 8, .max_ctas = 8}).empty());
  CHECK(check({.min_ctas = 9, .max_ctas = 0}) ==
        Strings{"max_ctas = 0 is below 1", "min_ctas = 9 is above max_ctas = 0"});
}

TEST_CASE("strings that NCCL would cut short or that would break its logs are refused", "[kind_options]") {
  CHECK(check({.net_name = std::string("IB\0x", 4), .name = "a\nb"}) ==
        Strings{"net_name = \"IB\\x00x\" has a control character in it",
                "name = \"a\\x0ab\" has a control character in it"});
  CHECK(check({.name = "d\xc3\xa9j\xc3\xa0 vu = \"x\""}).empty());
}

TEST_CASE("the options that a version does not have yet are those set and newer", "[kind_options]") {
  CHECK(newer_than({}, 0).empty());
  CHECK(names(newer_than(everything, 0)) == names(config_keys()));
  CHECK(names(newer_than(everything, 21699)) == names(config_keys()));
  CHECK(names(newer_than(everything, 21700)) == names(config_keys().subspan(4)));
  CHECK(names(newer_than(everything, 22605)) == names(config_keys().subspan(6)));
  CHECK(names(newer_than(everything, 22799)) ==
        Strings{"channels_per_net_peer", "nvlink_centric_scheduling"});
  CHECK(newer_than(everything, 22800).empty());
  CHECK(names(newer_than({.max_ctas = 1, .traffic_class = 1}, 22500)) == Strings{"traffic_class"});
  // Set to false is set.
  CHECK(names(newer_than({.collnet = false}, 22500)) == Strings{"collnet"});
}

TEST_CASE("versions are numbered in two ways", "[kind_options]") {
  CHECK(version_text(22703) == "2.27.3");
  CHECK(version_text(21700) == "2.17.0");
  CHECK(version_text(20906) == "2.9.6");
  CHECK(version_text(30001) == "3.0.1");
}
