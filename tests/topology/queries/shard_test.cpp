#include "rankmesh/topology/shard.hpp"

#include <cstdint>
#include <limits>

#include "support/catch.hpp"

using namespace rankmesh;

TEST_CASE("the parts of a length follow each other and are all of it") {
  const auto [length, parts] =
      GENERATE(table<std::int64_t, std::int64_t>({{1, 1}, {12, 1}, {12, 3}, {12, 12}, {256, 8}}));
  std::int64_t end = 0;
  for (std::int64_t part = 0; part < parts; ++part) {
    const IndexRange range = shard({.length = length, .parts = parts, .part = part});
    CHECK(range == IndexRange{.first = end, .count = length / parts});
    CHECK(range.contains(range.first));
    CHECK_FALSE(range.contains(range.first - 1));
    CHECK(range.contains(range.end() - 1));
    CHECK_FALSE(range.contains(range.end()));
    end = range.end();
  }
  CHECK(end == length);
}

TEST_CASE("a length that is not cut into equal parts is an error with those that are") {
  CHECK_THROWS_WITH(shard({.length = 10, .parts = 4, .part = 0}),
                    "invalid configuration: length = 10 is no positive multiple of parts = 4; it divides "
                    "into 2 or 5 equal parts");
  CHECK_THROWS_AS(shard({.length = 0, .parts = 4, .part = 0}), ConfigError);
  CHECK_THROWS_WITH(shard({.length = 8, .parts = 4, .part = 4}),
                    "part 4 does not exist: there are 4, counted from 0");
  CHECK_THROWS_AS(shard({.length = 8, .parts = 4, .part = -1}), RangeError);
  CHECK_THROWS_WITH(shard({.length = 8, .parts = 0, .part = 0}), "nothing can be cut into 0 parts");
}

TEST_CASE("a division of the job's own is judged in the words of the layout") {
  CHECK(check_division({.field = "heads", .length = 8, .parts = 4, .by = "tensor = 4"}) == std::nullopt);
  CHECK(check_division({.field = "heads", .length = 5, .parts = 1, .by = "tensor = 1"}) == std::nullopt);
  const auto diagnostic =
      check_division({.field = "heads", .length = 6, .parts = 4, .by = "tensor = 2 times sequence = 2"});
  REQUIRE(diagnostic);
  CHECK(diagnostic->message() ==
        "heads = 6 is no positive multiple of tensor = 2 times sequence = 2; it divides into 3 or 6 equal "
        "parts");
  CHECK(check_division({.field = "heads", .length = -3, .parts = 4, .by = "tensor = 4"})->message() ==
        "heads = -3 is no positive multiple of tensor = 4");
  constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
  CHECK(check_division({.field = "heads", .length = largest, .parts = 4, .by = "tensor = 4"})->message() ==
        "heads = 9223372036854775807 is no positive multiple of tensor = 4");
}

TEST_CASE("for a size of the model, parallel sizes that work are suggested") {
  const ParallelConfig config{.world_size = 16, .tensor = 2, .pipeline = 4, .virtual_pipeline = 2};
  const ModelSize layers{.field = "layers", .length = 6, .divided_by = {"pipeline", "virtual_pipeline"}};
  const auto diagnostic = check_model_size(layers, config);
  REQUIRE(diagnostic);
  // Three stages do not divide the world, and fewer are too few for virtual stages.
  CHECK(diagnostic->message() ==
        "layers = 6 is no positive multiple of pipeline = 4 times virtual_pipeline = 2");
  CHECK(
      check_model_size({"layers", 12, layers.divided_by}, config)->message() ==
      "layers = 12 is no positive multiple of pipeline = 4 times virtual_pipeline = 2; take virtual_pipeline "
      "= 1 or 3");
  CHECK(check_model_size({"heads", 15, {"tensor"}}, config)->message() ==
        "heads = 15 is no positive multiple of tensor = 2; take tensor = 1");
  CHECK_FALSE(check_model_size({"heads", 16, {"tensor"}}, config));
  CHECK(check_model_size({"heads", 0, {"tensor"}}, config)->message() ==
        "heads = 0 is no positive multiple of tensor = 2");
  CHECK_THROWS_AS(check_model_size({"heads", 15, {"order"}}, config), RangeError);
}
