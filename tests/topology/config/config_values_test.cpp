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
    // The default is the first choice.
    if (!fields[i].choices.empty()) CHECK(fields[i].choices.front().word == texts[i].value);
  }
}

TEST_CASE("values are read, and judged without consequences") {
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

TEST_CASE("a field that is given twice") {
  const std::vector<GivenValue> given{{"world_size", "16"}, {"tensor", "2"}, {"tensor", "4"}};
  const ConfigReading reading = read_values(given);
  REQUIRE(reading.diagnostics.size() == 1);
  CHECK(reading.diagnostics[0].message() == "tensor = 4 is given twice");
  CHECK(reading.config.tensor == 1);
}

TEST_CASE("words that are a typing error away") {
  const std::vector<std::string> known{"tensor", "sequence", "world_size"};
  CHECK(closest_matches("tensr", known) == std::vector<std::string>{"tensor"});
  CHECK(closest_matches("world-size", known) == std::vector<std::string>{"world_size"});
  CHECK(closest_matches("sequence_length", known).empty());
  CHECK(closest_matches("", known).empty());
}
