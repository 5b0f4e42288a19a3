#include "rankmesh/dialects/dialect.hpp"

#include <algorithm>
#include <array>

#include "own_words.hpp"
#include "rankmesh/topology/error.hpp"
#include "readers.hpp"

namespace rankmesh::dialects {
namespace {

/// The one-line form has words of its own for the fields, `hierarchical-cp`, which Megatron-Core's words
/// follow.
std::string word_of(const FieldDescription& field) {
  return std::string(field.word);
}
std::string megatron_word_of(const FieldDescription& field) {
  std::string word(field.word);
  std::replace(word.begin(), word.end(), '-', '_');
  return word;
}

struct Entry {
  Dialect dialect;
  std::string_view name;
  ParallelConfig (*read)(std::string_view text, std::optional<std::int64_t> world_size);
  std::string (*write)(const ParallelConfig& config);
  /// The word of the dialect for a field; none if its words are no fields.
  std::string (*word)(const FieldDescription& field) = nullptr;
};

constexpr std::array<Entry, 6> entries{
    {{Dialect::rankmesh, "rankmesh", read_rankmesh, write_rankmesh, word_of},
     {Dialect::megatron, "megatron", read_megatron, write_megatron, megatron_word_of},
     {Dialect::devicemesh, "devicemesh", read_devicemesh, write_devicemesh},
     {Dialect::deepspeed, "deepspeed", read_deepspeed, write_deepspeed},
     {Dialect::torchtitan, "torchtitan", read_torchtitan, write_torchtitan},
     {Dialect::inner_to_outer, "inner-to-outer", read_inner_to_outer, write_inner_to_outer}}};

constexpr std::array<Dialect, 6> in_order = [] {
  std::array<Dialect, 6> result{};
  for (std::size_t i = 0; i < entries.size(); ++i) result[i] = entries[i].dialect;
  return result;
}();

const Entry& entry_of(Dialect dialect) {
  return *std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.dialect == dialect; });
}

void require_valid(const ParallelConfig& config) {
  if (auto diagnostics = check(config); !diagnostics.empty()) throw ConfigError(std::move(diagnostics));
}

std::vector<Diagnostic> diagnostics_of(const ConfigError& error) {
  return {error.diagnostics().begin(), error.diagnostics().end()};
}

}  // namespace

std::span<const Dialect> all() noexcept {
  return in_order;
}

std::string_view name_of(Dialect dialect) noexcept {
  return entry_of(dialect).name;
}

std::optional<Dialect> find(std::string_view name) noexcept {
  const auto* found =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.name == name; });
  return found == entries.end() ? std::nullopt : std::optional(found->dialect);
}

Dialect recognise(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\n");
  if (begin != std::string_view::npos && (text[begin] == '[' || text[begin] == '('))
    return Dialect::inner_to_outer;
  const std::vector<Word> words = words_of(text);
  const auto has = [&](std::string_view name) {
    return std::any_of(words.begin(), words.end(), [&](const Word& word) { return word.name == name; });
  };
  if (has("shape") || has("names")) return Dialect::devicemesh;
  if (has("dims")) return Dialect::deepspeed;
  if (has("sizes")) return Dialect::inner_to_outer;
  if (has("dp_shard") || has("dp_replicate")) return Dialect::torchtitan;
  return has("dp") ? Dialect::megatron : Dialect::rankmesh;
}

ParallelConfig read(Dialect dialect, std::string_view text, std::optional<std::int64_t> world_size) {
  const Entry& entry = entry_of(dialect);
  const Reader reader = [&](std::string_view words, WorldSize world) {
    try {
      ParallelConfig config = entry.read(words, world);
      require_valid(config);
      return config;
    } catch (const ConfigError& error) {
      if (entry.word == nullptr) throw;
      throw ConfigError(renamed_fields(diagnostics_of(error), words, entry.word));
    }
  };
  try {
    return reader(text, world_size);
  } catch (const ConfigError& error) {
    // The rules of the library know the values that work in its own words.
    if (dialect == Dialect::rankmesh) throw;
    const std::string words = dialect == Dialect::inner_to_outer ? with_words(text) : std::string(text);
    throw ConfigError(with_values(diagnostics_of(error), reader, words, world_size));
  }
}

std::string write(Dialect dialect, const ParallelConfig& config) {
  require_valid(config);
  return entry_of(dialect).write(config);
}

}  // namespace rankmesh::dialects
