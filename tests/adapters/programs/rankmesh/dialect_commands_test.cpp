// translate, diff and modules: their arguments contain blanks, which the command lines of golden files
// cannot.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

TEST_CASE("translate writes a layout in another dialect") {
  const Outcome one = run_words({"translate", "--from", "megatron", "tp=8 cp=2 pp=4 order=tp-cp-ep-dp-pp",
                                 "--world-size", "256", "--to", "devicemesh"});
  CHECK(one.out == "shape=4,4,2,8 names=pp,dp,cp,tp\n");
  CHECK(one.err.empty());
  CHECK(one.status == cli::success);
  const Outcome several =
      run_words({"translate", "--from", "torchtitan", "dp_replicate=2 dp_shard=-1 tp=4 pp=2 ep=8",
                 "--world-size", "64", "--to", "megatron", "--to", "torchtitan"});
  CHECK(several.out ==
        "megatron: tp=4 ep=8 etp=1 dp=8 pp=2 order=tp-cp-ep-dp-pp\n"
        "torchtitan: pp=2 dp_replicate=2 dp_shard=4 tp=4 ep=8\n");
}

TEST_CASE("translate prints the dialects that can express the layout, and why the others cannot") {
  const std::string reason =
      "--to torchtitan: layout = pp=2 dp=2 tp=2 is not how torchtitan lays out ranks: tp fastest, then cp, "
      "dp_shard, dp_replicate and pp\n";
  const std::vector<std::string> layout{"translate",    "--from", "megatron", "tp=2 pp=2 order=pp-dp-tp",
                                        "--world-size", "8"};
  const auto run_to = [&](const std::vector<std::string>& targets) {
    std::vector<std::string> words = layout;
    for (const std::string& target : targets) words.insert(words.end(), {"--to", target});
    return run_words(words);
  };
  const Outcome several = run_to({"torchtitan", "devicemesh"});
  CHECK(several.status == cli::bad_input);
  CHECK(several.out == "devicemesh: shape=2,2,2 names=tp,dp,pp\n");
  CHECK(several.err == "error: " + reason);
  const Outcome one = run_to({"torchtitan"});
  CHECK(one.status == cli::bad_input);
  CHECK(one.out.empty());
  CHECK(one.err == "error: " + reason + "See rankmesh translate --help.\n");
  const Outcome all = run_to({"all"});
  CHECK(all.status == cli::success);
  CHECK(all.out ==
        "rankmesh: world=8 convention=megatron-core tp=2 pp=2 order=pp-dp-tp\n"
        "megatron: tp=2 dp=2 pp=2 order=pp-dp-tp\n"
        "devicemesh: shape=2,2,2 names=tp,dp,pp\n"
        "deepspeed: axes=model,data,pipe dims=2,2,2\n"
        "inner-to-outer: order=PP,DP,TP sizes=2,2,2\n");
  CHECK(all.err == "warning: " + reason);
}

TEST_CASE("translate reports everything that is wrong with a text") {
  const Outcome outcome =
      run_words({"translate", "--from", "megatron", "tp=x cp=0 tensor=2 pp", "--to", "rankmesh"});
  CHECK(outcome.status == cli::bad_input);
  for (const char* what : {"TEXT: tp = x is not a whole number", "TEXT: cp = 0 is below 1",
                           "TEXT: tensor = 2 is no word of this dialect", "TEXT: pp has no value"}) {
    INFO(outcome.err);
    CHECK(outcome.err.find(what) != std::string::npos);
  }
}

TEST_CASE("diff: equal layouts end with 0, different ones with 3, and the first rank that differs is shown") {
  const Outcome equal = run_words({"diff", "world=16 tp=2 pp=4", "world=16 tp=2 pp=4 fp8"});
  CHECK(equal.status == cli::success);
  CHECK(equal.out.find("amax                only in B") != std::string::npos);
  const Outcome other = run_words({"diff", "world=16 tp=2 pp=4", "world=16 tp=4 pp=2"});
  CHECK(other.status == cli::different);
  CHECK(
      other.out.starts_with("kind                lists    first rank  in A                        in B\n"
                            "data                differs           0  [0, 2]                      [0, 4]\n"
                            "sequence            equal\n"));
  const Outcome across =
      run_words({"diff", "megatron:tp=2 pp=2", "devicemesh:shape=2,2,2 names=pp,dp,tp", "--world-size", "8"});
  CHECK(across.status == cli::success);
  const Outcome named = run_words({"diff", "world=8 tp=2", "world=8 tp=2", "--names", "short"});
  CHECK(named.out.starts_with("kind      lists\ndp        equal\nsp        equal\n"));
  const Outcome nothing =
      run_words({"diff", "devicemesh:shape=2,4 names=a,b", "devicemesh:shape=2,4 names=c,d"});
  CHECK(nothing.status == cli::different);
}

