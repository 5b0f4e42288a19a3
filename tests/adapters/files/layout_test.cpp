#include "rankmesh/files/layout.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "rankmesh/topology/mesh_text.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::files;
using namespace rankmesh::tests;

namespace {

ConfigReading read(std::string_view toml) {
  return check_layout(parse_layout(toml, "a.toml"));
}

/// One line for each diagnostic.
std::string messages_of(std::string_view toml) {
  std::string text;
  for (const Diagnostic& diagnostic : read(toml).diagnostics) text += diagnostic.message() + "\n";
  return text;
}

/// One configuration for each convention; together they give every field a value of its own.
std::vector<ParallelConfig> every_field() {
  return {
      {.world_size = 16,
       .tensor = 2,
       .pipeline = 4,
       .virtual_pipeline = 2,
       .split_rank = 1,
       .fp8 = true,
       .distributed_optimizer = true,
       .amax_rule = AmaxRule::data_tensor_product,
       .virtual_pipeline_rule = VirtualPipelineRule::megatron},
      {.world_size = 16, .sequence = 4},
      {.world_size = 64, .tensor = 2, .sequence = 2, .convention = Convention::extended},
      {.world_size = 64,
       .tensor = 2,
       .pipeline = 2,
       .convention = Convention::megatron_core,
       .context = 4,
       .expert = 2,
       .expert_tensor = 1,
       .optimizer_instances = 2,
       .hierarchical_context = {2, 2},
       .rank_offset = 8,
       .job_size = 128,
       .embedding_stages = {0, -1},
       .position_embedding_stages = {0}},
      {.world_size = 16,
       .tensor = 2,
       .pipeline = 2,
       .convention = Convention::megatron_core,
       .order = "tp-pp-dp"},
      {.world_size = 8, .convention = Convention::megatron_core, .hybrid_context = true},
      {.world_size = 16,
       .convention = Convention::megatron_core,
       .weight_remat = 2,
       .expert_weight_remat = 2},
      {.world_size = 16,
       .convention = Convention::mesh,
       .meshes = {parse_axes("tp=2,dp=4,pp=2"), parse_axes("ep=8,rest=2")},
       .kinds = {parse_kind("dp"), parse_kind("zero:dp+tp"), parse_kind("tp@pp=1"),
                 parse_kind("ends:pp[0,-1]"), parse_kind("turned:pp.tp/2")}},
  };
}

}  // namespace

TEST_CASE("a layout file gives a configuration") {
  const ConfigReading reading = read(
      "# a comment\n"
      "world_size = 1_024\n"
      "convention = \"megatron-core\"\n"
      "tensor = 0x8\n"
      "hierarchical_context = [\n  2,\n  4,\n]\n"
      "context = 8\n"
      "hybrid_context = false\n"
      "embedding_stages = []\n");
  CHECK(reading.diagnostics.empty());
  CHECK(reading.config == ParallelConfig{.world_size = 1024,
                                         .tensor = 8,
                                         .convention = Convention::megatron_core,
                                         .context = 8,
                                         .hierarchical_context = {2, 4}});
}

TEST_CASE("a kind that has a comma is written as one text") {
  const ParallelConfig config{.world_size = 8,
                              .convention = Convention::mesh,
                              .meshes = {parse_axes("tp=2,pp=4")},
                              .kinds = {parse_kind("tp"), parse_kind("ends:pp[0,-1]")}};
  CHECK_THAT(to_toml(config), rankmesh::tests::ContainsSubstring("kinds = [\"tp\", \"ends:pp[0,-1]\"]\n"));
}

TEST_CASE("every field can be written and read back") {
  std::vector<std::string> written;
  for (const ParallelConfig& config : every_field()) {
    const std::string toml = to_toml(config);
    INFO(toml);
    REQUIRE(check(config).empty());
    const LayoutFile file = parse_layout(toml);
    for (const LayoutValue& value : file.values) written.push_back(value.value.field);
    const ConfigReading reading = check_layout(file);
    CHECK(reading.diagnostics.empty());
    CHECK(reading.config == config);
  }
  // Vacuous for a field that no configuration above gives.
  for (const FieldText& field : field_texts({})) {
    INFO(field.field);
    CHECK(std::find(written.begin(), written.end(), field.field) != written.end());
  }
}

