#include <algorithm>

#include "rankmesh/topology/closest_matches.hpp"
#include "rankmesh/topology/config_values.hpp"
#include "support/catch.hpp"

using namespace rankmesh;

TEST_CASE("every field is described") {
  const std::vector<FieldDescription> fields = describe_fields();
  const std::vector<FieldText> texts = field_texts({});
  REQUIRE(fields.size() == texts.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    CHECK(fields[i].field == texts[i].field);
    CHECK((fields[i].type == FieldType::choice) == !fields[i].choices.empty());
    CHECK(!fields[i].description.empty());
    CHECK(fields[i].is_required == (fields[i].field == "world_size"));
    // The default is the first choice.
    if (!fields[i].choices.empty()) CHECK(fields[i].choices.front().word == texts[i].value);
  }
}

TEST_CASE("values are read and checked, without diagnostics that follow from unreadable values") {
  const std::vector<GivenValue> good{{"world_size", "16"}, {"tensor", "2"}, {"fp8", std::nullopt}};
  ConfigReading reading = read_values(good);
  check_values(reading);
  CHECK(reading.diagnostics.empty());
  CHECK(reading.config == ParallelConfig{.world_size = 16, .tensor = 2, .fp8 = true});

  const std::vector<GivenValue> bad{{"tensor", "3"},     {"pipeline", "x"}, {"world_size", "16"},
                                    {"sequence", "1 6"}, {"tensr", "2"},    {"fp8", "no"}};
  reading = read_values(bad);
  check_values(reading);
  std::vector<std::string> messages;
  for (const Diagnostic& diagnostic : reading.diagnostics) messages.push_back(diagnostic.message());
  CHECK(messages == std::vector<std::string>{"tensor = 3 does not divide world_size = 16; nearest: 2, 4",
                                             "pipeline = x is not a whole number",
                                             "sequence = \"1 6\" has a space in it",
                                             "fp8 = no takes no value: write the word alone",
                                             "tensr = 2 is no field of a configuration"});
}

TEST_CASE("the world size is missing unless something is known of it") {
  const std::vector<GivenValue> given{{"tensor", "3"}};
  ConfigReading reading = read_values(given);
  check_values(reading);
  REQUIRE(reading.diagnostics.size() == 1);
  CHECK(reading.diagnostics[0].message() == "world_size is missing");

  reading = read_values(given, {{.field = "world_size", .rule = "is blue"}});
  check_values(reading);
  REQUIRE(reading.diagnostics.size() == 1);
  CHECK(reading.diagnostics[0].message() == "world_size is blue");
}

TEST_CASE("a rule is skipped if a field that it reads is unreadable, and no other rule is") {
  const auto messages = [](std::string_view text) {
    ConfigReading reading = read_config(text);
    check_values(reading);
    std::vector<std::string> result;
    for (const Diagnostic& diagnostic : reading.diagnostics) result.push_back(diagnostic.message());
    return result;
  };
  using Messages = std::vector<std::string>;
  // The sizes of the dense mesh and the levels are readable, but not their product.
  CHECK(messages("convention=megatron-core world=8 cp=x tp=3 hierarchical-cp=0,2") ==
        Messages{"tensor = 3 does not divide world_size = 8; nearest: 2, 4",
                 "context = x is not a whole number", "hierarchical_context = 0,2 has a level below 1"});
  CHECK(messages("convention=megatron-core world=8 cp=x hierarchical-cp=2,2") ==
        Messages{"context = x is not a whole number"});
  // An unreadable size of the experts is not that of the dense layers instead.
  CHECK(messages("convention=megatron-core world=8 tp=2 etp=x ep=4 optimizer-instances=3") ==
        Messages{"expert_tensor = x is not a whole number"});
  CHECK(messages("convention=mesh world=x axes=tp=2 groups=dp,dp") ==
        Messages{"world_size = x is not a whole number", "kinds = dp repeats the name of another kind, dp"});
  CHECK(
      messages("world=12 pp=2 tp=x vpp=2") ==
      Messages{"tensor = x is not a whole number",
               "virtual_pipeline = 2 needs more than two pipeline stages, but pipeline = 2; leave it out, or "
               "take pipeline = 3, or the rule of Megatron-Core, which asks for more than one"});
}

