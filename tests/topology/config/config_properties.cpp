// Checking and reading random configurations, good and bad.

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string>
#include <vector>

#include "rankmesh/topology/config_values.hpp"
#include "rankmesh/topology/mesh_text.hpp"
#include "rankmesh/topology/parallel_config.hpp"
#include "rankmesh/topology/text.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/generators.hpp"

using rankmesh::check;
using rankmesh::check_values;
using rankmesh::ConfigError;
using rankmesh::ConfigReading;
using rankmesh::Convention;
using rankmesh::describe_fields;
using rankmesh::Diagnostic;
using rankmesh::FieldDescription;
using rankmesh::joined;
using rankmesh::ParallelConfig;
using rankmesh::parse_axes;
using rankmesh::parse_config;
using rankmesh::parse_kind;
using rankmesh::read_config;
using rankmesh::split_words;
using rankmesh::tests::any_config;
using rankmesh::tests::any_number;
using rankmesh::tests::share_of;
using rankmesh::tests::shuffled;
using rankmesh::tests::valid_config;

namespace {

/// The field that a diagnostic names.
void set_field(ParallelConfig& config, const std::string& field, std::int64_t value) {
  if (field == "world_size") {
    config.world_size = value;
  } else if (field == "tensor") {
    config.tensor = value;
  } else if (field == "pipeline") {
    config.pipeline = value;
  } else if (field == "sequence") {
    config.sequence = value;
  } else if (field == "virtual_pipeline") {
    config.virtual_pipeline = value;
  } else if (field == "split_rank") {
    config.split_rank = value;
  } else {
    RC_FAIL("a violation names no field: " + field);
  }
}

/// A configuration of any convention with small values in every field, most of them wrong.
ParallelConfig small_config() {
  const auto number = [] { return *rc::gen::inRange<std::int64_t>(-1, 9); };
  const auto maybe = [&]() -> std::optional<std::int64_t> {
    return *rc::gen::arbitrary<bool>() ? std::optional(number()) : std::nullopt;
  };
  const auto numbers = [&] {
    return *rc::gen::arbitrary<bool>() ? std::vector{number(), number()} : std::vector<std::int64_t>();
  };
  ParallelConfig config{
      .world_size = *rc::gen::element<std::int64_t>(0, 8, 16, 24),
      .tensor = number(),
      .pipeline = number(),
      .sequence = *rc::gen::element<std::int64_t>(1, 1, 2, 3),
      .virtual_pipeline = maybe(),
      .split_rank = maybe(),
      .fp8 = *rc::gen::arbitrary<bool>(),
      .convention = *rc::gen::element(Convention::reference, Convention::extended, Convention::megatron_core,
                                      Convention::megatron_core, Convention::mesh),
      .context = *rc::gen::element<std::int64_t>(1, 2, 3),
      .expert = *rc::gen::element<std::int64_t>(1, 2, 3),
      .expert_tensor = maybe(),
      .order = *rc::gen::element<std::string>("tp-cp-ep-dp-pp", "pp-dp-tp", "tp-xp"),
      .optimizer_instances = *rc::gen::element<std::int64_t>(0, 1, 3),
      .hierarchical_context = numbers(),
      .hybrid_context = *rc::gen::arbitrary<bool>(),
      .rank_offset = number(),
      .job_size = maybe(),
      .embedding_stages = numbers()};
  if (*rc::gen::arbitrary<bool>()) config.tensor = config.pipeline = 1;
  if (*rc::gen::arbitrary<bool>()) {
    config.meshes = {parse_axes("tp=2,dp=4")};
    config.kinds = {parse_kind(*rc::gen::element<std::string>("dp", "xp"))};
  }
  return config;
}

/// The one-line form of `config` with the value that `other` has for one of the fields.
ParallelConfig with_field_of(const ParallelConfig& config, const ParallelConfig& other,
                             const FieldDescription& field) {
  const auto is_field = [&](std::string_view word) { return word.substr(0, word.find('=')) == field.word; };
  const std::string text = to_string(config);
  const std::string other_text = to_string(other);
  std::vector<std::string_view> words;
  for (const std::string_view word : split_words(text)) {
    if (!is_field(word)) words.push_back(word);
  }
  for (const std::string_view word : split_words(other_text)) {
    if (is_field(word)) words.push_back(word);
  }
  return parse_config(joined(words, " "));
}

/// Text that is nearly a configuration: its words, numbers and signs, and anything else.
std::string garbage() {
  const auto piece = rc::gen::oneOf(rc::gen::elementOf(std::vector<std::string>{
                                        "world", "tp", "pp", "sp", "vpp", "split-rank", "fp8", "amax-rule",
                                        "vpp-rule", "distributed-optimizer", "reference", "product"}),
                                    rc::gen::elementOf(std::vector<std::string>{
                                        "=", "=", " ", " ", "\t", "\n", "-", "+", "0", "16", "3", "0x10",
                                        "1e3", "99999999999999999999", "-9223372036854775808"}),
                                    rc::gen::arbitrary<std::string>());
  std::string text;
  for (const std::string& part : *rc::gen::container<std::vector<std::string>>(piece)) text += part;
  return text;
}

}  // namespace

