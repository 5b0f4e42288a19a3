// The tables of kinds in docs/groups.md:
//   docs_catalogue docs/groups.md
// checks the tables between the marks `<!-- catalogue -->` and `<!-- end of catalogue -->`, which show every
// kind of every convention, against those that the code gives, and that the table of names has a row for each
// kind. With RANKMESH_UPDATE_GOLDEN set, the tables between the marks are written anew.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

#include "rankmesh/topology.hpp"

using namespace rankmesh;

namespace {

constexpr std::string_view begin_mark = "<!-- catalogue -->\n";
constexpr std::string_view end_mark = "<!-- end of catalogue -->\n";

std::string code(std::string_view text) {
  return "`" + std::string(text) + "`";
}

std::string list_text(const RankList& ranks) {
  constexpr int most = 8;
  const std::vector<int> all = ranks.to_vector();
  if (ranks.size() <= most) return "[" + joined(all, " ") + "]";
  return "[" + joined(std::span(all).first(most - 2), " ") + " ... " + std::to_string(ranks.back()) + "]";
}

std::string definition(const KindFamily& kind) {
  const std::string parent = kind.parent ? code(kind.parent->name()) : "";
  switch (kind.derivation) {
    case Derivation::picked: {
      const std::string stages = joined(kind.family.formula().picked, ", ");
      return stages.empty() ? "all of " + parent : "positions " + stages + " of " + parent;
    }
    case Derivation::split:
      return parent + " split into " + std::to_string(kind.family.group_count()) + " groups";
    case Derivation::joined:
      return "runs of " + parent + " joined";
    case Derivation::whole:
      break;
  }
  if (kind.varying.empty()) return "single ranks";
  return joined(kind.varying, ", ") + (kind.varying.size() == 1 ? " varies" : " vary");
}

std::string table(const std::string& title, const ParallelConfig& config) {
  const Topology topology(config);
  std::string text = "### " + title + "\n\nHere with " + code(to_string(config)) + ": " +
                     joined(topology.meshes(), " and ", &Mesh::to_string) +
                     ".\n\n| kind | short | definition | groups | first | last |\n"
                     "| --- | --- | --- | --- | --- | --- |\n";
  for (const KindFamily& kind : topology.kinds()) {
    const GroupFamily& family = kind.family;
    text += "| " + code(kind.kind.name()) + " | " + code(kind.short_name.name()) + " | " + definition(kind) +
            " | " + std::to_string(family.group_count()) + " of " + std::to_string(family.group_size()) +
            " | " + list_text(family.group(0)) + " | " + list_text(family.group(family.group_count() - 1)) +
            " |\n";
  }
  return text + "\n";
}

std::string tables() {
  using enum Convention;
  return table("The reference's", {.world_size = 16, .tensor = 2, .pipeline = 4, .fp8 = true}) +
         table("Extended", {.world_size = 16,
                            .tensor = 2,
                            .pipeline = 2,
                            .sequence = 2,
                            .fp8 = true,
                            .convention = extended}) +
         table("Megatron-Core's", {.world_size = 64,
                                   .tensor = 2,
                                   .pipeline = 2,
                                   .convention = megatron_core,
                                   .context = 4,
                                   .expert = 4,
                                   .optimizer_instances = 2,
                                   .hierarchical_context = {2, 2},
                                   .hybrid_context = true}) +
         table("Megatron-Core's with rematerialised weights", {.world_size = 32,
                                                               .tensor = 2,
                                                               .pipeline = 2,
                                                               .convention = megatron_core,
                                                               .expert = 2,
                                                               .weight_remat = 2,
                                                               .expert_weight_remat = 2});
}

std::string read(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The document with the tables of the code between the marks.
std::string with_tables(const std::string& document) {
  const std::size_t begin = document.find(begin_mark);
  const std::size_t end = document.find(end_mark);
  if (begin == std::string::npos || end == std::string::npos || end < begin) {
    throw std::runtime_error("the marks of the tables are missing");
  }
  return document.substr(0, begin + begin_mark.size()) + "\n" + tables() + document.substr(end);
}

/// Throws unless each kind has a row in the tables of the code, and exactly one in the table of names, which
/// follows the marks.
void check_names(const std::string& document) {
  const std::string shown = tables();
  const std::size_t begin = document.find("\n| kind |", document.find(end_mark));
  const std::string names = document.substr(begin, document.find("\n\n", begin) - begin);
  std::size_t rows = 0;
  for (std::size_t at = names.find("\n| `"); at != std::string::npos; at = names.find("\n| `", at + 1))
    ++rows;
  for (const KindNames& kind : kind_names()) {
    const std::string number = kind.is_numbered ? "_N" : "";
    const std::string row = "\n| " + code(std::string(kind.name) + number) + " | " +
                            code(std::string(kind.short_name) + number) + " | ";
    if (names.find(row) == std::string::npos) {
      throw std::runtime_error("the table of names has no row that begins with" + row);
    }
    if (shown.find("\n| `" + std::string(kind.name) + (kind.is_numbered ? "_" : "`")) == std::string::npos) {
      throw std::runtime_error("no layout of catalogue.cpp has the kind " + std::string(kind.name));
    }
  }
  if (rows != kind_names().size()) throw std::runtime_error("the table of names has a row for no kind");
}

int run(const std::string& path) {
  const std::string document = read(path);
  const std::string expected = with_tables(document);
  if (std::getenv("RANKMESH_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << expected;
  } else if (document != expected) {
    throw std::runtime_error("the tables differ from those of the code, which are:\n" + tables() +
                             "RANKMESH_UPDATE_GOLDEN=1 writes them");
  }
  check_names(expected);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) try {
  return argc == 2 ? run(argv[1]) : EXIT_FAILURE;
} catch (const std::exception& error) {
  std::fprintf(stderr, "docs/groups.md: %s\n", error.what());
  return EXIT_FAILURE;
}
