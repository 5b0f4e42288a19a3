#include "rankmesh/nccl/communicators.hpp"

#include <algorithm>
#include <stdexcept>

#include "rankmesh/topology/config_text.hpp"
#include "support.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using nccl::Communicators;
using nccl::Strategy;
using K = GroupKind;

namespace {

/// A layout in which several kinds have groups, where the world allows it.
ParallelConfig layout() {
  const int size = world_size();
  if (size % 4 == 0) return {.world_size = size, .tensor = 2, .pipeline = 2, .fp8 = true};
  return {.world_size = size, .fp8 = true};
}

nccl::Options made(const Way& way) {
  nccl::Options options;
  way.apply(options);
  return options;
}

int groups_of(const CommunicatorPlan& plan) {
  int count = 0;
  for (const PlanStep& step : plan.steps()) count += step.group_count;
  return count;
}

int sum_over_ranks(std::int64_t own) {
  int value = static_cast<int>(own);
  MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  return value;
}

}  // namespace

TEST_CASE("every communicator of every configuration holds its group, in order, and leaves nothing behind") {
  for (const Way& way : ways) {
    // All of them in one way; the others differ in how members meet, not in who they are.
    const bool all = way.strategy == Strategy::unique_id && way.blocking == ways.front().blocking;
    const std::vector<ParallelConfig> configs =
        all ? valid_configs(world_size()) : std::vector<ParallelConfig>{layout()};
    for (const ParallelConfig& config : configs) {
      CAPTURE(way.name(), to_string(config));
      Communicators groups(MPI_COMM_WORLD, config, made(way));
      for (const KindFamily& kind : groups.topology().kinds()) {
        const nccl::KindView mine = groups.at(kind.kind);
        CHECK(mine.has_communicator() == (mine.is_member() && mine.size > 1));
        CHECK_FALSE(mine.stream.has_value());
        CHECK_FALSE(mine.host.has_value());
        if (!mine.has_communicator()) continue;
        const std::vector<int> expected = kind.family.group(*mine.group).to_vector();
        CHECK(gathered(mine.native(), mine.size) == expected);
      }
      CHECK(groups.world().has_value() == (way.strategy == Strategy::nccl_split));
      groups.close();
      groups.close();
      CHECK_THROWS_AS(groups.at(K::data), StateError);
      CHECK(nccl_double::counters().live_communicators == 0);
      CHECK(unconsumed_ids(0) == 0);
    }
  }
}

TEST_CASE("no ID and no communicator more than the strategy needs") {
  for (const Way& way : ways) {
    CAPTURE(way.name());
    const auto before = nccl_double::counters();
    Communicators groups(MPI_COMM_WORLD, layout(), made(way));
    const auto after = nccl_double::counters();
    const int own = groups.plan().communicator_count(world_rank());
    const int steps = static_cast<int>(groups.plan().steps().size());
    int led = 0;
    for (const RankStep& step : groups.plan().for_rank(world_rank()))
      led += step.leader == world_rank() ? 1 : 0;
    if (way.strategy == Strategy::nccl_split) {
      CHECK(after.ids_made - before.ids_made == (world_rank() == 0 ? 1 : 0));
      CHECK(after.init_calls - before.init_calls == 1);
      // A kind whose group is the world has the communicator that the others are split from.
      const int apart = groups.plan().world_step() ? 0 : 1;
      CHECK(after.split_calls - before.split_calls == steps - 1 + apart);
      CHECK(after.live_communicators == own + apart);
      if (apart == 0) {
        const K whole = groups.plan().steps()[*groups.plan().world_step()].kind;
        CHECK(groups.at(whole).native() == groups.world());
      }
    } else {
      CHECK(after.ids_made - before.ids_made == led);
      CHECK(sum_over_ranks(after.ids_made - before.ids_made) == groups_of(groups.plan()));
      CHECK(after.init_calls - before.init_calls == own);
      CHECK(after.split_calls == before.split_calls);
      CHECK(after.live_communicators == own);
    }
    groups.close();
  }
}

TEST_CASE("large groups are initialised with several IDs, one for each so many ranks") {
  for (const Way& way : ways) {
    CAPTURE(way.name());
    nccl::Options options = made(way);
    options.ranks_per_identifier = 3;
    const auto before = nccl_double::counters();
    Communicators groups(MPI_COMM_WORLD, {.world_size = world_size()}, options);
    const auto after = nccl_double::counters();
    const bool has_any = world_size() > 1 || way.strategy == Strategy::nccl_split;
    const bool has_several = NCCL_VERSION_CODE >= NCCL_VERSION(2, 23, 0);
    const int several = has_several ? (world_size() + 2) / 3 : 1;
    CHECK(sum_over_ranks(after.ids_made - before.ids_made) == (has_any ? several : 0));
    // Nobody makes two of them: those who meet at an ID spread over the job.
    CHECK(after.ids_made - before.ids_made <= 1);
    const nccl::KindView data = groups.at(K::data);
    if (data.has_communicator()) {
      CHECK(gathered(data.native(), data.size) ==
            groups.topology().group_of(K::data, world_rank()).to_vector());
    }
    groups.close();
    CHECK(unconsumed_ids(0) == 0);
  }
}

