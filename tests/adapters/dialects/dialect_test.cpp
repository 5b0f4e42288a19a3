#include "rankmesh/dialects/dialect.hpp"

#include <optional>
#include <string>
#include <vector>

#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"
#include "support/lists.hpp"

using namespace rankmesh;
using dialects::Dialect;
using rankmesh::tests::Lists;
using rankmesh::tests::lists_of;

namespace {

Lists lists(Dialect dialect, const std::string& text, const std::string& kind,
            std::optional<std::int64_t> world_size = std::nullopt) {
  const Topology topology(dialects::read(dialect, text, world_size));
  return lists_of(topology.family(GroupKind(kind)));
}

std::string translated(Dialect from, const std::string& text, Dialect to,
                       std::optional<std::int64_t> world_size = std::nullopt) {
  return dialects::write(to, dialects::read(from, text, world_size));
}

std::string problem(Dialect dialect, const std::string& text,
                    std::optional<std::int64_t> world_size = std::nullopt) {
  try {
    static_cast<void>(dialects::read(dialect, text, world_size));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("dialects have names", "[dialect]") {
  CHECK(dialects::all().size() == 6);
  for (const Dialect dialect : dialects::all()) CHECK(dialects::find(name_of(dialect)) == dialect);
  CHECK(dialects::find("nemo") == std::nullopt);
}

TEST_CASE("DeviceMesh: the last axis is the fastest, and axes are flattened by name", "[dialect]") {
  const std::string text = "shape=(2,2,2) names=('dp', 'cp', 'tp') flatten=dp_cp,dp+tp";
  CHECK(lists(Dialect::devicemesh, text, "tensor") == Lists{{0, 1}, {2, 3}, {4, 5}, {6, 7}});
  CHECK(lists(Dialect::devicemesh, text, "context").front() == std::vector<int>{0, 2});
  CHECK(lists(Dialect::devicemesh, text, "data_context") == Lists{{0, 2, 4, 6}, {1, 3, 5, 7}});
  CHECK(lists(Dialect::devicemesh, text, "dp_tp") == Lists{{0, 1, 4, 5}, {2, 3, 6, 7}});
  CHECK(lists(Dialect::devicemesh, "shape=2,-1 names=dp,tp", "data", 6) == Lists{{0, 3}, {1, 4}, {2, 5}});
  CHECK(lists(Dialect::devicemesh, "shape=4,2 names=dp,tp rank_offset=4", "tensor") ==
        Lists{{4, 5}, {6, 7}, {8, 9}, {10, 11}});
}

TEST_CASE("DeviceMesh: texts as Python prints them", "[dialect]") {
  const ParallelConfig plain = dialects::read(Dialect::devicemesh, "shape=2,4 names=dp,tp");
  CHECK(dialects::read(Dialect::devicemesh, "SHAPE = [2, 4]  Names=( \"DP\" , \"TP\" )") == plain);
  CHECK(lists(Dialect::devicemesh, "shape=(4,) names=('dp',)", "data") == Lists{{0, 1, 2, 3}});
}

TEST_CASE("DeviceMesh: axes are merged under a name, or by their own names whatever is in them",
          "[dialect]") {
  const std::string axes = "shape=2,2,2 names=dp_replicate,dp_shard,cp flatten=";
  const Lists merged{{0, 1, 2, 3}, {4, 5, 6, 7}};
  CHECK(lists(Dialect::devicemesh, axes + "fsdp:dp_shard+cp", "fsdp") == merged);
  CHECK(lists(Dialect::devicemesh, axes + "fsdp:dp_shard_cp", "fsdp") == merged);
  CHECK(lists(Dialect::devicemesh, axes + "dp_shard_cp", "dp_shard_cp") == merged);
}

TEST_CASE("DeviceMesh: a second mesh for the experts", "[dialect]") {
  const std::string text = "shape=2,2,2 names=pp,dp,tp expert_shape=2,2,2 expert_names=pp,edp,ep";
  CHECK(lists(Dialect::devicemesh, text, "expert") == Lists{{0, 1}, {2, 3}, {4, 5}, {6, 7}});
  CHECK(lists(Dialect::devicemesh, text, "expert_data") == Lists{{0, 2}, {1, 3}, {4, 6}, {5, 7}});
  CHECK(lists(Dialect::devicemesh, text, "pipeline") == Lists{{0, 4}, {1, 5}, {2, 6}, {3, 7}});
}

TEST_CASE("a layout among others: a [2,4] grid at rank 4", "[dialect]") {
  const std::string text = "shape=2,4 names=dp,tp rank_offset=4 job_size=16";
  const Lists tensor{{4, 5, 6, 7}, {8, 9, 10, 11}};
  CHECK(lists(Dialect::devicemesh, text, "tensor") == tensor);
  CHECK(lists(Dialect::devicemesh, text, "data") == Lists{{4, 8}, {5, 9}, {6, 10}, {7, 11}});
  CHECK(translated(Dialect::devicemesh, text, Dialect::devicemesh) == text);
  const std::string megatron = translated(Dialect::devicemesh, text, Dialect::megatron);
  CHECK(megatron == "tp=4 dp=2 order=tp-cp-ep-dp-pp rank_offset=4 job_size=16");
  CHECK(lists(Dialect::megatron, megatron, "tensor") == tensor);
}

TEST_CASE("DeepSpeed: the process topology, and experts in each of its conventions", "[dialect]") {
  CHECK(lists(Dialect::deepspeed, "axes=pipe,data,model dims=2,2,2", "data") ==
        Lists{{0, 2}, {1, 3}, {4, 6}, {5, 7}});
  CHECK(lists(Dialect::deepspeed, "axes=pipe,data,model dims=2,2,2", "pipeline") ==
        Lists{{0, 4}, {1, 5}, {2, 6}, {3, 7}});
  const std::string classic = "axes=data,model dims=8,2 ep=4 experts=classic";
  CHECK(lists(Dialect::deepspeed, classic, "expert") ==
        Lists{{0, 2, 4, 6}, {8, 10, 12, 14}, {1, 3, 5, 7}, {9, 11, 13, 15}});
  CHECK(lists(Dialect::deepspeed, classic, "expert_data") ==
        Lists{{0, 8}, {2, 10}, {4, 12}, {6, 14}, {1, 9}, {3, 11}, {5, 13}, {7, 15}});
  CHECK(lists(Dialect::deepspeed, "axes=data,model dims=8,2 ep=4 experts=data-before-experts", "expert") ==
        Lists{{0, 4, 8, 12}, {2, 6, 10, 14}, {1, 5, 9, 13}, {3, 7, 11, 15}});
  const std::string folded = "axes=data,model dims=4,2 ep=4 experts=folded";
  CHECK(lists(Dialect::deepspeed, folded, "expert") == Lists{{0, 1, 2, 3}, {4, 5, 6, 7}});
  CHECK(lists(Dialect::deepspeed, folded, "expert_data") == Lists{{0, 4}, {1, 5}, {2, 6}, {3, 7}});
}

TEST_CASE("DeepSpeed: experts stay inside a stage, and ep may be what is left", "[dialect]") {
  const std::string staged = "axes=pp,dp,tp dims=2,4,2 ep=2";
  CHECK(lists(Dialect::deepspeed, staged, "expert") ==
        Lists{{0, 2}, {4, 6}, {1, 3}, {5, 7}, {8, 10}, {12, 14}, {9, 11}, {13, 15}});
  CHECK(lists(Dialect::deepspeed, staged, "expert_data") ==
        Lists{{0, 4}, {2, 6}, {1, 5}, {3, 7}, {8, 12}, {10, 14}, {9, 13}, {11, 15}});
  CHECK(lists(Dialect::deepspeed, "axes=data,model dims=4,2 ep=-1", "expert") ==
        Lists{{0, 2, 4, 6}, {1, 3, 5, 7}});
}

TEST_CASE("Megatron-Core: sizes and an order; one size is what the others leave", "[dialect]") {
  const ParallelConfig config = dialects::read(
      Dialect::megatron, "tp=8 cp=2 pp=4 order=TP-CP-EP-DP-PP vpp=2 optimizer_instances=2", 256);
  CHECK(config == ParallelConfig{.world_size = 256,
                                 .tensor = 8,
                                 .pipeline = 4,
                                 .virtual_pipeline = 2,
                                 .convention = Convention::megatron_core,
                                 .context = 2,
                                 .optimizer_instances = 2});
  CHECK(dialects::read(Dialect::megatron, "tp=2 dp=4").world_size == 8);
  CHECK(dialects::read(Dialect::megatron, "tp=-1 dp=4", 32).tensor == 8);
  CHECK(dialects::read(Dialect::megatron, "tp=2 dp=-1", 32).world_size == 32);
  CHECK(dialects::read(Dialect::megatron, "tp=2 ep=-1 etp=1", 32).expert == 32);
  CHECK(dialects::read(Dialect::megatron, "cp=4 hierarchical_cp=2,2 hybrid_cp=true", 8).hybrid_context);
}

TEST_CASE("torchtitan: degrees, with the experts inside the shards", "[dialect]") {
  const std::string text = "dp_replicate=2 dp_shard=-1 cp=2 tp=2 pp=2 ep=4";
  CHECK(lists(Dialect::torchtitan, text, "tensor", 32).front() == std::vector<int>{0, 1});
  CHECK(lists(Dialect::torchtitan, text, "context", 32).front() == std::vector<int>{0, 2});
  CHECK(lists(Dialect::torchtitan, text, "dp_shard", 32).front() == std::vector<int>{0, 4});
  CHECK(lists(Dialect::torchtitan, text, "fsdp", 32).front() == std::vector<int>{0, 2, 4, 6});
  CHECK(lists(Dialect::torchtitan, text, "dp_replicate", 32).front() == std::vector<int>{0, 8});
  CHECK(lists(Dialect::torchtitan, text, "data_context", 32).front() ==
        std::vector<int>{0, 2, 4, 6, 8, 10, 12, 14});
  CHECK(lists(Dialect::torchtitan, text, "pipeline", 32).front() == std::vector<int>{0, 16});
  CHECK(lists(Dialect::torchtitan, text, "expert", 32).front() == std::vector<int>{0, 1, 2, 3});
  CHECK(lists(Dialect::torchtitan, text, "efsdp", 32).front() == std::vector<int>{0, 4});
}

TEST_CASE("torchtitan: experts that are split as the dense layers are", "[dialect]") {
  const std::string text = "dp_shard=4 tp=2 ep=2 etp=2";
  CHECK(lists(Dialect::torchtitan, text, "expert_tensor") == Lists{{0, 1}, {2, 3}, {4, 5}, {6, 7}});
  CHECK(lists(Dialect::torchtitan, text, "expert") == Lists{{0, 2}, {1, 3}, {4, 6}, {5, 7}});
  CHECK(lists(Dialect::torchtitan, text, "efsdp") == Lists{{0, 4}, {1, 5}, {2, 6}, {3, 7}});
  CHECK(lists(Dialect::torchtitan, "tp=2 ep=-1", "expert", 8).size() == 1);
  CHECK(lists(Dialect::torchtitan, "tp=-1", "tensor", 8).size() == 1);
}

TEST_CASE("as papers print it, from the inner axis to the outer", "[dialect]") {
  for (const std::string text : {"[TP, CP, PP, DP] = [2, 1, 2, -1]", "order=TP,CP,PP,DP sizes=2,1,2,-1"}) {
    INFO(text);
    CHECK(lists(Dialect::inner_to_outer, text, "pipeline", 16).front() == std::vector<int>{0, 2});
    CHECK(lists(Dialect::inner_to_outer, text, "data", 16).front() == std::vector<int>{0, 4, 8, 12});
  }
}

TEST_CASE("a layout is said in other words", "[dialect]") {
  CHECK(translated(Dialect::megatron, "tp=8 cp=2 pp=4 order=tp-cp-ep-dp-pp", Dialect::devicemesh, 256) ==
        "shape=4,4,2,8 names=pp,dp,cp,tp");
  CHECK(translated(Dialect::megatron, "tp=8 cp=2 pp=4", Dialect::inner_to_outer, 256) ==
        "order=TP,CP,DP,PP sizes=8,2,4,4");
  CHECK(translated(Dialect::megatron, "tp=8 cp=2 pp=4", Dialect::torchtitan, 256) ==
        "pp=4 dp_shard=4 cp=2 tp=8");
  CHECK(translated(Dialect::megatron, "tp=2 pp=2", Dialect::deepspeed, 8) ==
        "axes=pipe,data,model dims=2,2,2");
  CHECK(translated(Dialect::megatron, "tp=2 ep=4 pp=2", Dialect::deepspeed, 32) ==
        "axes=pipe,data,model dims=2,8,2 ep=4 experts=classic");
  CHECK(translated(Dialect::megatron, "tp=2 ep=4 etp=1", Dialect::deepspeed, 8) ==
        "axes=data,model dims=4,2 ep=4 experts=folded");
  CHECK(translated(Dialect::inner_to_outer, "[TP,CP,PP,DP]=[8,1,16,-1]", Dialect::megatron, 16384) ==
        "tp=8 dp=128 pp=16 order=tp-cp-ep-pp-dp");
  CHECK(translated(Dialect::torchtitan, "dp_replicate=2 dp_shard=4 tp=4 ep=8", Dialect::megatron) ==
        "tp=4 ep=8 etp=1 dp=8 order=tp-cp-ep-dp-pp");
  CHECK(translated(Dialect::rankmesh, "world=16 tp=2 pp=4", Dialect::megatron) ==
        "tp=2 dp=2 pp=4 order=tp-cp-ep-dp-pp");
  CHECK(translated(Dialect::rankmesh, "world=16 convention=extended tp=2 sp=2", Dialect::devicemesh) ==
        "shape=4,2,2 names=dp,sp,tp");
}

TEST_CASE("kinds of several axes are said where there are words for them", "[dialect]") {
  CHECK(translated(Dialect::torchtitan, "dp_replicate=2 dp_shard=4 cp=2", Dialect::devicemesh) ==
        "shape=2,4,2 names=dp_replicate,dp_shard,cp flatten=fsdp:dp_shard+cp,data:dp_replicate+dp_shard,"
        "data_context:dp_replicate+dp_shard+cp");
  CHECK(translated(Dialect::torchtitan, "dp_shard=4 tp=2", Dialect::devicemesh) ==
        "shape=4,2 names=dp_shard,tp flatten=fsdp:dp_shard,data:dp_shard,data_context:dp_shard");
  const std::string text = "shape=2,2,2 names=dp,cp,tp flatten=data_context:dp+cp,dp+tp";
  CHECK(translated(Dialect::devicemesh, text, Dialect::devicemesh) ==
        "shape=2,2,2 names=dp,cp,tp flatten=dp+cp,dp+tp");
}

TEST_CASE("Megatron-Core has stages of embeddings, whatever the layout comes from", "[dialect]") {
  CHECK(translated(Dialect::rankmesh, "world=16 tp=2 pp=4 vpp=2 split-rank=2", Dialect::megatron) ==
        "tp=2 dp=2 pp=4 vpp=2 order=tp-cp-ep-dp-pp split_rank=2");
  const std::string text =
      "dp=2 pp=4 order=tp-cp-ep-dp-pp embedding_stages=0,1,-1 position_embedding_stages=0,2";
  CHECK(translated(Dialect::megatron, text, Dialect::megatron) == text);
  CHECK(lists(Dialect::megatron, text, "embedding") == Lists{{0, 2, 6}, {1, 3, 7}});
}

TEST_CASE("kinds beyond axes are refused by DeviceMesh", "[dialect]") {
  for (const auto& [kind, what] : std::vector<std::pair<std::string, std::string>>{
           {"k:b.a", "has members in another order than the mesh"},
           {"k:b[0,-1]", "picks coordinates"},
           {"k:a+b/4", "divides its groups"}}) {
    const ParallelConfig config = parse_config("world=8 convention=mesh axes=a=2,b=4 groups=" + kind);
    try {
      static_cast<void>(write(Dialect::devicemesh, config));
      FAIL_CHECK(kind);
    } catch (const ConfigError& error) {
      CHECK_THAT(error.what(),
                 rankmesh::tests::ContainsSubstring(what + ", which this dialect has no words for"));
    }
  }
}

TEST_CASE("what a dialect has no words for is refused, not dropped", "[dialect]") {
  CHECK_THROWS_WITH(
      translated(Dialect::megatron, "tp=2 ep=2", Dialect::inner_to_outer, 8),
      "invalid configuration: layout = etp=2 ep=2 edp=2 pp=1 is a mesh of experts, of which this "
      "dialect says nothing");
  CHECK_THROWS_WITH(translated(Dialect::devicemesh, "shape=2,2 names=x,tp", Dialect::megatron),
                    "invalid configuration: layout = x=2 is no axis of Megatron-Core's dense layers; known "
                    "are tp, gtp, cp, "
                    "dp, pp");
  CHECK_THROWS_WITH(
      translated(Dialect::devicemesh, "shape=2,2,2 names=pp,dp,tp expert_shape=2,2,2 expert_names=pp,etp,edp",
                 Dialect::megatron),
      "invalid configuration: layout = tp=2 dp=2 pp=2 and edp=2 etp=2 pp=2 is no order of Megatron-Core's "
      "axes "
      "tp, cp, ep, dp, pp and gtp that gives dense and expert layers the same pipelines");
  CHECK_THROWS_WITH(
      translated(Dialect::devicemesh, "shape=2,2 names=dp,tp rank_offset=2", Dialect::deepspeed),
      "invalid configuration: rank_offset = 2 cannot be said in this dialect");
  CHECK_THROWS_AS(translated(Dialect::megatron, "tp=2 pp=2 order=pp-tp-dp", Dialect::torchtitan, 8),
                  ConfigError);
  CHECK_THROWS_AS(translated(Dialect::megatron, "tp=2 ep=2 order=ep-tp-dp", Dialect::torchtitan, 8),
                  ConfigError);
}

TEST_CASE("everything that is wrong with a text is told at once", "[dialect]") {
  CHECK(problem(Dialect::megatron, "tp=x cp=0 tensor=2 pp tp=2 hybrid_cp=yes", 8) ==
        "invalid configuration, 6 violations:\n"
        "  tensor = 2 is no word of this dialect; known are world, tp, cp, ep, etp, pp, dp, vpp, gtp, egtp, "
        "order, optimizer_instances, hierarchical_cp, hybrid_cp, split_rank, embedding_stages, "
        "position_embedding_stages, rank_offset, job_size\n"
        "  pp has no value: write pp=...\n"
        "  tp = 2 is given twice\n"
        "  hybrid_cp = yes is neither true nor false\n"
        "  tp = x is not a whole number\n"
        "  cp = 0 is below 1, and not -1 for what the others leave; nearest: 1");
  CHECK(problem(Dialect::megatron, "tp=2") ==
        "invalid configuration: world is missing: give the size of the world, or dp=N");
  CHECK(problem(Dialect::megatron, "tp=2 dp=2", 8) ==
        "invalid configuration: layout = tp=2 dp=2 multiplies to 4, not to a world of 8; one size may be -1, "
        "what the others leave; take tp = 4 or dp = 4");
  CHECK(problem(Dialect::megatron, "tp=2 world=8", 16) ==
        "invalid configuration: world = 8 is not the world size that is given beside the text, 16; nearest: "
        "16");
  CHECK(problem(Dialect::rankmesh, "tp=2 world=8", 16) ==
        "invalid configuration: world = 8 is not the world size that is given beside the text, 16");
  CHECK(problem(Dialect::megatron, "tp=2 order=tp-dp-xp", 8) ==
        "invalid configuration: order = tp-dp-xp has an unknown axis, xp: the axes are tp, cp, ep, dp, pp; "
        "tp-dp works");
  CHECK(
      problem(Dialect::megatron, "ep=-1 etp=-1", 8) ==
      "invalid configuration: etp = -1 is not the only size of -1: one at most can be what the others leave");
  CHECK(problem(Dialect::megatron, "tp=3", 8) ==
        "invalid configuration: tp = 3 does not divide world_size = 8; nearest: 2, 4");
  CHECK(problem(Dialect::devicemesh, "shape=2,2 names=a") ==
        "invalid configuration: shape = 2,2 has 2 sizes for the 1 axes of names = a");
  CHECK(problem(Dialect::devicemesh, "names=a,b") ==
        "invalid configuration: shape is missing: write shape=..., one for each axis");
  CHECK(problem(Dialect::devicemesh, "shape=2,-1 names=a,b") ==
        "invalid configuration: b = -1 is what the others leave of the world, whose size is not given");
  CHECK(problem(Dialect::devicemesh, "shape=2,x names=a,a", 8) ==
        "invalid configuration, 2 violations:\n"
        "  shape = 2,x has \"x\" in it, which is not a whole number\n"
        "  names = a,a names a twice");
  CHECK(problem(Dialect::devicemesh, "shape=2,4 names=a,a", 8) ==
        "invalid configuration: names = a,a names a twice");
  CHECK(problem(Dialect::devicemesh, "shape=2,4 names=tensor,tp") ==
        "invalid configuration: names = tensor,tp has two names for the axis of the tensor groups, tp and "
        "tensor");
  CHECK(problem(Dialect::devicemesh, "shape=2,2 names=dp,tp flatten=dp+cp,dp_tp", 4) ==
        "invalid configuration: flatten = dp+cp names cp, which is no axis; there are tp, dp");
  CHECK(
      problem(Dialect::devicemesh, "shape=2,4 names=dp,tp expert_shape=4,2 expert_names=dp,ep") ==
      "invalid configuration: layout = ep=2 dp=4 has an axis dp with other groups than in tp=4 dp=2: give it "
      "another name, edp");
  CHECK(problem(Dialect::devicemesh, "shape=2,-1 names=dp,tp expert_shape=3,-1 expert_names=edp,ep", 7) ==
        "invalid configuration, 2 violations:\n"
        "  dp = 2 does not divide a world of 7; nearest: 1, 7\n"
        "  edp = 3 does not divide a world of 7; nearest: 1, 7");
  CHECK(problem(Dialect::deepspeed, "axes=data dims=4 experts=folded") ==
        "invalid configuration: experts = folded means nothing without ep=N");
  CHECK(problem(Dialect::torchtitan, "tp=4 dp_shard=2 ep=3", 16) ==
        "invalid configuration: layout = tp=4 dp_shard=2 multiplies to 8, not to a world of 16; one size may "
        "be "
        "-1, what the others leave");
  CHECK(problem(Dialect::torchtitan, "tp=4 dp_shard=2 ep=3") ==
        "invalid configuration: ep = 3 does not divide tp = 4 times dp_shard = 2, the ranks that experts are "
        "spread over here; nearest: 2, 4");
  CHECK(problem(Dialect::deepspeed, "axes=pipe,model,data dims=2,2,2 ep=2 experts=new") ==
        "invalid configuration, 2 violations:\n"
        "  experts = new is none of classic, folded, data-before-experts\n"
        "  axes = pipe,model,data does not go with experts: their groups are made for pipe,data,model alone");
  CHECK(problem(Dialect::torchtitan, "tp=4 dp_shard=2 etp=2 ep=2") ==
        "invalid configuration: etp = 2 is neither 1 nor tp = 4; nearest: 1, 4");
  CHECK(problem(Dialect::inner_to_outer, "[TP,DP]=[2]") ==
        "invalid configuration: sizes = 2 has 1 sizes for the 2 axes of order = TP,DP");
}

TEST_CASE("messages name the words of the text, with values that work", "[dialect]") {
  CHECK(problem(Dialect::torchtitan, "tp=3", 8) ==
        "invalid configuration: tp = 3 does not divide a world of 8; nearest: 2, 4");
  CHECK(problem(Dialect::torchtitan, "tp=2 pp=4 dp_shard=-1", 12) ==
        "invalid configuration: pp = 4 does not work: the product of tp = 2 and pp = 4 does not divide a "
        "world of "
        "12; nearest: 3, 6");
  // Four stages leave too few ranks for the experts.
  CHECK(problem(Dialect::torchtitan, "pp=3 ep=8", 16) ==
        "invalid configuration: pp = 3 does not divide a world of 16; nearest: 2");
  CHECK(
      problem(Dialect::deepspeed, "axes=pipe,data,model dims=2,4,2 ep=3") ==
      "invalid configuration: ep = 3 does not divide data = 4, the ranks that experts are spread over here; "
      "nearest: 2, 4");
  CHECK(problem(Dialect::deepspeed, "axes=pipe,model dims=2,2 ep=3") ==
        "invalid configuration: ep = 3 is above 1, the number of ranks that experts are spread over here; "
        "nearest: "
        "1");
  CHECK(problem(Dialect::deepspeed, "axes=pipe,data dims=3,-1", 8) ==
        "invalid configuration: pipe = 3 does not divide a world of 8; nearest: 2, 4");
  CHECK(problem(Dialect::deepspeed, "axes=pipe,data dims=0,2") ==
        "invalid configuration: pipe = 0 is below 1; nearest: 1");
  CHECK(problem(Dialect::deepspeed, "axes=pipe,pipe dims=2,4") ==
        "invalid configuration: axes = pipe,pipe names pipe twice");
  CHECK(problem(Dialect::deepspeed, "axes=pipe,pp dims=2,4") ==
        "invalid configuration: axes = pipe,pp names pipe and pp, which are one axis");
  CHECK(problem(Dialect::inner_to_outer, "[TP,DP] = [3,-1]", 8) ==
        "invalid configuration: tp = 3 does not divide a world of 8; nearest: 2, 4");
  CHECK(problem(Dialect::megatron, "tp=8 ep=2", 8) ==
        "invalid configuration: ep = 2 does not work: the product of tp = 8 and ep = 2 does not divide "
        "world_size = "
        "8; etp is not given, so it is that of tp; etp = 4 works; nearest: 1");
  CHECK(problem(Dialect::rankmesh, "world=16 tp=3 pp=4") ==
        "invalid configuration: tp = 3 does not divide world = 16; nearest: 2, 4");
  CHECK(problem(Dialect::rankmesh, "tp=3", 16) ==
        "invalid configuration: tp = 3 does not divide world_size = 16; nearest: 2, 4");
  CHECK(problem(Dialect::rankmesh, "world=8 tensor=3") ==
        "invalid configuration: tensor = 3 is no word of a configuration; did you mean tp?");
  CHECK(problem(Dialect::rankmesh, "convention=megatron-core world=16 cp=4 hierarchical-cp=2,3") ==
        "invalid configuration: hierarchical-cp = 2,3 multiplies to 6, not to cp = 4");
  CHECK(problem(Dialect::megatron, "tp=2 optimiser_instances=2", 8) ==
        "invalid configuration: optimiser_instances = 2 is no word of this dialect; known are world, tp, cp, "
        "ep, "
        "etp, pp, dp, vpp, gtp, egtp, order, optimizer_instances, hierarchical_cp, hybrid_cp, split_rank, "
        "embedding_stages, position_embedding_stages, rank_offset, job_size; did you mean "
        "optimizer_instances?");
}

TEST_CASE("DeviceMesh flattens axes in the order of the mesh alone", "[dialect]") {
  const std::string axes = "shape=2,2,2 names=dp,cp,tp flatten=";
  CHECK(problem(Dialect::devicemesh, axes + "tp+dp") ==
        "invalid configuration: flatten = tp+dp names its axes in another order than the mesh, which "
        "DeviceMesh does "
        "not flatten; write dp+tp");
  CHECK(problem(Dialect::devicemesh, axes + "cp_dp") ==
        "invalid configuration: flatten = cp_dp names its axes in another order than the mesh, which "
        "DeviceMesh does "
        "not flatten; write dp+cp");
  CHECK(problem(Dialect::devicemesh, axes + "dp+dp") ==
        "invalid configuration: flatten = dp+dp names dp twice");
  CHECK(problem(Dialect::devicemesh, axes + "dp+tp,dp_tp") ==
        "invalid configuration: flatten = dp_tp makes the kind dp_tp once more");
  CHECK(translated(Dialect::rankmesh,
                   "world=8 convention=mesh axes=tp=2,cp=2,dp=2 groups=tensor:tp,data_context:cp+dp",
                   Dialect::devicemesh) == "shape=2,2,2 names=dp,cp,tp flatten=dp+cp");
}

TEST_CASE("torchtitan 0.3 has no etp: such texts are read, but not written", "[dialect]") {
  const std::string text = "dp_shard=4 tp=2 ep=2 etp=2";
  CHECK(translated(Dialect::torchtitan, text, Dialect::megatron) == "tp=2 ep=2 dp=4 order=tp-cp-ep-dp-pp");
  CHECK_THROWS_WITH(
      translated(Dialect::torchtitan, text, Dialect::torchtitan),
      "invalid configuration: layout = etp=2 ep=2 efsdp=2 dp_replicate=1 pp=1 splits the tensors of "
      "experts, which torchtitan 0.3 cannot do: it has no etp");
}

TEST_CASE("every obstacle is told", "[dialect]") {
  const ParallelConfig slices{.world_size = 8,
                              .convention = Convention::mesh,
                              .rank_offset = 2,
                              .job_size = 12,
                              .meshes = {{{"tp", 2}, {"X", 4}}, {{"ep", 8}}, {{"a", 8}}},
                              .kinds = {{"tp", {.varying = {"tp"}, .at = {{"X", 1}}}}}};
  CHECK_THROWS_WITH(dialects::write(Dialect::devicemesh, slices),
                    "invalid configuration, 3 violations:\n"
                    "  meshes = a=8 is mesh 3, and this dialect has two at most\n"
                    "  meshes = X cannot be the name of an axis here: 1 to 31 lower-case letters, digits and "
                    "underscores are allowed, the first a letter\n"
                    "  kinds = tp:tp@X=1 is a slice, which this dialect has no words for");
  CHECK_THROWS_WITH(
      translated(Dialect::megatron, "gtp=2 ep=2 pp=2 dp=2 rank_offset=1 job_size=16", Dialect::torchtitan),
      "invalid configuration, 3 violations:\n"
      "  rank_offset = 1 cannot be said in this dialect\n"
      "  job_size = 16 cannot be said in this dialect\n"
      "  layout = gtp=2 is no axis of torchtitan's; known are tp, cp, dp_shard, dp_replicate, pp");
  CHECK_THROWS_WITH(dialects::write(Dialect::megatron, {.world_size = 8, .tensor = 3}),
                    "invalid configuration: tensor = 3 does not divide world_size = 8; nearest: 2, 4");
}
