#include "rankmesh/mpi/transport.hpp"

#include <string>

#include "support.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

Bytes bytes_of(const std::string& text) {
  Bytes bytes;
  for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
  return bytes;
}

Message wait_for_message(mpi::MpiTransport& transport) {
  while (true) {
    if (auto message = transport.receive(Channel::agreement)) return *message;
    transport.idle();
  }
}

}  // namespace

TEST_CASE("messages arrive in order, of any size, also from oneself") {
  mpi::MpiTransport transport(MPI_COMM_WORLD);
  CHECK(transport.rank() == world_rank());
  CHECK(transport.size() == world_size());
  const int next = (world_rank() + 1) % world_size();
  const int previous = (world_rank() + world_size() - 1) % world_size();
  const std::string large(300000, 'x');
  for (const std::string& text : {std::string("first"), std::string(), large}) {
    transport.send(next, Channel::agreement, bytes_of(text));
  }
  for (const std::string& text : {std::string("first"), std::string(), large}) {
    const Message message = wait_for_message(transport);
    CHECK(message.from == previous);
    CHECK((message.bytes == bytes_of(text)));
  }
  while (!transport.sends_done(Channel::agreement)) transport.idle();
  MPI_Barrier(MPI_COMM_WORLD);
  CHECK_FALSE(transport.receive(Channel::agreement).has_value());
}

TEST_CASE("a message of one session is never received in another") {
  const int next = (world_rank() + 1) % world_size();
  mpi::MpiTransport first(MPI_COMM_WORLD);
  first.send(next, Channel::agreement, bytes_of("left over"));
  MPI_Barrier(MPI_COMM_WORLD);
  mpi::MpiTransport second(MPI_COMM_WORLD);
  CHECK_FALSE(second.receive(Channel::agreement).has_value());
  MPI_Barrier(MPI_COMM_WORLD);
  second.send(next, Channel::agreement, bytes_of("new"));
  CHECK((wait_for_message(second).bytes == bytes_of("new")));
  CHECK((wait_for_message(first).bytes == bytes_of("left over")));
  MPI_Barrier(MPI_COMM_WORLD);
}

TEST_CASE("the clock does not go back") {
  mpi::MpiTransport transport(MPI_COMM_WORLD);
  const auto before = transport.now();
  transport.idle();
  CHECK(transport.now() >= before);
}

TEST_CASE("a message that cannot leave on one channel holds up no other") {
  if (world_size() < 2) return;
  mpi::MpiTransport transport(MPI_COMM_WORLD);
  const int next = (world_rank() + 1) % world_size();
  // Too large to be sent before the receiver posts its receive.
  transport.send(next, Channel::group_broadcast, bytes_of(std::string(3000000, 'x')));
  transport.send(next, Channel::agreement, bytes_of("small"));
  CHECK((wait_for_message(transport).bytes == bytes_of("small")));
  while (!transport.sends_done(Channel::agreement)) transport.idle();
  CHECK_FALSE(transport.sends_done(Channel::group_broadcast));
  MPI_Barrier(MPI_COMM_WORLD);
  while (!transport.receive(Channel::group_broadcast)) transport.idle();
  while (!transport.sends_done(Channel::group_broadcast)) transport.idle();
}
