#include "simulate/network.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::simulate;

namespace {

constexpr LogGP link_costs{
    .latency = Time(1'000'000), .overhead = Time(100'000), .gap = Time(50'000), .gap_per_byte = Time(1000)};

}  // namespace

TEST_CASE("a message over the network moves both clocks as the model says") {
  Network network(2, link_costs);
  network.at(0).send(1, Channel::agreement, Bytes(11));
  CHECK(network.at(0).host().clock == Time(100'000));
  int looks = 0;
  network.run([&](int rank, Network::Cause cause, Time at) {
    ++looks;
    CHECK(rank == 1);
    CHECK(cause == Network::Cause::message);
    CHECK(at == Time(1'100'000 + 10'000));
    network.at(1).notice(at);
    CHECK_FALSE(network.at(1).receive(Channel::group_broadcast).has_value());
    const auto message = network.at(1).receive(Channel::agreement);
    REQUIRE(message.has_value());
    CHECK(message->from == 0);
    CHECK(message->bytes.size() == 11);
    CHECK(network.at(1).host().clock == Time(1'210'000));
    CHECK(network.at(1).now() == std::chrono::nanoseconds(1210));
    CHECK_FALSE(network.at(1).receive(Channel::agreement).has_value());
  });
  CHECK(looks == 1);
  CHECK((network.at(0).counts() == Counts{1, 0, 11, 0}));
  CHECK((network.at(1).counts() == Counts{0, 1, 0, 11}));
}

TEST_CASE("messages between two ranks arrive in order") {
  Network network(2, link_costs);
  for (int i = 1; i <= 20; ++i) network.at(0).send(1, Channel::agreement, Bytes(static_cast<std::size_t>(i)));
  std::size_t expected = 1;
  network.run([&](int rank, Network::Cause, Time at) {
    network.at(rank).notice(at);
    while (const auto message = network.at(rank).receive(Channel::agreement)) {
      CHECK(message->bytes.size() == expected);
      ++expected;
    }
  });
  CHECK(expected == 21);
}

TEST_CASE("a rank that many send to takes their messages one after another") {
  constexpr int senders = 10;
  Network network(senders + 1, link_costs);
  for (int rank = 1; rank <= senders; ++rank) network.at(rank).send(0, Channel::agreement, Bytes(1));
  network.run([&](int rank, Network::Cause, Time at) {
    network.at(rank).notice(at);
    while (network.at(rank).receive(Channel::agreement)) continue;
  });
  // All come at 1.1 us; the processor, slower than the interface, takes 0.1 us for each.
  CHECK(network.at(0).host().clock == Time(1'100'000 + senders * 100'000));
}

TEST_CASE("a rank is looked at when it asked to be") {
  Network network(3, link_costs);
  network.wake(2, Network::Cause::timer, Time(70));
  network.wake(1, Network::Cause::call_done, Time(30));
  std::string order;
  network.run([&](int rank, Network::Cause, Time at) {
    order += std::to_string(rank) + "@" + std::to_string(at.count()) + " ";
  });
  CHECK(order == "1@30 2@70 ");
  CHECK(network.events() == 2);
}
