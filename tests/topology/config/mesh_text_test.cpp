#include "rankmesh/topology/mesh_text.hpp"

#include <string>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "support/catch.hpp"

using rankmesh::Axis;
using rankmesh::KindSpec;
using rankmesh::parse_axes;
using rankmesh::parse_kind;

TEST_CASE("axes are written and read, leftmost first", "[mesh_text]") {
  const std::vector<Axis> axes{{"tp", 2}, {"dp", -1}, {"pp_2", 16}};
  CHECK(to_string(axes) == "tp=2,dp=-1,pp_2=16");
  CHECK(parse_axes("tp=2,dp=-1,pp_2=16") == axes);
  CHECK(to_string(std::vector<Axis>{}).empty());
}

TEST_CASE("axes that cannot be read are all named", "[mesh_text]") {
  CHECK_THROWS_WITH(parse_axes("tp=2,,Dp=3,pp=x"),
                    "invalid configuration, 3 violations:\n"
                    "  axis = \"\" is not NAME=NUMBER, with a name of lower-case letters, digits and "
                    "underscores\n"
                    "  axis = \"Dp=3\" is not NAME=NUMBER, with a name of lower-case letters, digits and "
                    "underscores\n"
                    "  axis = \"pp=x\" is not a whole number behind the name");
}

TEST_CASE("kinds are written and read", "[mesh_text]") {
  const std::vector<std::pair<std::string, KindSpec>> cases{
      {"dp", {"dp", {.varying = {"dp"}}}},
      {"dp+tp", {"dp_tp", {.varying = {"dp", "tp"}}}},
      {"zero:dp+tp", {"zero", {.varying = {"dp", "tp"}}}},
      {"tp@pp=1", {"tp_pp1", {.varying = {"tp"}, .at = {{"pp", 1}}}}},
      {"tp@pp=1+dp=0", {"tp_pp1_dp0", {.varying = {"tp"}, .at = {{"pp", 1}, {"dp", 0}}}}},
      {"expert:ep#edp+tp", {"expert", {.varying = {"ep"}, .numbering = {"edp", "tp"}}}},
      {"all:a+b@c=2#d", {"all", {.varying = {"a", "b"}, .at = {{"c", 2}}, .numbering = {"d"}}}},
      {"single:", {"single", {}}}};
  for (const auto& [text, kind] : cases) {
    INFO(text);
    CHECK(to_string(kind) == text);
    CHECK(parse_kind(text) == kind);
  }
}

TEST_CASE("kinds that cannot be read are explained", "[mesh_text]") {
  CHECK_THROWS_WITH(parse_kind(""), "invalid configuration: kind = \"\" cannot name an axis");
  CHECK_THROWS_WITH(
      parse_kind("dp@pp"),
      "invalid configuration: coordinate = \"pp\" is not NAME=NUMBER, with a name of lower-case "
      "letters, digits and underscores");
  CHECK_THROWS_AS(parse_kind("dp#"), rankmesh::ConfigError);
  CHECK_THROWS_AS(parse_kind("dp@"), rankmesh::ConfigError);
  CHECK_THROWS_AS(parse_kind("dp+"), rankmesh::ConfigError);
}
