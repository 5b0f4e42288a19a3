// Communicators that are not those of every kind of a layout: for groups of one, for some kinds, later, over
// lists of ranks, and of several layouts side by side.
#include <algorithm>
#include <chrono>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "rankmesh/mpi/parts.hpp"
#include "support.hpp"
#include "support/catch.hpp"
#include "support/faulty_mpi.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using namespace std::chrono_literals;
using mpi::Communicators;
using K = GroupKind;

namespace {

/// The ranks of MPI_COMM_WORLD that are the members of a communicator, by position.
std::vector<int> gathered(MPI_Comm communicator) {
  std::vector<int> ranks(static_cast<std::size_t>(size_of_communicator(communicator)));
  const int own = world_rank();
  MPI_Allgather(&own, 1, MPI_INT, ranks.data(), 1, MPI_INT, communicator);
  return ranks;
}

std::vector<int> up_to(int count) {
  std::vector<int> ranks(static_cast<std::size_t>(count));
  std::iota(ranks.begin(), ranks.end(), 0);
  return ranks;
}

bool has(const std::vector<int>& ranks, int rank) {
  return std::find(ranks.begin(), ranks.end(), rank) != ranks.end();
}

/// The text of the error of a type that a call ends with on this rank.
template <typename Expected, typename Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const Expected& error) {
    return error.what();
  }
  return "no error";
}

/// Whether a text is the same on some ranks. Collective over the world.
bool same_among(const std::vector<int>& ranks, const std::string& text) {
  MPI_Comm part = MPI_COMM_NULL;
  MPI_Comm_split(MPI_COMM_WORLD, has(ranks, world_rank()) ? 0 : 1, 0, &part);
  const bool is_same = same_on(part, text);
  MPI_Comm_free(&part);
  return is_same || !has(ranks, world_rank());
}

mpi::Options impatient() {
  mpi::Options options;
  options.timeouts = {.deadline = 600ms, .grace = 300ms};
  return options;
}

}  // namespace

TEST_CASE("with groups of one, native works for every kind and every size") {
  for (const std::int64_t tensor : {1, world_size()}) {
    mpi::Options options;
    options.plan.groups_of_one = KindSelection::all();
    Communicators groups(MPI_COMM_WORLD, {.world_size = world_size(), .tensor = tensor}, options);
    for (const K kind : {K::tensor, K::data, K::pipeline, K::sequence}) {
      int sum = 1;
      MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT, MPI_SUM, groups.at(kind).native());
      CHECK(sum == groups.at(kind).size);
    }
    // A communicator of its own: the caller may free it, and has its error handler.
    MPI_Comm alone = groups.release(K::pipeline).release();
    CHECK(alone != MPI_COMM_SELF);
    MPI_Errhandler handler = MPI_ERRHANDLER_NULL;
    MPI_Comm_get_errhandler(alone, &handler);
    CHECK(handler == MPI_ERRORS_ARE_FATAL);
    MPI_Errhandler_free(&handler);
    MPI_Comm_free(&alone);
    groups.close();
  }
  int self_size = 0;
  CHECK(MPI_Comm_size(MPI_COMM_SELF, &self_size) == MPI_SUCCESS);
  // Sharing keys keep kinds apart here too.
  mpi::Options apart;
  apart.plan = {.groups_of_one = {K::pipeline, "sp"}, .sharing_keys = {{K::pipeline, "own"}}};
  const Communicators groups(MPI_COMM_WORLD, {.world_size = world_size()}, apart);
  CHECK(groups.at("pp").native() != groups.at("sp").native());
}