TEST_CASE("no value nearer than those proposed would do", "[property]") {
  int compared = 0;
  CHECK(rc::check("nothing nearer", [&] {
    ParallelConfig config = valid_config();
    if (config.world_size > 200) config = {.world_size = 24, .tensor = 2, .pipeline = 3};
    const std::string field = *rc::gen::elementOf(std::vector<std::string>{"tensor", "pipeline", "sequence"});
    const auto value = *rc::gen::inRange<std::int64_t>(1, 30);
    config.virtual_pipeline.reset();
    config.split_rank.reset();
    set_field(config, field, value);
    const auto diagnostics = check(config);
    if (diagnostics.size() != 1 || diagnostics[0].field != field) return;
    std::int64_t below = 0;
    std::int64_t above = 0;
    for (std::int64_t candidate = 1; candidate <= config.world_size; ++candidate) {
      ParallelConfig other = config;
      set_field(other, field, candidate);
      if (!check(other).empty()) continue;
      if (candidate < value) below = candidate;
      if (candidate > value && above == 0) above = candidate;
    }
    std::vector<std::int64_t> expected;
    if (below != 0) expected.push_back(below);
    if (above != 0) expected.push_back(above);
    RC_ASSERT(diagnostics[0].nearest == expected);
    ++compared;
  }));
  CHECK(compared > share_of(20));
}

TEST_CASE("the value of an unreadable field has no effect on the diagnostics", "[property]") {
  int compared = 0;
  CHECK(rc::check("unreadable field", [&] {
    const FieldDescription field = *rc::gen::elementOf(describe_fields());
    const ParallelConfig config = small_config();
    const ParallelConfig other = with_field_of(config, small_config(), field);
    ConfigReading reading{.config = config, .unreadable = {std::string(field.field)}};
    ConfigReading other_reading{.config = other, .unreadable = reading.unreadable};
    check_values(reading);
    check_values(other_reading);
    RC_LOG() << field.field << ": " << to_string(config) << " and " << to_string(other) << std::endl;
    RC_ASSERT(reading.diagnostics == other_reading.diagnostics);
    for (const Diagnostic& diagnostic : reading.diagnostics) RC_ASSERT(diagnostic.field != field.field);
    if (config != other && !reading.diagnostics.empty()) ++compared;
  }));
  CHECK(compared > share_of(10));
}

TEST_CASE("a configuration of any numbers can be checked, and its text reads back", "[property]") {
  CHECK(rc::check("text round trip", [] {
    const ParallelConfig config = *rc::gen::arbitrary<bool>() ? any_config() : valid_config();
    const std::string text = to_string(config);
    RC_ASSERT(parse_config(text) == config);
    RC_ASSERT(to_string(parse_config(text)) == text);
    RC_ASSERT(read_config(text).diagnostics.empty());
    for (const Diagnostic& diagnostic : check(config)) RC_ASSERT(!diagnostic.message().empty());
  }));
}

TEST_CASE("the words of a configuration come in any order", "[property]") {
  CHECK(rc::check("order of words", [] {
    const ParallelConfig config = valid_config();
    std::vector<std::string> words{""};
    for (const char c : to_string(config)) {
      if (c == ' ') {
        words.emplace_back();
      } else {
        words.back() += c;
      }
    }
    std::string text;
    for (const std::string& word : shuffled(words))
      text += word + *rc::gen::element<std::string>(" ", "\n", "\t  ");
    RC_ASSERT(parse_config(text) == config);
  }));
}

TEST_CASE("any text is read without harm", "[property]") {
  int readable = 0;
  int with_violations = 0;
  CHECK(rc::check("garbage", [&] {
    std::string text = garbage();
    if (*rc::gen::arbitrary<bool>()) text = "world=8 " + text;
    const auto reading = read_config(text);
    bool thrown = false;
    try {
      RC_ASSERT(parse_config(text) == reading.config);
    } catch (const ConfigError& error) {
      thrown = true;
      RC_ASSERT(std::vector(error.diagnostics().begin(), error.diagnostics().end()) == reading.diagnostics);
    }
    RC_ASSERT(thrown == !reading.diagnostics.empty());
    RC_ASSERT(parse_config(to_string(reading.config)) == reading.config);
    (thrown ? with_violations : readable) += 1;
  }));
  CHECK(readable > 0);
  CHECK(with_violations > share_of(30));
}
