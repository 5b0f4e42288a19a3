#include "rankmesh/files/convention.hpp"

#include <string>

#include "support/catch.hpp"

using rankmesh::convention_tables;
using rankmesh::ConventionTable;
using rankmesh::Diagnostic;
using rankmesh::files::FileError;
using rankmesh::files::load_convention;
using rankmesh::files::parse_convention;
using rankmesh::files::to_toml;

namespace {

/// One line for each mistake.
std::string problems(const std::string& toml) {
  try {
    static_cast<void>(parse_convention(toml, "own.toml"));
    return "";
  } catch (const FileError& error) {
    std::string text;
    for (const Diagnostic& diagnostic : error.diagnostics()) text += diagnostic.message() + "\n";
    return text;
  }
}

}  // namespace

TEST_CASE("the tables of the library are files that read back", "[convention]") {
  for (const ConventionTable& table : convention_tables()) {
    INFO(to_toml(table));
    CHECK(parse_convention(to_toml(table)) == table);
  }
}

TEST_CASE("a table of one's own", "[convention]") {
  const ConventionTable table = parse_convention(
      "name = \"two-level\"\n"
      "sizes = [\"node = 8\", \"mode = 'ring' | 'tree'\"]\n"
      "meshes = [\"node=node,nodes=-1\"]\n"
      "kinds = [\"inner: node\", \"outer: nodes if mode == 'ring' as inner\"]\n");
  CHECK(table ==
        ConventionTable{.name = "two-level",
                        .sizes = {{"node", "8"}, {"mode", "", {"ring", "tree"}}},
                        .meshes = {"node=node,nodes=-1"},
                        .kinds = {{"inner", "node"}, {"outer", "nodes", "mode == 'ring'", "inner"}}});
}

TEST_CASE("mistakes have their places in the file", "[convention]") {
  CHECK(problems("name = \"own\"\n"
                 "sizes = [\"tp = 1\",\n"
                 "         \"dp = world_sze / tp\"]\n"
                 "meshes = [\"tp=tp,dp=dp\"]\n"
                 "kinds = [\"tensor: tp\", \"data: dq\",\n"
                 "         \"ends: tp[0\"]\n") ==
        "own.toml:3:10: sizes.dp = world_sze / tp names world_sze, which is unknown here; did you mean "
        "world_size?\n"
        "own.toml:5:24: kinds.data = dq names dq, which is no axis of a mesh\n"
        "own.toml:6:10: kinds.ends = tp[0 kind = \"[0\" lacks a ] at its end\n");
  CHECK(problems("name = 3\nsize = []\nmeshes = \"tp=2\"\nkinds = [\"tensor\", 4]\n") ==
        "own.toml:1:8: name = 3 is a whole number: text in quotes is needed\n"
        "own.toml:2:1: size is no key of a convention; did you mean sizes?\n"
        "own.toml:3:10: meshes = tp=2 is a text: an array of texts is needed\n"
        "own.toml:4:10: kinds = \"tensor\" has another form than NAME: GROUPS if CONDITION as NAME\n"
        "own.toml:4:20: kinds = 4 is a whole number: an array of texts is needed\n");
  CHECK(problems("name = \"own\"\n") == "own.toml: meshes are missing\nown.toml: kinds are missing\n");
  CHECK_THROWS_AS(load_convention("/nowhere/own.toml"), FileError);
}