TEST_CASE("threads and descriptors are back where they were") {
  for (const Way& way : ways) {
    CAPTURE(way.name());
    { Communicators(MPI_COMM_WORLD, layout(), made(way)).close(); }
    MPI_Barrier(MPI_COMM_WORLD);
    const int threads = settled_entries("/proc/self/task");
    const int descriptors = settled_entries("/proc/self/fd");
    for (int round = 0; round < 3; ++round) Communicators(MPI_COMM_WORLD, layout(), made(way)).close();
    CHECK(settled_entries("/proc/self/task") == threads);
    CHECK(settled_entries("/proc/self/fd") == descriptors);
  }
}

TEST_CASE("an MPI communicator beside each communicator, on request") {
  for (const Way& way : ways) {
    CAPTURE(way.name());
    nccl::Options options = made(way);
    options.host_communicators = true;
    Communicators groups(MPI_COMM_WORLD, layout(), options);
    CHECK(groups.host().has_value());
    for (const KindFamily& kind : groups.topology().kinds()) {
      const nccl::KindView mine = groups.at(kind.kind);
      CHECK(mine.host.has_value() == mine.has_communicator());
      if (!mine.host) continue;
      std::vector<int> ranks(static_cast<std::size_t>(mine.size));
      const int own = world_rank();
      MPI_Allgather(&own, 1, MPI_INT, ranks.data(), 1, MPI_INT, *mine.host);
      CHECK(ranks == kind.family.group(*mine.group).to_vector());
    }
    groups.close();
  }
}

TEST_CASE("a stream for a kind, on request, with its priority") {
  nccl::Options options;
  options.kinds[K::data].stream = nccl::Stream::high_priority;
  options.kinds[K::sequence_data].stream = nccl::Stream::normal;
  {
    Communicators groups(MPI_COMM_WORLD, {.world_size = world_size()}, options);
    const nccl::KindView high = groups.at(K::data);
    const nccl::KindView normal = groups.at(K::sequence_data);
    CHECK(high.stream.has_value() == high.has_communicator());
    CHECK_FALSE(groups.at(K::model).stream.has_value());
    if (high.stream && normal.stream) {
      CHECK(*high.stream != *normal.stream);
      CHECK(high.native() == normal.native());  // streams do not keep kinds apart
      int least = 0;
      int greatest = 0;
      CHECK(cudaDeviceGetStreamPriorityRange(&least, &greatest) == cudaSuccess);
      int priority = 0;
      CHECK(cudaStreamGetPriority(*high.stream, &priority) == cudaSuccess);
      CHECK(priority == greatest);
      CHECK(cudaStreamGetPriority(*normal.stream, &priority) == cudaSuccess);
      CHECK(priority == least);
      CHECK(least != greatest);
    }
    groups.close();
  }
  CHECK(nccl_double::counters().live_streams == 0);
}

TEST_CASE("progress: every part once, in order, and the kinds in between") {
  for (const Way& way : ways) {
    CAPTURE(way.name());
    nccl::Options options = made(way);
    std::vector<std::string> parts;
    std::size_t total = 0;
    options.bring_up.on_progress = [&](const Progress& progress) {
      parts.emplace_back(progress.part);
      CHECK(progress.done == parts.size());
      CHECK(progress.elapsed.count() >= 0);
      total = progress.total;
    };
    Communicators groups(MPI_COMM_WORLD, layout(), options);
    CHECK(parts.size() == total);
    CHECK(parts.at(0) == "agreement");
    CHECK(parts.at(1) == "device");
    for (const PlanStep& step : groups.plan().steps()) {
      const auto times = std::count(parts.begin(), parts.end(), step.kind.name());
      CHECK(times == (way.strategy == Strategy::mpi_split ? 2 : 1));
    }
    CHECK(std::count(parts.begin(), parts.end(), "world") == (way.strategy == Strategy::nccl_split ? 1 : 0));
    groups.close();
  }
}

TEST_CASE("names of the reference: data_parallel is the kind sequence_data") {
  Communicators groups(MPI_COMM_WORLD, layout());
  CHECK(groups.data_parallel().kind == K::sequence_data);
  CHECK(groups.tensor_parallel().kind == K::tensor);
  CHECK(groups.model_parallel().group == groups.at(K::model).group);
  groups.close();
}
