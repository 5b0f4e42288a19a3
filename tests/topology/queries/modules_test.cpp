#include "rankmesh/topology/modules.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace rankmesh;

namespace {

ParallelConfig module_at(std::int64_t first, std::int64_t ranks) {
  return {.world_size = ranks, .convention = Convention::megatron_core, .rank_offset = first};
}

std::vector<std::string> problems(const std::vector<ParallelConfig>& modules,
                                  std::optional<std::int64_t> job_size = std::nullopt) {
  std::vector<std::string> texts;
  for (const Diagnostic& diagnostic : check_modules(modules, job_size)) texts.push_back(diagnostic.message());
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("modules that fill a job, in whatever order they are given", "[modules]") {
  CHECK(problems({module_at(0, 8)}).empty());
  CHECK(problems({module_at(8, 8), module_at(0, 8)}, 16).empty());
  CHECK(problems({{.world_size = 4}, module_at(4, 4), module_at(8, 1)}).empty());
}

TEST_CASE("overlaps and gaps are all found", "[modules]") {
  CHECK(problems({module_at(0, 4), module_at(3, 4)}) ==
        Texts{"module 1 = ranks 3 .. 6 overlaps module 0 in rank 3"});
  CHECK(problems({module_at(0, 10), module_at(2, 2), module_at(5, 2)}) ==
        Texts{"module 1 = ranks 2 .. 3 overlaps module 0 in ranks 2 .. 3",
              "module 2 = ranks 5 .. 6 overlaps module 0 in ranks 5 .. 6"});
  CHECK(problems({module_at(0, 8), module_at(2, 8), module_at(6, 1)}) ==
        Texts{"module 1 = ranks 2 .. 9 overlaps module 0 in ranks 2 .. 7",
              "module 2 = rank 6 overlaps module 0 in rank 6",
              "module 2 = rank 6 overlaps module 1 in rank 6"});
  CHECK(problems({module_at(0, 4), module_at(3, 4)}, 9) ==
        Texts{"module 1 = ranks 3 .. 6 overlaps module 0 in rank 3", "job has ranks 7 .. 8 in no module"});
  CHECK(problems({module_at(1, 2), module_at(5, 1)}, 8) == Texts{"job has rank 0 in no module",
                                                                 "job has ranks 3 .. 4 in no module",
                                                                 "job has ranks 6 .. 7 in no module"});
}

TEST_CASE("diagnostics of a module have its number as field", "[modules]") {
  ParallelConfig wrong = module_at(4, 4);
  wrong.tensor = 3;
  CHECK(problems({module_at(0, 4), wrong}) ==
        Texts{"module 1 is wrong: tensor = 3 does not divide world_size = 4; nearest: 2, 4"});
  CHECK(
      problems({module_at(0, 4), module_at(4, 8)}, 8) ==
      Texts{"module 1 is wrong: rank_offset = 4 leaves no room for world_size = 8 ranks below job_size = 8"});
  ParallelConfig other_job = module_at(0, 8);
  other_job.job_size = 16;
  CHECK(problems({other_job}, 8) == Texts{"module 0 is part of a job of 16, not of 8"});
  CHECK(problems({}) == Texts{"modules are missing"});
}

TEST_CASE("modules that give different job sizes are refused", "[modules]") {
  ParallelConfig first = module_at(0, 4);
  ParallelConfig second = module_at(4, 4);
  first.job_size = 12;
  CHECK(problems({first, second}) == Texts{"job has ranks 8 .. 11 in no module"});
  second.job_size = 8;
  CHECK(problems({first, second}) == Texts{"module 1 is part of a job of 8, not of 12"});
  CHECK(problems({{.world_size = 8}}, 4) ==
        Texts{"module 0 is wrong: world_size = 8 is more than the job has, 4"});
  CHECK(problems({module_at(0, 1)}, 0) == Texts{"job = 0 is below 1 rank"});
}