TEST_CASE("every diagnostic of a file at once, at its place") {
  CHECK(
      messages_of("world_size = 16\n"
                  "tensor = 3\n"
                  "pipline = 4\n"
                  "  fp8 = \"yes\"\n"
                  "amax_rule = \"products\"\n"
                  "split_rank = 1.5\n"
                  "hierarchical_context = [2, \"x\"]\n"
                  "[placement]\n"
                  "rank_offset = 8\n") ==
      "a.toml:2:10: tensor = 3 does not divide world_size = 16; nearest: 2, 4\n"
      "a.toml:3:1: pipline is no key of a layout; did you mean pipeline?\n"
      "a.toml:4:9: fp8 = \"yes\" is a text: true or false is needed, without quotes\n"
      "a.toml:5:13: amax_rule = \"products\" is none of reference, product; did you mean product?\n"
      "a.toml:6:14: split_rank = 1.5 is a number with a fraction: a whole number is needed, without quotes\n"
      "a.toml:7:28: hierarchical_context = \"x\" is a text: an array of whole numbers is needed: [2, 4]\n"
      "a.toml:8:2: placement is no key of a layout; there are world_size, convention, tensor, pipeline, "
      "sequence, virtual_pipeline, split_rank, fp8, distributed_optimizer, amax_rule, "
      "virtual_pipeline_rule, context, expert, expert_tensor, order, optimizer_instances, "
      "hierarchical_context, hybrid_context, weight_remat, expert_weight_remat, rank_offset, job_size, "
      "embedding_stages, position_embedding_stages, meshes, kinds\n");
}

TEST_CASE("a misspelt key brings no consequences with it") {
  CHECK(messages_of("wrld_size = 16\ntensor = 3\n") ==
        "a.toml:1:1: wrld_size is no key of a layout; did you mean world_size?\n");
  CHECK(messages_of("world_size = 16\nconvetion = \"megatron-core\"\nexpert = 4\n") ==
        "a.toml:2:1: convetion is no key of a layout; did you mean convention?\n");
  CHECK(messages_of("world_size = \"16\"\ntensor = 3\n") ==
        "a.toml:1:14: world_size = \"16\" is a text: a whole number is needed, without quotes\n");
}

TEST_CASE("the words of options lead to the keys") {
  CHECK(messages_of("world_size = 8\ntp = 2\n") ==
        "a.toml:2:1: tp is no key of a layout; did you mean tensor?\n");
  CHECK(messages_of("world_size = 8\ndp = 2\n") ==
        "a.toml:2:1: dp is no key of a layout: the data parallel size is what the others leave of the world "
        "size\n");
  CHECK(messages_of("world-size = 8\n") ==
        "a.toml:1:1: world-size is no key of a layout; did you mean world_size?\n");
}

TEST_CASE("what is missing has no place") {
  CHECK(messages_of("tensor = 2\n") == "a.toml: world_size is missing\n");
  CHECK(messages_of("") == "a.toml: world_size is missing\n");
}

TEST_CASE("the place of a wrong list element is that of the element") {
  CHECK(messages_of("world_size = 8\nconvention = \"mesh\"\nmeshes = [\"tp=2,dp=4\",\n  \"ep=3\"]\nkinds = "
                    "[\"dp\"]\n") ==
        "a.toml:4:3: meshes = ep=3 multiplies to 3, not to world_size = 8; take ep = 8\n");
  CHECK(messages_of(
            "world_size = 8\nconvention = \"mesh\"\nmeshes = [\"tp=2,dp=4\"]\nkinds = [\"dp\", \"xp\"]\n") ==
        "a.toml:4:16: kinds = xp does not work: axis = xp is not an axis of the mesh, which has tp, dp\n");
}

TEST_CASE("text that is not TOML") {
  const ConfigReading reading = read("world_size = 16\ntensor = = 2\n");
  REQUIRE(reading.diagnostics.size() == 1);
  REQUIRE(reading.diagnostics[0].place);
  CHECK(reading.diagnostics[0].place->line == 2);
  CHECK_THAT(reading.diagnostics[0].message(), ContainsSubstring("a.toml:2:10: is not TOML: "));
  CHECK_THAT(messages_of("tensor = 2\ntensor = 2\n"), ContainsSubstring("a.toml:2:"));
  CHECK_THAT(messages_of(std::string("world_size = 1\0", 15)), ContainsSubstring("is not TOML"));
  CHECK_THAT(messages_of("world_size = 99999999999999999999\n"), ContainsSubstring("a.toml:1:"));
}

