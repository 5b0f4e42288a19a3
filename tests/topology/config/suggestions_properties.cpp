// Every suggestion of an invalid configuration, applied: what it suggests works, in every convention.

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "rankmesh/topology/config_values.hpp"
#include "rankmesh/topology/mesh_text.hpp"
#include "rankmesh/topology/parallel_config.hpp"
#include "rankmesh/topology/shard.hpp"
#include "rankmesh/topology/text.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/generators.hpp"

using namespace rankmesh;
using rankmesh::tests::any_number;
using rankmesh::tests::share_of;
using rankmesh::tests::shuffled;
using rankmesh::tests::some_axes;

namespace {

std::int64_t number_up_to(std::int64_t most) {
  return *rc::gen::inRange<std::int64_t>(1, most + 1);
}

bool one_in(int n) {
  return *rc::gen::inRange(0, n) == 0;
}

/// A number that is often wrong.
std::int64_t wrong_number() {
  return one_in(5) ? *any_number() : *rc::gen::inRange<std::int64_t>(-1, 20);
}

ParallelConfig some_reference(Convention convention) {
  ParallelConfig config{.tensor = number_up_to(4), .pipeline = number_up_to(6), .convention = convention};
  if (convention == Convention::extended || one_in(4)) config.sequence = number_up_to(4);
  config.world_size = config.tensor * config.pipeline * config.sequence * number_up_to(12);
  if (one_in(3)) config.virtual_pipeline = number_up_to(3);
  if (one_in(3)) config.split_rank = number_up_to(4);
  if (one_in(2)) config.virtual_pipeline_rule = VirtualPipelineRule::megatron;
  return config;
}

ParallelConfig some_megatron_core() {
  ParallelConfig config{.tensor = number_up_to(4),
                        .pipeline = number_up_to(4),
                        .convention = Convention::megatron_core,
                        .context = number_up_to(3),
                        .expert = number_up_to(4)};
  config.world_size = config.tensor * config.pipeline * config.context * number_up_to(4) * config.expert;
  if (one_in(3)) config.expert_tensor = number_up_to(4);
  if (one_in(4)) config.weight_remat = number_up_to(2);
  if (one_in(4)) config.expert_weight_remat = number_up_to(2);
  if (one_in(4)) config.optimizer_instances = number_up_to(3);
  if (one_in(4)) config.virtual_pipeline = number_up_to(3);
  if (one_in(5)) config.hierarchical_context = {number_up_to(3)};
  config.hybrid_context = one_in(6);
  if (one_in(3)) {
    std::vector<std::string> axes = shuffled<std::string>({"tp", "cp", "ep", "dp", "pp"});
    axes.resize(static_cast<std::size_t>(number_up_to(5)));
    config.order = joined(axes, "-");
    if (one_in(4)) {
      for (char& c : config.order) c = static_cast<char>(std::toupper(c));
    }
  }
  if (one_in(4)) config.rank_offset = number_up_to(9);
  if (one_in(4)) config.job_size = config.world_size + config.rank_offset + number_up_to(9) - 1;
  return config;
}

ParallelConfig some_mesh() {
  const std::vector<Axis> axes = some_axes();
  ParallelConfig config{
      .world_size = Mesh(axes).world_size(), .convention = Convention::mesh, .meshes = {axes}};
  config.kinds = {{"some", {.varying = {axes.front().name}}}};
  if (one_in(2)) {
    std::vector<Axis>& changed = config.meshes.front();
    changed[static_cast<std::size_t>(number_up_to(static_cast<std::int64_t>(changed.size())) - 1)].size =
        wrong_number();
  }
  return config;
}

/// The configuration with a field set to a number: through the text form, which has every field.
ParallelConfig with_number(const ParallelConfig& config, std::string_view field, std::int64_t value) {
  const std::vector<FieldDescription> fields = describe_fields();
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.field == field; });
  const std::string text = to_string(config);
  std::vector<std::string> words;
  for (const std::string_view word : split_words(text)) {
    if (word.substr(0, word.find('=')) != found->word) words.emplace_back(word);
  }
  words.push_back(std::string(found->word) + "=" + std::to_string(value));
  return parse_config(joined(words, " "));
}

