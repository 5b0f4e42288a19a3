#include "rankmesh/planner/order.hpp"

#include <set>

#include "jobs.hpp"
#include "support/catch.hpp"

using namespace rankmesh::planner;
using namespace rankmesh::tests;

TEST_CASE("every order is there once, prints, and reads back") {
  std::set<std::string> texts;
  for (const Order& order : all_orders()) {
    texts.insert(to_string(order));
    CHECK(parse_order(to_string(order)) == order);
  }
  CHECK(texts.size() == 120);
  CHECK(all_orders().front() == Order{});
  CHECK(to_string(Order{}) == "tp-cp-ep-dp-pp");
}

TEST_CASE("an order may be in upper case, and lack axes") {
  CHECK(to_string(*parse_order("PP-dp-Ep-cp-tp")) == "pp-dp-ep-cp-tp");
  CHECK(to_string(*parse_order("dp-tp")) == "dp-tp-cp-ep-pp");
  for (const char* wrong : {"", "tp-tp", "tp-sp", "tp--cp", "tp cp", "tp-cp-ep-dp-pp-tp"})
    CHECK(!parse_order(wrong));
}

TEST_CASE("an order that Megatron-Core refuses is refused") {
  const auto reasons = [](const Layout& layout) {
    std::string text;
    for (const auto& d : check(mixtral(), nodes_of_h100(64), {.global_batch = 64}, layout))
      text += d.message() + "\n";
    return text;
  };
  const Order pp_first = *parse_order("pp-tp-cp-ep-dp");
  CHECK(reasons({.tp = 2, .ep = 2, .pp = 2, .dp = 16, .order = pp_first}).empty());
  CHECK(reasons({.tp = 2, .ep = 4, .pp = 2, .dp = 16, .order = pp_first}) ==
        "order = pp-tp-cp-ep-dp does not end with pp, though the experts have another data parallel size\n");
  const Order second = *parse_order("tp-pp-cp-ep-dp");
  CHECK(reasons({.tp = 2, .ep = 2, .pp = 2, .dp = 16, .order = second}) ==
        "order = tp-pp-cp-ep-dp gives the experts other pipeline groups than the dense layers\n");
  CHECK(reasons({.tp = 2, .ep = 1, .etp = 2, .pp = 2, .dp = 16, .order = second}).empty());
  // Without pipeline groups, any order.
  CHECK(reasons({.tp = 2, .ep = 4, .dp = 32, .order = pp_first}).empty());
}
