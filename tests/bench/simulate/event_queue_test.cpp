#include "simulate/event_queue.hpp"

#include <random>
#include <vector>

#include "support/catch.hpp"

using namespace rankmesh::simulate;

TEST_CASE("events come out by their time, and those of one time as they went in") {
  EventQueue<int> queue;
  CHECK(queue.empty());
  queue.push(Time(30), 1);
  queue.push(Time(10), 2);
  queue.push(Time(30), 3);
  queue.push(Time(20), 4);
  queue.push(Time(10), 5);
  std::vector<int> order;
  while (!queue.empty()) order.push_back(queue.pop().what);
  CHECK((order == std::vector<int>{2, 5, 4, 1, 3}));
}

TEST_CASE("events put in while others come out take their place") {
  std::mt19937 random(20260401);
  EventQueue<int> queue;
  for (int i = 0; i < 100; ++i) queue.push(Time(random() % 50), i);
  Time last{};
  int popped = 0;
  while (!queue.empty()) {
    const auto event = queue.pop();
    CHECK(event.at >= last);
    last = event.at;
    if (++popped < 1000) queue.push(event.at + Time(random() % 50), popped);
  }
  CHECK(popped == 1099);
}
