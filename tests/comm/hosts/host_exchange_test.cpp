#include "rankmesh/comm/host_exchange.hpp"

#include <memory>
#include <vector>

#include "rankmesh/comm/errors.hpp"
#include "support/catch.hpp"
#include "support/simulated_network.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using namespace std::chrono_literals;

namespace {

HostIdentity host(int number) {
  const std::string text = std::to_string(number);
  return {
      .name = "h" + text, .boot = "b" + text, .machine = "m" + text, .fabric = number % 2 == 0 ? "f" : ""};
}

/// Runs the exchange of all ranks. Returns how many have finished.
int run(SimulatedNetwork& network, std::vector<std::unique_ptr<HostExchange>>& exchanges) {
  int done = 0;
  for (int round = 0; round < 100; ++round) {
    done = 0;
    for (auto& exchange : exchanges) done += exchange->step() ? 1 : 0;
    network.advance(1ms);
  }
  return done;
}

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

}  // namespace

TEST_CASE("every rank learns the hosts of all, with two messages per rank") {
  // Worlds of one level of the tree, of two and of three; hosts in turns and in blocks.
  for (const int size : {1, 2, 3, 8, 9, 17, 64, 65, 600}) {
    for (const bool in_turns : {true, false}) {
      CAPTURE(size, in_turns);
      SimulatedNetwork network(size);
      network.show_at_every(2);
      std::vector<std::unique_ptr<HostExchange>> exchanges;
      HostsOfRanks expected;
      for (int rank = 0; rank < size; ++rank) {
        const HostIdentity own = host(in_turns ? rank % 5 : rank / 5);
        expected.add(own);
        exchanges.push_back(std::make_unique<HostExchange>(network.transport(rank), own));
      }
      CHECK(run(network, exchanges) == size);
      int sent = 0;
      for (const auto& exchange : exchanges) {
        CHECK(exchange->hosts() == expected);
        sent += exchange->messages_sent();
      }
      CHECK(sent == 2 * (size - 1));
      CHECK(network.messages_sent() == sent);
      CHECK(network.messages_unread() == 0);
    }
  }
}

TEST_CASE("a rank that says nothing keeps all others waiting, and nobody finishes") {
  for (const int silent : {0, 1, 8, 9}) {
    SimulatedNetwork network(10);
    std::vector<std::unique_ptr<HostExchange>> exchanges;
    for (int rank = 0; rank < 10; ++rank) {
      if (rank != silent)
        exchanges.push_back(std::make_unique<HostExchange>(network.transport(rank), host(0)));
    }
    CHECK(run(network, exchanges) == 0);
  }
}

TEST_CASE("a message that is none of the exchange is refused, whatever is wrong with it") {
  const auto refuses = [](int from, int to, const Bytes& bytes) {
    SimulatedNetwork network(10);
    HostExchange exchange(network.transport(to), host(0));
    network.transport(from).send(to, Channel::group_broadcast, bytes);
    network.advance(1ms);
    CHECK_THROWS_AS(exchange.step(), ProtocolError);
  };
  SimulatedNetwork network(10);
  HostExchange honest(network.transport(9), host(0));
  static_cast<void>(honest.step());
  network.advance(1ms);
  const Bytes report = network.transport(8).receive(Channel::group_broadcast)->bytes;

  refuses(1, 0, {});
  refuses(1, 0, bytes_of({0xB1}));
  // Not from a child; of a subtree of another size; the result, from a child, or to rank 0.
  refuses(9, 0, report);
  refuses(8, 0, report);
  refuses(1, 9, report);
  Bytes result = report;
  result.front() = std::byte{0xB4};
  refuses(1, 0, result);
  refuses(0, 9, result);
  refuses(8, 9, result);
  // Every shorter message, a longer one, and one that names an identity that is not there.
  for (std::size_t size = 0; size < report.size(); ++size) {
    refuses(9, 8, Bytes(report.begin(), report.begin() + static_cast<std::ptrdiff_t>(size)));
  }
  Bytes longer = report;
  longer.push_back(std::byte{0});
  refuses(9, 8, longer);
  Bytes wrong = report;
  wrong[report.size() - 16] = std::byte{1};
  refuses(9, 8, wrong);
  // The report twice.
  SimulatedNetwork twice(10);
  HostExchange parent(twice.transport(0), host(0));
  for (int i = 0; i < 2; ++i) twice.transport(1).send(0, Channel::group_broadcast, report);
  twice.advance(1ms);
  CHECK_THROWS_AS(parent.step(), ProtocolError);
}