ParallelConfig some_bad_config() {
  const auto convention =
      *rc::gen::element(Convention::reference, Convention::extended, Convention::megatron_core,
                        Convention::megatron_core, Convention::mesh);
  ParallelConfig config = convention == Convention::mesh            ? some_mesh()
                          : convention == Convention::megatron_core ? some_megatron_core()
                                                                    : some_reference(convention);
  std::vector<std::string> numbers;
  for (const FieldDescription& field : describe_fields()) {
    const auto& known = field.conventions;
    const bool has_meaning = std::find(known.begin(), known.end(), convention) != known.end();
    if (field.type == FieldType::number && has_meaning) numbers.emplace_back(field.field);
  }
  for (int changes = *rc::gen::inRange(0, 3); changes > 0; --changes) {
    config = with_number(config, *rc::gen::elementOf(numbers), wrong_number());
  }
  return config;
}

bool is_field(const std::string& name) {
  const std::vector<FieldDescription> fields = describe_fields();
  return std::any_of(fields.begin(), fields.end(),
                     [&](const FieldDescription& f) { return f.field == name; });
}

ParallelConfig with_axis(ParallelConfig config, const std::string& mesh, const std::string& axis,
                         std::int64_t size) {
  for (std::vector<Axis>& axes : config.meshes) {
    if (to_string(axes) != mesh) continue;
    for (Axis& a : axes) {
      if (a.name == axis) a.size = size;
    }
    break;
  }
  return config;
}

/// A suggestion in words, and the configuration with it.
struct Suggestion {
  std::string text;
  ParallelConfig config;
};

/// All suggestions of a diagnostic: the nearest values, and what the rule says.
std::vector<Suggestion> suggestions_of(const ParallelConfig& config, const Diagnostic& diagnostic) {
  std::vector<Suggestion> result;
  for (const std::int64_t value : diagnostic.nearest) {
    result.push_back({"nearest " + std::to_string(value), with_number(config, diagnostic.field, value)});
  }
  const std::string advice = diagnostic.rule.text().find("; ") == std::string::npos
                                 ? ""
                                 : diagnostic.rule.text().substr(diagnostic.rule.text().find("; "));
  const std::regex change("([a-z_]+) = ([0-9]+)(?: or ([0-9]+)\\b(?! ?=))?");
  for (std::sregex_iterator found(advice.begin(), advice.end(), change), end; found != end; ++found) {
    for (const int group : {2, 3}) {
      const std::string value = (*found)[static_cast<std::size_t>(group)];
      if (value.empty()) continue;
      const std::string name = (*found)[1];
      result.push_back({name + " = " + value,
                        is_field(name) ? with_number(config, name, std::stoll(value))
                                       : with_axis(config, diagnostic.value, name, std::stoll(value))});
    }
  }
  ParallelConfig changed = config;
  if (advice.find("leave it out") != std::string::npos) {
    changed.virtual_pipeline.reset();
    result.push_back({"leave it out", changed});
  }
  changed = config;
  if (advice.find("the rule of Megatron-Core") != std::string::npos) {
    changed.virtual_pipeline_rule = VirtualPipelineRule::megatron;
    result.push_back({"the rule of Megatron-Core", changed});
  }
  if (advice.find("the convention extended") != std::string::npos) {
    changed.convention = Convention::extended;
    result.push_back({"the convention extended", changed});
  }
  for (const std::string& order : diagnostic.suggestions) {
    changed = config;
    changed.order = order;
    result.push_back({"order " + order, changed});
  }
  return result;
}

using Names = std::set<std::string>;

Names fields_of(const std::vector<Diagnostic>& diagnostics) {
  Names fields;
  for (const Diagnostic& diagnostic : diagnostics) fields.insert(diagnostic.field);
  return fields;
}

}  // namespace

