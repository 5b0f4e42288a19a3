// What the options of kinds do: see rankmesh/nccl/options.hpp and rankmesh/nccl/kind_options.hpp.
#include "rankmesh/nccl/options.hpp"

#include <filesystem>

#include "rankmesh/nccl/error.hpp"
#include "support.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using nccl::Communicators;
using K = GroupKind;

namespace {

#if NCCL_VERSION_CODE >= NCCL_VERSION(2, 27, 0)
/// The configuration that a communicator was made with.
ncclConfig_t arrived(ncclComm_t communicator) {
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  CHECK(nccl_double::rankmesh_nccl_double_config(communicator, &config) != 0);
  return config;
}
#endif

/// The text after `before`, up to the next `after`.
std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const std::size_t begin = text.find(before);
  if (begin == std::string::npos) return "";
  const std::size_t end = text.find(after, begin + before.size());
  return text.substr(begin + before.size(), end - begin - before.size());
}

}  // namespace

#if NCCL_VERSION_CODE >= NCCL_VERSION(2, 27, 0)
TEST_CASE("the options of a kind arrive at its communicators, whatever the strategy") {
  if (world_size() < 2) return;
  for (const Way& way : ways) {
    CAPTURE(way.name());
    nccl::Options options;
    way.apply(options);
    options.kinds[K::data].communicator = {.min_ctas = 2,
                                           .max_ctas = 8,
                                           .cga_cluster_size = 3,
                                           .net_name = "Socket",
                                           .split_share = true,
                                           .traffic_class = 105,
                                           .name = "gradients",
                                           .collnet = false,
                                           .cta_policy = 1,
                                           .shrink_share = true,
                                           .nvls_ctas = 4};
    Communicators groups(MPI_COMM_WORLD, {.world_size = world_size()}, options);
    const ncclConfig_t config = arrived(groups.at(K::data).native());
    CHECK(config.blocking == (way.blocking ? 1 : 0));
    CHECK(config.minCTAs == 2);
    CHECK(config.maxCTAs == 8);
    CHECK(config.cgaClusterSize == 3);
    CHECK(std::string(config.netName) == "Socket");
    CHECK(config.splitShare == 1);
    CHECK(config.trafficClass == 105);
    CHECK(std::string(config.commName) == "gradients");
    CHECK(config.collnetEnable == 0);
    CHECK(config.CTAPolicy == 1);
    CHECK(config.shrinkShare == 1);
    CHECK(config.nvlsCTAs == 4);
    // The kind with the same groups and other options has a communicator of its own, named after itself.
    const nccl::KindView other = groups.at(K::sequence_data);
    CHECK(other.native() != groups.at(K::data).native());
    CHECK(std::string(arrived(other.native()).commName) == "sequence_data/0");
    CHECK(arrived(other.native()).maxCTAs != 8);
    groups.close();
  }
}

TEST_CASE("communicators are named after their kind and group, and the names live as long as they do") {
  if (world_size() % 4 != 0) return;
  std::optional<Communicators> groups;
  groups.emplace(MPI_COMM_WORLD, ParallelConfig{.world_size = world_size(), .tensor = 2, .pipeline = 2});
  Communicators moved = std::move(*groups);
  groups.reset();
  CHECK(std::string(arrived(moved.at(K::tensor).native()).commName) ==
        "tensor/" + std::to_string(world_rank() / 2));
  CHECK(std::string(arrived(moved.at(K::pipeline).native()).commName) ==
        "pipeline/" + std::to_string(world_rank() % (world_size() / 2)));
  moved.close();
}

TEST_CASE("the world of a split shares its resources on request") {
  for (const bool share : {false, true}) {
    const nccl::Options options{.strategy = nccl::Strategy::nccl_split, .share_split_resources = share};
    Communicators groups(MPI_COMM_WORLD, {.world_size = world_size()}, options);
    CHECK(arrived(*groups.world()).splitShare == (share ? 1 : 0));
    CHECK(std::string(arrived(*groups.world()).commName) == (world_size() > 1 ? "data/0" : "world"));
    groups.close();
  }
}
#endif

TEST_CASE("kinds with equal options share, as they do without any") {
  nccl::Options options;
  options.kinds[K::data].communicator.max_ctas = 16;
  options.kinds[K::sequence_data].communicator.max_ctas = 16;
  Communicators groups(MPI_COMM_WORLD, {.world_size = world_size()}, options);
  CHECK(groups.plan().communicator_count(world_rank()) == (world_size() > 1 ? 1 : 0));
  groups.close();
}

TEST_CASE("options that make no sense are one error with all of them, on every rank") {
  nccl::Options options{.ranks_per_identifier = 0, .share_split_resources = true};
  options.kinds[K::data].communicator = {.min_ctas = 9, .max_ctas = 0};
  options.kinds[K::amax] = {.communicator = {.max_ctas = 4}, .stream = nccl::Stream::normal};
  const std::string text = common_error<nccl::OptionsError>({.world_size = world_size()}, options);
  CHECK_THAT(text, ContainsSubstring("ranks_per_identifier = 0 is below 1"));
  CHECK_THAT(text, ContainsSubstring("share_split_resources makes no sense with strategy unique_id"));
  CHECK_THAT(text, ContainsSubstring("\n  data: max_ctas = 0"));
  CHECK_THAT(text, ContainsSubstring("\n  amax: this topology has no groups of this kind"));
}

TEST_CASE(
    "a library that is too old for rankmesh or for an option is an error that says which one is needed") {
  const Steer version("RANKMESH_DOUBLE_NCCL_VERSION", "21705");
  nccl::Options options;
  options.kinds[K::data].communicator = {.max_ctas = 16, .traffic_class = 1};
  const std::string text = common_error<nccl::OptionsError>({.world_size = world_size()}, options);
  const std::string path = between(text, "and this is 2.17.5 (", ")");
  CHECK(std::filesystem::exists(path));
  CHECK(text ==
        "the NCCL options have 2 problems:\n"
        "  rankmesh needs NCCL 2.18.0, and this is 2.17.5 (" +
            path +
            ")\n"
            "  data.traffic_class needs NCCL 2.26.0, and this is 2.17.5");
}

TEST_CASE("a library that is older than the header is an error that names both versions and the library") {
  const std::string header = nccl::version_text(NCCL_VERSION_CODE);
  {
    const Steer version("RANKMESH_DOUBLE_NCCL_VERSION", std::to_string(NCCL_VERSION_CODE - 1));
    const std::string text = common_error<nccl::OptionsError>({.world_size = world_size()}, {});
    CHECK_THAT(text,
               ContainsSubstring("rankmesh was compiled with NCCL " + header + " (nccl.h of the test)"));
    const std::string older = nccl::version_text(NCCL_VERSION_CODE - 1);
    CHECK(std::filesystem::exists(between(text, "is the older NCCL " + older + " (", ")")));
  }
  const Steer version("RANKMESH_DOUBLE_NCCL_VERSION", std::to_string(NCCL_VERSION_CODE + 1));
  Communicators groups(MPI_COMM_WORLD, {.world_size = world_size()});
  groups.close();
}
