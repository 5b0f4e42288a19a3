#include "rankmesh/comm/agree_on_plan.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace rankmesh;

TEST_CASE("the fields of a configuration are all its fields, and the world size must be that of the job") {
  const auto fields = agreement_fields({.world_size = 16, .tensor = 2, .split_rank = 1, .fp8 = true}, 8);
  REQUIRE(fields.size() == 26);
  CHECK(fields[0] == AgreementField{.field = "world_size", .value = "16", .required = "8"});
  CHECK(fields[2] == AgreementField{.field = "tensor", .value = "2", .required = {}});
  CHECK(fields[5] == AgreementField{.field = "virtual_pipeline", .value = "none", .required = {}});
  CHECK(fields[7] == AgreementField{.field = "fp8", .value = "true", .required = {}});
}

TEST_CASE("a layout among others fills the job up to its end, or the job is as large as it says") {
  const auto required = [](const ParallelConfig& config) {
    std::vector<std::string> texts;
    for (const AgreementField& field : agreement_fields(config, 16)) {
      if (field.required) texts.push_back(field.field + " " + *field.required);
    }
    return texts;
  };
  const auto core = Convention::megatron_core;
  CHECK(required({.world_size = 4, .convention = core, .rank_offset = 4}) ==
        std::vector<std::string>{"world_size 12"});
  CHECK(required({.world_size = 4, .convention = core, .rank_offset = 4, .job_size = 8}) ==
        std::vector<std::string>{"job_size 16"});
}

TEST_CASE("fields of the job that have the name of an earlier field are numbered") {
  const ParallelConfig config{.world_size = 2};
  const PlanAgreement what{.fields = {{.field = "layers", .value = "1"},
                                      {.field = "layers", .value = "2"},
                                      {.field = "tensor", .value = "3"},
                                      {.field = "layers", .value = "4"},
                                      {.field = "layers (2)", .value = "5"}}};
  const std::vector<AgreementField> fields = plan_fields(config, what, 2);
  const std::vector<AgreementField> last(fields.end() - 5, fields.end());
  CHECK(last == std::vector<AgreementField>{{.field = "layers", .value = "1"},
                                            {.field = "layers (2)", .value = "2"},
                                            {.field = "tensor (2)", .value = "3"},
                                            {.field = "layers (3)", .value = "4"},
                                            {.field = "layers (2) (2)", .value = "5"}});
}
