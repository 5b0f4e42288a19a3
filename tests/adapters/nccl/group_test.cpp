// Communicators that are not those of every kind of a layout: for groups of one, for some kinds, later, over
// lists of ranks, and of several layouts side by side.
#include <algorithm>
#include <numeric>

#include "rankmesh/nccl/error.hpp"
#include "support.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using nccl::Communicators;
using K = GroupKind;

namespace {

bool has(const std::vector<int>& ranks, int rank) {
  return std::find(ranks.begin(), ranks.end(), rank) != ranks.end();
}

nccl::Options patiently_made(const Way& way) {
  nccl::Options options = rankmesh::tests::patient();
  way.apply(options);
  return options;
}

std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("with groups of one, native works for every kind and every size") {
  for (const Way& way : ways) {
    CAPTURE(way.name());
    nccl::Options options = patiently_made(way);
    options.bring_up.plan.groups_of_one = KindSelection::all();
    options.host_communicators = true;
    Communicators groups(MPI_COMM_WORLD, {.world_size = world_size()}, options);
    for (const K kind : {K::tensor, K::data, K::pipeline}) {
      const nccl::KindView mine = groups.at(kind);
      CHECK(gathered(mine.native(), mine.size) == groups.topology().group_of(kind, world_rank()).to_vector());
      CHECK(size_of_communicator(mine.host.value()) == mine.size);
    }
    groups.close();
    CHECK(nccl_double::counters().live_communicators == 0);
    CHECK(unconsumed_ids(0) == 0);
  }
}

TEST_CASE("only the kinds that are used are made") {
  const auto before = nccl_double::counters();
  nccl::Options options;
  options.bring_up.plan.only = {"tp"};
  options.kinds["dp"].stream = nccl::Stream::normal;
  Communicators groups(MPI_COMM_WORLD, {.world_size = world_size(), .tensor = world_size()}, options);
  CHECK(nccl_double::counters().init_calls - before.init_calls == (world_size() > 1 ? 1 : 0));
  CHECK(groups.at(K::model).absence == Absence::left_out);
  CHECK_FALSE(groups.at(K::data).stream.has_value());
  groups.close();
}

TEST_CASE("options may name kinds by their short names") {
  nccl::Options options;
  options.kinds["tp"].stream = nccl::Stream::normal;
  options.kinds["tp"].communicator.max_ctas = 4;
  const ParallelConfig config{
      .world_size = world_size(), .tensor = world_size(), .convention = Convention::megatron_core};
  Communicators groups(MPI_COMM_WORLD, config, options);
  CHECK(groups.at("tensor").stream.has_value() == (world_size() > 1));
  CHECK(groups.at("tp").stream.has_value() == (world_size() > 1));
  if (world_size() > 1) {
    CHECK(groups.plan().steps()[*groups.plan().kind("tp").step].communicator_options == "max_ctas=4");
  }
  groups.close();
}

TEST_CASE("a lazy kind is made by the members of its groups, at any time") {
  if (world_size() % 4 != 0) return;
  for (const Way& way : ways) {
    CAPTURE(way.name());
    nccl::Options options = patiently_made(way);
    options.bring_up.plan.lazy = {K::tensor, K::model};
    options.host_communicators = true;
    options.kinds[K::tensor].stream = nccl::Stream::high_priority;
    Communicators groups(MPI_COMM_WORLD, {.world_size = world_size(), .tensor = 2, .pipeline = 2}, options);
    CHECK(groups.at(K::tensor).absence == Absence::not_made);
    if (world_rank() < 2) {
      const nccl::KindView mine = groups.make(K::tensor);
      CHECK(gathered(mine.native(), 2) == std::vector<int>{0, 1});
      CHECK(mine.host.has_value());
      CHECK(mine.stream.has_value());
      CHECK(groups.at(K::tensor).stream == mine.stream);
      CHECK(groups.make(K::tensor).native() == mine.native());
    }
    groups.close();
    CHECK(nccl_double::counters().live_communicators == 0);
    CHECK(nccl_double::counters().live_streams == 0);
    CHECK(unconsumed_ids(0) == 0);
    MPI_Barrier(MPI_COMM_WORLD);
  }
}

TEST_CASE("a communicator over a list of ranks, which has that of a kind if the members are equal") {
  if (world_size() < 4) return;
  for (const Way& way : ways) {
    CAPTURE(way.name());
    Communicators groups(MPI_COMM_WORLD, {.world_size = world_size()}, patiently_made(way));
    const std::vector<int> ranks{3, 0, 2};
    if (has(ranks, world_rank())) {
      nccl::Communicator own = nccl::group(MPI_COMM_WORLD, ranks, patiently_made(way));
      CHECK(gathered(own.native(), 3) == ranks);
      const nccl::KindView mine = groups.group(ranks);
      CHECK(gathered(mine.native(), 3) == ranks);
      CHECK(groups.group(ranks).native() == mine.native());
    }
    std::vector<int> all(static_cast<std::size_t>(world_size()));
    std::iota(all.begin(), all.end(), 0);
    CHECK(groups.group(all).native() == groups.at(K::data).native());
    groups.close();
    CHECK(nccl_double::counters().live_communicators == 0);
    CHECK(unconsumed_ids(0) == 0);
  }
}

TEST_CASE("several layouts side by side, each with its own communicators") {
  if (world_size() < 3) return;
  const std::vector<ParallelConfig> parts{{.world_size = 2, .tensor = 2}, {.world_size = world_size() - 2}};
  for (const Way& way : ways) {
    CAPTURE(way.name());
    nccl::Part part = nccl::bring_up_parts(MPI_COMM_WORLD, parts, patiently_made(way));
    const nccl::KindView kind = part.communicators.at(part.index == 0 ? K::tensor : K::data);
    if (kind.has_communicator()) CHECK(gathered(kind.native(), kind.size).front() == part.first_rank);
    part.communicators.close();
    CHECK(nccl_double::counters().live_communicators == 0);
    MPI_Barrier(MPI_COMM_WORLD);
  }
}

TEST_CASE("fault: members of a list that differ, fail or hang are named by their ranks in the communicator") {
  if (world_size() < 4) return;
  const std::vector<int> ranks{3, 0, 2};
  std::string text = "no error";
  nccl::Options options = patiently_made(ways[2]);
  if (world_rank() == 3) options.kinds["group"].communicator.max_ctas = 4;
  if (has(ranks, world_rank())) {
    text = error_of([&] { static_cast<void>(nccl::group(MPI_COMM_WORLD, ranks, options)); });
    CHECK_THAT(text, ContainsSubstring("options.group = (not set) on ranks 0 and 2, max_ctas=4 on rank 3"));
  }
  MPI_Barrier(MPI_COMM_WORLD);
  {
    const Faults faults("init@3=error:3");
    if (has(ranks, world_rank())) {
      text =
          error_of([&] { static_cast<void>(nccl::group(MPI_COMM_WORLD, ranks, patiently_made(ways[2]))); });
      CHECK_THAT(text, ContainsSubstring("\n  rank 3: ncclCommInitRankConfig failed"));
    }
    MPI_Barrier(MPI_COMM_WORLD);
  }
  {
    const Faults faults("init@3=hang");
    nccl::Options hasty = patiently_made(ways[2]);
    hasty.bring_up.timeouts = rankmesh::tests::impatient().bring_up.timeouts;
    if (has(ranks, world_rank())) {
      text = error_of([&] { static_cast<void>(nccl::group(MPI_COMM_WORLD, ranks, hasty)); });
      CHECK_THAT(text, ContainsSubstring("ranks 0 and 2-3 had come, but had not finished"));
    }
    MPI_Barrier(MPI_COMM_WORLD);
  }
  {
    const Steer devices("RANKMESH_DOUBLE_DEVICES", std::to_string(world_size()));
    nccl::Options shared = patiently_made(ways[2]);
    shared.device = world_rank() == 2 ? 0 : world_rank();
    if (has(ranks, world_rank())) {
      text = error_of([&] { static_cast<void>(nccl::group(MPI_COMM_WORLD, ranks, shared)); });
      CHECK_THAT(text, ContainsSubstring("rank 2: shares GPU-"));
      CHECK_THAT(text, ContainsSubstring("with rank 0: give each rank"));
    }
    MPI_Barrier(MPI_COMM_WORLD);
  }
  CHECK(nccl_double::counters().live_communicators == 0);
}
