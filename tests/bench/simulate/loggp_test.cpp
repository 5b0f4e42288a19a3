#include "simulate/loggp.hpp"

#include "support/catch.hpp"

using namespace rankmesh::simulate;

namespace {

constexpr LogGP cost{.latency = Time(100), .overhead = Time(10), .gap = Time(30), .gap_per_byte = Time(2)};

}  // namespace

TEST_CASE("one message costs o + L + (k - 1) G + o") {
  Host sender;
  Host receiver;
  const Time first_byte = sender.send(cost, 6);
  CHECK(sender.clock == Time(10));
  CHECK(first_byte == Time(10 + 100));
  const Time there = receiver.land(cost, 6, first_byte);
  CHECK(there == Time(110 + 5 * 2));
  receiver.receive(cost, there);
  CHECK(receiver.clock == Time(120 + 10));
}

TEST_CASE("a message without bytes, or of one, has no length") {
  CHECK(cost.length(0) == Time(0));
  CHECK(cost.length(1) == Time(0));
  CHECK(cost.length(2) == Time(2));
}

TEST_CASE("the next message starts a gap after the end of the last") {
  Host sender;
  CHECK(sender.send(cost, 6) == Time(110));
  // The processor is free at 20, the interface at 10 + 10 + 30.
  CHECK(sender.send(cost, 1) == Time(50 + 100));
  CHECK(sender.clock == Time(20));
  CHECK(sender.out == Time(50 + 30));
}

TEST_CASE("messages that come at once are taken one after another") {
  Host receiver;
  CHECK(receiver.land(cost, 6, Time(110)) == Time(120));
  CHECK(receiver.land(cost, 6, Time(112)) == Time(120 + 30 + 10));
  receiver.receive(cost, Time(120));
  receiver.receive(cost, Time(120));
  CHECK(receiver.clock == Time(140));
}
