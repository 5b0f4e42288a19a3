// rankmesh-bringup on several hosts, which --hosts plays.

#include "job.hpp"

using namespace rankmesh::tests;

namespace {

const std::string in_turns = " --hosts a,b,a,b,a,b,a,b";

}  // namespace

TEST_CASE("groups that cross hosts though they need not are a warning, and --place mends it") {
  const Outcome outcome = bring_up_over_mpi(8, "--tp 4 --format json" + in_turns);
  CHECK(outcome.exit_code == 0);
  const Json report = Json::parse(outcome.out);
  CHECK(report.at("ok") == true);
  CHECK(report.at("hosts") == Json::parse(R"([{"name":"a","ranks":4},{"name":"b","ranks":4}])"));
  CHECK(report.at("host_of_rank") == Json::parse(R"(["a","b","a","b","a","b","a","b"])"));
  CHECK(kind_named(report, "tensor").at("touched").at(0).at("most") == 2);
  CHECK(kind_named(report, "tensor").at("touched").at(0).at("crossing_groups") == 2);
  CHECK(kind_named(report, "data").at("touched").at(0).at("most") == 1);
  CHECK_FALSE(kind_named(report, "pipeline").contains("touched"));
  CHECK_FALSE(report.contains("rank_before"));
  CHECK(
      report.at("warnings") ==
      std::vector<std::string>{
          "tensor groups cross nodes though one has room for a group: 2 of 2 groups of 4 ranks touch up to 2 "
          "nodes, for example group 0 on a, b; the placement has put ranks that follow each other on "
          "different "
          "nodes; --place (in code, mpi::place) keeps them together"});

  const Outcome placed = bring_up_over_mpi(8, "--tp 4 --place --format json" + in_turns);
  CHECK(placed.exit_code == 0);
  const Json after = Json::parse(placed.out);
  CHECK(after.at("ok") == true);
  CHECK(after.at("warnings").empty());
  CHECK(kind_named(after, "tensor").at("touched").at(0).at("most") == 1);
  CHECK(kind_named(after, "tensor").at("touched").at(0).at("most_before") == 2);
  CHECK(kind_named(after, "tensor").at("members_proven") == true);
  CHECK(kind_named(after, "tensor").at("order_proven") == true);
  CHECK(after.at("host_of_rank") == Json::parse(R"(["a","a","a","a","b","b","b","b"])"));
  // The new tensor groups are the even and the odd numbers before.
  const auto before = after.at("rank_before").get<std::vector<int>>();
  CHECK(before.size() == 8);
  for (std::size_t rank = 0; rank < before.size(); ++rank) {
    CHECK(before[rank] % 2 == before[rank < 4 ? 0 : 4] % 2);
  }
}

TEST_CASE("an order of Megatron-Core that helps is named, and does") {
  const std::string layout =
      "--convention megatron-core --tp 4 --format json --hosts a,a,a,a,b,b,b,b --order ";
  const Json report = Json::parse(bring_up_over_mpi(8, layout + "dp-tp-cp-ep-pp").out);
  CHECK(report.at("warnings").size() == 1);
  const std::string warning = report.at("warnings").at(0);
  CHECK_THAT(warning, ContainsSubstring(" or --place (in code, mpi::place) keeps them together"));
  const std::string before = "; --order ";
  const std::size_t begin = warning.find(before) + before.size();
  const std::string order = warning.substr(begin, warning.find(' ', begin) - begin);
  CHECK(order == "tp-dp-cp-ep-pp");
  const Json mended = Json::parse(bring_up_over_mpi(8, layout + order).out);
  CHECK(mended.at("warnings").empty());
  CHECK(kind_named(mended, "tensor").at("touched").at(0).at("most") == 1);
}

TEST_CASE("the text shows hosts only if there are several") {
  CHECK_THAT(bring_up_over_mpi(4, "--tp 2").out, !ContainsSubstring("host"));
  const std::string out = bring_up_over_mpi(4, "--tp 2 --hosts a,b,b,a --place").out;
  CHECK_THAT(out, ContainsSubstring("2 hosts: "));
  CHECK_THAT(out, ContainsSubstring("ranks have other numbers"));
  CHECK_THAT(out, ContainsSubstring("\ntensor              node          1       2\n"));
  // Where nothing is gained, they keep their numbers.
  CHECK_THAT(bring_up_over_mpi(4, "--tp 2 --hosts a,a,b,b --place").out, !ContainsSubstring("other numbers"));
}

TEST_CASE("hosts from the environment, and hosts that are no list for this job") {
  const Outcome outcome = run({.program = RANKMESH_BRINGUP,
                               .parts = {{2, "--tp 2 --format json"}},
                               .environment = {"RANKMESH_HOSTS=x,y"}});
  CHECK(Json::parse(outcome.out).at("hosts").at(1).at("name") == "y");
  const Outcome few = bring_up_over_mpi(4, "--hosts a,b");
  CHECK(few.exit_code == 2);
  CHECK(occurrences(few.err, "--hosts names the hosts of 2 ranks, but the job has 4") == 1);
  CHECK(bring_up_over_mpi(2, "--hosts a,").exit_code == 2);
}

TEST_CASE("an option --place that differs between ranks is an error of all") {
  const Outcome outcome = run({.program = RANKMESH_BRINGUP,
                               .parts = {{2, "--tp 2 --place"}, {2, "--tp 2"}},
                               .time_limit_seconds = 60});
  CHECK(outcome.exit_code == 1);
  CHECK(occurrences(outcome.err, "--place = true on ranks 0-1, false on ranks 2-3") == 1);
}