TEST_CASE("other values come before those of a file") {
  LayoutFile file = parse_layout("world_size = 16\ntensor = 3\npipeline = 5\n", "a.toml");
  const ConfigReading reading = check_together(file, {{"tensor", "2"}});
  CHECK(reading.config.tensor == 2);
  REQUIRE(reading.diagnostics.size() == 1);
  CHECK(reading.diagnostics[0].message() ==
        "a.toml:3:12: pipeline = 5 does not divide world_size = 16; nearest: 4, 8");

  LayoutFile good = parse_layout("world_size = 16\ntensor = 2\n", "a.toml");
  const ConfigReading worse = check_together(good, {{"tensor", "3"}});
  REQUIRE(worse.diagnostics.size() == 1);
  CHECK(!worse.diagnostics[0].place);
}

TEST_CASE("load_layout throws everything") {
  const auto path = std::filesystem::temp_directory_path() / "rankmesh_layout_test.toml";
  std::ofstream(path) << "world_size = 16\ntensor = 3\npipeline = 5\n";
  try {
    static_cast<void>(load_layout(path));
    FAIL("nothing thrown");
  } catch (const FileError& error) {
    REQUIRE(error.diagnostics().size() == 2);
    CHECK(error.diagnostics()[1].place == SourcePlace{path.string(), 3, 12});
  }
  std::ofstream(path) << "world_size = 16\n";
  CHECK(load_layout(path) == ParallelConfig{.world_size = 16});
  std::filesystem::remove(path);
  CHECK_THROWS_WITH(load_layout(path), path.string() + ": cannot be read: No such file or directory");
}

TEST_CASE("deep nesting is refused before the parser overflows its stack", "[layout_file]") {
  const auto refused = [](const std::string& toml) {
    return messages_of(toml).find("is nested too deeply") != std::string::npos;
  };
  for (const std::size_t depth : {std::size_t{40}, std::size_t{100'000}}) {
    std::string dotted = "a";
    std::string tables = "a = 1";
    for (std::size_t i = 0; i < depth; ++i) {
      dotted += i % 2 == 0 ? ".a" : " . \"a.b\"";
      tables = i < 1000 ? "a = {" + tables + "}" : tables;
    }
    CHECK(refused(dotted + " = 1"));
    CHECK(refused("[" + dotted + "]"));
    CHECK(refused("a = " + std::string(depth, '[') + std::string(depth, ']')));
    CHECK(refused(tables));
  }
  CHECK(messages_of("world_size = 8\nmeshes = " + std::string(40, '['))
            .starts_with("a.toml:2:42: is nested too deeply"));
}

TEST_CASE("dots and brackets in strings and comments are no nesting", "[layout_file]") {
  const std::string many = "[[[[{{{{" + std::string(100, '.') + std::string(100, '[');
  CHECK(messages_of("# " + many + "\nworld_size = 8 # " + many) == "");
  CHECK(messages_of("world_size = 8\norder = \"\\\"" + many + "\"").find("nested") == std::string::npos);
  CHECK(messages_of("world_size = 8\norder = '" + many + "'").find("nested") == std::string::npos);
  CHECK(messages_of("world_size = 8\norder = \"\"\"\n\"" + many + "\n\"\"\"").find("nested") ==
        std::string::npos);
}

TEST_CASE("control characters of a file never reach a message", "[layout_file]") {
  for (const std::string value : {"\"a\\n\\u001b[31mb\"", "[\"x\\n\"]", "\"\\u009b\""}) {
    for (const FieldDescription& field : describe_fields()) {
      for (const Diagnostic& diagnostic :
           read("world_size = 8\n" + std::string(field.field) + " = " + value).diagnostics) {
        const std::string message = diagnostic.message();
        CHECK(std::none_of(message.begin(), message.end(),
                           [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
        CHECK(message.find("\xc2\x9b") == std::string::npos);
      }
    }
  }
}