TEST_CASE("the fields that are known to be unreadable are neither read nor missing") {
  const std::vector<GivenValue> given{{"tensor", "3"}};
  ConfigReading reading = read_values(given, {}, {"world_size"});
  check_values(reading);
  CHECK(reading.diagnostics.empty());
  CHECK(reading.config.tensor == 3);
  CHECK(reading.config.world_size == 1);
}

TEST_CASE("a missing field is told from an invalid one") {
  ConfigReading reading = read_values({});
  REQUIRE(reading.diagnostics.size() == 1);
  CHECK(reading.diagnostics[0].kind == Diagnostic::Kind::missing);
  CHECK(read_config("").diagnostics[0].kind == Diagnostic::Kind::missing);
  CHECK(read_config("world=x").diagnostics[0].kind == Diagnostic::Kind::invalid);
}

TEST_CASE("a field that is given twice") {
  const std::vector<GivenValue> given{{"world_size", "16"}, {"tensor", "2"}, {"tensor", "4"}};
  const ConfigReading reading = read_values(given);
  REQUIRE(reading.diagnostics.size() == 1);
  CHECK(reading.diagnostics[0].message() == "tensor = 4 is given twice");
  CHECK(reading.config.tensor == 1);
}

TEST_CASE("what an absent field means") {
  std::vector<std::string> texts;
  for (const FieldDescription& field : describe_fields()) {
    if (!field.default_text.empty()) texts.push_back(std::string(field.word) + ": " + field.default_text);
  }
  CHECK(texts ==
        std::vector<std::string>{"convention: reference", "tp: 1", "pp: 1", "sp: 1", "amax-rule: reference",
                                 "vpp-rule: reference", "cp: 1", "ep: 1", "etp: that of the dense layers",
                                 "order: tp-cp-ep-dp-pp", "optimizer-instances: 1", "gtp: 1", "egtp: 1",
                                 "rank-offset: 0", "job-size: up to the end of the layout",
                                 "embedding-stages: 0, split, -1", "position-embedding-stages: 0, split"});
}

TEST_CASE("fields as typed data") {
  const ParallelConfig config{
      .world_size = 16, .fp8 = true, .convention = Convention::megatron_core, .embedding_stages = {0, -1}};
  using Data = FieldValue::Data;
  const auto data = [&](std::string_view name) -> Data {
    for (const FieldValue& field : fields_of_convention(config)) {
      if (field.field == name) return field.data;
    }
    return "no such field";
  };
  CHECK(data("world_size") == Data(std::int64_t{16}));
  CHECK(data("convention") == Data("megatron-core"));
  CHECK(data("expert_tensor") == Data());
  CHECK(data("hybrid_context") == Data(false));
  CHECK(data("order") == Data("tp-cp-ep-dp-pp"));
  CHECK(data("embedding_stages") == Data(std::vector<std::int64_t>{0, -1}));
  CHECK(data("hierarchical_context") == Data(std::vector<std::int64_t>{}));
  CHECK(data("fp8") == Data("no such field"));
}

TEST_CASE("words that are a typing error away") {
  const std::vector<std::string> known{"tensor", "sequence", "world_size"};
  CHECK(closest_matches("tensr", known) == std::vector<std::string>{"tensor"});
  CHECK(closest_matches("world-size", known) == std::vector<std::string>{"world_size"});
  CHECK(closest_matches("sequence_length", known).empty());
  CHECK(closest_matches("", known).empty());
  // Only the closest, whichever comes first.
  CHECK(closest_matches("pipelines", std::vector<std::string>{"pipeline", "pipelimed", "pipeliner"}) ==
        std::vector<std::string>{"pipeline", "pipeliner"});
  CHECK(did_you_mean(closest_matches("tensr", known)) == "; did you mean tensor?");
  CHECK(did_you_mean(std::vector<std::string>{"a", "b"}) == "; did you mean a or b?");
  CHECK(did_you_mean({}).empty());
}