TEST_CASE("only the kinds that are used are made") {
  mpi::Options options;
  options.plan.only = {K::tensor};
  std::vector<std::string> parts;
  options.on_progress = [&](const Progress& progress) { parts.emplace_back(progress.part); };
  const Communicators groups(MPI_COMM_WORLD, {.world_size = world_size(), .tensor = world_size()}, options);
  if (world_size() > 1) {
    CHECK(parts == std::vector<std::string>{"agreement", "tensor"});
    CHECK(gathered(groups.at("tp").native()) == up_to(world_size()));
  }
  CHECK(groups.at(K::model).absence == Absence::left_out);
  CHECK(groups.at(K::model).size == world_size());
  if (world_size() < 2) return;
  for (const std::string field : {"only", "groups_of_one", "lazy"}) {
    mpi::Options own;
    KindSelection& selection = field == "only"   ? own.plan.only
                               : field == "lazy" ? own.plan.lazy
                                                 : own.plan.groups_of_one;
    if (world_rank() == 1) selection = {K::data};
    const std::string text = error_of<DisagreementError>(
        [&] { const Communicators made(MPI_COMM_WORLD, {.world_size = world_size()}, own); });
    CHECK(same_everywhere(text));
    CHECK_THAT(text, ContainsSubstring("\n  " + field + " = "));
    CHECK_THAT(text, ContainsSubstring("data on rank 1"));
  }
}

TEST_CASE("a lazy kind is made by the members of its groups, at any time") {
  if (world_size() % 4 != 0) return;
  mpi::Options options;
  options.plan.lazy = {K::tensor, K::data, K::sequence_data};
  const ParallelConfig config{.world_size = world_size(), .tensor = 2, .pipeline = 2};
  Communicators groups(MPI_COMM_WORLD, config, options);
  CHECK(groups.at(K::tensor).absence == Absence::not_made);
  CHECK(groups.at(K::pipeline).has_communicator());
  // Only the first tensor group makes its communicator, and groups of data do it in any order.
  if (world_rank() < 2) {
    CHECK(gathered(groups.make(K::tensor).native()) == std::vector<int>{0, 1});
    CHECK(groups.at(K::tensor).native() == groups.make(K::tensor).native());
  } else {
    CHECK(groups.at(K::tensor).absence == Absence::not_made);
  }
  const std::vector<int> data = groups.topology().group_of(K::data, world_rank()).to_vector();
  if (groups.at(K::data).size > 1) {
    CHECK(gathered(groups.make(K::sequence_data).native()) == data);
    CHECK(groups.at(K::data).native() == groups.at(K::sequence_data).native());
  }
  if (world_rank() >= 2) CHECK(groups.make("tp").size == 2);
  CHECK(groups.make(K::pipeline).native() == groups.at(K::pipeline).native());
  groups.close();
  CHECK_THROWS_AS(groups.make(K::tensor), StateError);
}

TEST_CASE("a lazy kind that a member does not make ends at the deadline, with its name, for its group only") {
  if (world_size() < 4 || world_size() % 2 != 0) return;
  mpi::Options options = impatient();
  options.timeouts.deadline = 20s;
  options.plan.lazy = {K::tensor, K::model};
  const ParallelConfig config{.world_size = world_size(), .tensor = 2};
  Communicators groups(MPI_COMM_WORLD, config, options);
  options.timeouts = impatient().timeouts;
  Communicators hasty(MPI_COMM_WORLD, config, options);
  std::string text = "no error";
  // Rank 3 does not call.
  if (world_rank() != 3) text = error_of<DeadlineError>([&] { hasty.make(K::tensor); });
  if (world_rank() == 2) CHECK_THAT(text, ContainsSubstring("at step agreement: rank 3 did not arrive"));
  if (world_rank() != 2) CHECK(text == "no error");
  MPI_Barrier(MPI_COMM_WORLD);
  // Rank 3 learns how the call ended when it comes, and the next call of both meets.
  if (world_rank() == 3) {
    text = error_of<DeadlineError>([&] { hasty.make(K::tensor); });
    CHECK_THAT(text, ContainsSubstring("at step agreement: rank 3 did not arrive"));
  }
  CHECK(gathered(groups.make(K::tensor).native()).size() == 2);
  if (world_rank() == 2) CHECK(hasty.at(K::tensor).absence == Absence::not_made);
}

