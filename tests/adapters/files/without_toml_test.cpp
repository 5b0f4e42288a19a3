#include "rankmesh/files/layout.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::files;

TEST_CASE("without toml++ every layout file has one diagnostic") {
  CHECK_FALSE(can_read_layouts());
  const ConfigReading reading = check_layout(parse_layout("world_size = 16", "layout.toml"));
  REQUIRE(reading.diagnostics.size() == 1);
  CHECK(reading.diagnostics[0].message() ==
        "layout.toml: cannot be read: this program was built without a reader of TOML files; build it where "
        "toml++ is installed (libtomlplusplus-dev)");
}

TEST_CASE("a layout is written without toml++ too") {
  CHECK(to_toml({.world_size = 16, .tensor = 2, .fp8 = true}) == "world_size = 16\ntensor = 2\nfp8 = true\n");
}