TEST_CASE("diff as JSON has the groups of the first rank that differs") {
  const Outcome outcome = run_words({"diff", "world=8 tp=2", "world=8 tp=4", "--format", "json"});
  CHECK(outcome.status == cli::different);
  const nlohmann::json json = nlohmann::json::parse(outcome.out);
  CHECK(json.at("equal") == false);
  CHECK(json.at("kinds").at(0) ==
        nlohmann::json(
            {{"kind", "data"}, {"lists", "differs"}, {"rank", 0}, {"a", {0, 2, 4, 6}}, {"b", {0, 4}}}));
  CHECK(json.at("kinds").at(1) == nlohmann::json({{"kind", "sequence"}, {"lists", "equal"}}));
}

TEST_CASE("diff as JSON shortens lists of more than 1024 ranks, unless all are asked for") {
  const std::vector<std::string> words{"diff", "world=4096 tp=2", "world=4096 tp=4", "--format", "json"};
  const nlohmann::json shortened = nlohmann::json::parse(run_words(words).out);
  const nlohmann::json& data = shortened.at("kinds").at(0);
  CHECK(data.at("a").is_null());
  CHECK(data.at("a_size") == 2048);
  CHECK(data.at("a_last").back() == 4094);
  CHECK(data.at("b").size() == 1024);
  CHECK(shortened.contains("note"));
  std::vector<std::string> more = words;
  more.emplace_back("--all");
  const nlohmann::json all = nlohmann::json::parse(run_words(more).out);
  CHECK(all.at("kinds").at(0).at("a").size() == 2048);
  CHECK_FALSE(all.contains("note"));
}

TEST_CASE("translate as JSON") {
  const nlohmann::json json = nlohmann::json::parse(
      run_words({"translate", "--from", "megatron", "tp=2 pp=2 order=pp-dp-tp", "--world-size", "8", "--to",
                 "devicemesh", "--to", "torchtitan", "--format", "json"})
          .out);
  CHECK(json.at("config").at("world_size") == 8);
  CHECK(json.at("translations") == nlohmann::json({{"devicemesh", "shape=2,2,2 names=tp,dp,pp"}}));
  CHECK(json.at("refused").size() == 1);
  CHECK(json.at("refused").at(0).get<std::string>().find("--to torchtitan: ") == 0);
}

TEST_CASE("modules as JSON") {
  const Outcome outcome = run_words(
      {"modules", "world=8 tp=2", "world=4 convention=megatron-core rank-offset=8", "--format", "json"});
  const nlohmann::json json = nlohmann::json::parse(outcome.out);
  CHECK(json.at("job_size") == 12);
  CHECK(json.at("modules").at(1).at("first_rank") == 8);
  CHECK(json.at("modules").at(1).at("last_rank") == 11);
  CHECK(json.at("modules").at(1).at("config").at("convention") == "megatron-core");
}

TEST_CASE("modules: the ranks of each module, or the gaps and overlaps") {
  const std::string first = "world=8 tp=2";
  const Outcome fine = run_words(
      {"modules", first, "world=8 convention=megatron-core tp=4 rank-offset=8", "--job-size", "16"});
  CHECK(fine.status == cli::success);
  CHECK(fine.out ==
        "module 0: ranks 0 .. 7 (world=8 tp=2)\n"
        "module 1: ranks 8 .. 15 (world=8 convention=megatron-core tp=4 rank-offset=8)\n");
  const Outcome wrong = run_words({"modules", first, "world=8 convention=megatron-core tp=4 rank-offset=6",
                                   "world=2 convention=megatron-core rank-offset=20", "--job-size", "32"});
  CHECK(wrong.status == cli::bad_input);
  CHECK(wrong.out.empty());
  CHECK(wrong.err ==
        "error: module 1 = ranks 6 .. 13 overlaps module 0 in ranks 6 .. 7\n"
        "error: job has ranks 14 .. 19 in no module\n"
        "error: job has ranks 22 .. 31 in no module\n"
        "See rankmesh modules --help.\n");
}