TEST_CASE("a communicator over a list of ranks, in the order of the list") {
  std::vector<std::vector<int>> lists = {up_to(world_size()), {0}};
  if (world_size() > 1) lists.push_back({world_size() - 1, 0});
  if (world_size() > 3) lists.push_back({3, 0, 2});
  for (const std::vector<int>& ranks : lists) {
    if (!has(ranks, world_rank())) continue;
    const mpi::Communicator made = mpi::group(MPI_COMM_WORLD, ranks);
    CHECK(gathered(made.native()) == ranks);
  }
}

TEST_CASE("pairs of neighbours overlap, and are made from the left to the right") {
  std::vector<mpi::Communicator> pairs;
  for (int left = 0; left + 1 < world_size(); ++left) {
    const std::vector<int> pair{left, left + 1};
    if (!has(pair, world_rank())) continue;
    pairs.push_back(mpi::group(MPI_COMM_WORLD, pair));
    CHECK(gathered(pairs.back().native()) == pair);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  while (!pairs.empty()) pairs.erase(pairs.begin());
}

TEST_CASE("many groups at the same time do not take each other's messages") {
  for (int round = 0; round < 5; ++round) {
    // Each rank in one of some groups that change in every round.
    const int groups = 1 + round % std::max(1, world_size() / 2);
    std::vector<int> own;
    for (int rank = 0; rank < world_size(); ++rank) {
      if ((rank + round) % groups == (world_rank() + round) % groups) own.insert(own.begin(), rank);
    }
    const mpi::Communicator made = mpi::group(MPI_COMM_WORLD, own);
    CHECK(gathered(made.native()) == own);
  }
}

TEST_CASE("a wrong list is refused on its rank, at once") {
  const std::vector<int> empty;
  CHECK_THROWS_WITH(mpi::group(MPI_COMM_WORLD, empty), "the list of ranks is empty");
  CHECK_THROWS_AS(Communicators(MPI_COMM_WORLD, std::span<const int>(empty), {.world_size = 1}), RangeError);
  const std::vector<int> other{world_rank() == 0 ? 1 : 0};
  CHECK_THROWS_AS(mpi::group(MPI_COMM_WORLD, other), RangeError);
  const std::vector<int> twice{world_rank(), world_rank()};
  CHECK_THROWS_WITH(mpi::group(MPI_COMM_WORLD, twice), ContainsSubstring("twice"));
}

TEST_CASE("a member that does not come is named by its rank in the communicator, on all other members") {
  if (world_size() < 4) return;
  const std::vector<int> ranks{3, 1, 2};
  for (const int late : ranks) {
    CAPTURE(late);
    std::string text = "no error";
    if (has(ranks, world_rank()) && world_rank() != late) {
      text =
          error_of<DeadlineError>([&] { static_cast<void>(mpi::group(MPI_COMM_WORLD, ranks, impatient())); });
    }
    std::vector<int> others = ranks;
    others.erase(std::find(others.begin(), others.end(), late));
    CHECK(same_among(others, text));
    if (has(others, world_rank())) {
      CHECK_THAT(text, ContainsSubstring("deadline missed at step agreement: rank " + std::to_string(late) +
                                         " did not arrive"));
    }
    // It gets the error too when it comes.
    if (world_rank() == late) {
      text =
          error_of<DeadlineError>([&] { static_cast<void>(mpi::group(MPI_COMM_WORLD, ranks, impatient())); });
      CHECK(text != "no error");
    }
    MPI_Barrier(MPI_COMM_WORLD);
    if (has(ranks, world_rank())) {
      CHECK(gathered(mpi::group(MPI_COMM_WORLD, ranks).native()) == ranks);
    }
    MPI_Barrier(MPI_COMM_WORLD);
  }
}

TEST_CASE("members that pass other options get one error with their ranks in the communicator") {
  if (world_size() < 4) return;
  const std::vector<int> ranks{3, 1, 2};
  for (const int odd_one : ranks) {
    mpi::Options options;
    options.timeouts.deadline = 60s;
    options.job_fields = {{.field = "layers", .value = world_rank() == odd_one ? "3" : "2"}};
    std::string text = "no error";
    if (has(ranks, world_rank())) {
      text =
          error_of<DisagreementError>([&] { static_cast<void>(mpi::group(MPI_COMM_WORLD, ranks, options)); });
      CHECK_THAT(text, ContainsSubstring("3 on rank " + std::to_string(odd_one)));
    }
    CHECK(same_among(ranks, text));
  }
}

TEST_CASE("a call of MPI that fails on one member is the same error on all, with its rank") {
  if (world_size() < 4) return;
  const std::vector<int> ranks{3, 1, 2};
  for (const std::string call : {"MPI_Comm_group", "MPI_Comm_create_group"}) {
    CAPTURE(call);
    std::string text = "no error";
    if (has(ranks, world_rank())) {
      // On all: if it fails on one alone, the others wait for it in the call.
      if (call == "MPI_Comm_create_group" || world_rank() == 3) fail_mpi(call, 1);
      text = error_of<BringUpError>([&] { static_cast<void>(mpi::group(MPI_COMM_WORLD, ranks)); });
      fail_mpi("", 0);
      CHECK_THAT(text, ContainsSubstring("\n  rank 3: " + call + " failed"));
      if (call == "MPI_Comm_create_group") CHECK_THAT(text, ContainsSubstring("rank 1: "));
    }
    CHECK(same_among(ranks, text));
  }
}

TEST_CASE("a member with another list counts as one that did not arrive") {
  if (world_size() < 4) return;
  std::vector<int> ranks{0, 1, 2};
  if (world_rank() == 2) ranks = {0, 2, 3};
  std::string text = "no error";
  if (world_rank() < 3) {
    text =
        error_of<DeadlineError>([&] { static_cast<void>(mpi::group(MPI_COMM_WORLD, ranks, impatient())); });
    CHECK_THAT(text, ContainsSubstring(world_rank() == 2 ? "ranks 0 and 3 did not arrive"
                                                         : "rank 2 did not arrive"));
  }
  CHECK(same_among({0, 1}, text));
}

TEST_CASE("a list with the members of a kind, or of an earlier list, has their communicator") {
  if (world_size() < 4 || world_size() % 2 != 0) return;
  Communicators groups(MPI_COMM_WORLD, {.world_size = world_size(), .tensor = 2});
  const std::vector<int> tensor = groups.topology().group_of(K::tensor, world_rank()).to_vector();
  const auto shared = groups.group(tensor);
  CHECK(shared.kind == K::tensor);
  CHECK(shared.native() == groups.at(K::tensor).native());
  const std::vector<int> turned{tensor[1], tensor[0]};
  const auto own = groups.group(turned);
  CHECK(own.kind == K("group"));
  CHECK(own.native() != shared.native());
  CHECK(own.position == 1 - shared.position);
  CHECK(gathered(own.native()) == turned);
  CHECK(groups.group(turned).native() == own.native());
  // One member has it no more.
  if (world_rank() == 0) static_cast<void>(groups.release(K::tensor).release());
  const std::string text = error_of<DisagreementError>([&] { static_cast<void>(groups.group(tensor)); });
  if (world_rank() < 2) {
    CHECK_THAT(text, ContainsSubstring("shared_with = nothing on rank 0, tensor on rank 1"));
  } else {
    CHECK(text == "no error");
  }
  CHECK_THROWS_AS(groups.group(std::vector<int>{(world_rank() + 1) % world_size()}), RangeError);
  groups.close();
  CHECK_THROWS_AS(groups.group(tensor), StateError);
}

TEST_CASE("a layout on some ranks of a communicator, in any order") {
  if (world_size() < 4) return;
  const std::vector<int> ranks{3, 0, 2, 1};
  if (!has(ranks, world_rank())) return;
  mpi::Options options;
  options.duplicate_world = true;
  options.plan.lazy = {K::pipeline};
  Communicators groups(MPI_COMM_WORLD, ranks, {.world_size = 4, .tensor = 2, .pipeline = 2}, options);
  CHECK(ranks[static_cast<std::size_t>(groups.rank())] == world_rank());
  CHECK(gathered(groups.world()) == ranks);
  const bool is_in_first = world_rank() == 3 || world_rank() == 0;
  CHECK(gathered(groups.at(K::tensor).native()) ==
        (is_in_first ? std::vector<int>{3, 0} : std::vector<int>{2, 1}));
  CHECK(gathered(groups.make(K::pipeline).native()) ==
        (world_rank() == 3 || world_rank() == 2 ? std::vector<int>{3, 2} : std::vector<int>{0, 1}));
  // Lists are in the ranks of the layout: 0 and 3 are ranks 3 and 1 of the communicator.
  if (groups.rank() == 0 || groups.rank() == 3) {
    CHECK(gathered(groups.group(std::vector<int>{0, 3}).native()) == std::vector<int>{3, 1});
  }
}

TEST_CASE("several layouts side by side") {
  if (world_size() < 3) return;
  const std::vector<ParallelConfig> parts{{.world_size = 2, .tensor = 2}, {.world_size = world_size() - 2}};
  mpi::Part part = mpi::bring_up_parts(MPI_COMM_WORLD, parts);
  CHECK(part.index == (world_rank() < 2 ? 0 : 1));
  CHECK(part.first_rank == (world_rank() < 2 ? 0 : 2));
  CHECK(part.communicators.rank() == world_rank() - part.first_rank);
  const auto kind = part.communicators.at(part.index == 0 ? K::tensor : K::data);
  CHECK(kind.size == (part.index == 0 ? 2 : world_size() - 2));
  if (kind.has_communicator()) CHECK(gathered(kind.native()).front() == part.first_rank);
}

TEST_CASE("layouts side by side that differ, do not fit, or are invalid are the same error on every rank") {
  if (world_size() < 3) return;
  const auto error = [&](const std::vector<ParallelConfig>& parts) {
    return error_of<Error>([&] { static_cast<void>(mpi::bring_up_parts(MPI_COMM_WORLD, parts)); });
  };
  std::vector<ParallelConfig> parts{{.world_size = 2, .tensor = 2}, {.world_size = world_size() - 2}};
  if (world_rank() == 2) parts[0].tensor = 1;
  std::string text = error(parts);
  CHECK(same_everywhere(text));
  CHECK_THAT(text, ContainsSubstring("part 0 = world=2 tp=2 on rank"));
  CHECK_THAT(text, ContainsSubstring("world=2 on rank 2"));
  text = error({{.world_size = 2}, {.world_size = world_size()}});
  CHECK(same_everywhere(text));
  CHECK_THAT(text, ContainsSubstring("parts have " + std::to_string(world_size() + 2) +
                                     " ranks together, but the job has " + std::to_string(world_size())));
  text = error({{.world_size = 2, .tensor = 3}, {.world_size = world_size() - 2}});
  CHECK(same_everywhere(text));
  CHECK_THAT(text, ContainsSubstring("part 0: tensor = 3 does not divide world_size = 2"));
  CHECK_THAT(error({}), ContainsSubstring("parts have 0 ranks together"));
}

TEST_CASE("a part that fails does not end the others") {
  if (world_size() < 4) return;
  const std::vector<ParallelConfig> parts{{.world_size = 2, .tensor = 2}, {.world_size = world_size() - 2}};
  mpi::Options options;
  options.timeouts = {.deadline = 20s, .grace = 500ms};
  options.on_progress = [](const Progress& progress) {
    if (world_rank() == 1 && progress.part == "model") throw Error("no more disk space");
  };
  const std::string text =
      error_of<Error>([&] { static_cast<void>(mpi::bring_up_parts(MPI_COMM_WORLD, parts, options)); });
  if (world_rank() == 0) CHECK_THAT(text, ContainsSubstring("rank 1: no more disk space"));
  if (world_rank() == 1) CHECK(text == "no more disk space");
  if (world_rank() > 1) CHECK(text == "no error");
}