TEST_CASE("every suggestion works, in every convention", "[property]") {
  std::map<Convention, int> applied;
  std::map<Convention, int> made_valid;
  int in_words = 0;
  CHECK(rc::check("suggestions", [&] {
    for (int i = 0; i < 5; ++i) {
      const ParallelConfig config = some_bad_config();
      const std::vector<Diagnostic> diagnostics = check(config);
      const Names wrong = fields_of(diagnostics);
      for (const Diagnostic& diagnostic : diagnostics) {
        RC_ASSERT(std::is_sorted(diagnostic.nearest.begin(), diagnostic.nearest.end()));
        for (const Suggestion& suggestion : suggestions_of(config, diagnostic)) {
          const std::vector<Diagnostic> left = check(suggestion.config);
          RC_LOG() << to_string(config) << ": " << diagnostic.message() << ": " << suggestion.text
                   << std::endl;
          for (const Diagnostic& other : left) {
            RC_LOG() << "  leaves " << other.message() << std::endl;
            RC_ASSERT(other.field != diagnostic.field);
            RC_ASSERT(wrong.contains(other.field));
          }
          // Where nothing else is wrong.
          if (wrong.size() == 1) RC_ASSERT(left.empty());
          ++applied[config.convention];
          if (left.empty()) ++made_valid[config.convention];
          if (suggestion.text.find("nearest") == std::string::npos) ++in_words;
        }
      }
    }
  }));
  for (const Convention convention :
       {Convention::reference, Convention::extended, Convention::megatron_core, Convention::mesh}) {
    INFO(static_cast<int>(convention));
    CHECK(applied[convention] > share_of(300));
    CHECK(made_valid[convention] > share_of(150));
  }
  CHECK(in_words > share_of(200));
}

TEST_CASE("what is wrong with one field has a suggestion, or names a field that must change", "[property]") {
  int suggested = 0;
  CHECK(rc::check("named", [&] {
    const ParallelConfig config = some_bad_config();
    const std::vector<Diagnostic> diagnostics = check(config);
    const Names wrong = fields_of(diagnostics);
    const std::vector<FieldDescription> fields = describe_fields();
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const auto& f) {
      return wrong.size() == 1 && f.field == *wrong.begin();
    });
    if (field == fields.end() || field->type != FieldType::number) return;
    for (const Diagnostic& diagnostic : diagnostics) {
      RC_LOG() << to_string(config) << ": " << diagnostic.message() << std::endl;
      const bool names_another = diagnostic.rule.text().find("; ") != std::string::npos;
      RC_ASSERT(!diagnostic.nearest.empty() || names_another);
      ++suggested;
    }
  }));
  CHECK(suggested > share_of(10));
}

TEST_CASE("no size of a model is suggested, but parallel sizes that work", "[property]") {
  int applied = 0;
  CHECK(rc::check("model sizes", [&] {
    ParallelConfig config = some_bad_config();
    if (!check(config).empty()) return;
    const ModelSize size{.field = "layers",
                         .length = *rc::gen::inRange<std::int64_t>(1, 100),
                         .divided_by = {"pipeline", "virtual_pipeline"}};
    const auto diagnostic = check_model_size(size, config);
    const std::int64_t parts = config.pipeline * config.virtual_pipeline.value_or(1);
    RC_ASSERT(diagnostic.has_value() == (size.length % parts != 0));
    if (!diagnostic) return;
    RC_ASSERT(diagnostic->nearest.empty());
    for (const Suggestion& suggestion : suggestions_of(config, *diagnostic)) {
      RC_LOG() << diagnostic->message() << ": " << suggestion.text << std::endl;
      RC_ASSERT(check(suggestion.config).empty());
      RC_ASSERT(!check_model_size(size, suggestion.config));
      ++applied;
    }
  }));
  CHECK(applied > share_of(10));
}
